using System.Text.Json.Nodes;
using OpenBanking.Consent.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.PaymentConsents;

/// <summary>Exemptions from strong authentication where the bank makes use of them, and where it makes use of none.</summary>
public sealed class StrongAuthenticationTests(Bank bank, StrongAuthenticationTests.Lenient lenient) : IClassFixture<StrongAuthenticationTests.Lenient>
{
    private const string Toms = "99012420450061";
    private readonly BankApi own = lenient.Api;

    /// <summary>A bank that makes use of every exemption.</summary>
    public sealed class Lenient : IAsyncLifetime
    {
        public BankApi Api { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync(new Dictionary<string, string?>
        {
            ["Consent:Exemptions:0"] = "low-value",
            ["Consent:Exemptions:1"] = "own-accounts",
            ["Consent:Exemptions:2"] = "trusted-payee",
            ["Consent:Exemptions:3"] = "recurring",
            ["Consent:Rates:EUR"] = "1.25",
        });

        public ValueTask DisposeAsync() => Api.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "OB-SCA-2")]
    [Trait("Rule", "OB-SCA-4")]
    [Trait("Rule", "OB-PIS-20")]
    public async Task Without_a_setting_every_payment_is_signed_whatever_is_wished_for()
    {
        var wished = Bank.Payment(
            body =>
            {
                Bank.To("99012420450029")(body);
                body["Data"]!["SCASupportData"] = new JsonObject { ["RequestedSCAExemptionType"] = "PartyToParty" };
            },
            "0.01");
        var consentId = await bank.ConsentAsync(wished);
        Assert.True((await bank.Api.AskAsync(new DescribeForApproval(consentId, BankApi.Tpp, Bank.Amelia)))!.AsksPasskey);
        Assert.Equal("OB-SCA-2", await TryAsync(bank.Api, consentId, isSigned: false));
        Assert.Equal("AWAU", (await bank.GetAsync("/domestic-payment-consents/" + consentId)).Data.GetProperty("Status").GetString());
        Assert.Null(await TryAsync(bank.Api, consentId, isSigned: true));
        Assert.Equal(new KeptSca("applied", "RTS Art. 5"), (await bank.Api.AskAsync(new DescribeEvidence(consentId)))!.Sca);
    }

