using System.Globalization;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>Payments that repeat. What is said of them is the same within the country and abroad.</summary>
internal static class StandingOrders
{
    private const string Initiation = "Data.Initiation.";
    private const string Mandate = Initiation + "MandateRelatedInformation.";
    private const string Frequency = Mandate + "Frequency.";
    private const string Count = Initiation + "NumberOfPayments";
    private const string First = Mandate + "FirstPaymentDateTime";
    private const string Recurring = Mandate + "RecurringPaymentDateTime";
    private const string Final = Mandate + "FinalPaymentDateTime";

    /// <summary>Where the amounts of one within the country stand.</summary>
    public static readonly string[] Amounts = [Initiation + "FirstPaymentAmount", Initiation + "RecurringPaymentAmount", Initiation + "FinalPaymentAmount"];

    /// <summary>Of the rhythms: two years after the first payment there is a second one in each.</summary>
    private static readonly TimeSpan LongestPeriod = TimeSpan.FromDays(2 * 366);

    public static readonly IReadOnlyList<PaymentRule> Rules =
    [
        new("OB-DSO-5", "U025", Frequency + "Type", "Texts of version 3 are for orders that exist; new ones use the codes.", (payment, _) => payment.Text(Frequency + "Type") is not { Length: > 4 }),
        new("OB-DSO-1", "U025", Frequency + "Type", "Payments cannot repeat in this rhythm.", (payment, _) => payment.Text(Frequency + "Type") is { Length: > 4 } || RhythmOf(payment) is not null),
        new("OB-DSO-3", "U005", Frequency + "PointInTime", "A point in time and a count per period exclude each other.", (payment, _) => !payment.Has(Frequency + "PointInTime") || !payment.Has(Frequency + "CountPerPeriod")),
        new("OB-DSO-3", "U002", Frequency + "PointInTime", "Is no point within the period.", (payment, _) => payment.Text(Frequency + "PointInTime") is not { } text || RhythmOf(payment) is not { } rhythm || Rhythm.Point(text) is { } point && rhythm.Takes(point)),
        new("OB-DSO-1", "U025", Frequency + "CountPerPeriod", "One payment a period is what there is.", (payment, _) => !payment.Has(Frequency + "CountPerPeriod") || payment.Number(Frequency + "CountPerPeriod") == 1),
        new("PY-28", "U003", First, "Must not lie in the past.", (payment, place) => payment.Moment(First) is not { } at || WorkingDays.DayOf(at) >= WorkingDays.DayOf(place.Now)),
        new("OB-PIS-12", "U003", First, "Is further away than payments are planned.", (payment, place) => payment.Moment(First) is not { } at || at <= place.Now + place.Options.PlannedAhead),
        new("OB-PIS-12", "U003", Recurring, "Is further away than payments are planned.", (payment, place) => payment.Moment(Recurring) is not { } at || at <= place.Now + place.Options.PlannedAhead + LongestPeriod),
        new("PY-28", "U003", Recurring, "Must not lie before the first payment.", (payment, place) => payment.Moment(Recurring) is not { } at || WorkingDays.DayOf(at) >= FirstDay(payment, place.Now)),
        new("PY-28", "U003", Final, "Must not lie before the first payment.", (payment, place) => payment.Moment(Final) is not { } at || WorkingDays.DayOf(at) >= FirstDay(payment, place.Now)),
        new("OB-DSO-2", "U005", Count, "An end is given by a number or by a date, not by both.", (payment, _) => !payment.Has(Count) || !payment.Has(Final)),
        new("OB-DSO-2", "U002", Count, "Must be a number of payments, not more than an order may have.", (payment, place) => payment.Text(Count) is not { } text || CountOf(text) is { } count && count <= place.Options.StandingOrderPayments),
        new("PY-28", "U003", Final, "Until then there would be more payments than an order may have.", (payment, place) => !payment.Has(Final) || !BeginsSoon(payment, place) || Of(payment, place.Now) is not { } series || !series.Days().Skip(place.Options.StandingOrderPayments).Any()),
        new("OB-DSO-2", "U005", Initiation + "FinalPaymentAmount", "An order without an end has no final payment.", (payment, _) => !payment.Has(Initiation + "FinalPaymentAmount") || payment.Has(Count) || payment.Has(Final)),
    ];

    /// <summary>When its payments are due; null where its rhythm is none.</summary>
    /// <param name="asked">When it was asked for: without a day of its own, the first payment is on the working day after.</param>
    public static PaymentSeries? Of(PaymentRequest payment, DateTimeOffset asked) => RhythmOf(payment) is not { } rhythm ? null : new PaymentSeries(
        rhythm,
        payment.Text(Frequency + "PointInTime") is { } point ? Rhythm.Point(point) : null,
        FirstDay(payment, asked),
        DayOf(payment, Recurring),
        DayOf(payment, Final),
        payment.Text(Count) is { } count ? CountOf(count) : null);

    /// <summary>What one of its payments is, the first being 0 (OB-DSO-2: what is not said differs from nothing).</summary>
    public static Money AmountOf(PaymentRequest payment, PaymentSeries series, int number) =>
        (number > 0 && series.IsLast(number) ? payment.Of(Amounts[2]) : null)
        ?? (number > 0 ? payment.Of(Amounts[1]) : null)
        ?? payment.Amount!.Value;

    /// <summary>Whether its days can be counted: from one at the end of the calendar there is no next.</summary>
    private static bool BeginsSoon(PaymentRequest payment, PaymentPlace place) =>
        new[] { First, Recurring }.All(path => payment.Moment(path) is not { } at || at <= place.Now + place.Options.PlannedAhead + LongestPeriod);

    private static Rhythm? RhythmOf(PaymentRequest payment) => payment.Text(Frequency + "Type") is { } code ? Rhythm.Find(code) : null;

    private static DateOnly FirstDay(PaymentRequest payment, DateTimeOffset asked) => DayOf(payment, First) ?? WorkingDays.After(WorkingDays.DayOf(asked));

    private static DateOnly? DayOf(PaymentRequest payment, string path) => payment.Moment(path) is { } at ? WorkingDays.DayOf(at) : null;

    private static int? CountOf(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 ? count : null;
}
