using OpenBanking.Kernel;
using OpenBanking.Kernel.Http.Requests;

namespace OpenBanking.Consent.PaymentConsents.Files;

/// <summary>One payment of a file.</summary>
/// <param name="Number">Its place in the file, the first being 0.</param>
/// <param name="EndToEnd">The payer's reference to it, by which its result is found again.</param>
internal sealed record FilePayment(int Number, string Instruction, string EndToEnd, Money Amount, PaymentRequest.Named Creditor, string? Reference);

/// <summary>What is wrong with a file, in a sentence for whoever sent it.</summary>
/// <param name="Rule">The line of the rules that is broken.</param>
/// <param name="Code">The standard's code for the consent that the file ends (OB-FIL-2, OB-FIL-3).</param>
internal sealed record FileFault(string Rule, string Code, string Message);

/// <summary>What a file says of itself, and what was counted in it.</summary>
internal sealed record FileTotals(int Count, decimal Sum)
{
    public static FileTotals Of(IReadOnlyCollection<FilePayment> payments) => new(payments.Count, payments.Sum(payment => payment.Amount.Amount));

    /// <summary>Whether what was said agrees with what is there; what was not said agrees (OB-FIL-3).</summary>
    public FileFault? Contradiction(string? count, decimal? sum)
    {
        if (count is not null && (!int.TryParse(count, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var said) || said != Count))
            return new FileFault("OB-FIL-3", "AM18", $"The file has {Count} payments.");
        return sum is not null && sum != Sum ? new FileFault("OB-FIL-3", "AM10", "The sum of the file's amounts is another.") : null;
    }
}

/// <summary>
/// A kind of file, as a row: its name in the standard, the media types under which it comes, and how it is read. Reading goes along the stream and
/// keeps the payments only, of which a file has so many at most.
/// </summary>
internal sealed record FileFormat(string Name, IReadOnlyList<string> MediaTypes, Func<Stream, int, CancellationToken, Task<Outcome<List<FilePayment>, FileFault>>> ReadAsync)
{
    public static readonly IReadOnlyList<FileFormat> All =
    [
        new("UK.OBIE.pain.001.001.08", ["text/xml", "application/xml"], CreditTransferFile.ReadAsync) { Words = "Credit transfers (pain.001)" },
        new("UK.OBIE.PaymentInitiation.4.0", ["application/json"], JsonPaymentFile.ReadAsync) { Words = "List of payments" },
    ];

    /// <summary>What the customer reads (P-7).</summary>
    public required string Words { get; init; }

    public static FileFormat? Find(string? name) => All.FirstOrDefault(format => format.Name == name);

    /// <summary>The refusal of content that is not what its format says (OB-FIL-4).</summary>
    public static FileFault Malformed(string message) => new("OB-FIL-4", "U002", message);

    /// <summary>A payment from the words in which a file says it; a fault where they make none.</summary>
    public static Outcome<FilePayment, FileFault> Payment(int number, string? instruction, string? endToEnd, string? amount, string? currency, PaymentRequest.Named? creditor, string? reference)
    {
        var at = $"Payment {number + 1}: ";
        if (amount is null || currency is null || Money.Parse(amount, currency) is not { Amount: > 0 } money) return Malformed(at + "there is no amount of a currency.");
        if (currency != "GBP") return new FileFault("OB-PIS-11", "U023", at + "files pay in GBP.");
        if (creditor is not { Name.Length: > 0 and <= 350 } || creditor.Scheme is not (AccountSchemes.SortCodeAccountNumber or AccountSchemes.Iban) || !AccountSchemes.MayExist(creditor.Scheme, creditor.Identification))
            return new FileFault("OB-FIL-4", "U021", at + "there is no payee with a name and an account.");
        if (endToEnd is not { Length: > 0 and <= 35 } || instruction is { Length: > 35 }) return Malformed(at + "identifications have 1 to 35 characters.");
        if (reference is { Length: > 140 }) return Malformed(at + "a reference has 140 characters at most.");
        if (new[] { instruction, endToEnd, creditor.Name, reference }.Any(text => text is not null && !RequestSchema.CanCarry(text)))
            return new FileFault("OB-GEN-4", "U002", at + "there is a character that payments cannot carry.");
        return new FilePayment(number, instruction ?? endToEnd, endToEnd, money, creditor, reference);
    }
}
