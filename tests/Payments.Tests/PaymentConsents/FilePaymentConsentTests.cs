using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.PaymentConsents;

public sealed class FilePaymentConsentTests(Bank bank)
{
    private const string Path = "/file-payment-consents";
    private const string Json = "UK.OBIE.PaymentInitiation.4.0";
    private const string Pain = "UK.OBIE.pain.001.001.08";

    private const string TwoPayments = """
        {"Data":{"DomesticPayments":[
          {"InstructionIdentification":"I1","EndToEndIdentification":"E1","InstructedAmount":{"Amount":"10.00","Currency":"GBP"},"CreditorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"08080021325698","Name":"ACME Inc"}},
          {"InstructionIdentification":"I2","EndToEndIdentification":"E2","InstructedAmount":{"Amount":"2.50","Currency":"GBP"},"CreditorAccount":{"SchemeName":"UK.OBIE.IBAN","Identification":"GB29NWBK60161331926819","Name":"Beta Ltd"}}]}}
        """;

    private const string OneTransfer = """
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.08"><CstmrCdtTrfInitn><GrpHdr><NbOfTxs>1</NbOfTxs><CtrlSum>7.00</CtrlSum></GrpHdr><PmtInf>
        <CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy="GBP">7.00</InstdAmt></Amt><Cdtr><Nm>ACME Inc</Nm></Cdtr><CdtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></CdtrAcct></CdtTrfTxInf>
        </PmtInf></CstmrCdtTrfInitn></Document>
        """;

    [Theory]
    [Trait("Rule", "OB-FIL-1")]
    [Trait("Rule", "OB-FIL-5")]
    [Trait("Rule", "OB-FIL-6")]
    [Trait("Rule", "OB-FIL-7")]
    [Trait("Rule", "OB-FIL-8")]
    [Trait("Rule", "OB-V401-10")]
    [Trait("Rule", "OB-DEC-2")]
    [Trait("Rule", "OB-IDM-8")]
    [InlineData(Json, TwoPayments, "application/json", "2", 12.50, 2)]
    [InlineData(Pain, OneTransfer, "text/xml", null, 7.00, 1)]
    public async Task A_file_is_announced_uploaded_once_and_given_back(string type, string content, string mediaType, string? said, double sum, int count)
    {
        var made = await bank.PostAsync(Path, Body(content, type, said, said is null ? null : (decimal)sum));
        Assert.Equal((201, "AWUP", false), (made.Status, made.Data.GetProperty("Status").GetString(), made.Json.TryGetProperty("Risk", out _)));
        var id = made.Data.GetProperty("ConsentId").GetString()!;
        Assert.IsType<AuthorisableConsent.InWrongState>(await bank.Api.AskAsync(new FindConsentForAuthorisation(id, BankApi.Tpp)));
        Assert.Equal("OB-FIL-7", (await bank.GetAsync($"{Path}/{id}/file")).Rule);

        var key = Bank.NewKey();
        var uploaded = await UploadAsync(id, content, mediaType, key);
        Assert.Equal((200, "", false), (uploaded.Status, uploaded.Body, uploaded.Headers.Contains("x-jws-signature")));
        Assert.Equal("AWAU", await StatusAsync(id));
        Assert.Equal(200, (await UploadAsync(id, content, mediaType, key)).Status);
        Assert.Equal("OB-IDM-7", (await UploadAsync(id, content + " ", mediaType, key)).Rule);
        Assert.Equal((400, "OB-FIL-6", "U009 Data.Status"), await OfAsync(UploadAsync(id, content, mediaType)));

        var back = await bank.GetAsync($"{Path}/{id}/file");
        Assert.Equal((200, content, mediaType), (back.Status, back.Body, back.ContentHeaders.ContentType!.MediaType));
        await bank.ApprovedAsync(id);
        var granted = Assert.IsType<PaymentConsentDecision.Granted>(await bank.Api.AskAsync(new OpenPaymentConsent(id, BankApi.Tpp, ConsentKind.FilePayment)));
        Assert.Equal(new Money((decimal)sum, "GBP"), granted.Debit);
        Assert.Equal(count, await bank.Api.Database.ScalarAsync<int>("""SELECT "FilePayments" FROM consent.consents WHERE "Id" = $1""", id));
    }

