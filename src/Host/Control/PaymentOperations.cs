namespace OpenBanking.Host.Control;

internal static class PaymentOperations
{
    public static readonly IReadOnlyList<Operation> All =
    [
        new("order", "The scheme moves an order.", [new("id", "string"), new("status", "string"), new("reason", "string", Optional: true)]),
        new("refund", "The payee returns the money.", [new("id", "string")]),
        new("decide", "The second approver decides.", [new("orderId", "string"), new("decision", "string", Values: ["approve", "refuse"])]),
        new("debits", "Answers count and sum of what the core was told to pay under a consent.", [new("consentId", "string")]),
        new("contract", "An exchange-rate contract the bank knows.", [new("id", "string"), new("from", "string"), new("to", "string"), new("rate", null)]),
    ];
}
