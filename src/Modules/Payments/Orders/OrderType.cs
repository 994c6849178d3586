using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Http.Requests;

namespace OpenBanking.Payments.Orders;

/// <summary>
/// A type of order, as a row: what its resources are called and how it goes on. Everything else the types share: endpoints, signatures,
/// idempotency, the comparison with the consent, holding and moving money, statuses with their history.
/// </summary>
/// <param name="Kind">Of the consents that it is made under.</param>
/// <param name="Path">Of its collection, below <c>pisp</c>.</param>
/// <param name="Noun">One of it, as events name it.</param>
/// <param name="IdMember">What its id is called in answers.</param>
/// <param name="IdPrefix">What its ids begin with.</param>
/// <param name="Schema">Of the request for an order, in the standard's file.</param>
internal sealed record OrderType(ConsentKind Kind, string Path, string Noun, string IdMember, string IdPrefix, string Schema, OrderFlow Flow)
{
    public static readonly IReadOnlyList<OrderType> All =
    [
        new(ConsentKind.DomesticPayment, "/domestic-payments", "domestic-payment", "DomesticPaymentId", "dp-", "OBWriteDomestic2", OrderFlow.Immediate),
        new(ConsentKind.DomesticScheduledPayment, "/domestic-scheduled-payments", "domestic-scheduled-payment", "DomesticScheduledPaymentId", "dps-", "OBWriteDomesticScheduled2", OrderFlow.Scheduled) { HoldsAtOnce = false },
        new(ConsentKind.DomesticStandingOrder, "/domestic-standing-orders", "domestic-standing-order", "DomesticStandingOrderId", "sto-", "OBWriteDomesticStandingOrder3", OrderFlow.Repeated) { HasParts = true },
        new(ConsentKind.InternationalPayment, "/international-payments", "international-payment", "InternationalPaymentId", "ip-", "OBWriteInternational3", OrderFlow.Immediate),
        new(ConsentKind.InternationalScheduledPayment, "/international-scheduled-payments", "international-scheduled-payment", "InternationalScheduledPaymentId", "ips-", "OBWriteInternationalScheduled3", OrderFlow.Scheduled),
        new(ConsentKind.InternationalStandingOrder, "/international-standing-orders", "international-standing-order", "InternationalStandingOrderId", "ist-", "OBWriteInternationalStandingOrder4", OrderFlow.Repeated) { HasParts = true },
        new(ConsentKind.FilePayment, "/file-payments", "file-payment", "FilePaymentId", "fp-", "OBWriteFile2", OrderFlow.File) { HasParts = true },
        new(ConsentKind.VariableRecurringPayments, "/domestic-vrps", "domestic-vrp", "DomesticVRPId", "dvp-", "OBDomesticVRPRequest", OrderFlow.Variable) { Family = "vrp", IsWithinLimits = true },
    ];

    /// <summary>The money is set aside with the order; otherwise it must be there when the day comes.</summary>
    public bool HoldsAtOnce { get => field && !HasParts; init; } = true;

    /// <summary>It has several payments, each with a status of its own.</summary>
    public bool HasParts { get; init; }

    /// <summary>Any number of them is made under one consent, within its limits (OB-VRP-15).</summary>
    public bool IsWithinLimits { get; init; }

    /// <summary>Where amount and payee stand in its requests.</summary>
    public string PaymentPath => IsWithinLimits ? "Data.Instruction" : "Data.Initiation";

    /// <summary>Of the standard's files, the one that it stands in.</summary>
    public string Family { get; init; } = "payment-initiation";

    /// <summary>The status in which its orders begin: the bank's choice, where the type has that status.</summary>
    public OrderStatus First(OrderStatus chosen) => Flow.Steps.Any(step => step.Contains(chosen)) ? chosen : Flow.Steps[0][0];

    public RequestSchema RequestSchema => RequestSchema.Of(Family, Schema);

    public static OrderType? OfId(string orderId) => All.FirstOrDefault(type => orderId.StartsWith(type.IdPrefix, StringComparison.Ordinal));
}
