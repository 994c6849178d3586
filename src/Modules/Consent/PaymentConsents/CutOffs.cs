using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>What becomes of a payment that comes after the bank's hour.</summary>
internal enum CutOffStrategy
{
    /// <summary>It is taken, and goes on the next working day (OB-PIS-19).</summary>
    Accept,

    /// <summary>It is refused wherever it stands: consent, approval, order (OB-PIS-18).</summary>
    Reject,
}

/// <summary>The hour of a type of payment, at the bank's own time.</summary>
internal sealed class CutOffSetting
{
    public TimeOnly At { get; init; }

    public CutOffStrategy Strategy { get; init; }
}

/// <summary>
/// The bank's hours, by the name of the order's collection such as <c>domestic-payments</c>; a type without one is paid at every hour. A
/// tester's choice counts before the bank's setting.
/// </summary>
internal sealed class CutOffs(ConsentOptions options, CurrentChoices choices, TimeProvider time)
{
    /// <summary>Whether a payment of this type is refused now for the hour.</summary>
    public bool Refuses(ConsentKind kind) => HourOf(PaymentTypes.OrdersOf(kind)) is { Rejects: true } hour && WorkingDays.TimeOf(time.GetUtcNow()) >= hour.At;

    private CutOff? HourOf(string orders)
    {
        if (choices.Now.CutOffs.TryGetValue(orders, out var chosen)) return chosen;
        return options.CutOffs.TryGetValue(orders, out var set) ? new CutOff(orders, set.Strategy == CutOffStrategy.Reject, set.At) : null;
    }
}
