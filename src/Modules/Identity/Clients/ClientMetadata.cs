using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Clients;

/// <summary>What else than the metadata decides over them.</summary>
/// <param name="Kinds">What can be asked for here; what else is known is left out.</param>
/// <param name="AllowLoopback">Sandbox: the client's own addresses may be on this machine.</param>
/// <param name="AllowLoopbackRedirects">Customers may be sent back to this machine.</param>
/// <param name="Methods">How the client may authenticate; in none of them a secret is shared (F1-10).</param>
internal sealed record MetadataPolicy(OfferedKinds Kinds, bool AllowLoopback, bool AllowLoopbackRedirects, IReadOnlyList<string> Methods)
{
    public static readonly IReadOnlyList<string> AllMethods =
        [ClientAuthentication.PrivateKeyJwt, ClientAuthentication.TlsClientAuth, ClientAuthentication.SelfSignedTlsClientAuth];
}

/// <summary>Metadata that can stand.</summary>
/// <param name="Metadata">Each member as it holds, for the answer of a registration (DCR-04).</param>
/// <param name="LeftOut">Words that are known but not offered here.</param>
internal sealed record JudgedClient(Client Client, JsonObject Metadata, IReadOnlyList<string> LeftOut);

/// <summary>
/// Judges one client's metadata (RFC 7591) and makes a client of it, whether they come by a file or by a registration. An unknown word
/// is a mistake and is named; a word that is known but not offered here is left out; a member that is not known is ignored (DCR-04).
/// </summary>
internal sealed class ClientMetadata
{
    /// <summary>What a third party may be (OB-SEC-6).</summary>
    public static readonly IReadOnlyList<string> Roles = ["AISP", "PISP", "CBPII", "ASPSP"];

    /// <summary>Words, and whether each is offered.</summary>
    private static readonly Dictionary<string, bool> GrantTypeWords = new(StringComparer.Ordinal)
    {
        ["authorization_code"] = true,
        ["refresh_token"] = true,
        ["client_credentials"] = true,
        ["implicit"] = false, // Hybrid clients register it by habit; no grant of ours goes by it.
        ["urn:openid:params:grant-type:ciba"] = true,
    };

    /// <summary>For whatever is signed, also by us: nothing of PKCS 1 v1.5 and never <c>none</c> (JARM-07).</summary>
    private static readonly string[] Algorithms = ["PS256", "ES256"];
    private static readonly string[] SubjectTypes = ["pairwise", "public"];
    private static readonly string[] ApplicationTypes = ["web", "native", "mobile"];

    private static readonly string[] CertificateFields =
        [ClientCertificate.SubjectDn, ClientCertificate.SanDns, ClientCertificate.SanUri, ClientCertificate.SanIp, ClientCertificate.SanEmail];

    /// <summary>Names that an answer carries; in a registered address they would be taken for one (OA-18).</summary>
    private static readonly string[] ResponseNames = ["code", "state", "iss", "error", "response"];

    private const int LongestLegalName = 255;

    private readonly MetadataReader members;
    private readonly MetadataPolicy policy;
    private readonly string id;

    private ClientMetadata(string id, MetadataReader members, MetadataPolicy policy)
    {
        this.id = id;
        this.members = members;
        this.policy = policy;
    }

    /// <summary>The client, or the first thing that cannot stand.</summary>
    /// <param name="json">An object.</param>
    public static Outcome<JudgedClient, MetadataFault> Judge(string id, JsonElement json, MetadataPolicy policy, DateTimeOffset now)
    {
        var read = new MetadataReader(json);
        var client = new ClientMetadata(id, read, policy).ToClient(now);
        if (read.Fault is { } fault) return fault;
        return new JudgedClient(client, read.Taken, read.LeftOut);
    }

