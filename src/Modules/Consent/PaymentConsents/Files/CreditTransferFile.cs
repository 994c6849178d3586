using System.Text;
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
    private const string Currency = "Ccy";
    private const int LongestName = 35;

    /// <summary>No element of a transfer in the standard's schema lies so deep.</summary>
    private const int Deepest = 20;

    private const string Instruction = "PmtId/InstrId";
    private const string EndToEnd = "PmtId/EndToEndId";
    private const string Amount = "Amt/InstdAmt";
    private const string Payee = "Cdtr/Nm";
    private const string Iban = "CdtrAcct/Id/IBAN";
    private const string OtherAccount = "CdtrAcct/Id/Othr/Id";
    private const string Member = "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId";
    private const string Words = "RmtInf/Ustrd";
    private const string Reference = "RmtInf/Strd/CdtrRefInf/Ref";

    /// <summary>What is read of a transfer; nothing else of it is kept.</summary>
    private static readonly HashSet<string> Wanted = [Instruction, EndToEnd, Amount, Payee, Iban, OtherAccount, Member, Words, Reference];

    /// <summary>So deep lie those.</summary>
    private const int Levels = 4;

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

        // One transfer at a time is held; the file as a whole never is.
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
                    if (await TextsAsync(reader) is not { } texts) return FileFormat.Malformed("The file is no pain.001.001.08.");
                    if (Transfer(payments.Count, texts).Failed(out var fault, out var payment)) return fault;
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

    /// <summary>
    /// The texts of one transfer by the paths of their elements, of several alike the first; null where it is deeper than any payment. They are
    /// read along the file: a tree of somebody's nesting is walked by recursion, and deep enough it ends the whole process.
    /// </summary>
    private static async Task<Dictionary<string, StringBuilder>?> TextsAsync(XmlReader reader)
    {
        var texts = new Dictionary<string, StringBuilder>(StringComparer.Ordinal);
        var (top, path, open) = (reader.Depth, new List<string>(), (StringBuilder?)null);
        if (reader.IsEmptyElement)
        {
            await reader.ReadAsync();
            return texts;
        }

        while (await reader.ReadAsync() && reader.Depth > top)
        {
            var depth = reader.Depth - top;
            if (depth > Deepest) return null;
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    open = null;
                    if (depth > Levels) break;
                    path.RemoveRange(depth - 1, path.Count - depth + 1);
                    path.Add(reader.NamespaceURI == Space && reader.LocalName.Length <= LongestName ? reader.LocalName : "?");
                    var name = string.Join('/', path);
                    if (!Wanted.Contains(name) || !texts.TryAdd(name, new StringBuilder())) break;
                    if (reader.GetAttribute(Currency) is { } currency) texts.Add($"{name}/{Currency}", new StringBuilder(currency));
                    if (!reader.IsEmptyElement) open = texts[name];
                    break;
                case XmlNodeType.EndElement:
                    open = null;
                    break;
                default:
                    // What a comment parts is one text.
                    open?.Append(await reader.GetValueAsync());
                    break;
            }
        }

        return texts;
    }

    private static Outcome<FilePayment, FileFault> Transfer(int number, Dictionary<string, StringBuilder> texts)
    {
        var name = At(Payee);
        var creditor = (At(Iban), At(OtherAccount)) switch
        {
            ({ } iban, _) => new PaymentRequest.Named(AccountSchemes.Iban, iban, name),

            // A sort code goes with the bank and a number with the account, unless the account has both.
            (null, { } account) => new PaymentRequest.Named(
                AccountSchemes.SortCodeAccountNumber, account.Length == 8 ? At(Member) + account : account, name),
            _ => null,
        };
        return FileFormat.Payment(
            number,
            At(Instruction),
            At(EndToEnd),
            At(Amount),
            At($"{Amount}/{Currency}"),
            creditor,
            At(Words) ?? At(Reference));

        string? At(string path) => texts.TryGetValue(path, out var text) ? text.ToString() : null;
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
