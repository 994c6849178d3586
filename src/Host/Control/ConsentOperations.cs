using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

internal sealed class ConsentOperations(SandboxCustomers customers, IMediator mediator)
{
    public static readonly IReadOnlyList<Operation> All =
    [
        Operation.Of<ConsentOperations>(
            "revoke",
            "The customer cancels an access.",
            [new("customer", "string", Hint: "A username such as amelia."), new("consentId", "string")],
            (subject, given, ct) => subject.RevokeAsync(given, ct)),
        Operation.Of<ConsentOperations>(
            "history",
            "Answers the changes of a consent: from, to, at, reason.",
            [new("consentId", "string")],
            (subject, given, ct) => subject.HistoryAsync(given, ct)),
        new("checks", "Answers the customer's view of funds checks.", [new("customer", "string")]),
    ];

    private async Task<Outcome<JsonObject, string>> RevokeAsync(JsonElement given, CancellationToken ct)
    {
        if (customers.Find(given.GetProperty("customer").GetString()!) is not { } customer) return "there is no such customer";
        var cancel = new CancelConnection(given.GetProperty("consentId").GetString()!, customer, new DecisionOrigin(null, "sandbox control"));
        return await mediator.Send(cancel, ct) switch
        {
            CancellationAnswer.Cancelled => new JsonObject { ["cancelled"] = true },
            CancellationAnswer.WasNotActive => new JsonObject { ["cancelled"] = false },
            _ => "the customer has no such access",
        };
    }

    private async Task<Outcome<JsonObject, string>> HistoryAsync(JsonElement given, CancellationToken ct)
    {
        if (await mediator.Send(new ListConsentChanges(given.GetProperty("consentId").GetString()!), ct) is not { } changes) return "there is no such consent";
        var rows = changes.Select(change => (JsonNode)new JsonObject
        {
            ["from"] = change.From,
            ["to"] = change.To,
            ["at"] = change.At,
            ["reason"] = change.ReasonCode ?? change.Reason,
        });
        return new JsonObject { ["changes"] = new JsonArray([.. rows]) };
    }
}
