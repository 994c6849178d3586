using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// Verifies requests that a client has signed: authorization requests by value or pushed, and those of the back channel, each kind by
/// rules of its own. The key is always one that the client has registered, whatever the object says of itself.
/// </summary>
internal sealed class RequestObjects(ClientKeys keys, ReplayGuard replays, IOptions<AuthorizationServerOptions> options, TimeProvider time)
{
    /// <summary>What a request line can hold (0.1).</summary>
    private const int MaxLength = 32 * 1024;

    /// <summary>The claims, once a key of this client has signed them and the rules hold. Its <c>jti</c> is not spent yet.</summary>
    public async Task<Outcome<SignedRequest, OAuthError>> VerifyAsync(string jwt, Client client, SignedRequestRules rules, CancellationToken ct)
    {
        // A JWS, whose claims are the parameters (JAR-01); what is wrong with its signature says Refusal (F1-31).
        if (Jws.Parse(jwt, MaxLength).Failed(out var fault, out var jws)) return Refusal(rules, fault.Rule);
        if (rules.Algorithm(client) is { } algorithm && algorithm != jws.Algorithm) return Refusal(rules, "JAR-06");
        if (await keys.OfAsync(client, jws.KeyId, jws.Algorithm, ct) is not { } set) return Refusal(rules, "JAR-09");
        if (jws.Verify(set, new JwsPolicy(JwsPolicy.FapiAlgorithms, rules.Types)) is { } broken) return Refusal(rules, broken.Rule);

        var request = new SignedRequest(jwt, jws.Payload, client, options.Value.Issuer, time.GetUtcNow());
        return rules.FirstRefusal(request) is { } refusal ? refusal : request;
    }

    /// <summary>Spends the <c>jti</c>, if the request has one; false where it was spent before (JAR-12). Last of all, so that a refusal costs the client nothing.</summary>
    public async Task<bool> IsFirstAsync(SignedRequest request, CancellationToken ct) =>
        request.Id is not { } id || await replays.IsFirstRequestAsync(request.Client.ClientId, id, request.ForgottenAt, ct);

    // What the signature lacks has an id of its own where the list of requirements has one; elsewhere that of the JOSE rule says more.
    private static OAuthError Refusal(SignedRequestRules rules, string fault) => new(
        rules.Code, fault switch { "KEY-03" => "JAR-07", "KEY-11" => "JAR-08", _ => fault }, "the request object is not one that the client has signed");
}
