using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Orders;

/// <summary>Payments out of an account that needs two approvals: the firm's own customer orders, and a director approves or refuses.</summary>
public sealed class OrderApprovalTests(Bank bank, OrderApprovalTests.Firm firm) : IClassFixture<OrderApprovalTests.Firm>
{
    private const string OnUs = "99012420450061";
    private const string Bakery = "C-100004";
    private const string Rowan = "C-100006";
    private static readonly DateTimeOffset Start = DateTimeOffset.Parse("2026-11-20T10:00:00Z", CultureInfo.InvariantCulture);
    private readonly BankApi own = firm.Api;

    /// <summary>A bank of its own, since its clock moves.</summary>
    public sealed class Firm : IAsyncLifetime
    {
        public BankApi Api { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync();

        public ValueTask DisposeAsync() => Api.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "OB-PIS-26")]
    [Trait("Rule", "OB-PIS-27")]
    [Trait("Rule", "OB-PIS-28")]
    [Trait("Rule", "OB-DEC-4")]
    [Trait("Rule", "OB-PST-3")]
    [Trait("Rule", "P-8")]
    public async Task An_order_waits_for_the_other_and_goes_out_with_the_last_approval()
    {
        own.Clock.StopAt(Start);
        var order = await OrderAsync(amount: "12.34");
        Assert.Equal(("PATC", "AWAF 1/2"), (order.Status, Approvals(order.Answer)));
        Assert.Equal("2026-11-27T10:00:00Z", order.Answer.Data.GetProperty("MultiAuthorisation").GetProperty("ExpirationDateTime").GetString());
        Assert.Equal("COND", (await bank.GetAsync("/domestic-payment-consents/" + order.ConsentId, at: own)).Data.GetProperty("Status").GetString());
        Assert.NotNull(await own.AskAsync(new MoveSandboxOrder(order.Id, "ACSC", null)));

        // It is found by who may act on the account, and by nobody else.
        var waiting = Assert.Single(await own.AskAsync(new ListOrdersToApprove(Rowan)), one => one.OrderId == order.Id);
        Assert.Equal((12.34m, "ACME Inc", "Trading", 1, 2, false), (waiting.Amount.Amount, waiting.Payee, waiting.AccountName, waiting.Received, waiting.Required, waiting.IsApprovedByCustomer));
        Assert.True(Assert.Single(await own.AskAsync(new ListOrdersToApprove(Bakery)), one => one.OrderId == order.Id).IsApprovedByCustomer);
        Assert.Empty(await own.AskAsync(new ListOrdersToApprove(Bank.Amelia)));
        Assert.Null(await own.AskAsync(new DescribeOrderToApprove(order.Id, Bank.Amelia)));

        Assert.Equal(OrderApprovalAnswer.NotFound, await ApproveAsync(order, Bank.Amelia, "-"));
        Assert.Equal(OrderApprovalAnswer.NotFound, await own.AskAsync(new RefuseOrder(order.Id, Bank.Amelia)));
        Assert.Equal(OrderApprovalAnswer.ApprovedBefore, await ApproveAsync(order, Bakery));
        Assert.Equal(OrderApprovalAnswer.Changed, await ApproveAsync(order, Rowan, "another document"));
        Assert.Equal("AWAF 1/2", Approvals(await bank.GetAsync(order.Path, at: own)));
        Assert.Equal(0, (await own.AskAsync(new SumTransfers(order.ConsentId))).Count);

        Assert.Equal(OrderApprovalAnswer.Complete, await ApproveAsync(order, Rowan));
        var done = await UntilAsync(order.Path, "ACCC");
        Assert.Equal("AUTH 2/2", Approvals(done));
        Assert.Equal(["ACCC", "ACCP", "ACSC", "ACSP", "PATC", "RCVD"], (await HistoryAsync(order.Id)).Split(' ').Order(StringComparer.Ordinal));
        Assert.Equal(12.34m, (await own.AskAsync(new SumTransfers(order.ConsentId))).Sum);
        Assert.Equal(OrderApprovalAnswer.Over, await ApproveAsync(order, Rowan));
        Assert.Equal(OrderApprovalAnswer.Over, await own.AskAsync(new RefuseOrder(order.Id, Rowan)));

        // What each has seen of it is kept, and is the same.
        var kept = (await own.AskAsync(new DescribeEvidence(order.ConsentId)))!;
        var further = Assert.Single(kept.Further);
        Assert.Equal((Bakery, Rowan, true), (kept.CustomerId, further.CustomerId, further.DigestIsRight));
        Assert.Equal(kept.Payment!.Shown, further.Payment!.Shown);
        Assert.Equal([own.Account("BUS-1")], further.AccountIds);
        Assert.Equal(2, Assert.Single(await own.AskAsync(new ListOrdersOfConsent(order.ConsentId))).ApprovalsNeeded);
        Assert.Equal(1, await own.Database.ScalarAsync<long>(
            """
            SELECT count(*) FROM (SELECT "What", "Subject" FROM consent.audit_pending UNION ALL SELECT "What", "Subject" FROM consent.audit) line
            WHERE "What" = 'payment.approval' AND "Subject" = $1
            """,
            order.Id));
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-26")]
    [Trait("Rule", "CO-08")]
    public async Task Of_many_who_decide_at_one_moment_each_counts_once_and_one_ends_it()
    {
        own.Clock.StopAt(Start);
        var approved = await OrderAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ApproveAsync(approved, Rowan)));
        Assert.Single(answers, OrderApprovalAnswer.Complete);
        Assert.All(answers, answer => Assert.True(answer is OrderApprovalAnswer.Complete or OrderApprovalAnswer.ApprovedBefore or OrderApprovalAnswer.Over, answer.ToString()));
        await UntilAsync(approved.Path, "ACCC");
        Assert.Equal(1, (await own.AskAsync(new SumTransfers(approved.ConsentId))).Count);

