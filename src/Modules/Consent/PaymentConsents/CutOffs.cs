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

/// <summary>The bank's hours, by the name of the order's collection such as <c>domestic-payments</c>; a type without one is paid at every hour.</summary>
internal sealed class CutOffs(ConsentOptions options, TimeProvider time)
{
    /// <summary>Whether a payment of this type is refused now for the hour.</summary>
    public bool Refuses(ConsentKind kind)
    {
        var now = time.GetUtcNow();
        return options.CutOffs.TryGetValue(PaymentTypes.OrdersOf(kind), out var hour)
            && hour.Strategy == CutOffStrategy.Reject
            && WorkingDays.TimeOf(now) >= hour.At;
    }
}
