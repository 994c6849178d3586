using Microsoft.Extensions.Options;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Registration;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity;

/// <summary>What a deployment may choose. What the profile fixes is a constant where it is used, never an option.</summary>
internal sealed class AuthorizationServerOptions
{
    public const string Section = "Identity";

    /// <summary>Endpoints at which a client authenticates.</summary>
    private static readonly string[] AuthenticatedPaths = ["/token", "/par", "/introspect", "/revoke", "/bc-authorize"];

    /// <summary>The issuer, character by character as it stands in metadata, in <c>iss</c> and in every accepted <c>aud</c> (META-02). One for each brand: a second
    /// bank is a second deployment (META-20).</summary>
    public string Issuer { get; init; } = "https://localhost:5001";

    /// <summary>Base address of the endpoints that take client certificates (MTLS-09); without one, mTLS clients have nowhere to call.</summary>
    public string? MtlsIssuer { get; init; }

    /// <summary>How long a pushed request waits for its browser: 30 to 599 seconds (F2-PAR-11).</summary>
    public TimeSpan PushedRequestLifetime { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long an access token lives: up to 60 minutes.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long customers can look back at their sign-ins: 30 days or more.</summary>
    public TimeSpan SignInHistory { get; init; } = TimeSpan.FromDays(395);

    /// <summary>How long a grant that has ended is kept, to tell a late attempt from a wrong one: at least a day.</summary>
    public TimeSpan EndedGrantLifetime { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How long signed messages are kept as evidence (MS-10). A customer may dispute a payment for 13 months.</summary>
    public TimeSpan SignedMessageLife { get; init; } = TimeSpan.FromDays(400);

    /// <summary>How long a signing key signs before the next one takes over (KEY-16).</summary>
    public TimeSpan SigningKeyPeriod { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// Whether a DPoP proof must carry a nonce of ours. Off, the window of <c>iat</c> and the memory of <c>jti</c> guard against
    /// replay, and a nonce that a client sends all the same must be good; required, proofs made ahead of time are worth nothing, and
    /// each client pays a second round trip now and then.
    /// </summary>
    public DpopNonceDemand DpopNonces { get; init; } = DpopNonceDemand.Off;

    /// <summary>A JSON array of client metadata, read at start; sandbox only.</summary>
    public string? ClientsFile { get; init; }

    /// <summary>PEM file of the CAs whose client certificates count for <c>tls_client_auth</c> (MTLS-02).</summary>
    public string? ClientCertificateAuthorities { get; init; }

    /// <summary>Which of those CAs publish lists of revoked certificates, and where (MT-11).</summary>
    public IList<RevocationListOptions> ClientCertificateRevocation { get; } = [];

    /// <summary>What becomes of a certificate whose CA has a list that is missing or too old.</summary>
    public MissingRevocationList MissingRevocationList { get; init; }

    /// <summary>PEM file of the sandbox's own CA; Host says where it is.</summary>
    public string? SandboxClientCertificateAuthority { get; init; }

    /// <summary>Whose software statements count (SSA-01).</summary>
    public IList<DirectoryOptions> Directories { get; init; } = [];

    /// <summary>The directory that the sandbox runs itself; Host says where it is.</summary>
    public DirectoryOptions? SandboxDirectory { get; init; }

    /// <summary>Both, the configured ones first.</summary>
    public IEnumerable<DirectoryOptions> AllDirectories => SandboxDirectory is null ? Directories : Directories.Append(SandboxDirectory);

    /// <summary>Sandbox only: a client's <c>jwks_uri</c> may be on this machine. Anywhere else that is an attack on our network (DC-10).</summary>
    public bool AllowLoopbackTargets { get; init; }

    /// <summary>APIs of other teams that may ask what their callers' tokens stand for (INT-03).</summary>
    public IList<ResourceServerRegistration> ResourceServers { get; } = [];

    /// <summary>
    /// Whether a client may send a request to a customer with whom it has had no access before. Otherwise the customer's first one goes
    /// through a browser: who only guesses names must not make a stranger's telephone ring (CIBA-36).
    /// </summary>
    public bool BackchannelFirstContact { get; init; }

    /// <summary>Who the bank is in its message signatures: its organisation id in the directory, or the subject of its certificate (OB-JWS-17).</summary>
    public string OrganisationId { get; init; } = "";

    /// <summary>The trust anchor that message signatures name, theirs and ours (OB-JWS-10).</summary>
    public string TrustAnchor { get; init; } = "openbanking.org.uk";

    /// <summary>An endpoint's public address.</summary>
    public string Endpoint(string path) => Issuer.TrimEnd('/') + path;

    /// <summary>An endpoint's public address for clients that show a certificate; null where there is none.</summary>
    public string? MtlsEndpoint(string path) => MtlsIssuer is null ? null : MtlsIssuer.TrimEnd('/') + path;

    /// <summary>The names under which older clients know this server in the <c>aud</c> of an assertion: the issuer and each endpoint that takes one (CA-08).</summary>
    public IEnumerable<string> Audiences() =>
        [Issuer, .. AuthenticatedPaths.SelectMany(path => new[] { Endpoint(path), MtlsEndpoint(path) }).OfType<string>()];

    /// <summary>What of this the calls to clients' addresses go by.</summary>
    public OutboundRules Outbound => new(AllowLoopbackTargets, SandboxClientCertificateAuthority);

    /// <summary>What of this the check of access tokens goes by.</summary>
    public void Describe(ResourceServerOptions kit)
    {
        kit.Addresses.Add(Issuer);
        if (MtlsIssuer is not null) kit.Addresses.Add(MtlsIssuer);
        kit.DemandsNonces = DpopNonces == DpopNonceDemand.Required;
        foreach (var (scope, role) in GrantedScope.Roles) kit.RoleForScope[scope] = role;
    }

    /// <summary>What cannot stand, a sentence each; a server with problems does not start.</summary>
    public IEnumerable<string> Problems(OfferedKinds offered)
    {
        if (!IsBaseAddress(Issuer)) yield return "Identity:Issuer must be an https URL without query or fragment";
        if (MtlsIssuer is not null && !IsBaseAddress(MtlsIssuer)) yield return "Identity:MtlsIssuer must be an https URL without query or fragment";
        if (PushedRequestLifetime < TimeSpan.FromSeconds(30) || PushedRequestLifetime > TimeSpan.FromSeconds(599))
            yield return "Identity:PushedRequestLifetime must be from 30 to 599 seconds";
        if (AccessTokenLifetime < TimeSpan.FromSeconds(1) || AccessTokenLifetime > TimeSpan.FromMinutes(60))
            yield return "Identity:AccessTokenLifetime must be from 1 second to 60 minutes";
        if (EndedGrantLifetime < TimeSpan.FromDays(1)) yield return "Identity:EndedGrantLifetime must be at least one day";
        if (OrganisationId.Length == 0) yield return "Identity:OrganisationId must say who signs the bank's answers";
        if (TrustAnchor.Length == 0) yield return "Identity:TrustAnchor must name the trust anchor of message signatures";
        if (SigningKeyPeriod < TimeSpan.FromDays(1)) yield return "Identity:SigningKeyPeriod must be at least one day";
        if (SignInHistory < TimeSpan.FromDays(30) || SignInHistory > TimeSpan.FromDays(36500)) yield return "Identity:SignInHistory must be from 30 to 36500 days";
        if (SignedMessageLife < TimeSpan.FromDays(30) || SignedMessageLife > TimeSpan.FromDays(36500)) yield return "Identity:SignedMessageLife must be from 30 to 36500 days";
        foreach (var server in ResourceServers)
        {
            if (server.ClientId.Length == 0 || server.Scopes.Count == 0 || !IsBaseAddress(server.Audience))
                yield return "Identity:ResourceServers must each have a ClientId, an https Audience and Scopes";
        }

        if (!Enum.IsDefined(MissingRevocationList)) yield return "Identity:MissingRevocationList must be RefusePayments, Refuse or Admit";
        string?[] authorities = [ClientCertificateAuthorities, SandboxClientCertificateAuthority];
        foreach (var problem in ClientCertificateRevocation.SelectMany((list, at) => list.Problems($"Identity:ClientCertificateRevocation:{at}", authorities, AllowLoopbackTargets)))
            yield return problem;
        if (!Enum.IsDefined(DpopNonces)) yield return "Identity:DpopNonces must be off or required";
        foreach (var problem in Directories.SelectMany((directory, at) => directory.Problems($"Identity:Directories:{at}"))) yield return problem;
        if (AllDirectories.DistinctBy(directory => directory.Issuer).Count() < AllDirectories.Count()) yield return "Identity:Directories names an issuer twice";
        foreach (var (name, file) in Files())
        {
            if (file is not null && !File.Exists(file)) yield return $"Identity:{name} names a file that is not there";
            else if (file is not null && name is nameof(ClientsFile)
                && Clients.ClientsFile.Read(file, offered, AllowLoopbackTargets, DateTimeOffset.UnixEpoch).Problem is { } problem)
            {
                yield return $"Identity:{name} cannot be taken: {problem}";
            }
        }
    }

    /// <summary>Has the framework ask for problems before anything starts.</summary>
    internal sealed class Check(OfferedKinds offered) : IValidateOptions<AuthorizationServerOptions>
    {
        public ValidateOptionsResult Validate(string? name, AuthorizationServerOptions options) =>
            options.Problems(offered).ToList() is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }

    private static bool IsBaseAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri.Scheme == Uri.UriSchemeHttps
        && !text.Contains('?', StringComparison.Ordinal)
        && !text.Contains('#', StringComparison.Ordinal)
        && uri.UserInfo.Length == 0;

    private IEnumerable<(string Name, string? File)> Files() =>
    [
        (nameof(ClientsFile), ClientsFile),
        (nameof(ClientCertificateAuthorities), ClientCertificateAuthorities),
        (nameof(SandboxClientCertificateAuthority), SandboxClientCertificateAuthority),
    ];
}

/// <summary>An API of another team: the client it authenticates as, the name under which tokens are for it, and what it serves.</summary>
internal sealed class ResourceServerRegistration
{
    public string ClientId { get; init; } = "";

    public string Audience { get; init; } = "";

    public IList<string> Scopes { get; } = [];
}

/// <summary>When a DPoP proof must carry a nonce (F2-GEN-06).</summary>
internal enum DpopNonceDemand
{
    Off,
    Required,
}
