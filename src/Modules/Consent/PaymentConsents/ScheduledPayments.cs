using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>One payment on a day to come. A day on which payments do not settle gives way to the next one on which they do.</summary>
internal static class ScheduledPayments
{
    private const string Requested = "Data.Initiation.RequestedExecutionDateTime";

    public static readonly IReadOnlyList<PaymentRule> Rules =
    [
        new("OB-DSP-1", "U003", Requested, "Must lie in the future.", (payment, place) => payment.Moment(Requested) is not { } at || at > place.Now),
        new("OB-PIS-12", "U003", Requested, "Is further away than payments are planned.", (payment, place) => payment.Moment(Requested) is not { } at || at <= place.Now + place.Options.PlannedAhead),
    ];

    /// <summary>When it is carried out: at the moment that was asked for, or in the morning of the next working day.</summary>
    public static DateTimeOffset ExecutionOf(PaymentRequest payment, SettlementDays days)
    {
        var asked = payment.Moment(Requested)!.Value;
        var day = WorkingDays.DayOf(asked);
        return days.Has(day) ? asked : WorkingDays.At(days.After(day), PaymentPlace.Opening);
    }
}
