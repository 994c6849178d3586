using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;
using OpenBanking.Payments.Contracts;

namespace OpenBanking.Host.Control;

/// <summary>What scheme, core and payee do with an order.</summary>
internal sealed class PaymentOperations(IMediator mediator)
{
    public static readonly IReadOnlyList<Operation> All =
    [
        Row(
            "order",
            "The scheme moves an order, forward only.",
            [new("id", "string"), new("status", "string", Hint: "A status of the order's own flow, such as ACSC."), new("reason", "string", Optional: true)],
            given => new MoveSandboxOrder(given.GetProperty("id").GetString()!, given.GetProperty("status").GetString()!, Claims.Text(given, "reason"))),
        Row("refund", "The payee returns the money.", [new("id", "string")], given => new RefundSandboxOrder(given.GetProperty("id").GetString()!)),
        Row(
            "refuse",
            "The core refuses the next payment with this reason after acceptance.",
            [new("code", "string", Hint: "An ISO 20022 reason such as AC04.")],
            given => new RefuseNextPayment(given.GetProperty("code").GetString()!)),
        Row("lose", "The next order is carried out, but the core's answer never arrives.", [], _ => new LoseNextAnswer()),
        new("decide", "The second approver decides.", [new("orderId", "string"), new("decision", "string", Values: ["approve", "refuse"])]),
        Operation.Of<PaymentOperations>(
            "debits",
            "Answers count and sum of what the core was told to pay under a consent.",
            [new("consentId", "string")],
            (subject, given, ct) => subject.SumAsync(given, ct)),
        new("contract", "An exchange-rate contract the bank knows.", [new("id", "string"), new("from", "string"), new("to", "string"), new("rate", null)]),
    ];

    /// <param name="wish">Answers what is wrong with it, or null.</param>
    private static Operation Row(string name, string effect, IReadOnlyList<Member> members, Func<JsonElement, IRequest<string?>> wish) =>
        Operation.Of<PaymentOperations>(name, effect, members, (subject, given, ct) => subject.AskAsync(wish(given), ct));

    private async Task<Outcome<JsonObject, string>> AskAsync(IRequest<string?> wish, CancellationToken ct) =>
        await mediator.Send(wish, ct) is { } problem ? problem : new JsonObject { ["done"] = true };

    private async Task<Outcome<JsonObject, string>> SumAsync(JsonElement given, CancellationToken ct)
    {
        var paid = await mediator.Send(new SumTransfers(given.GetProperty("consentId").GetString()!), ct);
        return new JsonObject { ["count"] = paid.Count, ["sum"] = paid.Sum };
    }
}
