using System.Text.Json;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Authorize;

/// <summary>The claims of a request that a client has signed, beside what they are judged against.</summary>
internal sealed record SignedRequest(string Jwt, JsonElement Payload, Client Client, string Issuer, DateTimeOffset Now)
{
    private const int MaxJtiLength = 255;

    /// <summary>How old a request may be and how long it may live, in every profile that has signed requests.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(60);

    public bool NamesItsClient => Text("iss") == Client.ClientId;

    /// <summary>The issuer, as a string or inside an array; an endpoint's address alone is not enough.</summary>
    public bool IsForUs => Claims.Holds(Payload, "aud", Issuer);

    public bool SaysWhenItBegins => Seconds("nbf") is not null;

    /// <summary>By the clock rule; what is not there does not lie in the future.</summary>
    public bool IsNotFromTheFuture => JwtClock.HasBegun(Payload, "nbf", Now) && JwtClock.HasBegun(Payload, "iat", Now);

    public bool IsRecent => Seconds("nbf") is { } from && DateTimeOffset.FromUnixTimeSeconds(from) >= Now - Longest;

    public bool HasNotEnded => JwtClock.HasNotEnded(Payload, Now);

    public bool IsShortLived => Seconds("exp") is { } end && Seconds("nbf") is { } from && end - from <= Longest.TotalSeconds;

    /// <summary>Whoever names the client as <c>sub</c> writes an assertion, and must not have one taken for the other.</summary>
    public bool IsNoAssertion => Text("sub") != Client.ClientId;

    public string? Id => Text("jti");

    /// <summary>Says when it was made, when it begins, when it ends and what it is called.</summary>
    public bool IsComplete => Seconds("exp") is not null && Seconds("iat") is not null && SaysWhenItBegins && Id is not null && HasReadableId;

    public bool HasReadableId => !Has("jti") || Id is { Length: > 0 and <= MaxJtiLength };

    /// <summary>When it has ended everywhere, so that its <c>jti</c> may be forgotten.</summary>
    public DateTimeOffset ForgottenAt => DateTimeOffset.FromUnixTimeSeconds(Seconds("exp")!.Value) + JwtClock.AfterEnd;

    public bool Has(string name) => Claims.Has(Payload, name);

    public string? Text(string name) => Claims.Text(Payload, name);

    private long? Seconds(string name) => Claims.Seconds(Payload, name);
}

/// <summary>What one kind of signed request must be; the first row that does not hold answers.</summary>
/// <param name="Code">The error of whatever breaks a row.</param>
/// <param name="Types">Allowed values of <c>typ</c> (KEY-11).</param>
/// <param name="Algorithm">The algorithm that a client has registered for this kind; null where any of ours will do.</param>
internal sealed record SignedRequestRules(
    string Code, IReadOnlySet<string?> Types, Func<Client, string?> Algorithm, IReadOnlyList<SignedRequestRules.Row> InOrder)
{
    private const Profile F2 = Profile.F2;
    private const Profile F1 = Profile.F1 | Profile.Baseline;

    /// <summary>A request object (RFC 9101).</summary>
    public static readonly SignedRequestRules Authorization = new(
        "invalid_request_object",
        new HashSet<string?>(StringComparer.Ordinal) { "oauth-authz-req+jwt", "JWT", null },
        client => client.RequestObjectAlgorithm,
        [
            new(F2 | F1, "JAR-03", "iss of the request object is not the client", request => !request.Has("iss") || request.NamesItsClient),
            new(F2, "MS-02", "aud of the request object is not the issuer", request => request.IsForUs),
            new(F1, "F1-09", "aud of the request object is not the issuer", request => request.IsForUs),
            new(F2, "MS-03", "the request object needs an nbf of the last 60 minutes", request => request.SaysWhenItBegins && request.IsRecent),
            new(F1, "F1-08", "the request object needs an nbf of the last 60 minutes", request => request.SaysWhenItBegins && request.IsRecent),
            new(F2, "MS-05", "the request object is from the future", request => request.IsNotFromTheFuture),
            new(F1, "F1-08", "the request object is from the future", request => request.IsNotFromTheFuture),
            new(F2, "MS-04", "the request object needs an exp that is not past and at most 60 minutes after nbf", request => request.HasNotEnded && request.IsShortLived),
            new(F1, "F1-07", "the request object needs an exp that is not past and at most 60 minutes after nbf", request => request.HasNotEnded && request.IsShortLived),
            new(F2 | F1, "JAR-10", "sub of the request object is the client", request => request.IsNoAssertion),
            new(F2 | F1, "JAR-04", "the request object has request or request_uri inside", request => !request.Has("request") && !request.Has("request_uri")),
            new(F2 | F1, "JAR-12", "jti of the request object must be a text of up to 255 characters", request => request.HasReadableId),
        ]);

    /// <summary>A request on the back channel (CIBA 7.1.1): every claim is needed, and no error tells one fault from another.</summary>
    public static readonly SignedRequestRules Backchannel = new(
        "invalid_request",
        new HashSet<string?>(StringComparer.Ordinal) { "JWT", null },
        client => client.BackchannelSigningAlgorithm,
        [
            new(F2 | F1, "CIBA-01", "iss of the signed request is not the client", request => request.NamesItsClient),
            new(F2 | F1, "CIBA-04", "aud of the signed request is not the issuer", request => request.IsForUs),
            new(F2 | F1, "CIBA-04", "the signed request needs exp, iat, nbf and a jti of up to 255 characters", request => request.IsComplete),
            new(F2 | F1, "CIBA-05", "the signed request needs an nbf of the last 60 minutes", request => request.IsRecent && request.IsNotFromTheFuture),
            new(F2 | F1, "CIBA-05", "the signed request needs an exp that is not past and at most 60 minutes after nbf", request => request.HasNotEnded && request.IsShortLived),
            new(F2 | F1, "JAR-10", "sub of the signed request is the client", request => request.IsNoAssertion),
        ]);

    public OAuthError? FirstRefusal(SignedRequest request) => InOrder
        .Where(row => (row.For & request.Client.Profile) != Profile.None && !row.Holds(request))
        .Select(row => new OAuthError(Code, row.Rule, row.Description))
        .FirstOrDefault();

    internal sealed record Row(Profile For, string Rule, string Description, Func<SignedRequest, bool> Holds);
}
