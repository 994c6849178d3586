using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Ciba;

/// <summary>A request on the back channel as it was read, and the object it was in, if there was one.</summary>
internal sealed record ArrivedBackchannelRequest(BackchannelParameters Parameters, SignedRequest? Object);

/// <summary>Reads a request on the back channel, plain or signed with the algorithms of FAPI (CIBA-35). Who has registered how it signs sends no other kind (CIBA-03).</summary>
internal sealed class SignedBackchannelRequests(RequestObjects objects)
{
    public async Task<Outcome<ArrivedBackchannelRequest, OAuthError>> ReadAsync(OAuthForm form, Client client, CancellationToken ct)
    {
        if (form["request"] is not { } jwt)
        {
            if (client.BackchannelSigningAlgorithm is not null) return OAuthError.InvalidRequest("CIBA-03", "the request must be signed");
            return new ArrivedBackchannelRequest(BackchannelParameters.From(form), Object: null);
        }

        // What stands beside a signature has not been signed, and which of the two would count?
        if (BackchannelParameters.AreIn(form)) return OAuthError.InvalidRequest("CIBA-04", "the parameters of a signed request belong inside");
        if ((await objects.VerifyAsync(jwt, client, SignedRequestRules.Backchannel, ct)).Failed(out var error, out var signed))
            return error.Rule.StartsWith("CIBA", StringComparison.Ordinal) ? error : error with { Rule = "CIBA-06" };
        if (BackchannelParameters.From(signed.Payload).Failed(out error, out var parameters)) return error;
        return new ArrivedBackchannelRequest(parameters, signed);
    }

    /// <summary>A <c>jti</c> counts once (CIBA-07). Judged last: what was refused may come again.</summary>
    public async Task<OAuthError?> ReplayOfAsync(ArrivedBackchannelRequest arrived, CancellationToken ct) =>
        arrived.Object is { } signed && !await objects.IsFirstAsync(signed, ct) ? OAuthError.InvalidRequest("CIBA-07", "the signed request was used before") : null;
}
