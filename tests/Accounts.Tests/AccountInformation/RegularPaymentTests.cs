using System.Globalization;
using System.Text.Json;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

/// <summary>What customers have arranged, and that it hangs together with what has happened on their accounts.</summary>
public sealed class RegularPaymentTests(Bank bank, RegularPaymentTests.MovedBank moved) : IClassFixture<RegularPaymentTests.MovedBank>
{
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-AIS-24")]
    [Trait("Rule", "OB-DEC-10")]
    public async Task A_standing_order_has_paid_when_it_says_and_pays_next_when_it_is_due()
    {
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);
        var orders = Rows(await api.GetAsync("/standing-orders", caller), "StandingOrder");
        Assert.True(orders.Count >= 6);
        foreach (var order in orders)
        {
            var (account, amount) = (order.GetProperty("AccountId").GetString()!, order.GetProperty("LastPaymentAmount").GetProperty("Amount").GetString());
            var last = order.GetProperty("LastPaymentDateTime").GetString()!;
            var payments = await LinesAsync(account, last, caller);
            Assert.Contains(payments, line => line.GetProperty("Amount").GetProperty("Amount").GetString() == amount
                && line.GetProperty("TransactionReference").GetString() == order.GetProperty("RemittanceInformation").GetProperty("Unstructured")[0].GetString()
                && line.GetProperty("CreditDebitIndicator").GetString() == "Debit"
                && line.GetProperty("CreditorAccount").GetProperty("Identification").GetString() == order.GetProperty("CreditorAccount").GetProperty("Identification").GetString());

            var isActive = order.GetProperty("StandingOrderStatusCode").GetString() == "ACTV";
            Assert.Equal(isActive, order.TryGetProperty("NextPaymentDateTime", out var next));
            Assert.Equal(isActive, order.TryGetProperty("NextPaymentAmount", out _));
            Assert.Equal(!isActive, order.TryGetProperty("FinalPaymentAmount", out _));
            if (isActive) Assert.InRange(At(next), api.Clock.Now, api.Clock.Now.AddDays(92));
            if (isActive) Assert.True(At(order.GetProperty("LastPaymentDateTime")) > api.Clock.Now.AddDays(-93));
            var frequency = order.GetProperty("MandateRelatedInformation").GetProperty("Frequency");
            Assert.True(frequency.TryGetProperty("PointInTime", out _) != frequency.TryGetProperty("CountPerPeriod", out _));
        }
    }

    [Fact]
    public async Task Two_years_of_every_standing_order_are_among_the_transactions()
    {
        var missing = await api.Database.ScalarAsync<string>(
            """
            SELECT string_agg(o."Reference" || ' ' || due::date, ', ') FROM accounts.standing_orders o
            CROSS JOIN LATERAL generate_series(o."FirstAt", o."LastAt", interval '1 month') due
            WHERE o."Frequency" = 'MNTH' AND NOT EXISTS (
                SELECT FROM accounts.transactions t
                WHERE t."AccountId" = o."AccountId" AND t."BookedAt" = due AND t."Amount" = -o."Amount" AND t."Reference" = o."Reference" AND NOT t."IsPending")
            """);
        Assert.Null(missing);
        Assert.Equal(
            0L,
            await api.Database.ScalarAsync<long>(
                """
                SELECT count(*) FROM accounts.transactions t WHERE t."SubCode" = 'STDO' AND NOT EXISTS (
                    SELECT FROM accounts.standing_orders o WHERE o."AccountId" = t."AccountId" AND o."Reference" = t."Reference" AND o."Amount" = -t."Amount")
                """));
    }

    [Fact]
    public async Task The_next_date_of_a_standing_order_follows_the_clock()
    {
        var own = moved.Api;
        own.Clock.Run();
        var caller = await own.AccessAsync(["GB-1"]);
        var now = own.Clock.Now;
        own.Clock.StopAt(now);
        var before = NextOf(await own.GetAsync("/standing-orders", caller), "RENT FLAT 4");
        own.Clock.StopAt(before);
        var after = NextOf(await own.GetAsync("/standing-orders", caller), "RENT FLAT 4");
        Assert.Equal(before.AddMonths(1), after);
        own.Clock.StopAt(before.AddMonths(5).AddSeconds(-1));
        Assert.Equal(before.AddMonths(5), NextOf(await own.GetAsync("/standing-orders", caller), "RENT FLAT 4"));

        static DateTimeOffset NextOf(ApiAnswer answer, string reference) =>
            At(Rows(answer, "StandingOrder").First(order => order.GetProperty("RemittanceInformation").GetProperty("Unstructured")[0].GetString() == reference).GetProperty("NextPaymentDateTime"));
    }

    [Fact]
    public async Task A_direct_debit_names_its_last_collection_which_is_a_transaction()
    {
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);
        var debits = Rows(await api.GetAsync("/direct-debits", caller), "DirectDebit");
        Assert.True(debits.Count >= 7);
        foreach (var debit in debits)
        {
            var payments = await LinesAsync(debit.GetProperty("AccountId").GetString()!, debit.GetProperty("PreviousPaymentDateTime").GetString()!, caller);
            Assert.Contains(payments, line => line.GetProperty("Amount").GetRawText() == debit.GetProperty("PreviousPaymentAmount").GetRawText()
                && line.GetProperty("TransactionReference").GetString() == debit.GetProperty("MandateRelatedInformation").GetProperty("MandateIdentification").GetString());
        }
    }

    [Fact]
    public async Task Scheduled_payments_lie_in_the_future_the_nearest_first()
    {
        var own = moved.Api;
        own.Clock.Run();
        var caller = await own.AccessAsync(["GB-1", "JT-1"]);
        var all = Rows(await own.GetAsync("/scheduled-payments", caller), "ScheduledPayment");
        Assert.Equal(3, all.Count);
        var times = all.ConvertAll(payment => At(payment.GetProperty("ScheduledPaymentDateTime")));
        Assert.Equal(times.Order(), times);
        Assert.All(times, time => Assert.True(time > own.Clock.Now));

        // What has come due is no payment of the future, whether it was carried out yet or not.
        own.Clock.StopAt(times[0]);
        Assert.Equal(times[1..], Rows(await own.GetAsync("/scheduled-payments", caller), "ScheduledPayment").ConvertAll(payment => At(payment.GetProperty("ScheduledPaymentDateTime"))));
    }

    [Fact]
    [Trait("Rule", "OB-AIS-21")]
    public async Task Payees_are_a_customers_and_name_an_account_only_where_one_is_asked_about()
    {
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);
        var bulk = Rows(await api.GetAsync("/beneficiaries", caller), "Beneficiary");
        var single = Rows(await api.GetAsync($"/accounts/{api.Account("JT-1")}/beneficiaries", caller), "Beneficiary");
        Assert.NotEmpty(bulk);
        Assert.All(bulk, payee => Assert.False(payee.TryGetProperty("AccountId", out _)));
        Assert.Equal(bulk.Count, bulk.Select(payee => payee.GetProperty("CreditorAccount").GetProperty("Identification").GetString()).Distinct(StringComparer.Ordinal).Count());
        Assert.All(single, payee => Assert.Equal(api.Account("JT-1"), payee.GetProperty("AccountId").GetString()));
        Assert.Equal(bulk.Select(payee => payee.GetProperty("BeneficiaryId").GetString()), single.Select(payee => payee.GetProperty("BeneficiaryId").GetString()));
        Assert.Contains(bulk, payee => payee.GetProperty("BeneficiaryType").GetString() == "Trusted");

        // The other holder of the joint account has payees of his own.
        var thomas = await api.AccessAsync(["JT-1"], customerId: "C-100002");
        Assert.NotEqual(
            single.Select(payee => payee.GetProperty("BeneficiaryId").GetString()),
            Rows(await api.GetAsync($"/accounts/{api.Account("JT-1")}/beneficiaries", thomas), "Beneficiary").Select(payee => payee.GetProperty("BeneficiaryId").GetString()));
    }

    [Theory]
    [Trait("Rule", "OB-HTTP-4")]
    [Trait("Rule", "OB-GEN-6")]
    [InlineData("standing-orders", "StandingOrder")]
    [InlineData("direct-debits", "DirectDebit")]
    [InlineData("scheduled-payments", "ScheduledPayment")]
    [InlineData("offers", "Offer")]
    public async Task An_account_without_data_of_a_kind_answers_with_an_empty_list(string path, string member)
    {
        var caller = await api.AccessAsync(["EUR-1"]);
        var answer = await api.GetAsync($"/accounts/{api.Account("EUR-1")}/{path}", caller);
        Assert.Equal(200, answer.Status);
        Assert.Empty(Rows(answer, member));
    }

    [Theory]
    [Trait("Rule", "OB-HTTP-5")]
    [Trait("Rule", "CO-12")]
    [Trait("Rule", "CO-13")]
    [InlineData("beneficiaries")]
    [InlineData("standing-orders")]
    [InlineData("direct-debits")]
    [InlineData("scheduled-payments")]
    [InlineData("offers")]
    [InlineData("product")]
    [InlineData("party")]
    [InlineData("parties")]
    [InlineData("statements")]
    public async Task Nothing_is_told_of_an_account_that_was_not_chosen_or_is_closed(string kind)
    {
        var caller = await api.AccessAsync(["GB-3", "GB-4"], customerId: "C-100002");
        foreach (var id in new[] { api.Account("GB-1"), new string('b', 32) })
        {
            var answer = await api.GetAsync($"/accounts/{id}/{kind}", caller);
            Assert.Equal((403, "OB-HTTP-5"), (answer.Status, answer.Rule));
        }

        var garbage = await api.GetAsync($"/accounts/foobar/{kind}", caller);
        Assert.Equal((400, "OB-HTTP-5"), (garbage.Status, garbage.Rule));
        Assert.Equal(200, (await api.GetAsync($"/accounts/{api.Account("GB-4")}/{kind}", caller)).Status);

        // An account in the consent that is not the customer's, as after it was given away.
        var gone = await api.AccessAsync(["GB-3"], customerId: "C-100002");
        await api.Database.ExecuteAsync("""UPDATE consent.consents SET "AccountIds" = "AccountIds" || $1 WHERE "Id" = $2""", new[] { api.Account("GB-1") }, gone.ConsentId!);
        var closed = await api.GetAsync($"/accounts/{api.Account("GB-1")}/{kind}", gone);
        Assert.Equal((403, "OB-HTTP-5"), (closed.Status, closed.Rule));
    }

    [Fact]
    public async Task Offers_stand_only_as_long_as_they_last()
    {
        var own = moved.Api;
        own.Clock.Run();
        var caller = await own.AccessAsync(["CARD-1"]);
        var offers = Rows(await own.GetAsync("/offers", caller), "Offer");
        Assert.Equal(2, offers.Count);
        own.Clock.StopAt(At(offers[0].GetProperty("EndDateTime")));
        Assert.Empty(Rows(await own.GetAsync("/offers", caller), "Offer"));
    }

    [Fact]
    public async Task Products_say_what_their_accounts_are_charged_and_paid()
    {
        var caller = await api.AccessAsync(["GB-1", "GB-2", "EUR-1", "CARD-1", "JT-1"]);
        var products = Rows(await api.GetAsync("/products", caller), "Product");
        Assert.Equal(["Current Account", "Easy Access Saver", "Currency Account", "Credit Card", "Joint Current Account"], products.ConvertAll(product => product.GetProperty("ProductName").GetString()));
        Assert.Equal("PersonalCurrentAccount", products[0].GetProperty("ProductType").GetString());
        Assert.True(products[0].TryGetProperty("PCA", out _));
        Assert.Equal("3.1", products[1].GetProperty("OtherProductType").GetProperty("CreditInterest").GetProperty("TierBandSet")[0].GetProperty("TierBand")[0].GetProperty("AER").GetString());
        Assert.Equal(products[0].GetRawText(), Rows(await api.GetAsync($"/accounts/{api.Account("GB-1")}/product", caller), "Product")[0].GetRawText());

        // Nobody was ever deeper in overdraft than it is free of interest, since none was booked.
        Assert.Equal(
            0L,
            await api.Database.ScalarAsync<long>(
                """
                SELECT count(*) FROM accounts.transactions t JOIN accounts.account_products l ON l."AccountId" = t."AccountId" JOIN accounts.products p ON p."Id" = l."ProductId"
                WHERE p."Buffer" IS NOT NULL AND t."BalanceAfter" < -p."Buffer"
                """));
        var firm = await api.AccessAsync(["BUS-1"], customerId: "C-100004");
        Assert.Equal("BusinessCurrentAccount", Rows(await api.GetAsync("/products", firm), "Product")[0].GetProperty("ProductType").GetString());
    }

    private async Task<List<JsonElement>> LinesAsync(string account, string at, TestCaller caller) =>
        Rows(await api.GetAsync($"/accounts/{account}/transactions?fromBookingDateTime={at}&toBookingDateTime={at}", caller), "Transaction");

    private static List<JsonElement> Rows(ApiAnswer answer, string member) => [.. answer.Data.GetProperty(member).EnumerateArray()];

    private static DateTimeOffset At(JsonElement text) => DateTimeOffset.Parse(text.GetString()!, CultureInfo.InvariantCulture);

    /// <summary>A bank whose clock these tests move.</summary>
    public sealed class MovedBank : IAsyncLifetime
    {
        public BankApi Api { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync();

        public ValueTask DisposeAsync() => Api.DisposeAsync();
    }
}
