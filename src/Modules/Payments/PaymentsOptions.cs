using OpenBanking.Payments.Orders;

namespace OpenBanking.Payments;

/// <summary>What a deployment may choose. What the standard fixes is a constant where it is used, never an option.</summary>
internal sealed class PaymentsOptions
{
    public const string Section = "Payments";

    /// <summary>The status in which orders begin: RCVD, or PDNG for a test kit that does not know that yet (OB-DEC-3, OB-PST-7).</summary>
    public OrderStatus InitialOrderStatus { get; init; } = OrderStatus.RCVD;

    /// <summary>How long a scheme takes to say that the payee has the money.</summary>
    public TimeSpan SchemeDelay { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an order waits for those who must approve it (OB-PIS-26); a third party and a day of execution may make it less.</summary>
    public TimeSpan ApprovalWindow { get; init; } = TimeSpan.FromDays(7);

    public IEnumerable<string> Problems()
    {
        if (ApprovalWindow < TimeSpan.FromMinutes(1) || ApprovalWindow > TimeSpan.FromDays(90)) yield return "Payments:ApprovalWindow must be from one minute to 90 days";
        if (InitialOrderStatus is not (OrderStatus.RCVD or OrderStatus.PDNG)) yield return "Payments:InitialOrderStatus must be RCVD or PDNG";
        if (SchemeDelay < TimeSpan.Zero || SchemeDelay > TimeSpan.FromDays(5)) yield return "Payments:SchemeDelay must be from 0 to 5 days";
    }
}
