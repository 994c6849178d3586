using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>A way by which pounds go to another bank: what it costs, and until when a payment still goes on the same day.</summary>
/// <param name="Name">As third parties ask for it.</param>
/// <param name="CutOff">At the bank's own time, on working days; null where payments go at every hour.</param>
/// <param name="ChargeType">What its charge is called, where it has one.</param>
internal sealed record DomesticScheme(string Name, TimeOnly? CutOff, string? ChargeType)
{
    /// <summary>The usual one first: it is taken where the third party asks for none.</summary>
    private static readonly DomesticScheme[] All =
    [
        new("UK.OBIE.FPS", null, null),
        new("UK.OBIE.CHAPS", new TimeOnly(17, 0), "UK.OBIE.CHAPSOut"),
    ];

    /// <summary>The scheme of a payment; null where what it asks for is not supported.</summary>
    public static DomesticScheme? Of(PaymentRequest payment) =>
        payment.Text("Data.Initiation.LocalInstrument") is { } asked ? All.FirstOrDefault(scheme => scheme.Name == asked) : All[0];

    /// <summary>What a third party is told of a payment made now (OB-PIS-14, OB-PIS-17).</summary>
    public PaymentQuote Quote(DateTimeOffset now, ConsentOptions options)
    {
        var charges = ChargeType is null || options.ChapsCharge == 0 ? [] : new[] { new PaymentQuote.Charge("BorneByDebtor", ChargeType, new Money(options.ChapsCharge, "GBP")) };
        if (CutOff is not { } at) return new PaymentQuote(null, now, now, charges);
        var today = WorkingDays.DayOf(now);
        var isInTime = WorkingDays.IsWorkingDay(today) && WorkingDays.TimeOf(now) < at;

        // What comes too late is taken and goes on the next working day (OB-PIS-19).
        var day = isInTime ? today : WorkingDays.After(today);
        var executed = isInTime ? now : WorkingDays.At(day, new TimeOnly(8, 0));
        return new PaymentQuote(WorkingDays.At(day, at), executed, WorkingDays.At(day, at), charges);
    }
}