    private Client ToClient(DateTimeOffset now)
    {
        var word = members.Needed("security_profile", "DCR-15");
        if (!ProfileRules.Names.TryGetValue(word, out var profile)) members.Refuse("DCR-15", "has an unknown security_profile");

        var roles = members.List("software_roles");
        if (roles.Except(Roles, StringComparer.Ordinal).Any()) members.Refuse("DCR-01", "has an unknown word in software_roles");
        var grants = members.Offered(
            "grant_types", GrantTypeWords, members.List("grant_types"), ["authorization_code", "refresh_token", "client_credentials"], "DC-06");
        members.Keep("grant_types", grants);
        var scopes = Scopes(roles, profile);

        var applicationType = members.OneOf("application_type", ApplicationTypes, "web", "DCR-01");
        var redirects = members.List("redirect_uris");
        foreach (var uri in redirects) JudgeRedirect(uri, profile, applicationType != "web");
        var responses = ReadResponseTypes(grants, redirects, profile);

        var method = members.OneOf("token_endpoint_auth_method", policy.Methods, ClientAuthentication.PrivateKeyJwt, "CA-01");
        var (field, value) = Certificate(method);
        JudgeOtherMembers();
        var backchannel = BackchannelMetadata.Read(members, grants, profile, Algorithms, policy.AllowLoopback);
        var client = new Client
        {
            ClientId = id,
            Profile = profile,
            Name = members.Name("client_name") ?? id,
            OnBehalfOf = members.Name("software_on_behalf_of_org") ?? members.Name("on_behalf_of"),
            ClientUri = members.Link("client_uri"),
            OrganisationId = members.Text("org_id"),
            OrganisationName = members.Name("org_name", LongestLegalName),
            SoftwareId = members.Text("software_id"),
            Roles = roles,
            RedirectUris = redirects,
            GrantTypes = grants,
            ResponseTypes = responses,
            Scopes = scopes,
            AuthorizationDetailsTypes = DetailsTypes(roles, scopes),
            AuthenticationMethod = method,
            AssertionAlgorithm = members.Has("token_endpoint_auth_signing_alg") ? members.OneOf("token_endpoint_auth_signing_alg", Algorithms, "", "DCR-09") : null,
            IdTokenAlgorithm = members.OneOf("id_token_signed_response_alg", Algorithms, "PS256", "DCR-09"),
            RequestObjectAlgorithm = members.Has("request_object_signing_alg") ? members.OneOf("request_object_signing_alg", Algorithms, "", "DCR-09") : null,
            RequiresSignedRequests = Requires("require_signed_request_object", ProfileRules.SignsRequests, profile, "signed"),
            RequiresPushedRequests = Requires("require_pushed_authorization_requests", ProfileRules.PushesRequests, profile, "pushed"),
            AuthorizationResponseAlgorithm = members.Has("authorization_signed_response_alg") || ProfileRules.MayGetJwtAnswers.HoldsFor(profile)
                ? members.OneOf("authorization_signed_response_alg", Algorithms, "PS256", "DCR-09")
                : "PS256",
            UserInfoAlgorithm = members.Has("userinfo_signed_response_alg") ? members.OneOf("userinfo_signed_response_alg", Algorithms, "", "DCR-09") : null,
            IntrospectionAlgorithm = members.Has("introspection_signed_response_alg") || ProfileRules.GetsSignedIntrospection.HoldsFor(profile)
                ? members.OneOf("introspection_signed_response_alg", Algorithms, "PS256", "DCR-09")
                : null,
            UsesDpop = UsesDpop(method, profile),
            Jwks = Jwks(),
            JwksUri = JwksUri(),
            CertificateField = field,
            CertificateValue = value,
            Sector = Sector(redirects),
            SubjectType = members.OneOf("subject_type", SubjectTypes, "pairwise", "DCR-01"),
            RequiresAuthTime = members.Flag("require_auth_time") ?? false,
            BackchannelDelivery = backchannel.Delivery,
            BackchannelNotificationEndpoint = backchannel.NotificationEndpoint,
            BackchannelSigningAlgorithm = backchannel.SigningAlgorithm,
            RegisteredAt = now,
        };
        var needsKeys = method != ClientAuthentication.TlsClientAuth || client.RequiresSignedRequests || client.BackchannelSigningAlgorithm is not null;
        if (client is { Jwks: null, JwksUri: null } && needsKeys) members.Refuse("DCR-08", "needs jwks or jwks_uri");
        return client;
    }

    private string[] Scopes(string[] roles, Profile profile)
    {
        var asked = members.Words("scope");
        var scopes = members.Offered("scope", policy.Kinds.ScopeWords, asked, DefaultScopes(roles, profile), "DC-05");
        if (ProfileRules.OnlyReads.HoldsFor(profile) && asked.Except(ProfileRules.ReadingScopes, StringComparer.Ordinal).Any())
            members.Refuse("DCR-15", "asks for a scope that a profile for reading does not have");
        if (asked.FirstOrDefault(scope => !GrantedScope.RoleAllows(scope, roles)) is { } beyond)
            members.Refuse("SSA-09", $"asks for scope {beyond} without the role {GrantedScope.RoleFor(beyond)} (OB-SEC-6)");

        members.Taken["scope"] = string.Join(' ', scopes);
        return scopes;
    }