        // An approval and a refusal: one of them has it, and the money follows that one.
        for (var round = 0; round < 3; round++)
        {
            var order = await OrderAsync();
            var both = await Task.WhenAll(ApproveAsync(order, Rowan), own.AskAsync(new RefuseOrder(order.Id, Bakery)));
            Assert.Single(both, answer => answer is OrderApprovalAnswer.Complete or OrderApprovalAnswer.Done);
            var isPaid = both[0] == OrderApprovalAnswer.Complete;
            await UntilAsync(order.Path, isPaid ? "ACCC" : "RJCT");
            Assert.Equal(isPaid ? 1 : 0, (await own.AskAsync(new SumTransfers(order.ConsentId))).Count);
        }

        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-26")]
    [Trait("Rule", "OB-PST-4")]
    public async Task One_refusal_ends_it_and_the_money_is_free_again()
    {
        own.Clock.StopAt(Start);
        var before = await HeldAsync();
        var order = await OrderAsync();
        Assert.Equal(before + 10m, await HeldAsync());
        Assert.Equal(OrderApprovalAnswer.Done, await own.AskAsync(new RefuseOrder(order.Id, Rowan)));
        var refused = await bank.GetAsync(order.Path, at: own);
        Assert.Equal(("RJCT", "RJCT 1/2", "DS02"), (refused.Data.GetProperty("Status").GetString(), Approvals(refused), refused.Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString()));
        Assert.Equal(before, await HeldAsync());
        Assert.Equal(OrderApprovalAnswer.Over, await ApproveAsync(order, Rowan));
    }

