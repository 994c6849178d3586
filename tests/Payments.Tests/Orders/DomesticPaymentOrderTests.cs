using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Orders;
using OpenBanking.Testing;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Orders;

public sealed class DomesticPaymentOrderTests(Bank bank)
{
    private const string Path = "/domestic-payments";
    private const string OnUs = "99012420450061";
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-PIS-1")]
    [Trait("Rule", "OB-PIS-8")]
    [Trait("Rule", "OB-PIS-9")]
    [Trait("Rule", "OB-PIS-10")]
    [Trait("Rule", "OB-PIS-16")]
    [Trait("Rule", "OB-PIS-29")]
    [Trait("Rule", "OB-PST-2")]
    [Trait("Rule", "OB-PST-5")]
    [Trait("Rule", "OB-PST-6")]
    public async Task A_payment_within_the_bank_is_taken_carried_out_and_told_of()
    {
        var body = Bank.Payment(Bank.To(OnUs), "12.34");
        var payer = await PayerAsync(body);
        var (from, to) = (await BalanceAsync("GB-1"), await BalanceAsync("GB-3"));
        var made = await OrderAsync(payer, body);
        Assert.Equal((201, "RCVD"), (made.Status, Text(made, "Status")));
        var id = Text(made, "DomesticPaymentId")!;
        Assert.Matches("^dp-[0-9a-f]{32}$", id);
        Assert.Equal((payer.ConsentId, "Amelia Hartwell"), (Text(made, "ConsentId"), made.Data.GetProperty("Debtor").GetProperty("Name").GetString()));
        Assert.Equal("99012420450011", made.Data.GetProperty("Refund").GetProperty("Account").GetProperty("Identification").GetString());
        Assert.True(JsonNode.DeepEquals(body["Data"]!["Initiation"], JsonNode.Parse(made.Data.GetProperty("Initiation").GetRawText())));

        var done = await UntilAsync(id, "ACCC");
        Assert.Equal($"{BankApi.Issuer}{BankApi.PaymentsRoot}{Path}/{id}", done.Link("Self"));
        Assert.Equal((from - 12.34m, to + 12.34m), (await BalanceAsync("GB-1"), await BalanceAsync("GB-3")));
        var details = (await bank.GetAsync($"{Path}/{id}/payment-details")).Data.GetProperty("PaymentStatus")[0];
        Assert.Equal((id, "ACCC"), (details.GetProperty("PaymentTransactionId").GetString(), details.GetProperty("Status").GetString()));
        Assert.Equal("COND", (await bank.GetAsync("/domestic-payment-consents/" + payer.ConsentId)).Data.GetProperty("Status").GetString());
        Assert.Equal(["RCVD", "ACSP", "ACSC", "ACCC"], await HistoryAsync(id));
        Assert.Equal((1, 12.34m), await api.AskAsync(new SumTransfers(payer.ConsentId!)) is var sum ? (sum.Count, sum.Sum) : default);
        Assert.Empty((await api.AskAsync(new VerifyLedger())).Problems);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-16")]
    public async Task The_payers_account_is_told_only_to_who_asked()
    {
        var body = Bank.Payment(asked => asked["Data"]!.AsObject().Remove("ReadRefundAccount"));
        var made = await OrderAsync(await PayerAsync(body), body);
        Assert.False(made.Data.TryGetProperty("Refund", out _));
        Assert.Equal(["Name"], made.Data.GetProperty("Debtor").EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    [Trait("Rule", "OB-PST-1")]
    [Trait("Rule", "OB-PST-4")]
    public async Task A_payment_to_another_bank_goes_by_its_scheme_and_may_come_back()
    {
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?> { ["Payments:SchemeDelay"] = "01:00:00" });
        var before = await BalanceAsync("GB-1", own);
        var sent = Text(await OrderAsync(await PayerAsync(at: own), at: own), "DomesticPaymentId")!;
        await UntilAsync(sent, "ACSC", own);
        Assert.Equal(before - 10m, await BalanceAsync("GB-1", own));
        Assert.Equal("an order in status ACSC cannot go there", await own.AskAsync(new MoveSandboxOrder(sent, "ACSP", null)));
        Assert.Null(await own.AskAsync(new MoveSandboxOrder(sent, "RJCT", "AC04")));
        var rejected = await bank.GetAsync($"{Path}/{sent}", at: own);
        Assert.Equal(("RJCT", "AC04"), (Text(rejected, "Status"), rejected.Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString()));
        Assert.Equal(before, await BalanceAsync("GB-1", own));
        Assert.Equal("an order in status RJCT cannot go there", await own.AskAsync(new MoveSandboxOrder(sent, "ACCC", null)));

        // And the usual way: after its time the scheme says that the payee has it; then the payee gives it back, once.
        var kept = Text(await OrderAsync(await PayerAsync(at: own), at: own), "DomesticPaymentId")!;
        await UntilAsync(kept, "ACSC", own);
        own.Clock.Advance(TimeSpan.FromHours(1.1));
        await UntilAsync(kept, "ACCC", own);
        Assert.Null(await own.AskAsync(new RefundSandboxOrder(kept)));
        Assert.Equal("there is nothing to return", await own.AskAsync(new RefundSandboxOrder(kept)));
        Assert.Equal(before, await BalanceAsync("GB-1", own));
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-6")]
    public async Task What_the_core_refuses_later_is_rejected_and_what_it_does_not_answer_is_asked_again()
    {
        await using var own = await BankApi.StartAsync();
        Assert.Null(await own.AskAsync(new RefuseNextPayment("AG01")));
        Assert.NotNull(await own.AskAsync(new RefuseNextPayment("no code")));
        var before = await BalanceAsync("GB-1", own);
        var refused = Text(await OrderAsync(await PayerAsync(at: own), at: own), "DomesticPaymentId")!;
        Assert.Equal("AG01", (await UntilAsync(refused, "RJCT", own)).Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString());
        Assert.Equal(before, await BalanceAsync("GB-1", own));

        await own.AskAsync(new LoseNextAnswer());
        var payer = await PayerAsync(at: own);
        var lost = Text(await OrderAsync(payer, at: own), "DomesticPaymentId")!;
        await UntilAsync(lost, "ACSP", own);
        own.Clock.Advance(TimeSpan.FromSeconds(2));
        await UntilAsync(lost, "ACSC", own);
        Assert.Equal((1, 10m), await own.AskAsync(new SumTransfers(payer.ConsentId!)) is var sum ? (sum.Count, sum.Sum) : default);
        Assert.Equal(before - 10m, await BalanceAsync("GB-1", own));
    }

    public static TheoryData<string, string, string?, string> Changes => new()
    {
        { "amount", "Data.Initiation.InstructedAmount.Amount", "\"10.0\"", "Data.Initiation.InstructedAmount.Amount" },
        { "payee", "Data.Initiation.CreditorAccount.Identification", "\"08080021325699\"", "Data.Initiation.CreditorAccount.Identification" },
        { "payee's name", "Data.Initiation.CreditorAccount.Name", "\"ACME inc\"", "Data.Initiation.CreditorAccount.Name" },
        { "reference", "Data.Initiation.RemittanceInformation.Unstructured", "[\"other\"]", "Data.Initiation.RemittanceInformation.Unstructured[0]" },
        { "instruction", "Data.Initiation.InstructionIdentification", "\"other\"", "Data.Initiation.InstructionIdentification" },
        { "end to end", "Data.Initiation.EndToEndIdentification", "\"other\"", "Data.Initiation.EndToEndIdentification" },
        { "debtor", "Data.Initiation.DebtorAccount", """{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"99012420450011"}""", "Data.Initiation.DebtorAccount" },
        { "less", "Data.Initiation.RemittanceInformation", null, "Data.Initiation.RemittanceInformation" },
        { "risk", "Risk.PaymentContextCode", "\"TransferToSelf\"", "Risk.PaymentContextCode" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    [Trait("Rule", "OB-PIS-3")]
    [Trait("Rule", "OB-PIS-5")]
    [Trait("Rule", "PY-08")]
    public async Task An_order_that_differs_from_its_consent_is_refused_and_the_consent_stays_good(string what, string path, string? value, string at)
    {
        Assert.NotEmpty(what);
        var payer = await PayerAsync();
        var key = Bank.NewKey();
        var refused = await OrderAsync(payer, Bank.Payment(body => Set(body, path, value)), key);
        Assert.Equal((400, "OB-PIS-3", "U008 " + at), (refused.Status, refused.Rule, refused.Faults[0]));
        Assert.Equal(201, (await OrderAsync(payer, key: key)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-5")]
    [Trait("Rule", "OB-IDM-11")]
    [Trait("Rule", "PY-02")]
    [Trait("Rule", "PY-26")]
    public async Task A_consent_is_good_for_one_order_and_its_repetitions()
    {
        var payer = await PayerAsync();
        var key = Bank.NewKey();
        var first = await OrderAsync(payer, key: key);
        var again = await OrderAsync(payer, key: key);
        Assert.Equal((201, Text(first, "DomesticPaymentId")), (again.Status, Text(again, "DomesticPaymentId")));
        var other = await OrderAsync(payer);
        Assert.Equal((400, "OB-PIS-5", "U009 Data.Status"), (other.Status, other.Rule, other.Faults[0]));
        Assert.Equal((1, 10m), await api.AskAsync(new SumTransfers(payer.ConsentId!)) is var sum && (await UntilAsync(Text(first, "DomesticPaymentId")!, "ACSC")).Status == 200 ? (1, 10m) : (sum.Count, sum.Sum));
    }

    [Fact]
    [Trait("Rule", "PY-06")]
    [Trait("Rule", "R10")]
    public async Task One_consent_and_many_keys_at_one_moment_make_one_payment()
    {
        var payer = await PayerAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OrderAsync(payer)));
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal("OB-PIS-5", answer.Rule));
        Assert.Equal(1, await api.Database.ScalarAsync<long>("""SELECT count(*) FROM payments.orders WHERE "ConsentId" = $1""", payer.ConsentId!));
    }

    [Fact]
    [Trait("Rule", "OB-IDM-10")]
    [Trait("Rule", "PY-04")]
    [Trait("Rule", "R8")]
    public async Task One_key_many_times_at_one_moment_makes_one_payment()
    {
        var payer = await PayerAsync();
        var key = Bank.NewKey();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OrderAsync(payer, key: key)));
        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Single(answers.Select(answer => Text(answer, "DomesticPaymentId")).Distinct());
    }

    [Fact]
    [Trait("Rule", "OB-PIS-6")]
    [Trait("Rule", "OB-PIS-5")]
    [Trait("Rule", "PY-07")]
    public async Task What_cannot_be_paid_is_said_at_once_and_leaves_everything_as_it_was()
    {
        await using var own = await BankApi.StartAsync();
        var rich = Bank.Payment(amount: "900000.00");
        var payer = await PayerAsync(rich, at: own);
        await RefusedAsync(await OrderAsync(payer, rich, at: own), "AM04 Data.Initiation.InstructedAmount");
        Assert.Equal("AUTH", (await bank.GetAsync("/domestic-payment-consents/" + payer.ConsentId, at: own)).Data.GetProperty("Status").GetString());
        Assert.Equal(0, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.transfers"));
        var unknown = Bank.Payment(Bank.To("99012499999999"));
        await RefusedAsync(await OrderAsync(await PayerAsync(unknown, at: own), unknown, at: own), "AC03 Data.Initiation.CreditorAccount");
        var closed = Bank.Payment(Bank.To("99012420450102"));
        await own.AskAsync(new SetSandboxAccountState(own.Account("BUS-2"), "closed"));
        await RefusedAsync(await OrderAsync(await PayerAsync(closed, at: own), closed, at: own), "AC07 Data.Initiation.CreditorAccount");
        var frozen = await PayerAsync(at: own);
        await own.AskAsync(new SetSandboxAccountState(own.Account("GB-1"), "frozen"));
        await RefusedAsync(await OrderAsync(frozen, at: own), "AC06 Data.Initiation.DebtorAccount");

        static Task RefusedAsync(ApiAnswer answer, string fault)
        {
            Assert.Equal((400, "OB-PIS-6", fault), (answer.Status, answer.Rule, answer.Faults[0]));
            return Task.CompletedTask;
        }
    }

    [Fact]
    [Trait("Rule", "OB-PIS-18")]
    [Trait("Rule", "OB-CON-8")]
    public async Task An_order_that_comes_too_late_is_refused()
    {
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?> { ["Consent:CutOffs:domestic-payments:At"] = "16:00", ["Consent:CutOffs:domestic-payments:Strategy"] = "Reject" });
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 15, 0, 0, TimeSpan.Zero));
        var payer = await PayerAsync(at: own);
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 16, 0, 0, TimeSpan.Zero));
        var late = await OrderAsync(payer, at: own);
        Assert.Equal((400, "OB-PIS-18", "U012"), (late.Status, late.Rule, late.Faults[0]));
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 21, 15, 0, 0, TimeSpan.Zero));
        Assert.Equal("OB-PIS-5", (await OrderAsync(payer, at: own)).Rule);
    }

    [Fact]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "OB-HTTP-2")]
    [Trait("Rule", "OB-SEC-5")]
    [Trait("Rule", "CO-24")]
    [Trait("Rule", "RAR-12")]
    [Trait("Rule", "PY-09")]
    [Trait("Rule", "PY-22")]
    public async Task An_order_is_its_third_partys_alone()
    {
        var (payer, other) = (await PayerAsync(), await PayerAsync());
        var crossed = await bank.PostAsync(Path, Body(other, Bank.Payment()), payer);
        Assert.Equal((403, "OB-SEC-5"), (crossed.Status, crossed.Rule));
        var id = Text(await OrderAsync(payer), "DomesticPaymentId");
        foreach (var path in new[] { $"{Path}/{id}", $"{Path}/{id}/payment-details" })
        {
            var foreign = await bank.GetAsync(path, new TestCaller(BankApi.OtherTpp));
            Assert.Equal((403, "OB-HTTP-2"), (foreign.Status, foreign.Rule));
        }

        foreach (var nobodys in new[] { "dp-00000000000000000000000000000000", "1", payer.ConsentId! })
            Assert.Equal((400, "OB-HTTP-1"), await bank.GetAsync($"{Path}/{nobodys}") is var answer ? (answer.Status, answer.Rule) : default);
        Assert.Equal(405, (await api.SendAsync(HttpMethod.Put, $"{Path}/{id}", Bank.Tpp, "{}", root: BankApi.PaymentsRoot)).Status);
    }

    [Theory]
    [Trait("Rule", "OB-DEC-3")]
    [Trait("Rule", "OB-PST-7")]
    [InlineData("PDNG", "PDNG")]
    [InlineData(null, "RCVD")]
    public async Task Orders_begin_as_the_bank_has_chosen(string? setting, string status)
    {
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?> { ["Payments:InitialOrderStatus"] = setting });
        Assert.Equal(status, Text(await OrderAsync(await PayerAsync(at: own), at: own), "Status"));
    }

    [Fact]
    [Trait("Rule", "OB-PST-1")]
    public void Statuses_go_forward_only()
    {
        var flow = OrderFlow.Immediate;
        var allowed =
            from fromStatus in Enum.GetValues<OrderStatus>()
            from toStatus in Enum.GetValues<OrderStatus>()
            where flow.Allows(fromStatus, toStatus)
            select (fromStatus, toStatus);
        Assert.All(allowed, pair => Assert.False(flow.Allows(pair.toStatus, pair.fromStatus)));
        Assert.Equal([OrderStatus.ACCC, OrderStatus.BLCK, OrderStatus.RJCT], new[] { OrderStatus.ACCC, OrderStatus.BLCK, OrderStatus.RJCT }.Where(flow.IsFinal));
        Assert.True(flow.Allows(OrderStatus.ACWP, OrderStatus.RJCT));
        Assert.False(flow.Allows(OrderStatus.RCVD, OrderStatus.CANC));
    }

    private static string? Text(ApiAnswer answer, string name) => answer.Data.GetProperty(name).GetString();

    /// <summary>The order of a consent's caller: the same, with the consent's id.</summary>
    private static JsonObject Body(TestCaller payer, JsonObject payment)
    {
        var body = payment.DeepClone().AsObject();
        body["Data"] = new JsonObject { ["ConsentId"] = payer.ConsentId, ["Initiation"] = payment["Data"]!["Initiation"]!.DeepClone() };
        return body;
    }

    private static void Set(JsonObject at, string path, string? value)
    {
        var steps = path.Split('.');
        foreach (var step in steps[..^1]) at = at[step]!.AsObject();
        if (value is null) at.Remove(steps[^1]);
        else at[steps[^1]] = JsonNode.Parse(value);
    }

    private async Task<TestCaller> PayerAsync(JsonObject? body = null, BankApi? at = null) => await bank.ApprovedAsync(await bank.ConsentAsync(body, at), at: at);

    private Task<ApiAnswer> OrderAsync(TestCaller payer, JsonObject? payment = null, string? key = null, BankApi? at = null) =>
        bank.PostAsync(Path, Body(payer, payment ?? Bank.Payment()), payer, key, at);

    private async Task<ApiAnswer> UntilAsync(string id, string status, BankApi? at = null)
    {
        ApiAnswer answer = null!;
        await Eventually.HoldsAsync(async () => Text(answer = await bank.GetAsync($"{Path}/{id}", at: at), "Status") == status, () => $"{id} is not {status}: {answer.Body}");
        return answer;
    }

    private async Task<IReadOnlyList<string>> HistoryAsync(string id) =>
        (await api.Database.ScalarAsync<string>("""SELECT string_agg("To", ' ' ORDER BY "Id") FROM payments.order_changes WHERE "OrderId" = $1""", id))!.Split(' ');

    private Task<decimal> BalanceAsync(string tag, BankApi? at = null) =>
        (at ?? api).Database.ScalarAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1""", (at ?? api).Account(tag));
}
