using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenBanking.Consent.PaymentConsents.Files;

namespace OpenBanking.Consent.Tests.PaymentConsents;

public sealed class PaymentFileTests
{
    private const int Most = 500;

    [Theory]
    [Trait("Rule", "OB-FIL-4")]
    [InlineData("UK.OBIE.pain.001.001.08", 3)]
    [InlineData("UK.OBIE.PaymentInitiation.4.0", 3)]
    [InlineData("UK.OBIE.PaymentInitiation.4.0", Most)]
    [InlineData("UK.OBIE.pain.001.001.08", Most)]
    public async Task Reads_every_payment_of_a_file_in_order(string type, int count)
    {
        var read = await ReadAsync(type, File(type, count));
        Assert.False(read.Failed(out var fault, out var payments), fault?.Message);
        Assert.Equal(Enumerable.Range(0, count), payments!.Select(payment => payment.Number));
        Assert.Equal(Enumerable.Range(0, count).Select(number => $"E2E-{number}"), payments!.Select(payment => payment.EndToEnd));
        Assert.Equal(new FileTotals(count, Sum(count)), FileTotals.Of(payments!.ToList()));
        Assert.Equal(("ACME Inc", "08080021325698", "Invoice 1"), (payments![1].Creditor.Name, payments[1].Creditor.Identification, payments[1].Reference));
    }

    public static TheoryData<string, string, string, string> Wrongs => new()
    {
        { "UK.OBIE.pain.001.001.08", "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><Document/>", "OB-FIL-4", "U002" },
        { "UK.OBIE.pain.001.001.08", "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.03\"/>", "OB-FIL-4", "U002" },
        { "UK.OBIE.pain.001.001.08", "{}", "OB-FIL-4", "U002" },
        { "UK.OBIE.pain.001.001.08", Pain(0), "OB-FIL-4", "U002" },
        { "UK.OBIE.pain.001.001.08", Pain(2)[..^20], "OB-FIL-4", "U002" },
        { "UK.OBIE.pain.001.001.08", Pain(2).Replace("<NbOfTxs>2", "<NbOfTxs>3", StringComparison.Ordinal), "OB-FIL-3", "AM18" },
        { "UK.OBIE.pain.001.001.08", Pain(2).Replace("<CtrlSum>", "<CtrlSum>1", StringComparison.Ordinal), "OB-FIL-3", "AM10" },
        { "UK.OBIE.pain.001.001.08", Pain(2).Replace("Ccy=\"GBP\"", "Ccy=\"EUR\"", StringComparison.Ordinal), "OB-PIS-11", "U023" },
        { "UK.OBIE.pain.001.001.08", Pain(2).Replace("<Nm>ACME Inc</Nm>", "", StringComparison.Ordinal), "OB-FIL-4", "U021" },
        { "UK.OBIE.pain.001.001.08", Pain(Most + 1), "OB-FIL-10", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", "<a/>", "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", "{}", "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", """{"Data":{"DomesticPayments":{}}}""", "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", """{"Data":{"DomesticPayments":[1]}}""", "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", """{"Other":{"DomesticPayments":[]},"Data":{}}""", "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", Json(0), "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", Json(2) + "x", "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", Json(2).Replace("\"1.00\"", "\"0.00\"", StringComparison.Ordinal), "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", Json(2).Replace("\"1.00\"", "\"1.001\"", StringComparison.Ordinal), "OB-FIL-4", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", Json(2).Replace("08080021325698", "1", StringComparison.Ordinal), "OB-FIL-4", "U021" },
        { "UK.OBIE.PaymentInitiation.4.0", Json(Most + 1), "OB-FIL-10", "U002" },
        { "UK.OBIE.PaymentInitiation.4.0", """{"Data":{"DomesticPayments":[{"a":"LONG"}]}}""".Replace("LONG", new string('x', 70_000), StringComparison.Ordinal), "OB-FIL-4", "U002" },
    };

    [Theory]
    [Trait("Rule", "OB-FIL-3")]
    [Trait("Rule", "OB-FIL-4")]
    [Trait("Rule", "OB-FIL-10")]
    [MemberData(nameof(Wrongs))]
    public async Task Refuses_a_file_that_is_not_what_it_says(string type, string content, string rule, string code)
    {
        Assert.True((await ReadAsync(type, content)).Failed(out var fault, out _));
        Assert.Equal((rule, code), (fault.Rule, fault.Code));
    }

    [Theory]
    [Trait("Rule", "OB-FIL-3")]
    [InlineData("2", "3.00", null)]
    [InlineData(null, null, null)]
    [InlineData("3", "3.00", "AM18")]
    [InlineData("-2", null, "AM18")]
    [InlineData("2", "3.01", "AM10")]
    public void What_was_announced_must_be_what_is_there(string? count, string? sum, string? code) =>
        Assert.Equal(code, new FileTotals(2, 3.00m).Contradiction(count, sum is null ? null : decimal.Parse(sum, CultureInfo.InvariantCulture))?.Code);

    private static Task<Kernel.Outcome<List<FilePayment>, FileFault>> ReadAsync(string type, string content)
    {
        // A stream gives what it has, not what is asked for.
        var stream = new Trickling(Encoding.UTF8.GetBytes(content));
        return FileFormat.Find(type)!.ReadAsync(stream, Most, TestContext.Current.CancellationToken);
    }

    private static string File(string type, int count) => type.Contains("pain", StringComparison.Ordinal) ? Pain(count) : Json(count);

    private static decimal Sum(int count) => Enumerable.Range(1, count).Sum(number => (decimal)number);

    private static string Pain(int count) =>
        $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.08"><CstmrCdtTrfInitn>
        <GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-20T10:00:00</CreDtTm><NbOfTxs>{count}</NbOfTxs><CtrlSum>{Sum(count)}.00</CtrlSum></GrpHdr>
        <PmtInf><PmtInfId>P</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{count}</NbOfTxs>
        {string.Concat(Enumerable.Range(0, count).Select(number => $"<CdtTrfTxInf><PmtId><InstrId>I-{number}</InstrId><EndToEndId>E2E-{number}</EndToEndId></PmtId><Amt><InstdAmt Ccy=\"GBP\">{number + 1}.00</InstdAmt></Amt><CdtrAgt><FinInstnId><ClrSysMmbId><MmbId>080800</MmbId></ClrSysMmbId></FinInstnId></CdtrAgt><Cdtr><Nm>ACME Inc</Nm></Cdtr><CdtrAcct><Id><Othr><Id>21325698</Id></Othr></Id></CdtrAcct><RmtInf><Ustrd>Invoice {number}</Ustrd></RmtInf></CdtTrfTxInf>"))}
        </PmtInf></CstmrCdtTrfInitn></Document>
        """;

    private static string Json(int count) => JsonSerializer.Serialize(new
    {
        Meta = new { Data = new { DomesticPayments = Enumerable.Repeat(1, 1) } },
        Data = new
        {
            Before = new[] { new { DomesticPayments = 1 } },
            DomesticPayments = Enumerable.Range(0, count).Select(number => new
            {
                InstructionIdentification = $"I-{number}",
                EndToEndIdentification = $"E2E-{number}",
                InstructedAmount = new { Amount = $"{number + 1}.00", Currency = "GBP" },
                CreditorAccount = new { SchemeName = "UK.OBIE.SortCodeAccountNumber", Identification = "08080021325698", Name = "ACME Inc" },
                RemittanceInformation = new { Unstructured = new[] { $"Invoice {number}" } },
            }),
        },
    });

    private sealed class Trickling(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(buffer.Length, 777)], cancellationToken);
    }
}
