using System.Xml;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents.Files;

/// <summary>
/// A customer credit transfer initiation of ISO 20022 (pain.001.001.08), read element by element. A document type is refused before anything of it is
/// read, and nothing outside the file is ever opened. What the file says of its own totals, whole and group by group, must be so too.
/// </summary>
internal static class CreditTransferFile
{
    private const string Space = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.08";

    public static async Task<Outcome<List<FilePayment>, FileFault>> ReadAsync(Stream stream, int most, CancellationToken ct)
    {
        var settings = new XmlReaderSettings { Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreProcessingInstructions = true, IgnoreWhitespace = true };
        using var reader = XmlReader.Create(stream, settings);
        try
        {
            return await ReadAsync(reader, most, ct);
        }
        catch (XmlException)
        {
            return FileFormat.Malformed("The file is no XML, or has a document type.");
        }
    }

    private static async Task<Outcome<List<FilePayment>, FileFault>> ReadAsync(XmlReader reader, int most, CancellationToken ct)
    {
        var payments = new List<FilePayment>();
        var (group, whole) = (new Totals(), new Totals());
        if (await reader.MoveToContentAsync() != XmlNodeType.Element || reader.LocalName != "Document" || reader.NamespaceURI != Space) return FileFormat.Malformed("The file is no pain.001.001.08.");

        // One transfer at a time is held as a tree; the file as a whole never is.
        while (!reader.EOF)
        {
            ct.ThrowIfCancellationRequested();
            if (reader.NodeType == XmlNodeType.EndElement && reader.LocalName == "PmtInf")
            {
                if (group.Contradiction(payments) is { } wrong) return wrong;
                group = new Totals();
            }

            if (reader.NodeType != XmlNodeType.Element)
            {
                await reader.ReadAsync();
                continue;
            }

            var holder = group.IsOpen ? group : whole;
            switch (reader.LocalName)
            {
                case "PmtInf":
                    group = new Totals { IsOpen = true, From = payments.Count };
                    await reader.ReadAsync();
                    break;
                case "NbOfTxs":
                    holder.Count = await reader.ReadElementContentAsStringAsync();
                    break;
                case "CtrlSum":
                    holder.Sum = decimal.TryParse(await reader.ReadElementContentAsStringAsync(), System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var sum) ? sum : -1;
                    break;
                case "CdtTrfTxInf":
                    if (payments.Count == most) return new FileFault("OB-FIL-10", "U002", $"A file has {most} payments at most.");
                    if (Transfer(payments.Count, await TreeAsync(reader)).Failed(out var fault, out var payment)) return fault;
                    payments.Add(payment);
                    break;
                default:
                    await reader.ReadAsync();
                    break;
            }
        }

        if (payments.Count == 0) return FileFormat.Malformed("The file has no payments.");
        return whole.Contradiction(payments) is { } contradiction ? contradiction : payments;
    }

    private static async Task<XmlElement> TreeAsync(XmlReader reader)
    {
        // Cut out of its file, so that what comes after it stays unread.
        var text = await reader.ReadOuterXmlAsync();
        var document = new XmlDocument { XmlResolver = null };
        using var inner = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        document.Load(inner);
        return document.DocumentElement!;
    }

    private static Outcome<FilePayment, FileFault> Transfer(int number, XmlElement transfer)
    {
        var amount = At(transfer, "Amt", "InstdAmt");
        var iban = At(transfer, "CdtrAcct", "Id", "IBAN")?.InnerText;
        var other = At(transfer, "CdtrAcct", "Id", "Othr", "Id")?.InnerText;
        var member = At(transfer, "CdtrAgt", "FinInstnId", "ClrSysMmbId", "MmbId")?.InnerText;
        var name = At(transfer, "Cdtr", "Nm")?.InnerText;
        var creditor = (iban, other) switch
        {
            ({ } account, _) => new PaymentRequest.Named(AccountSchemes.Iban, account, name),

            // A sort code goes with the bank and a number with the account, unless the account has both.
            (null, { } account) => new PaymentRequest.Named(AccountSchemes.SortCodeAccountNumber, account.Length == 8 ? member + account : account, name),
            _ => null,
        };
        return FileFormat.Payment(
            number,
            At(transfer, "PmtId", "InstrId")?.InnerText,
            At(transfer, "PmtId", "EndToEndId")?.InnerText,
            amount?.InnerText,
            amount?.GetAttribute("Ccy"),
            creditor,
            At(transfer, "RmtInf", "Ustrd")?.InnerText ?? At(transfer, "RmtInf", "Strd", "CdtrRefInf", "Ref")?.InnerText);
    }

    private static XmlElement? At(XmlElement from, params ReadOnlySpan<string> steps)
    {
        XmlElement? at = from;
        foreach (var step in steps) at = at?[step, Space];
        return at;
    }

    private sealed class Totals
    {
        public bool IsOpen { get; init; }

        public int From { get; init; }

        public string? Count { get; set; }

        public decimal? Sum { get; set; }

        public FileFault? Contradiction(List<FilePayment> payments) => FileTotals.Of(payments[From..]).Contradiction(Count, Sum);
    }
}
