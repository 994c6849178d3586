using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.Events;

/// <summary>
/// Makes events into what is sent: security event tokens (RFC 8417) in the words of the standard (OB-EVT-4). They are signed when they are
/// sent, with the key of that time, so that an event that has waited for weeks can be verified; its <c>jti</c> stays.
/// </summary>
internal sealed class SecurityEventTokens(IMediator mediator, ApiAddresses addresses, TimeProvider time)
{
    /// <summary>Tells it from every other JWT of ours (RFC 8417 2.3).</summary>
    private const string Type = "secevent+jwt";

    private const string ResourceId = "http://openbanking.org.uk/rid";
    private const string ResourceType = "http://openbanking.org.uk/rty";

    /// <summary>The versions under which a resource can be read.</summary>
    private static readonly string[] Versions = ["v4.0"];

    public Task<string> SignAsync(EventRecord happened, CancellationToken ct) => mediator.Send(new SignClaims(Type, ClaimsOf(happened)), ct);

    private JsonObject ClaimsOf(EventRecord happened) => new()
    {
        ["iss"] = addresses.Issuer,
        ["iat"] = time.GetUtcNow().ToUnixTimeSeconds(),
        ["jti"] = happened.Id.ToString("N"),
        ["aud"] = happened.ClientId,
        ["sub"] = LinkTo(happened, Versions[0]),
        ["txn"] = happened.Transaction.ToString("N"),
        ["toe"] = happened.At.ToUnixTimeSeconds(),
        ["events"] = new JsonObject { [happened.Type] = BodyOf(happened) },
    };

    /// <summary>Every event has its own subject, so none needs another one beside it (OB-EVT-6).</summary>
    private JsonObject BodyOf(EventRecord happened)
    {
        var body = new JsonObject();
        if (happened.Reason is not null) body["reason"] = happened.Reason;
        body["subject"] = new JsonObject
        {
            ["subject_type"] = $"{ResourceId}_{ResourceType}",
            [ResourceId] = happened.ResourceId,
            [ResourceType] = happened.ResourceType,
            ["http://openbanking.org.uk/rlk"] = new JsonArray(
                [.. Versions.Select(version => (JsonNode)new JsonObject { ["version"] = version, ["link"] = LinkTo(happened, version) })]),
        };
        return body;
    }

    private string LinkTo(EventRecord happened, string version) => addresses.OfResource($"/open-banking/{version}/{happened.Path}");
}
