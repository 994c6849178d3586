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

    /// <summary>What a third party is told of a payment that is to go at a moment (OB-PIS-14, OB-PIS-17).</summary>
    public PaymentQuote Quote(DateTimeOffset asked, PaymentPlace place)
    {
        var charge = place.Options.ChapsCharge;
        var charges = ChargeType is null || charge == 0 ? [] : new[] { new PaymentQuote.Charge("BorneByDebtor", ChargeType, new Money(charge, "GBP")) };
        var (cutOff, execution) = place.TimesOf(asked, CutOff);
        var settlement = CutOff is { } at ? WorkingDays.At(WorkingDays.DayOf(execution), at) : execution;
        return new PaymentQuote(cutOff, execution, settlement, charges);
    }
}
