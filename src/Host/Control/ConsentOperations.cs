using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

internal sealed class ConsentOperations(SandboxCustomers customers, IMediator mediator)
{
    /// <summary>Of each access; as many as its page shows.</summary>
    private const int MostChecks = 100;

    private static readonly Member Customer = new("customer", "string", Hint: "A username such as amelia.");

    public static readonly IReadOnlyList<Operation> All =
    [
        Operation.Of<ConsentOperations>(
            "revoke",
            "The customer cancels an access.",
            [Customer, new("consentId", "string")],
            (subject, given, ct) => subject.RevokeAsync(given, ct)),
        Operation.Of<ConsentOperations>(
            "history",
            "Answers the changes of a consent: from, to, at, reason.",
            [new("consentId", "string")],
            (subject, given, ct) => subject.HistoryAsync(given, ct)),
        Operation.Of<ConsentOperations>(
            "checks",
            "Answers the customer's view of funds checks.",
            [Customer],
            (subject, given, ct) => subject.ChecksAsync(given, ct)),
    ];

    private async Task<Outcome<JsonObject, string>> RevokeAsync(JsonElement given, CancellationToken ct)
    {
        if (customers.Find(given.GetProperty(Customer.Name).GetString()!) is not { } customer) return "there is no such customer";
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

    /// <summary>What the customer's dashboard tells of the questions of card issuers (D-9), of all of them together, newest first.</summary>
    private async Task<Outcome<JsonObject, string>> ChecksAsync(JsonElement given, CancellationToken ct)
    {
        if (customers.Find(given.GetProperty(Customer.Name).GetString()!) is not { } customer) return "there is no such customer";
        var seen = new List<(ConnectionSummary Access, FundsCheckShown Check)>();
        foreach (var access in await mediator.Send(new ListConnections(customer), ct))
        {
            if (access.Kind != ConsentKind.FundsConfirmation) continue;
            seen.AddRange((await mediator.Send(new ListFundsChecks(access.ConsentIds, MostChecks), ct)).Select(check => (access, check)));
        }

        var rows = seen.OrderByDescending(one => one.Check.At).Select(one => (JsonNode)new JsonObject
        {
            ["consentId"] = one.Check.ConsentId,
            ["client"] = one.Access.ClientId,
            ["name"] = one.Access.ClientName,
            ["at"] = one.Check.At,
            ["reference"] = one.Check.Reference,
            ["amount"] = one.Check.Amount.ToString(CultureInfo.InvariantCulture),
            ["currency"] = one.Check.Currency,
            ["answer"] = one.Check.Answer,
            ["reason"] = one.Check.WhyNone,
        });
        return new JsonObject { ["checks"] = new JsonArray([.. rows]) };
    }
}