    [Fact]
    [Trait("Rule", "OB-PIS-26")]
    [Trait("Rule", "OB-PIS-25")]
    public async Task Time_runs_out_at_the_third_partys_moment_and_not_before()
    {
        own.Clock.StopAt(Start);
        var until = Start.AddHours(1);
        var (early, late) = (await OrderAsync(By(until)), await OrderAsync(By(until)));
        Assert.Equal("2026-11-20T11:00:00Z", late.Answer.Data.GetProperty("MultiAuthorisation").GetProperty("ExpirationDateTime").GetString());
        own.Clock.StopAt(until.AddTicks(-TimeSpan.TicksPerMillisecond));
        Assert.Equal(OrderApprovalAnswer.Complete, await ApproveAsync(early, Rowan));
        own.Clock.StopAt(until);
        Assert.Equal(OrderApprovalAnswer.Over, await ApproveAsync(late, Rowan));
        var ended = await UntilAsync(late.Path, "RJCT");
        Assert.Equal(("RJCT 1/2", "DS24"), (Approvals(ended), ended.Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString()));
        await UntilAsync(early.Path, "ACCC");

        static Action<JsonObject> By(DateTimeOffset until) => body =>
            body["Data"]!["Authorisation"] = new JsonObject { ["AuthorisationType"] = "Any", ["CompletionDateTime"] = until.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) };
    }

    [Fact]
    [Trait("Rule", "OB-PIS-25")]
    [Trait("Rule", "OB-DEC-16")]
    public async Task Accounts_are_those_that_are_approved_as_was_asked()
    {
        Assert.Equal(["Trading"], await OfferedAsync("Multiple"));
        Assert.Equal(["VAT reserve"], await OfferedAsync("Single"));
        Assert.Equal(["Trading", "VAT reserve"], await OfferedAsync("Any"));

        async Task<IEnumerable<string>> OfferedAsync(string type)
        {
            var consentId = await bank.ConsentAsync(Bank.Payment(body => body["Data"]!["Authorisation"] = new JsonObject { ["AuthorisationType"] = type }), own);
            var document = (await own.AskAsync(new DescribeForApproval(consentId, BankApi.Tpp, Bakery)))!;
            Assert.Equal([.. document.Accounts.Select(account => account.Name == "Trading" ? 2 : 1)], document.Accounts.Select(account => account.ApproversNeeded));
            return document.Accounts.Select(account => account.Name);
        }
    }

    [Theory]
    [Trait("Rule", "OB-PIS-26")]
    [Trait("Rule", "OB-FIL-9")]
    [InlineData(true, "INCO", "AUTH 2/2")]
    [InlineData(false, "INFA", "RJCT 1/2")]
    public async Task A_file_has_no_status_for_it_and_waits_all_the_same(bool approve, string end, string approvals)
    {
        own.Clock.StopAt(Start);
        var content = """{"Data":{"DomesticPayments":[{"InstructionIdentification":"I","EndToEndIdentification":"E","InstructedAmount":{"Amount":"1.00","Currency":"GBP"},"CreditorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"99012420450061","Name":"A payee"}}]}}""";
        var hash = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(content)));
        var body = JsonNode.Parse($$"""{"Data":{"Initiation":{"FileType":"UK.OBIE.PaymentInitiation.4.0","FileHash":"{{hash}}"} } }""")!.AsObject();
        var order = await PlaceAsync("/file-payment", body, async consentId => Assert.Equal(200, (await UploadAsync(consentId, content)).Status));
        Assert.Equal(("PDNG", "AWAF 1/2"), (order.Status, Approvals(order.Answer)));
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Assert.Equal("PDNG", (await bank.GetAsync(order.Path, at: own)).Data.GetProperty("Status").GetString());
        Assert.Equal(0, (await own.AskAsync(new SumTransfers(order.ConsentId))).Count);
        Assert.Null(await own.AskAsync(new DecideSandboxOrder(order.Id, approve)));
        var done = await UntilAsync(order.Path, end);
        Assert.Equal(approvals, Approvals(done));
        Assert.Equal(approve ? 1 : 0, (await own.AskAsync(new SumTransfers(order.ConsentId))).Count);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-26")]
    [Trait("Rule", "OB-PST-1")]
    public async Task A_standing_order_begins_once_all_have_approved_it()
    {
        own.Clock.StopAt(Start);
        var order = await PlaceAsync("/domestic-standing-order", Bank.Payment(asked =>
        {
            Bank.To(OnUs)(asked);
            asked["Data"]!["Permission"] = "Create";
            var initiation = Bank.Initiation(asked);
            initiation.Remove("InstructionIdentification");
            initiation.Remove("EndToEndIdentification");
            initiation.Remove("InstructedAmount");
            initiation["FirstPaymentAmount"] = JsonNode.Parse("""{"Amount":"2.00","Currency":"GBP"}""");
            initiation["NumberOfPayments"] = "2";
            initiation["MandateRelatedInformation"] = JsonNode.Parse("""{"FirstPaymentDateTime":"2026-11-20T00:00:00Z","Frequency":{"Type":"WEEK"}}""");
        }));
        Assert.Equal(("PATC", "AWAF 1/2"), (order.Status, Approvals(order.Answer)));
        Assert.NotNull(await own.AskAsync(new DecideSandboxOrder("dp-00000000000000000000000000000000", Approve: true)));
        Assert.Null(await own.AskAsync(new DecideSandboxOrder(order.Id, Approve: true)));
        Assert.NotNull(await own.AskAsync(new DecideSandboxOrder(order.Id, Approve: true)));
        Assert.NotNull(await own.AskAsync(new DecideSandboxOrder(order.Id, Approve: false)));
        Assert.Equal("AUTH 2/2", Approvals(await UntilAsync(order.Path, "PDNG")));
        for (var tries = 0; (await own.AskAsync(new SumTransfers(order.ConsentId))).Sum != 2m; tries++)
        {
            Assert.True(tries < 300, "the first payment is not made");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static string Approvals(ApiAnswer answer) => answer.Data.GetProperty("MultiAuthorisation") is var all
        ? $"{all.GetProperty("Status").GetString()} {all.GetProperty("NumberReceived").GetInt32()}/{all.GetProperty("NumberRequired").GetInt32()}"
        : "";

    private async Task<OrderApprovalAnswer> ApproveAsync(Ordered order, string customerId, string? digest = null)
    {
        digest ??= (await own.AskAsync(new DescribeFurtherApproval(order.ConsentId, BankApi.Tpp, customerId)))!.Digest;
        return await own.AskAsync(new ApproveOrder(order.Id, customerId, digest, new AuthenticationEvidence(own.Clock.Now, "passkey-2", new DecisionOrigin("192.0.2.8", "Browser/2"))));
    }

    private Task<Ordered> OrderAsync(Action<JsonObject>? change = null, string amount = "10.00") => PlaceAsync(
        "/domestic-payment",
        Bank.Payment(
            body =>
            {
                Bank.To(OnUs)(body);
                change?.Invoke(body);
            },
            amount));

    private async Task<Ordered> PlaceAsync(string type, JsonObject body, Func<string, Task>? upload = null)
    {
        var asked = await bank.PostAsync(type + "-consents", body, at: own);
        Assert.True(asked.Status == 201, asked.Body);
        var consentId = asked.Data.GetProperty("ConsentId").GetString()!;
        if (upload is not null) await upload(consentId);
        var payer = await bank.ApprovedAsync(consentId, "BUS-1", Bakery, own);
        var order = new JsonObject { ["Data"] = new JsonObject { ["ConsentId"] = consentId, ["Initiation"] = Bank.Initiation(body).DeepClone() } };
        if (body["Risk"] is { } risk) order["Risk"] = risk.DeepClone();
        var answer = await bank.PostAsync(type + "s", order, payer, at: own);
        Assert.True(answer.Status == 201, answer.Body);
        var id = answer.Data.EnumerateObject().First().Value.GetString()!;
        return new Ordered(id, consentId, $"{type}s/{id}", answer.Data.GetProperty("Status").GetString()!, answer);
    }

    private Task<ApiAnswer> UploadAsync(string consentId, string content) => own.SendAsync(
        HttpMethod.Post,
        $"/file-payment-consents/{consentId}/file",
        Bank.Tpp,
        content,
        request =>
        {
            request.Headers.Add(Idempotency.Header, Bank.NewKey());
            request.Headers.Add("x-jws-signature", "signed");
        },
        BankApi.PaymentsRoot);

    private async Task<ApiAnswer> UntilAsync(string path, string status)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await bank.GetAsync(path, at: own);
            if (answer.Data.GetProperty("Status").GetString() == status) return answer;
            Assert.True(tries < 300, $"{path} is not {status}: {answer.Body}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private async Task<string> HistoryAsync(string id) =>
        (await own.Database.ScalarAsync<string>("""SELECT string_agg("To", ' ' ORDER BY "Id") FROM payments.order_changes WHERE "OrderId" = $1""", id))!;

    private Task<decimal> HeldAsync() => own.Database.ScalarAsync<decimal>("""SELECT "Held" FROM accounts.accounts WHERE "Id" = $1""", own.Account("BUS-1"));

    private sealed record Ordered(string Id, string ConsentId, string Path, string Status, ApiAnswer Answer);
}