    private string[] DefaultScopes(string[] roles, Profile profile)
    {
        var apis = policy.Kinds.ScopesOf(roles).Where(scope => !ProfileRules.OnlyReads.HoldsFor(profile) || ProfileRules.ReadingScopes.Contains(scope)).ToArray();
        return apis.Length > 0 ? [GrantedScope.OpenId, GrantedScope.OfflineAccess, .. apis] : [GrantedScope.OpenId];
    }

    private string[] DetailsTypes(string[] roles, string[] scopes)
    {
        var asked = members.List("authorization_details_types");
        var types = members.Offered("authorization_details_types", policy.Kinds.DetailsTypeWords, asked, policy.Kinds.DetailsTypesOf(scopes), "DC-05");
        if (ConsentKind.All.FirstOrDefault(kind => asked.Contains(kind.DetailsType) && !roles.Contains(kind.Role)) is { } beyond)
            members.Refuse("SSA-09", $"asks for details of type {beyond.DetailsType} without the role {beyond.Role}");

        members.Keep("authorization_details_types", types);
        return types;
    }

    private void JudgeRedirect(string text, Profile profile, bool isNative)
    {
        if (text.Length > 2000 || !text.All(letter => letter is > ' ' and <= '~' and not ('\\' or '"' or '<' or '>' or '*'))
            || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || text.Contains('#', StringComparison.Ordinal))
        {
            members.Refuse("DCR-05", "has a redirect URI that is not a plain absolute address", MetadataFault.InvalidRedirectUri);
            return;
        }

        // Plain http only for a native client that listens on this very machine (F2-PAR-08), and in FAPI 1.0 not even there (F1-18).
        var isNativeLoopback = uri.Scheme == Uri.UriSchemeHttp && isNative && uri.Host is "127.0.0.1" or "[::1]";
        var mayBePlain = isNativeLoopback && policy.AllowLoopbackRedirects && !ProfileRules.RedirectsAreHttps.HoldsFor(profile);
        if (uri.Scheme != Uri.UriSchemeHttps && !mayBePlain)
            members.Refuse("DCR-05", "has a redirect URI that is not https", MetadataFault.InvalidRedirectUri);
        else if (uri.IsLoopback && !policy.AllowLoopbackRedirects)
            members.Refuse("OB-DCR-4", "has a redirect URI on the customer's own machine", MetadataFault.InvalidRedirectUri);

        var query = uri.Query.TrimStart('?').Split('&').Select(pair => Uri.UnescapeDataString(pair.Split('=')[0]));
        if (query.Intersect(ResponseNames, StringComparer.OrdinalIgnoreCase).Any())
            members.Refuse("OA-18", "has a redirect URI with a parameter that answers carry", MetadataFault.InvalidRedirectUri);
    }

    /// <summary>Who goes to the authorization endpoint has a place to come back to, and who does not has none (DCR-07).</summary>
    private string[] ReadResponseTypes(string[] grants, string[] redirects, Profile profile)
    {
        var visits = grants.Contains("authorization_code");
        var types = members.List("response_types");
        if (!members.Has("response_types")) types = visits ? ["code"] : [];
        if (types.Except([ResponseTypes.Code, .. ProfileRules.MayBeHybrid.HoldsFor(profile) ? (string[])[ResponseTypes.Hybrid] : []], StringComparer.Ordinal).Any())
            members.Refuse("OB-DCR-6", "has a word in response_types that its profile does not have");
        if (types.Length > 0 != visits) members.Refuse("DCR-07", "has response_types that do not agree with its grant_types");
        if (redirects.Length == 0 && visits) members.Refuse("DCR-05", "has no redirect_uris", MetadataFault.InvalidRedirectUri);
        if (visits || members.Has("response_types")) members.Keep("response_types", types);
        return types;
    }

    private (string? Field, string? Value) Certificate(string method)
    {
        var given = CertificateFields.Where(field => members.Has("tls_client_auth_" + field)).ToList();
        if (method != ClientAuthentication.TlsClientAuth) return (null, null);
        if (given.Count != 1)
        {
            members.Refuse("DCR-10", "must have exactly one tls_client_auth_* value (MTLS-03)");
            return (null, null);
        }

        var value = members.Needed("tls_client_auth_" + given[0], "DCR-10");
        if (given[0] == ClientCertificate.SubjectDn && DistinguishedName.Parse(value) is null)
            members.Refuse("DCR-10", "has a tls_client_auth_subject_dn that is no distinguished name");
        return (given[0], value);
    }

