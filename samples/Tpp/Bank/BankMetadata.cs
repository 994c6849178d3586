using System.Text.Json;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>Where the bank's endpoints are. It comes from the issuer's own document and from nowhere else (FAPI 2.0, 5.3.3.1).</summary>
internal sealed record BankMetadata(
    string Issuer, Uri Par, Uri Authorize, Uri Token, Uri Jwks, Uri Api)
{
    /// <summary>Reads the document for one of our two clients; an mTLS client calls the aliases where there are any (RFC 8705, 5).</summary>
    public static Outcome<BankMetadata, BankFault> Parse(JsonElement document, string issuer, bool mtls, string? api)
    {
        // A document that speaks for another issuer would let one bank pose as the other (RFC 8414, 3.3).
        if (!string.Equals(Claims.Text(document, "issuer"), issuer, StringComparison.Ordinal))
            return BankFault.Untrusted("the metadata names another issuer");

        // Without `iss` in the answer to the browser we could not tell whose answer it is (FAPI 2.0, 5.3.3.2).
        if (!document.TryGetProperty("authorization_response_iss_parameter_supported", out var iss) || iss.ValueKind != JsonValueKind.True)
            return BankFault.Untrusted("the bank does not name itself in authorization responses");

        if (Endpoint(document, "pushed_authorization_request_endpoint", mtls) is not { } par
            || Endpoint(document, "token_endpoint", mtls) is not { } token
            || Endpoint(document, "authorization_endpoint", mtls: false) is not { } authorize
            || Endpoint(document, "jwks_uri", mtls: false) is not { } jwks)
            return BankFault.Untrusted("the metadata lacks an endpoint, or one is not https");

        var home = api ?? (mtls ? token : new Uri(issuer)).GetLeftPart(UriPartial.Authority);
        return new BankMetadata(issuer, par, authorize, token, jwks, new Uri(home.TrimEnd('/') + "/"));
    }

    private static Uri? Endpoint(JsonElement document, string name, bool mtls)
    {
        var place = mtls
            && document.TryGetProperty("mtls_endpoint_aliases", out var aliases)
            && aliases.ValueKind == JsonValueKind.Object
            && Claims.Has(aliases, name)
                ? aliases
                : document;
        return Uri.TryCreate(Claims.Text(place, name), UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps ? url : null;
    }
}
