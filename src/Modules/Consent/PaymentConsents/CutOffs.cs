using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// The bank's hours, by the name of the order's collection such as <c>domestic-payments</c>; a type without one is paid at every hour. A
/// tester's choice counts before the bank's setting.
/// </summary>
internal sealed class CutOffs(ConsentOptions options, CurrentChoices choices, TimeProvider time)
{
    /// <summary>Whether a payment of this type is refused now for the hour.</summary>
    public bool Refuses(ConsentKind kind) => PaymentTypes.Serves(kind) && Of(kind) is { Rejects: true } hour && WorkingDays.TimeOf(time.GetUtcNow()) >= hour.At;

    /// <summary>The hour of a type; null where it has none.</summary>
    public CutOff? Of(ConsentKind kind)
    {
        var orders = PaymentTypes.OrdersOf(kind);
        return choices.Now.CutOffs.GetValueOrDefault(orders) ?? (options.CutOffs.TryGetValue(orders, out var set) ? set : null);
    }
}