    [Theory]
    [Trait("Rule", "OB-FIL-2")]
    [Trait("Rule", "OB-FIL-3")]
    [Trait("Rule", "OB-FIL-4")]
    [InlineData("another file", "OB-FIL-2", "TD03")]
    [InlineData("count", "OB-FIL-3", "AM18")]
    [InlineData("sum", "OB-FIL-3", "AM10")]
    [InlineData("format", "OB-FIL-4", "U002")]
    public async Task A_file_that_is_not_what_was_said_ends_its_consent(string what, string rule, string reason)
    {
        var content = what == "format" ? "{}" : TwoPayments;
        var id = await AskedAsync(Body(content, Json, what == "count" ? "3" : "2", what == "sum" ? 12.51m : 12.50m));
        var answer = await UploadAsync(id, what == "another file" ? content + " " : content, "application/json");
        Assert.Equal((400, rule, "U002"), (answer.Status, answer.Rule, answer.Faults[0]));
        var consent = (await bank.GetAsync($"{Path}/{id}")).Data;
        Assert.Equal(("RJCT", reason), (consent.GetProperty("Status").GetString(), consent.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString()));
        Assert.Equal("OB-FIL-6", (await UploadAsync(id, content, "application/json")).Rule);
    }

    public static TheoryData<string, string, string, string, string> Contents => new()
    {
        { Json, "E1", "a\\u0000b", "OB-GEN-4", "U002" },
        { Json, "ACME Inc", "ACME \U0001F600", "OB-GEN-4", "U002" },
        { Json, "\"10.00\"", "\"1000000.01\"", "OB-PIS-12", "AM14" },
        { Json, "\"InstructionIdentification\":\"I1\"", "\"LocalInstrument\":\"UK.OBIE.CHAPS\"", "OB-PIS-11", "U026" },
        { Json, "\"InstructionIdentification\":\"I1\"", "\"DebtorAccount\":{}", "OB-FIL-4", "U002" },
        { Json, "\"InstructionIdentification\":\"I1\"", $"\"RemittanceInformation\":{{\"Unstructured\":[\"{new string('r', 141)}\"]}}", "OB-FIL-4", "U002" },
        { Pain, "7.00</InstdAmt>", "7.00{deep}</InstdAmt>", "OB-FIL-4", "U002" },
        { Pain, "<Nm>ACME Inc</Nm>", "<Nm>ACME \u0416</Nm>", "OB-GEN-4", "U002" },
        { Pain, "<Document", "<!DOCTYPE Document [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Document", "OB-FIL-4", "U002" },
    };

    [Theory]
    [Trait("Rule", "OB-FIL-4")]
    [Trait("Rule", "OB-GEN-4")]
    [Trait("Rule", "OB-PIS-11")]
    [Trait("Rule", "OB-PIS-12")]
    [MemberData(nameof(Contents))]
    public async Task A_file_with_what_cannot_be_paid_ends_its_consent(string type, string what, string instead, string rule, string reason)
    {
        var content = (type == Json ? TwoPayments : OneTransfer).Replace(what, instead, StringComparison.Ordinal).Replace("{deep}", Nested(500_000), StringComparison.Ordinal);
        var id = await AskedAsync(Body(content, type, null, null));
        var answer = await UploadAsync(id, content, type == Json ? "application/json" : "text/xml");
        Assert.Equal((400, rule, "U002"), (answer.Status, answer.Rule, answer.Faults[0]));
        var consent = (await bank.GetAsync($"{Path}/{id}")).Data;
        Assert.Equal(("RJCT", reason), (consent.GetProperty("Status").GetString(), consent.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString()));
    }

