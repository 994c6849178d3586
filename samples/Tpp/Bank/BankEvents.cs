using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>What the bank says has happened.</summary>
/// <param name="Type">The last part of its name in the standard: <c>consent-authorization-revoked</c>.</param>
/// <param name="ResourceId">What it happened to, such as a consent of ours.</param>
internal sealed record BankEvent(string Id, string Type, string ResourceId, DateTimeOffset At, string? Reason);

/// <summary>
/// Fetches what has happened to our resources without anybody asking (aggregated polling). Each event is a JWT that the bank has signed for
/// us; only what passes every check is believed, and only what was kept is acknowledged, so that a crash in between loses nothing.
/// </summary>
internal sealed class BankEvents(BankClient bank, TppOptions options)
{
    private const string Path = "open-banking/v4.0/events";
    private const string Types = "urn:uk:org:openbanking:events:";
    private const int MostRounds = 10;
    private static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?> { "secevent+jwt" });

    /// <summary>Fetches until there are no more, and hands each event to whoever keeps it.</summary>
    public async Task<BankFault?> FetchAsync(string token, Action<BankEvent> keep, CancellationToken ct)
    {
        var handled = new JsonObject();
        for (var round = 0; round < MostRounds; round++)
        {
            if ((await bank.ApiAsync(HttpMethod.Post, Path, token, handled.ToJsonString(), Customer.Absent, ct)).Failed(out var fault, out var answer)) return fault;
            if (answer.Body is not { ValueKind: JsonValueKind.Object } body || !body.TryGetProperty("sets", out var sets) || sets.ValueKind != JsonValueKind.Object)
                return BankFault.Untrusted("the bank's events cannot be read");
            if ((await bank.KeysAsync(again: false, ct)).Failed(out fault, out var keys)) return fault;
            if (!sets.EnumerateObject().Any()) return null;
            handled = Handle(sets, keys, keep);
        }

        return null;
    }

    /// <summary>What the next request says of these: which we have, and which we cannot use.</summary>
    private JsonObject Handle(JsonElement sets, KeySet keys, Action<BankEvent> keep)
    {
        var (known, unusable) = (new JsonArray(), new JsonObject());
        foreach (var set in sets.EnumerateObject())
        {
            if (Verify(set.Value.GetString() ?? "", keys).Failed(out var error, out var happened))
            {
                unusable[set.Name] = new JsonObject { ["err"] = error, ["description"] = "The event did not pass our checks." };
                continue;
            }

            keep(happened);
            known.Add(set.Name);
        }

        return new JsonObject { ["ack"] = known, ["setErrs"] = unusable };
    }

    /// <summary>The event, or the standard's word for what is wrong with it (RFC 8935 2.4, in its older spelling).</summary>
    private Outcome<BankEvent, string> Verify(string compact, KeySet keys)
    {
        if (Jws.Parse(compact).Failed(out _, out var jws)) return "jwtParse";
        if (jws.Verify(keys, Policy) is not null) return "jws";
        var claims = jws.Payload;
        if (Claims.Text(claims, "iss") != options.Issuer) return "jwtIss";
        if (Claims.Text(claims, "aud") != bank.ClientId) return "jwtAud";
        if (Claims.Text(claims, "jti") is not { Length: > 0 } id || Claims.Seconds(claims, "toe") is not { } at
            || !claims.TryGetProperty("events", out var events) || events.ValueKind != JsonValueKind.Object || !events.EnumerateObject().Any())
            return "setData";
        var (type, body) = (events.EnumerateObject().First().Name, events.EnumerateObject().First().Value);
        return body.ValueKind == JsonValueKind.Object && body.TryGetProperty("subject", out var subject) && Claims.Text(subject, "http://openbanking.org.uk/rid") is { } resource
            ? new BankEvent(id, type.Replace(Types, "", StringComparison.Ordinal), resource, DateTimeOffset.FromUnixTimeSeconds(at), Claims.Text(body, "reason"))
            : "setData";
    }
}
