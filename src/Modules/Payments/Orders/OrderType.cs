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
    ];

    public RequestSchema RequestSchema => RequestSchema.Of("payment-initiation", Schema);

    public static OrderType? OfId(string orderId) => All.FirstOrDefault(type => orderId.StartsWith(type.IdPrefix, StringComparison.Ordinal));
}
