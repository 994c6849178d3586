using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Host.Control;

/// <summary>What the sandbox's directory does with its members.</summary>
internal sealed class DirectoryOperations(SandboxDirectory directory, IMediator mediator)
{
    private static readonly Member Client = new("client", "string", Hint: "A client_id.");

    public static readonly IReadOnlyList<Operation> All =
    [
        Operation.Of<DirectoryOperations>(
            "keys",
            "The sandbox directory's key set of a client.",
            [Client, new("jwks", "object", Hint: "A JSON Web Key Set of public keys.")],
            (subject, given, ct) => subject.ReplaceKeysAsync(given, ct)),
        Operation.Of<DirectoryOperations>(
            "suspend",
            "The sandbox directory suspends a client.",
            [Client, new("on", "boolean")],
            (subject, given, ct) => subject.SuspendAsync(given, ct)),
    ];

    /// <summary>The new set counts as any that a third party changes at its address: from when it is fetched again (KEY-17).</summary>
    private async Task<Outcome<JsonObject, string>> ReplaceKeysAsync(JsonElement given, CancellationToken ct)
    {
        var jwks = given.GetProperty("jwks");
        if (KeySet.Parse(Encoding.UTF8.GetBytes(jwks.GetRawText())).Failed(out var fault, out var set)) return fault.Reason;
        if (set.Keys.Count == 0) return "jwks must hold a public key for signatures and no private one";
        return await mediator.Send(new FindSoftware(given.GetProperty(Client.Name).GetString()!, directory.Issuer), ct) is { } software
            && await directory.ReplaceKeysAsync(software, jwks, ct)
            ? new JsonObject { ["replaced"] = true }
            : "there is no such client whose keys the sandbox's directory keeps";
    }

    private async Task<Outcome<JsonObject, string>> SuspendAsync(JsonElement given, CancellationToken ct)
    {
        var on = given.GetProperty("on").GetBoolean();
        return await mediator.Send(new SuspendClient(given.GetProperty(Client.Name).GetString()!, on), ct)
            ? new JsonObject { ["suspended"] = on }
            : "there is no such client";
    }
}
