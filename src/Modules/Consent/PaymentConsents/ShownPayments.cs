using System.Globalization;
using System.Text.Json;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents.Files;
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

    /// <summary>One payment on a day to come (P-5).</summary>
    public static ShownPayment Scheduled(PaymentRequest payment, ConsentRecord consent)
    {
        var shown = Single(payment, consent);
        return shown with { Lines = [On("Goes out on", PaymentQuote.ExecutionOf(consent)!.Value), .. shown.Lines.Where(line => line.Label != "Goes out on")] };
    }

    /// <summary>A standing order: its first, its regular and its last payment, its rhythm and its end (P-5).</summary>
    public static ShownPayment Repeated(PaymentRequest payment, ConsentRecord consent)
    {
        var shown = Single(payment, consent);
        return shown with { Lines = [.. Series(payment, consent), .. shown.Lines] };
    }

    /// <summary>A payment abroad: both amounts, the rate with its kind and its end, the charges, the day, the payee's bank and country (P-6).</summary>
    public static ShownPayment Abroad(PaymentRequest payment, ConsentRecord consent)
    {
        var amounts = InternationalPayments.AmountsOf(payment, consent);
        var isScheduled = payment.Has(Initiation + "RequestedExecutionDateTime");
        var shown = isScheduled ? Scheduled(payment, consent) : Single(payment, consent);
        return shown with
        {
            Lines =
            [
                new ShownLine("You pay", amounts.Debit.ToText()), new ShownLine("The payee gets", amounts.Transfer.ToText()), .. Rate(payment, consent), .. PayeeBank(payment),
                .. shown.Lines, .. ChargeBearer(payment), .. Arrival(consent),
            ],
        };
    }

    /// <summary>A standing order abroad: what is exchanged is exchanged on each payment's own day.</summary>
    public static ShownPayment RepeatedAbroad(PaymentRequest payment, ConsentRecord consent)
    {
        var shown = Repeated(payment, consent);
        var transfer = payment.Text(Initiation + "CurrencyOfTransfer")!;
        ShownLine[] rate = transfer == InternationalPayments.UnitOf(payment) ? [] : [new ShownLine("Exchange rate", "The bank's rate on the day of each payment")];
        return shown with { Lines = [new ShownLine("Sent in", transfer), .. rate, .. PayeeBank(payment), .. shown.Lines, .. ChargeBearer(payment)] };
    }

    /// <summary>A file: how many payments, their sum, and which file it is, down to its last byte (P-7, OB-SCA-2).</summary>
    public static ShownPayment File(PaymentRequest payment, ConsentRecord consent) => new(
        new Money(consent.FileSum ?? 0, "GBP"),
        consent.FilePayments == 1 ? "1 payment" : $"{consent.FilePayments} payments",
        payment.Text(Initiation + "FileReference") ?? payment.Text(Initiation + "FileType")!,
        [
            new ShownLine("File type", FileFormat.Find(payment.Text(Initiation + "FileType"))?.Words ?? payment.Text(Initiation + "FileType")!),
            new ShownLine("Payments", (consent.FilePayments ?? 0).ToString(CultureInfo.InvariantCulture)),
            On("Goes out on", FilePayments.AskedFor(payment) ?? consent.CreatedAt),
            .. Reference(payment),
            new ShownLine("Fingerprint", payment.Text(Initiation + "FileHash")!),
        ])
    {
        Payments = consent.FilePayments ?? 0,
    };

    /// <summary>The payee's account as the own channel writes one.</summary>
    public static string Account(PaymentRequest.Named account) =>
        account.Scheme == AccountSchemes.SortCodeAccountNumber && AccountSchemes.Plain(account.Identification) is { Length: 14 } plain
            ? $"{plain[..2]}-{plain[2..4]}-{plain[4..6]} {plain[6..]}"
            : account.Scheme == AccountSchemes.Iban ? string.Join(' ', AccountSchemes.Plain(account.Identification).Chunk(4).Select(four => new string(four))) : account.Identification;

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
        if (PaymentQuote.ExecutionOf(consent) is { } at && WorkingDays.DayOf(at) > WorkingDays.DayOf(consent.CreatedAt)) yield return On("Goes out on", at);
    }

    public static IEnumerable<ShownLine> Charges(ConsentRecord consent) => PaymentQuote.ChargesOf(consent)
        .Select(charge => new ShownLine(charge.Bearer == InternationalScheme.Debtor ? "Charge" : "Charge, shared with the payee", charge.Amount.ToText()));

    private static IEnumerable<ShownLine> Series(PaymentRequest payment, ConsentRecord consent)
    {
        var series = StandingOrders.Of(payment, consent.CreatedAt)!;
        yield return new ShownLine("First payment", Of(0));
        yield return new ShownLine("How often", series.Rhythm.Words(series.Point));
        if (series.Day(1) is null) yield break;
        yield return new ShownLine("Then", Of(1));

        // Only what has an end has a last payment; it is worked out, so that nobody has to count.
        if (!series.HasEnd)
        {
            yield return new ShownLine("Ends", "Until cancelled");
            yield break;
        }

        var count = series.Days().Count();
        yield return new ShownLine("Last payment", Of(count - 1));
        yield return new ShownLine("Payments", count.ToString(CultureInfo.InvariantCulture));

        string Of(int number) => $"{StandingOrders.AmountOf(payment, series, number).ToText()} on {Day(series.Day(number)!.Value)}";
    }

    private static IEnumerable<ShownLine> Rate(PaymentRequest payment, ConsentRecord consent)
    {
        if (InternationalPayments.QuotedRate(consent) is not { } rate) yield break;
        var kind = rate.GetProperty("RateType").GetString() switch
        {
            "Agreed" => "agreed in your contract",
            "Indicative" => "indicative",
            _ => "fixed",
        };
        var until = InternationalPayments.HoldsUntil(consent) is { } end ? $" until {TimeZoneInfo.ConvertTime(end, WorkingDays.London).ToString("HH:mm 'on' d MMMM yyyy", CultureInfo.InvariantCulture)}" : "";
        yield return new ShownLine(
            "Exchange rate",
            $"1 {InternationalPayments.UnitOf(payment)} = {rate.GetProperty("ExchangeRate").GetRawText()} {payment.Text(Initiation + "CurrencyOfTransfer")}, {kind}{until}");
    }

    private static IEnumerable<ShownLine> PayeeBank(PaymentRequest payment)
    {
        if ((payment.Text(Initiation + "CreditorAgent.Name") ?? payment.Text(Initiation + "CreditorAgent.Identification")) is { } bank) yield return new ShownLine("Payee's bank", bank);
        if ((payment.Text(Initiation + "DestinationCountryCode") ?? CountryOf(payment)) is { } code && CountryNames.Of(code) is var country) yield return new ShownLine("Country", char.ToUpperInvariant(country[0]) + country[1..]);
    }

    // Who bears what has a line of its own only where no charge of ours says it.
    private static IEnumerable<ShownLine> ChargeBearer(PaymentRequest payment) =>
        payment.Text(Initiation + "ChargeBearer") == InternationalScheme.Creditor ? [new ShownLine("Charges", "Paid by the payee")] : [];

    private static IEnumerable<ShownLine> Arrival(ConsentRecord consent)
    {
        if (JsonElement.Parse(consent.Quoted!).TryGetProperty("ExpectedSettlementDateTime", out var expected)) yield return On("Arrives by", IsoDateTime.Parse(expected.GetString()!)!.Value);
    }

    // An IBAN begins with its country.
    private static string? CountryOf(PaymentRequest payment) => payment.Creditor is { Scheme: AccountSchemes.Iban, Identification: var iban } ? iban[..2] : null;

    private static ShownLine On(string label, DateTimeOffset at) => new(label, Day(WorkingDays.DayOf(at)));

    private static string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