    [Fact]
    [Trait("Rule", "OB-SCA-4")]
    [Trait("Rule", "OB-SCA-8")]
    public async Task Low_value_is_counted_one_by_one_and_together_until_the_passkey_signs()
    {
        // 24.00 pounds are 30 euros: that much and no more.
        var thomas = Bank.Thomas;
        Assert.Equal("OB-SCA-2", await PayAsync("24.01", thomas));
        var first = await ConsentAsync("24.00");
        Assert.False((await own.AskAsync(new DescribeForApproval(first, BankApi.Tpp, thomas)))!.AsksPasskey);
        Assert.Null(await TryAsync(own, first, isSigned: false, thomas));
        Assert.Equal(new KeptSca("low-value", "RTS Art. 16"), (await own.AskAsync(new DescribeEvidence(first)))!.Sca);
        Assert.Equal(1, await NotedAsync(first, "RTS Art. 16"));

        // 100 euros together.
        Assert.Null(await PayAsync("24.00", thomas));
        Assert.Null(await PayAsync("24.00", thomas));
        var fourth = await ConsentAsync("8.01");
        Assert.True((await own.AskAsync(new DescribeForApproval(fourth, BankApi.Tpp, thomas)))!.AsksPasskey);
        Assert.Equal("OB-SCA-2", await TryAsync(own, fourth, isSigned: false, thomas));
        Assert.Null(await PayAsync("8.00", thomas));

        // The passkey begins a new row: five of them, and no sixth.
        Assert.Null(await PayAsync("50.00", thomas, isSigned: true));
        for (var count = 0; count < 5; count++) Assert.Null(await PayAsync("1.00", thomas));
        Assert.Equal("OB-SCA-2", await PayAsync("1.00", thomas));
        Assert.Null(await PayAsync("1.00", thomas, isSigned: true));

        // Nor do more go through at one moment.
        var together = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ConsentAsync("1.00")));
        var answers = await Task.WhenAll(together.Select(consentId => TryAsync(own, consentId, isSigned: false, thomas)));
        Assert.Equal(5, answers.Count(answer => answer is null));
    }

    [Fact]
    [Trait("Rule", "OB-SCA-4")]
    [Trait("Rule", "OB-SCA-5")]
    public async Task Own_accounts_and_trusted_payees_are_exempt_and_nobody_elses()
    {
        Assert.Null(await PayAsync("900.00", Bank.Amelia, to: "99012420450029"));
        Assert.Equal("OB-SCA-2", await PayAsync("900.00", Bank.Amelia, to: Toms));

        // An account that another holds too is not the payer's own; who is trusted is trusted by one customer.
        Assert.Equal("OB-SCA-2", await PayAsync("900.00", Bank.Amelia, to: "99012420450053"));
        Assert.Null(await PayAsync("900.00", Bank.Amelia, to: "40221598761234"));
        Assert.Equal("OB-SCA-2", await PayAsync("900.00", Bank.Thomas, to: "40221598761234"));

        // To begin a series takes the passkey, whoever is paid.
        var series = Bank.Payment(asked =>
        {
            Bank.To("40221598761234")(asked);
            asked["Data"]!["Permission"] = "Create";
            var initiation = Bank.Initiation(asked);
            foreach (var name in new[] { "InstructionIdentification", "EndToEndIdentification", "InstructedAmount" }) initiation.Remove(name);
            initiation["FirstPaymentAmount"] = JsonNode.Parse("""{"Amount":"2.00","Currency":"GBP"}""");
            initiation["MandateRelatedInformation"] = JsonNode.Parse("""{"Frequency":{"Type":"WEEK"}}""");
        });
        var made = await bank.PostAsync("/domestic-standing-order-consents", series, at: own);
        Assert.Equal("OB-SCA-2", await TryAsync(own, made.Data.GetProperty("ConsentId").GetString()!, isSigned: false));
    }

    [Fact]
    [Trait("Rule", "CON-05")]
    public async Task Whoever_decides_has_authenticated_in_the_last_five_minutes()
    {
        var consentId = await ConsentAsync("900.00", "99012420450029");
        own.Clock.StopAt(own.Clock.Now);
        Assert.Equal("CON-05", await TryAsync(own, consentId, isSigned: false, age: TimeSpan.FromMinutes(5) + TimeSpan.FromMilliseconds(1)));
        Assert.Equal("CON-05", await TryAsync(own, consentId, isSigned: true, age: TimeSpan.FromMinutes(5) + TimeSpan.FromMilliseconds(1)));
        Assert.Null(await TryAsync(own, consentId, isSigned: false, age: TimeSpan.FromMinutes(5)));
    }

    [Fact]
    [Trait("Rule", "STEP-09")]
    [Trait("Rule", "STEP-02")]
    [Trait("Rule", "OB-SCA-4")]
    public async Task Much_money_wants_the_passkey_and_wants_it_fresh_when_the_order_comes()
    {
        // Ten thousand pounds are not yet much.
        Assert.Null(await PayAsync("10000.00", Bank.Amelia, to: "99012420450029"));
        var much = await ConsentAsync("10000.01", "99012420450029");
        Assert.Equal("OB-SCA-2", await TryAsync(own, much, isSigned: false));
        Assert.Null(await TryAsync(own, much, isSigned: true));

        own.Clock.StopAt(own.Clock.Now);
        var stale = await OrderAsync(much, TimeSpan.FromMinutes(15) + TimeSpan.FromMilliseconds(1));
        Assert.Equal((401, "STEP-02"), (stale.Status, stale.Rule));
        var challenge = string.Join(' ', stale.Headers.GetValues("WWW-Authenticate"));
        Assert.Contains("insufficient_user_authentication", challenge, StringComparison.Ordinal);
        Assert.Contains("max_age=\"900\"", challenge, StringComparison.Ordinal);

        // The consent has not been used up by that. In time, the order fails for nothing but the money.
        Assert.Equal("AM04", (await OrderAsync(much, TimeSpan.FromMinutes(15))).Faults[0].Split(' ')[0]);

        // A consent of a payment is not authenticated again: a new one is shown and signed.
        Assert.IsType<AuthorisationAnswer.InWrongState>(await own.ApproveAsync(much, [own.Account("GB-1")]));

        async Task<ApiAnswer> OrderAsync(string consentId, TimeSpan age)
        {
            var body = Bank.Payment(Bank.To("99012420450029"), "10000.01");
            var order = body.DeepClone().AsObject();
            order["Data"] = new JsonObject { ["ConsentId"] = consentId, ["Initiation"] = Bank.Initiation(body).DeepClone() };
            return await bank.PostAsync("/domestic-payments", order, new TestCaller(BankApi.Tpp, consentId) { Age = age }, at: own);
        }
    }

    private async Task<string> ConsentAsync(string amount, string to = Toms)
    {
        // Thomas pays somebody at another bank; nobody is exempt for being his own payee.
        if (to == Toms) to = "08080021325698";
        return await bank.ConsentAsync(Bank.Payment(Bank.To(to), amount), own);
    }

    private async Task<string?> PayAsync(string amount, string customer, bool isSigned = false, string to = Toms) => await TryAsync(own, await ConsentAsync(amount, to), isSigned, customer);

    /// <summary>The rule that wants the passkey; null where the payment is approved.</summary>
    private static async Task<string?> TryAsync(BankApi at, string consentId, bool isSigned, string customer = Bank.Amelia, TimeSpan age = default) =>
        await at.ApproveAsync(consentId, [at.Account(customer == Bank.Amelia ? "GB-1" : "GB-3")], customer, isSigned: isSigned, age: age) switch
        {
            AuthorisationAnswer.Authorised => null,
            AuthorisationAnswer.PasskeyNeeded needed => needed.Rule,
            var other => other.ToString(),
        };

    private Task<long> NotedAsync(string subject, string article) => own.Database.ScalarAsync<long>(
        """
        SELECT count(*) FROM (SELECT "What", "Subject", "Content" FROM consent.audit_pending UNION ALL SELECT "What", "Subject", "Content" FROM consent.audit) line
        WHERE "What" = 'payment.sca' AND "Subject" = $1 AND "Content" LIKE '%' || $2 || '%'
        """,
        subject,
        article);
}
