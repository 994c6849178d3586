using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Contracts;
using OpenBanking.Testing;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Orders;

/// <summary>Orders that are not one payment at once: on a day, in a rhythm, abroad, in a file.</summary>
public sealed partial class PlannedOrderTests(Bank bank)
{
    private const string OnUs = "99012420450061";

    [Fact]
    [Trait("Rule", "OB-DSP-1")]
    [Trait("Rule", "OB-PST-1")]
    [Trait("Rule", "OB-PIS-21")]
    [Trait("Rule", "PY-23")]
    public async Task A_scheduled_payment_waits_for_its_day_and_its_customer_may_stop_it_until_then()
    {
        await using var own = await StartAsync();
        var before = await BalanceAsync(own, "GB-1");
        var due = await OrderAsync(own, "/domestic-scheduled-payment", Scheduled("10.00"));
        Assert.Equal("RCVD", due.Status);
        await UntilAsync(own, due.Path, "PDNG");
        Assert.Equal(before, await BalanceAsync(own, "GB-1"));
        var dear = await OrderAsync(own, "/domestic-scheduled-payment", Scheduled("900000.00"));
        var stopped = await OrderAsync(own, "/domestic-scheduled-payment", Scheduled("11.00"));
        Assert.False(await own.AskAsync(new CancelOrder(stopped.Id, Bank.Thomas)));
        var stops = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => own.AskAsync(new CancelOrder(stopped.Id, Bank.Amelia))));
        Assert.Single(stops, done => done);

        At(own, "2026-11-25T09:59:59Z");
        await Task.Delay(1200, TestContext.Current.CancellationToken);
        Assert.Equal("PDNG", (await UntilAsync(own, due.Path, "PDNG")).Data.GetProperty("Status").GetString());
        At(own, "2026-11-25T10:00:00Z");
        await UntilAsync(own, due.Path, "ACCC");
        Assert.Equal(before - 10m, await BalanceAsync(own, "GB-1"));

        // What is not there on the day is not paid, and what was stopped stays so.
        Assert.Equal("AM04", (await UntilAsync(own, dear.Path, "RJCT")).Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString());
        Assert.Equal("CUST", (await UntilAsync(own, stopped.Path, "CANC")).Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString());
        Assert.False(await own.AskAsync(new CancelOrder(due.Id, Bank.Amelia)));
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    [Fact]
    [Trait("Rule", "OB-DSO-2")]
    [Trait("Rule", "OB-PST-1")]
    [Trait("Rule", "OB-PST-5")]
    public async Task A_standing_order_pays_each_time_on_its_day_and_ends()
    {
        await using var own = await StartAsync();
        var before = await BalanceAsync(own, "GB-1");
        var order = await OrderAsync(own, "/domestic-standing-order", Standing());
        await UntilAsync(own, order.Path, "PDNG");
        Assert.Empty(await PartsAsync(own, order.Path));

        // The second of the three falls on a Saturday and goes on the Monday after.
        At(own, "2026-11-21T08:00:00Z");
        At(own, "2026-11-23T08:00:00Z");
        await PartsUntilAsync(own, order.Path, "1 ACCC");
        At(own, "2026-11-28T12:00:00Z");
        At(own, "2026-11-30T08:00:00Z");
        await PartsUntilAsync(own, order.Path, "1 ACCC, 2 RJCT AM04");
        At(own, "2026-12-05T08:00:00Z");
        await UntilAsync(own, order.Path, "PDNG");
        At(own, "2026-12-07T08:00:00Z");
        await PartsUntilAsync(own, order.Path, "1 ACCC, 2 RJCT AM04, 3 ACCC");
        await UntilAsync(own, order.Path, "INFA");
        Assert.Equal(before - 10m - 3m, await BalanceAsync(own, "GB-1"));
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    [Theory]
    [Trait("Rule", "OB-INT-5")]
    [Trait("Rule", "OB-INT-2")]
    [InlineData("/international-payment", "InternationalPaymentId")]
    [InlineData("/international-scheduled-payment", "InternationalScheduledPaymentId")]
    [InlineData("/international-standing-order", "InternationalStandingOrderId")]
    public async Task Abroad_the_account_pays_at_the_quoted_rate(string type, string member)
    {
        await using var own = await StartAsync();
        var before = await BalanceAsync(own, "GB-1");
        var order = await OrderAsync(own, type, Abroad(type));
        Assert.Equal(order.Id, order.Answer.Data.GetProperty(member).GetString());
        var isRepeated = member.Contains("Standing", StringComparison.Ordinal);
        Assert.Equal(!isRepeated, order.Answer.Data.TryGetProperty("ExchangeRateInformation", out _));
        At(own, "2026-11-25T10:00:00Z");
        if (isRepeated) await PartsUntilAsync(own, order.Path, "1 ACSC");
        else await UntilAsync(own, order.Path, "ACSC");

        // 10.00 EUR at 1.1463, and 5.00 for the sending.
        Assert.Equal(before - 8.72m - 5m, await BalanceAsync(own, "GB-1"));
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    [Theory]
    [Trait("Rule", "OB-FIL-7")]
    [Trait("Rule", "OB-FIL-8")]
    [Trait("Rule", "OB-FIL-9")]
    [Trait("Rule", "OB-DEC-11")]
    [InlineData(OnUs, "INCO", "1 ACCC, 2 ACCC")]
    [InlineData("99012499999999", "INFA", "1 ACCC, 2 RJCT AC03")]
    public async Task A_file_is_paid_payment_by_payment_and_reported(string second, string end, string parts)
    {
        await using var own = await StartAsync();
        var before = await BalanceAsync(own, "GB-1");
        var content = File(OnUs, second);
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
        var body = JsonNode.Parse($$"""{"Data":{"Initiation":{"FileType":"UK.OBIE.PaymentInitiation.4.0","FileHash":"{{hash}}"} } }""")!.AsObject();
        var order = await OrderAsync(own, "/file-payment", body, async consentId => Assert.Equal(200, (await UploadAsync(own, consentId, content)).Status));
        Assert.Equal("PDNG", order.Status);
        await UntilAsync(own, order.Path, end);
        Assert.Equal(parts, await PartsAsync(own, order.Path));
        Assert.Equal(before - (end == "INCO" ? 3m : 1m), await BalanceAsync(own, "GB-1"));
        var report = await bank.GetAsync(order.Path + "/report-file", at: own);
        Assert.Equal((200, end, 2, "E1"), (report.Status, report.Json.GetProperty("Status").GetString(), report.Json.GetProperty("NumberOfTransactions").GetInt32(), report.Json.GetProperty("Payments")[0].GetProperty("EndToEndIdentification").GetString()));
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    [Fact]
    [Trait("Rule", "OB-PST-1")]
    public async Task What_a_tester_moves_goes_with_its_money_and_what_waits_for_its_day_still_does()
    {
        await using var own = await StartAsync();
        var before = await BalanceAsync(own, "GB-1");
        var paid = await OrderAsync(own, "/domestic-scheduled-payment", Scheduled("10.00"));
        await UntilAsync(own, paid.Path, "PDNG");
        Assert.Null(await own.AskAsync(new MoveSandboxOrder(paid.Id, "ACSC", null)));
        Assert.Equal(before - 10m, await BalanceAsync(own, "GB-1"));

        var waiting = await OrderAsync(own, "/domestic-scheduled-payment", Scheduled("11.00"));
        await UntilAsync(own, waiting.Path, "PDNG");
        Assert.Null(await own.AskAsync(new MoveSandboxOrder(waiting.Id, "ACTC", null)));
        At(own, "2026-11-25T10:00:00Z");
        await UntilAsync(own, waiting.Path, "ACCC");
        Assert.Equal(before - 21m, await BalanceAsync(own, "GB-1"));

        await own.AskAsync(new RefuseNextPayment("AG01"));
        var standing = await OrderAsync(own, "/domestic-standing-order", Standing("2026-11-26"));
        At(own, "2026-11-26T08:00:00Z");
        await PartsUntilAsync(own, standing.Path, "1 RJCT AG01");
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
    }

    private static async Task<BankApi> StartAsync()
    {
        var own = await BankApi.StartAsync(new Dictionary<string, string?> { ["Payments:SchemeDelay"] = "01:00:00" });
        At(own, "2026-11-20T10:00:00Z");
        return own;
    }

    private static void At(BankApi own, string moment) => own.Clock.StopAt(DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture));

    private async Task<Ordered> OrderAsync(BankApi own, string type, JsonObject body, Func<string, Task>? upload = null)
    {
        var asked = await bank.PostAsync(type + "-consents", body, at: own);
        Assert.True(asked.Status == 201, asked.Body);
        var consentId = asked.Data.GetProperty("ConsentId").GetString()!;
        if (upload is not null) await upload(consentId);
        var payer = await bank.ApprovedAsync(consentId, at: own);
        var order = new JsonObject { ["Data"] = new JsonObject { ["ConsentId"] = consentId, ["Initiation"] = Bank.Initiation(body).DeepClone() } };
        if (body["Risk"] is { } risk) order["Risk"] = risk.DeepClone();
        var answer = await bank.PostAsync(type + "s", order, payer, at: own);
        Assert.True(answer.Status == 201, answer.Body);
        var id = answer.Data.EnumerateObject().First().Value.GetString()!;
        return new Ordered(id, $"{type}s/{id}", answer.Data.GetProperty("Status").GetString()!, answer);
    }

    private async Task<ApiAnswer> UntilAsync(BankApi own, string path, string status)
    {
        ApiAnswer answer = null!;
        await Eventually.HoldsAsync(
            async () => (answer = await bank.GetAsync(path, at: own)).Data.GetProperty("Status").GetString() == status, () => $"{path} is not {status}: {answer.Body}");
        return answer;
    }

    private async Task PartsUntilAsync(BankApi own, string path, string expected)
    {
        var parts = "";
        await Eventually.HoldsAsync(async () => (parts = await PartsAsync(own, path)) == expected, () => $"{path} is not {expected}: {parts}");
    }

    private async Task<string> PartsAsync(BankApi own, string path) => string.Join(", ", (await bank.GetAsync(path + "/payment-details", at: own)).Data.GetProperty("PaymentStatus").EnumerateArray().Select(part =>
        part.GetProperty("PaymentTransactionId").GetString()!.Split('-')[^1] + " " + part.GetProperty("Status").GetString()
            + (part.GetProperty("StatusDetail").TryGetProperty("StatusReason", out var reason) ? " " + reason.GetString() : "")));

    private static Task<ApiAnswer> UploadAsync(BankApi own, string consentId, string content) => own.SendAsync(
        HttpMethod.Post,
        $"/file-payment-consents/{consentId}/file",
        Bank.Tpp,
        content,
        request =>
        {
            request.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Add(Idempotency.Header, Bank.NewKey());
            request.Headers.Add("x-jws-signature", "signed");
        },
        BankApi.PaymentsRoot);

    private static Task<decimal> BalanceAsync(BankApi own, string tag) =>
        own.Database.ScalarAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1""", own.Account(tag));

    private static JsonObject Scheduled(string amount) => Bank.Payment(
        asked =>
        {
            Bank.To(OnUs)(asked);
            asked["Data"]!["Permission"] = "Create";
            Bank.Initiation(asked)["RequestedExecutionDateTime"] = "2026-11-25T10:00:00Z";
        },
        amount);

    private static JsonObject Standing(string first = "2026-11-21") => Bank.Payment(asked =>
    {
        Bank.To(OnUs)(asked);
        asked["Data"]!["Permission"] = "Create";
        var initiation = Bank.Initiation(asked);
        initiation.Remove("InstructionIdentification");
        initiation.Remove("EndToEndIdentification");
        initiation.Remove("InstructedAmount");
        initiation["FirstPaymentAmount"] = JsonNode.Parse("""{"Amount":"10.00","Currency":"GBP"}""");
        initiation["RecurringPaymentAmount"] = JsonNode.Parse("""{"Amount":"900000.00","Currency":"GBP"}""");
        initiation["FinalPaymentAmount"] = JsonNode.Parse("""{"Amount":"3.00","Currency":"GBP"}""");
        initiation["NumberOfPayments"] = "3";
        initiation["MandateRelatedInformation"] = JsonNode.Parse($$"""{"FirstPaymentDateTime":"{{first}}T00:00:00Z","Frequency":{"Type":"WEEK"} }""");
    });

    private static JsonObject Abroad(string type) => Bank.Payment(asked =>
    {
        var initiation = Bank.Initiation(asked);
        initiation["CurrencyOfTransfer"] = "EUR";
        initiation["InstructedAmount"]!["Currency"] = "EUR";
        initiation["CreditorAccount"] = JsonNode.Parse("""{"SchemeName":"UK.OBIE.IBAN","Identification":"FR1420041010050500013M02606","Name":"ACME SA"}""");
        if (type == "/international-payment") return;
        asked["Data"]!["Permission"] = "Create";
        if (type == "/international-scheduled-payment")
        {
            initiation["RequestedExecutionDateTime"] = "2026-11-25T10:00:00Z";
            return;
        }

        initiation.Remove("InstructionIdentification");
        initiation.Remove("EndToEndIdentification");
        initiation["MandateRelatedInformation"] = JsonNode.Parse("""{"FirstPaymentDateTime":"2026-11-25T00:00:00Z","Frequency":{"Type":"MNTH"}}""");
    });

    private static string File(params string[] payees) => JsonSerializer.Serialize(new
    {
        Data = new
        {
            DomesticPayments = payees.Select((payee, number) => new
            {
                InstructionIdentification = $"I{number + 1}",
                EndToEndIdentification = $"E{number + 1}",
                InstructedAmount = new { Amount = $"{number + 1}.00", Currency = "GBP" },
                CreditorAccount = new { SchemeName = "UK.OBIE.SortCodeAccountNumber", Identification = payee, Name = "A payee" },
            }),
        },
    });

    private sealed record Ordered(string Id, string Path, string Status, ApiAnswer Answer);
}