    [Fact]
    [Trait("Rule", "OB-FIL-4")]
    public async Task A_transfer_is_read_by_its_own_elements()
    {
        var content = OneTransfer.Replace("7.00</InstdAmt>", "7<!-- split -->.00</InstdAmt>", StringComparison.Ordinal)
            .Replace("<Cdtr>", "<Cdtr><x:Nm xmlns:x=\"urn:other\">Mallory</x:Nm>", StringComparison.Ordinal).Replace("</Cdtr>", "<Nm>Second</Nm></Cdtr>", StringComparison.Ordinal);
        var id = await AskedAsync(Body(content, Pain, "1", 7.00m));
        Assert.Equal(200, (await UploadAsync(id, content, "application/xml")).Status);
        Assert.Equal("ACME Inc", (await bank.Api.AskAsync(new ListDuePayments(id, 0, 1))).Single().Payee!.Name);
    }

    [Fact]
    [Trait("Rule", "OB-IDM-7")]
    [Trait("Rule", "OB-FIL-6")]
    public async Task The_same_file_for_another_consent_is_another_request()
    {
        var key = Bank.NewKey();
        var (first, second) = (await AskedAsync(Body(TwoPayments, Json, null, null)), await AskedAsync(Body(TwoPayments, Json, null, null)));
        Assert.Equal(200, (await UploadAsync(first, TwoPayments, "application/json", key)).Status);
        Assert.Equal("OB-IDM-7", (await UploadAsync(second, TwoPayments, "application/json", key)).Rule);
        Assert.Equal("AWUP", await StatusAsync(second));
        Assert.Equal(200, (await UploadAsync(second, TwoPayments, "application/json")).Status);
    }

    [Theory]
    [Trait("Rule", "OB-FIL-2")]
    [Trait("Rule", "OB-FIL-4")]
    [InlineData("FileType", "\"UK.OBIE.BACS\"", "OB-FIL-4")]
    [InlineData("FileHash", "\"short\"", "OB-FIL-2")]
    [InlineData("ControlSum", "0", "OB-FIL-3")]
    [InlineData("ControlSum", "1e400", "OB-FIL-3")]
    [InlineData("LocalInstrument", "\"UK.OBIE.CHAPS\"", "OB-PIS-11")]
    [InlineData("RequestedExecutionDateTime", "\"2020-01-01T00:00:00Z\"", "OB-DSP-1")]
    public async Task Refuses_what_no_file_could_be(string member, string value, string rule)
    {
        var body = Body(TwoPayments, Json, "2", 12.50m);
        body["Data"]!["Initiation"]![member] = JsonNode.Parse(value);
        Assert.Equal((400, rule), ((await bank.PostAsync(Path, body)).Status, (await bank.PostAsync(Path, body)).Rule));
    }

    [Fact]
    [Trait("Rule", "OB-FIL-5")]
    [Trait("Rule", "OB-FIL-10")]
    [Trait("Rule", "OB-JWS-12")]
    [Trait("Rule", "OB-HDR-10")]
    [Trait("Rule", "OB-HTTP-2")]
    public async Task The_upload_is_signed_keyed_of_its_type_and_not_too_large()
    {
        var id = await AskedAsync(Body(TwoPayments, Json, null, null));
        Assert.Equal("OB-JWS-12", (await SendAsync(id, TwoPayments, "application/json", Bank.NewKey(), signed: false)).Rule);
        Assert.Equal("OB-HDR-10", (await SendAsync(id, TwoPayments, "application/json", null, signed: true)).Rule);
        Assert.Equal((415, "OB-FIL-5"), ((await UploadAsync(id, TwoPayments, "text/plain")).Status, (await UploadAsync(id, TwoPayments, "text/plain")).Rule));
        var large = await UploadAsync(id, new string(' ', (4 * 1024 * 1024) + 1), "application/json");
        Assert.Equal((413, "OB-FIL-10"), (large.Status, large.Rule));
        Assert.Equal("OB-HTTP-2", (await SendAsync(id, TwoPayments, "application/json", Bank.NewKey(), signed: true, new TestCaller(BankApi.OtherTpp))).Rule);
        Assert.Equal("AWUP", await StatusAsync(id));
        Assert.Equal(200, (await UploadAsync(id, TwoPayments, "application/json")).Status);
    }

