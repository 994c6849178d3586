using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
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
        Row(
            "decide",
            "The second approver approves or refuses a payment out of an account that needs several.",
            [new("orderId", "string"), new("decision", "string", Values: ["approve", "refuse"])],
            given => new DecideSandboxOrder(given.GetProperty("orderId").GetString()!, given.GetProperty("decision").ValueEquals("approve"))),
        Operation.Of<PaymentOperations>(
            "debits",
            "Answers count and sum of what the core was told to pay under a consent.",
            [new("consentId", "string")],
            (subject, given, ct) => subject.SumAsync(given, ct)),
        Operation.Of<PaymentOperations>(
            "contract",
            "An exchange-rate contract the bank knows; a rate of null takes it away.",
            [
                new("id", "string", Hint: "What payments name as ContractIdentification."),
                new("from", "string", Hint: "The currency of the account that pays, such as GBP."),
                new("to", "string"),
                new("rate", null, Hint: "What one unit of from is in to: a number, or a text.", Detail: """{"anyOf":[{"type":"number","exclusiveMinimum":0},{"type":"string","pattern":"^[0-9]{1,8}([.][0-9]{1,8})?$"},{"type":"null"}]}"""),
            ],
            (subject, given, ct) => subject.KeepContractAsync(given, ct)),
    ];

    /// <param name="wish">Answers what is wrong with it, or null.</param>
    private static Operation Row(string name, string effect, IReadOnlyList<Member> members, Func<JsonElement, IRequest<string?>> wish) =>
        Operation.Of<PaymentOperations>(name, effect, members, (subject, given, ct) => subject.AskAsync(wish(given), ct));

    private async Task<Outcome<JsonObject, string>> AskAsync(IRequest<string?> wish, CancellationToken ct) =>
        await mediator.Send(wish, ct) is { } problem ? problem : new JsonObject { ["done"] = true };

    private async Task<Outcome<JsonObject, string>> KeepContractAsync(JsonElement given, CancellationToken ct)
    {
        var (id, from, to, sent) = (given.GetProperty("id").GetString()!, given.GetProperty("from").GetString()!, given.GetProperty("to").GetString()!, given.GetProperty("rate"));
        if (id.Length is 0 or > 256) return "id must be 1 to 256 characters";
        if (!IsCurrency(from) || !IsCurrency(to) || from == to) return "from and to must be two currencies, such as GBP and EUR";
        if (sent.ValueKind == JsonValueKind.Null)
        {
            await mediator.Send(new KeepExchangeContract(id, from, to, null), ct);
            return new JsonObject { ["id"] = id };
        }

        var text = sent.ValueKind switch
        {
            JsonValueKind.String => sent.GetString(),
            JsonValueKind.Number => sent.GetRawText(),
            _ => null,
        };
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) || rate is <= 0 or >= 100_000_000 || decimal.Round(rate, 8) != rate)
            return "rate must be above 0, with at most 8 decimals";
        await mediator.Send(new KeepExchangeContract(id, from, to, rate), ct);
        return new JsonObject { ["id"] = id };
    }

    private static bool IsCurrency(string text) => text.Length == 3 && text.All(char.IsAsciiLetterUpper);

    private async Task<Outcome<JsonObject, string>> SumAsync(JsonElement given, CancellationToken ct)
    {
        var paid = await mediator.Send(new SumTransfers(given.GetProperty("consentId").GetString()!), ct);
        return new JsonObject { ["count"] = paid.Count, ["sum"] = paid.Sum };
    }
}
