using OpenBanking.Consent.Contracts;

namespace OpenBanking.Payments.Orders;

/// <summary>An order that its consent allows, before any money was looked for.</summary>
/// <param name="Granted">Who pays, from what, and how much.</param>
/// <param name="At">The moment at which it was judged, and therefore came.</param>
internal sealed record AllowedOrder(PaymentConsentDecision.Granted Granted, OrderedPayment Payment, bool GivesRefundAccount, DateTimeOffset At);
