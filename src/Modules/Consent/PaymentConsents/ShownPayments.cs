using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// What the customer is shown of a payment: amount and payee first, for these are what the passkey is bound to (P-1, P-10), then the rest line by
/// line. What is not asked for has no line.
/// </summary>
internal static class ShownPayments
{
    private const string Initiation = "Data.Initiation.";

    /// <summary>One payment as soon as it is approved.</summary>
    public static ShownPayment Single(PaymentRequest payment, ConsentRecord consent) => new(
        payment.Amount!.Value,
        payment.Creditor!.Name!,
        Account(payment.Creditor),
        [
            .. Reference(payment),
            .. Parties(payment),
            .. Times(consent),
            .. Charges(consent),
        ])
    {
        GivesRefundAccount = payment.Text("Data.ReadRefundAccount") == "Yes",
    };

    /// <summary>The payee's account as the own channel writes one.</summary>
    public static string Account(PaymentRequest.Named account) =>
        account.Scheme == AccountSchemes.SortCodeAccountNumber && AccountSchemes.Plain(account.Identification) is { Length: 14 } plain
            ? $"{plain[..2]}-{plain[2..4]}-{plain[4..6]} {plain[6..]}"
            : account.Identification;

    public static IEnumerable<ShownLine> Reference(PaymentRequest payment)
    {
        if (payment.Reference is { } reference) yield return new ShownLine("Reference", reference);
    }

    /// <summary>For whom it is in the end, where the request names them (P-9).</summary>
    public static IEnumerable<ShownLine> Parties(PaymentRequest payment)
    {
        if (payment.Text(Initiation + "UltimateCreditor.Name") is { } creditor) yield return new ShownLine("Paid on to", creditor);
        if (payment.Text(Initiation + "UltimateDebtor.Name") is { } debtor) yield return new ShownLine("Paid for", debtor);
    }

    /// <summary>When it goes, where that is not at once (P-4).</summary>
    public static IEnumerable<ShownLine> Times(ConsentRecord consent)
    {
        if (consent.Quoted is { } quoted && System.Text.Json.JsonElement.Parse(quoted).TryGetProperty("ExpectedExecutionDateTime", out var expected)
            && IsoDateTime.Parse(expected.GetString()!) is { } at && WorkingDays.DayOf(at) > WorkingDays.DayOf(consent.CreatedAt))
        {
            yield return new ShownLine("Goes out on", WorkingDays.DayOf(at).ToString("d MMMM yyyy", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    public static IEnumerable<ShownLine> Charges(ConsentRecord consent) => PaymentQuote.ChargesOf(consent)
        .Where(charge => charge.Bearer == "BorneByDebtor")
        .Select(charge => new ShownLine("Charge", $"{charge.Amount.ToWire()} {charge.Amount.Currency}"));
}