    /// <summary>What a profile demands, a client may demand of itself; the other way round it may not say less than its profile does (DC-06).</summary>
    private bool Requires(string name, ProfileRule rule, Profile profile, string what)
    {
        var asked = members.Flag(name);
        if (asked == false && rule.HoldsFor(profile)) members.Refuse("DC-06", $"wants to send authorization requests that are not {what}");
        var requires = asked == true || rule.HoldsFor(profile);
        if (requires) members.Taken[name] = true;
        return requires;
    }

    /// <summary>What no row of the client holds.</summary>
    private void JudgeOtherMembers()
    {
        foreach (var name in (string[])["logo_uri", "policy_uri", "tos_uri", "initiate_login_uri"]) members.Link(name);

        // Language variants of what customers read are kept as they are judged (DCR-14).
        foreach (var name in members.Names.Where(name => name.Contains('#', StringComparison.Ordinal)))
        {
            switch (name[..name.IndexOf('#', StringComparison.Ordinal)])
            {
                case "client_name": members.Name(name); break;
                case "client_uri" or "logo_uri" or "policy_uri" or "tos_uri": members.Link(name); break;
            }
        }
    }

    private bool UsesDpop(string method, Profile profile)
    {
        var (dpop, certificate) = (members.Flag("dpop_bound_access_tokens"), members.Flag("tls_client_certificate_bound_access_tokens"));
        if (dpop == true && certificate == true) members.Refuse("DCR-15", "binds its tokens both to DPoP keys and to certificates");
        var knowsCertificatesAlone = ProfileRules.BindsToCertificates.HoldsFor(profile);
        if (dpop == true && knowsCertificatesAlone)
            members.Refuse("F1-04", "binds its tokens to DPoP keys, and its profile knows certificates alone (F1-04)");

        var byDefault = method == ClientAuthentication.PrivateKeyJwt && !knowsCertificatesAlone;
        var uses = dpop == true || (certificate != true && byDefault);
        if ((uses ? dpop : certificate) == false) members.Refuse("DC-06", "wants tokens that are bound to nothing");
        members.Taken["dpop_bound_access_tokens"] = uses;
        members.Taken["tls_client_certificate_bound_access_tokens"] = !uses; // MTLS-08
        return uses;
    }

    private string? Jwks()
    {
        if (!members.Has("jwks")) return null;
        if (members.Has("jwks_uri")) members.Refuse("DCR-08", "has both jwks and jwks_uri");
        var text = members.Raw("jwks").GetRawText();
        if (KeySet.Parse(Encoding.UTF8.GetBytes(text)).Failed(out var fault, out var set))
        {
            members.Refuse("DCR-08", $"has a jwks that cannot be taken: {fault.Reason} ({fault.Rule})");
            return null;
        }

        if (set.Keys.Count == 0) members.Refuse("DCR-08", "has a jwks without a key for signatures");
        if (set.Keys.Where(key => key.KeyId is not null).GroupBy(key => key.KeyId, StringComparer.Ordinal).Any(group => group.Count() > 1))
            members.Refuse("DCR-08", "has a jwks with two keys of one kid");
        members.Taken["jwks"] = JsonNode.Parse(text);
        return text;
    }

    private string? JwksUri()
    {
        if (members.Text("jwks_uri") is not { } uri) return null;
        if (OutboundHttp.Problem(uri, policy.AllowLoopback) is { } problem) members.Refuse("DC-10", $"has a jwks_uri that {problem}");
        return uri;
    }

    /// <summary>
    /// PW-02: the host of the sector's address, or the one host of all redirect URIs; without any, where the keys are. A directory keeps
    /// the keys of everybody on one host, so there each software is a sector of its own (decision 13).
    /// </summary>
    private string Sector(string[] redirects)
    {
        if (members.Text("sector_identifier_uri") is { } sector)
        {
            if (Uri.TryCreate(sector, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps) return uri.Host;
            members.Refuse("DCR-12", "has a sector_identifier_uri that is not https");
        }

        var hosts = redirects.Select(redirect => Uri.TryCreate(redirect, UriKind.Absolute, out var uri) ? uri.Host : "").Distinct(StringComparer.Ordinal).ToList();
        if (hosts.Count > 1) members.Refuse("DCR-13", "has redirect URIs on several hosts and no sector_identifier_uri");
        if (hosts.Count > 0) return hosts[0];
        if (!Uri.TryCreate(members.Text("jwks_uri"), UriKind.Absolute, out var home)) return id;
        return members.Text("software_id") is { } software ? $"{home.Host}/{software}" : home.Host; // No host has a slash.
    }
}
