namespace OpenBanking.Identity.Clients;

/// <summary>
/// Where the profiles differ: a row a rule, with the profiles it holds for. What depends on the content of an authorization request
/// is the same kind of table in <see cref="Authorize.AuthorizationRequestChecks"/>; together they say what one client may do.
/// </summary>
internal static class ProfileRules
{
    private const Profile F2 = Profile.F2;
    private const Profile MS = Profile.MS;
    private const Profile F1 = Profile.F1;
    private const Profile Baseline = Profile.Baseline;

    // Registration

    /// <summary>F1-04: access tokens are bound to certificates and never to DPoP keys.</summary>
    public static readonly ProfileRule BindsToCertificates = new(F1);

    /// <summary>F1-18, F1-30: a redirect URI is <c>https</c>, also for a native client.</summary>
    public static readonly ProfileRule RedirectsAreHttps = new(F1 | Baseline);

    /// <summary>It may read and nothing else: Baseline is no profile to move money by.</summary>
    public static readonly ProfileRule OnlyReads = new(Baseline);

    // Client authentication

    /// <summary>CA-07: the audience of its assertions is the issuer alone, as one JSON string; elsewhere an endpoint will do too (CA-08).</summary>
    public static readonly ProfileRule AssertsToIssuerAlone = new(F2);

    // Authorization requests

    /// <summary>MS-01, F1-01: it signs its authorization requests, so it has keys, however it authenticates.</summary>
    public static readonly ProfileRule SignsRequests = new(MS | F1);

    /// <summary>F2-PAR-03: it pushes its authorization requests; none comes through a browser.</summary>
    public static readonly ProfileRule PushesRequests = new(F2);

    /// <summary>F1-35: it may bring a request in the address of a browser.</summary>
    public static readonly ProfileRule MayBringRequests = new(F1 | Baseline);

    // Answers

    /// <summary>F1-02: its authorization answers may be hybrid, <c>code id_token</c>.</summary>
    public static readonly ProfileRule MayBeHybrid = new(F1);

    /// <summary>MS-06, F1-16: its authorization answers may come as JWTs; which modes there are says <see cref="Authorize.ResponseMode"/>.</summary>
    public static readonly ProfileRule MayGetJwtAnswers = new(MS | F1);

    /// <summary>CIBA-03: it signs its requests on the back channel, and registers with which algorithm.</summary>
    public static readonly ProfileRule SignsBackchannelRequests = new(F1);

    /// <summary>F1-33: it knows no error but <c>access_denied</c> for an authentication that was not strong enough.</summary>
    public static readonly ProfileRule HasNoWordForUnmetAcr = new(F1 | Baseline);

    /// <summary>JIN-01: it gets introspection answers as signed JWTs without registering an algorithm for them.</summary>
    public static readonly ProfileRule GetsSignedIntrospection = new(MS);

    /// <summary>GM-01 to GM-09: it may manage its grants by their ids; to other clients those parameters mean nothing.</summary>
    public static readonly ProfileRule ManagesGrants = new(F2);

    // Evidence

    /// <summary>MS-10: what it signs and what is signed for it is kept.</summary>
    public static readonly ProfileRule KeepsSignedMessages = new(MS);

    /// <summary>Every profile that there is, with the name by which a client registers it.</summary>
    public static readonly IReadOnlyDictionary<string, Profile> Names = new Dictionary<string, Profile>(StringComparer.Ordinal)
    {
        ["fapi2-sp"] = F2,
        ["fapi2-ms"] = F2 | MS,
        ["fapi1-advanced"] = F1,
        ["fapi1-baseline"] = Baseline,
    };

    /// <summary>Scopes of a client that only reads.</summary>
    public static readonly IReadOnlyList<string> ReadingScopes = ["openid", "offline_access", "accounts", "fundsconfirmations"];
}

/// <summary>A rule that holds for the clients of some profiles.</summary>
internal sealed record ProfileRule(Profile For)
{
    public bool HoldsFor(Profile profile) => (For & profile) != Profile.None;

    public bool HoldsFor(Client client) => HoldsFor(client.Profile);
}