    [Fact]
    [Trait("Rule", "P-7")]
    [Trait("Rule", "OB-SCA-2")]
    public async Task The_customer_is_shown_number_sum_day_and_which_file()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));
        var id = (await bank.PostAsync(Path, Body(TwoPayments, Json, "2", 12.50m), at: own)).Data.GetProperty("ConsentId").GetString()!;
        await SendAsync(id, TwoPayments, "application/json", Bank.NewKey(), signed: true, at: own);
        var shown = (await own.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Bank.Amelia)))!;
        Assert.Equal((new Money(12.50m, "GBP"), "2 payments", "Salaries"), (shown.Payment!.Amount, shown.Payment.PayeeName, shown.Payment.PayeeAccount));
        Assert.Equal(["File type", "Payments", "Goes out on", "Fingerprint"], shown.Payment.Lines.Select(line => line.Label));
        Assert.Equal(["GBP"], shown.Accounts.Select(account => account.Currency).Distinct());
    }

    [Fact]
    [Trait("Rule", "OP-10")]
    public async Task Who_hangs_up_while_sending_is_no_fault_of_the_bank()
    {
        await using var own = await BankApi.StartAsync();
        var address = new Uri(own.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) })
        {
            await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
            var begun = $"POST {BankApi.PaymentsRoot}{Path} HTTP/1.1\r\nHost: bank.example\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{";
            await socket.SendAsync(Encoding.ASCII.GetBytes(begun), TestContext.Current.CancellationToken);
            await LoggedAsync(own, "Request starting");
        }

        await LoggedAsync(own, "Request finished");
        Assert.DoesNotContain(own.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static async Task LoggedAsync(BankApi own, string what)
    {
        for (var tries = 0; !own.Log.Lines.Any(line => line.Contains(what, StringComparison.Ordinal)); tries++)
        {
            Assert.True(tries < 600, $"The log does not say: {what}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static string Nested(int levels) => string.Concat(Enumerable.Repeat("<a>", levels).Concat(Enumerable.Repeat("</a>", levels)));

    private async Task<string> AskedAsync(JsonObject body) => (await bank.PostAsync(Path, body)).Data.GetProperty("ConsentId").GetString()!;

    private async Task<string?> StatusAsync(string id) => (await bank.GetAsync($"{Path}/{id}")).Data.GetProperty("Status").GetString();

    private static async Task<(int, string?, string)> OfAsync(Task<ApiAnswer> asked) => await asked is var answer ? (answer.Status, answer.Rule, answer.Faults[0]) : default;

    private Task<ApiAnswer> UploadAsync(string id, string content, string mediaType, string? key = null) => SendAsync(id, content, mediaType, key ?? Bank.NewKey(), signed: true);

    private Task<ApiAnswer> SendAsync(string id, string content, string mediaType, string? key, bool signed, TestCaller? caller = null, BankApi? at = null) => (at ?? bank.Api).SendAsync(
        HttpMethod.Post,
        $"{Path}/{id}/file",
        caller ?? Bank.Tpp,
        content,
        request =>
        {
            request.Content!.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
            if (key is not null) request.Headers.Add(Idempotency.Header, key);
            if (signed) request.Headers.Add("x-jws-signature", "signed");
        },
        BankApi.PaymentsRoot);

    private static JsonObject Body(string content, string type, string? count, decimal? sum)
    {
        var initiation = new JsonObject { ["FileType"] = type, ["FileHash"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content))), ["FileReference"] = "Salaries" };
        if (count is not null) initiation["NumberOfTransactions"] = count;
        if (sum is not null) initiation["ControlSum"] = sum;
        return new JsonObject { ["Data"] = new JsonObject { ["Initiation"] = initiation } };
    }
}
