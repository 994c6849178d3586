using System.Text.Json;
using OpenBanking.Kernel.Http;

namespace OpenBanking.ResourceServer;

/// <summary>What an access token stands for, as told by whoever issued it; before the check it is a claim, behind it a fact.</summary>
public record VerifiedToken
{
    /// <summary>The third party.</summary>
    public required string ClientId { get; init; }

    /// <summary>What the token was issued for.</summary>
    public required IReadOnlySet<string> Scopes { get; init; }

    /// <summary>The customer, by the name that is meant for this client (INT-06); null for a token of the client-credentials grant.</summary>
    public string? Subject { get; init; }

    /// <summary>RFC 7638 thumbprint of the DPoP key that the token is bound to; or null.</summary>
    public string? DpopKeyThumbprint { get; init; }

    /// <summary><c>x5t#S256</c> of the certificate that the token is bound to; or null.</summary>
    public string? CertificateThumbprint { get; init; }

    /// <summary>The one scheme with which the token passes the check.</summary>
    public string Scheme => DpopKeyThumbprint is null ? Challenge.Bearer : Challenge.Dpop;

    /// <summary>The APIs that the token is for.</summary>
    public IReadOnlyList<string> Audience { get; init; } = [];

    /// <summary>The authentication context that was reached (STEP-03).</summary>
    public string? Acr { get; init; }

    /// <summary>When the customer authenticated.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>What the customer allowed, RFC 9396; an array, or undefined where there is none.</summary>
    public JsonElement AuthorizationDetails { get; init; }

    /// <summary>What the client may be today, whatever it might when the token was issued (OB-SEC-6); null where that is not told.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}

/// <summary>Why a token is no good.</summary>
/// <param name="Rule">The line of the requirement list that was broken.</param>
/// <param name="Fault">What the UK standard has to say of it in a body, where it has.</param>
public sealed record TokenFault(string Rule, string Description, ApiFault? Fault = null)
{
    /// <summary>Who knows cannot be asked: nothing is known of the token, so nothing is allowed (OP-23).</summary>
    public static TokenFault Unavailable { get; } = new("OP-23", "tokens cannot be checked just now");

    /// <summary>Of one text whether the token never was, is revoked or is not for us.</summary>
    public static TokenFault NotValid(string rule) => new(rule, "the access token is not valid");
}
