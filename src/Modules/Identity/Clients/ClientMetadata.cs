using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// Judges one client's metadata (RFC 7591) and makes a client of it. An unknown word is a mistake and is named; a word that is known
/// but not offered here is left out with a warning.
/// </summary>
internal sealed class ClientMetadata(JsonElement json, List<string> warnings)
{
    private const int MaxNameLength = 100;

    /// <summary>Words, and whether each is offered.</summary>
    private static readonly Dictionary<string, bool> GrantTypeWords = new(StringComparer.Ordinal)
    {
        ["authorization_code"] = true,
        ["refresh_token"] = true,
        ["client_credentials"] = true,
        ["urn:openid:params:grant-type:ciba"] = true,
    };

    private static readonly Dictionary<string, bool> ScopeWords = new(StringComparer.Ordinal)
    {
        ["openid"] = true,
        ["offline_access"] = true,
        ["accounts"] = true,
        ["payments"] = false,
        ["fundsconfirmations"] = false,
    };

    private static readonly Dictionary<string, bool> DetailsTypeWords = new(StringComparer.Ordinal)
    {
        ["account_information"] = true,
        ["payment_initiation"] = false,
        ["variable_recurring_payment"] = false,
        ["funds_confirmation"] = false,
    };

    private static readonly string[] BackchannelMembers =
        ["backchannel_token_delivery_mode", "backchannel_client_notification_endpoint", "backchannel_authentication_request_signing_alg", "backchannel_user_code_parameter"];

    private static readonly string[] RoleWords = ["AISP", "PISP", "CBPII", "ASPSP"];
    private static readonly string[] Algorithms = ["PS256", "ES256"];
    private static readonly string[] SubjectTypes = ["pairwise", "public"];

    private static readonly string[] Methods =
        [ClientAuthentication.PrivateKeyJwt, ClientAuthentication.TlsClientAuth, ClientAuthentication.SelfSignedTlsClientAuth];

    private static readonly string[] CertificateFields =
        [ClientCertificate.SubjectDn, ClientCertificate.SanDns, ClientCertificate.SanUri, ClientCertificate.SanIp, ClientCertificate.SanEmail];

    /// <summary>Names that an answer carries; in a registered address they would be taken for one (OA-18).</summary>
    private static readonly string[] ResponseNames = ["code", "state", "iss", "error", "response"];

    private string id = "?";

    /// <summary>The client.</summary>
    /// <exception cref="NotAcceptableException">Something in it cannot stand.</exception>
    public Client ToClient(bool allowLoopback, DateTimeOffset now)
    {
        if (json.ValueKind != JsonValueKind.Object) throw new NotAcceptableException("each client must be a JSON object");
        id = Text("client_id") ?? throw new NotAcceptableException("a client has no client_id");
        if (id.Length > 255 || !id.All(letter => letter is > ' ' and <= '~')) throw new NotAcceptableException("a client_id must be 1 to 255 visible ASCII characters");

        var profile = ProfileRules.Names.TryGetValue(Needed("security_profile"), out var known) ? known : throw Problem("has an unknown security_profile");
        var roles = List("software_roles");
        if (roles.Except(RoleWords, StringComparer.Ordinal).Any()) throw Problem("has an unknown word in software_roles");
        var grants = Offered("grant_types", GrantTypeWords, List("grant_types"), ["authorization_code", "refresh_token", "client_credentials"]);
        var scopes = Offered("scope", ScopeWords, Words("scope"), roles.Contains("AISP") ? ["openid", "offline_access", "accounts"] : ["openid"]);
        if (scopes.Contains("accounts") && !roles.Contains("AISP")) throw Problem("asks for scope accounts without the role AISP (OB-SEC-6)");
        if (ProfileRules.OnlyReads.HoldsFor(profile) && Words("scope").Except(ProfileRules.ReadingScopes, StringComparer.Ordinal).Any())
            throw Problem("asks for a scope that a profile for reading does not have");

        var redirects = List("redirect_uris");
        foreach (var uri in redirects) JudgeRedirect(uri, profile);
        if (redirects.Length == 0 && grants.Contains("authorization_code")) throw Problem("has no redirect_uris");

        var method = OneOf("token_endpoint_auth_method", Methods, ClientAuthentication.PrivateKeyJwt);
        var (field, value) = Certificate(method);
        var client = new Client
        {
            ClientId = id,
            Profile = profile,
            Name = Name("client_name") ?? id,
            OnBehalfOf = Name("software_on_behalf_of_org") ?? Name("on_behalf_of"),
            ClientUri = ClientUri(),
            OrganisationId = Text("org_id"),
            SoftwareId = Text("software_id"),
            Roles = roles,
            RedirectUris = redirects,
            GrantTypes = grants,
            Scopes = scopes,
            AuthorizationDetailsTypes = Offered(
                "authorization_details_types", DetailsTypeWords, List("authorization_details_types"), scopes.Contains("accounts") ? ["account_information"] : []),
            AuthenticationMethod = method,
            AssertionAlgorithm = Has("token_endpoint_auth_signing_alg") ? OneOf("token_endpoint_auth_signing_alg", Algorithms, "") : null,
            IdTokenAlgorithm = OneOf("id_token_signed_response_alg", Algorithms, "PS256"),
            UsesDpop = UsesDpop(method, profile),
            Jwks = Jwks(),
            JwksUri = JwksUri(allowLoopback),
            CertificateField = field,
            CertificateValue = value,
            Sector = Sector(redirects),
            SubjectType = OneOf("subject_type", SubjectTypes, "pairwise"),
            RequiresAuthTime = Flag("require_auth_time") ?? false,
            BackchannelDelivery = BackchannelDelivery(grants),
            BackchannelNotificationEndpoint = BackchannelNotificationEndpoint(allowLoopback),
            BackchannelSigningAlgorithm = BackchannelSigningAlgorithm(grants, profile),
            RegisteredAt = now,
        };
        var needsKeys = method != ClientAuthentication.TlsClientAuth || ProfileRules.SignsRequests.HoldsFor(profile);
        if (client is { Jwks: null, JwksUri: null } && needsKeys) throw Problem("needs jwks or jwks_uri");
        return client;
    }

    private string[] Offered(string name, Dictionary<string, bool> words, string[] given, string[] otherwise)
    {
        if (!Has(name)) return otherwise;
        if (given.FirstOrDefault(word => !words.ContainsKey(word)) is not null) throw Problem($"has an unknown word in {name}");
        foreach (var word in given.Where(word => !words[word])) warnings.Add($"client {id}: {word} in {name} is left out, it is not offered yet");
        return [.. given.Where(word => words[word]).Distinct(StringComparer.Ordinal)];
    }

    private void JudgeRedirect(string text, Profile profile)
    {
        if (text.Length > 2000 || !text.All(letter => letter is > ' ' and <= '~' and not ('\\' or '"' or '<' or '>' or '*'))
            || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || text.Contains('#', StringComparison.Ordinal))
        {
            throw Problem("has a redirect URI that is not a plain absolute address");
        }

        // Plain http only for a native client that listens on this very machine (F2-PAR-08), and in FAPI 1.0 not even there (F1-18).
        var isNativeLoopback = uri.Scheme == Uri.UriSchemeHttp && Text("application_type") == "native" && uri.Host is "127.0.0.1" or "[::1]";
        var mayBePlain = isNativeLoopback && !ProfileRules.RedirectsAreHttps.HoldsFor(profile);
        if (uri.Scheme != Uri.UriSchemeHttps && !mayBePlain) throw Problem("has a redirect URI that is not https");

        var query = uri.Query.TrimStart('?').Split('&').Select(pair => Uri.UnescapeDataString(pair.Split('=')[0]));
        if (query.Intersect(ResponseNames, StringComparer.OrdinalIgnoreCase).Any()) throw Problem("has a redirect URI with a parameter that answers carry");
    }

    private (string? Field, string? Value) Certificate(string method)
    {
        var given = CertificateFields.Where(field => Has("tls_client_auth_" + field)).ToList();
        if (method != ClientAuthentication.TlsClientAuth) return (null, null);
        if (given.Count != 1) throw Problem("must have exactly one tls_client_auth_* value (MTLS-03)");
        var value = Needed("tls_client_auth_" + given[0]);
        if (given[0] == ClientCertificate.SubjectDn && DistinguishedName.Parse(value) is null) throw Problem("has a tls_client_auth_subject_dn that is no distinguished name");
        return (given[0], value);
    }

    private bool UsesDpop(string method, Profile profile) => (Flag("dpop_bound_access_tokens"), Flag("tls_client_certificate_bound_access_tokens")) switch
    {
        (true, true) => throw Problem("binds its tokens both to DPoP keys and to certificates"),
        (true, _) when ProfileRules.BindsToCertificates.HoldsFor(profile) => throw Problem("binds its tokens to DPoP keys, and its profile knows certificates alone (F1-04)"),
        (true, _) => true,
        (_, true) => false,
        _ => method == ClientAuthentication.PrivateKeyJwt && !ProfileRules.BindsToCertificates.HoldsFor(profile),
    };

    private string? Jwks()
    {
        if (!json.TryGetProperty("jwks", out var jwks) || jwks.ValueKind == JsonValueKind.Null) return null;
        if (Has("jwks_uri")) throw Problem("has both jwks and jwks_uri");
        var text = jwks.GetRawText();
        if (KeySet.Parse(Encoding.UTF8.GetBytes(text)).Failed(out var fault, out var set)) throw Problem($"has a jwks that cannot be taken: {fault.Reason} ({fault.Rule})");
        return set.Keys.Count > 0 ? text : throw Problem("has a jwks without a key for signatures");
    }

    private string? JwksUri(bool allowLoopback) =>
        Text("jwks_uri") is not { } uri ? null
        : OutboundHttp.Problem(uri, allowLoopback) is { } problem ? throw Problem($"has a jwks_uri that {problem}")
        : uri;

    private string? ClientUri() => Text("client_uri") is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? text
        : throw Problem("has a client_uri that is not https");

    /// <summary>Poll or ping; with push the tokens would come to an address without proof of a key, so it is not offered (CIBA-18, OB-DCR-7).</summary>
    private string? BackchannelDelivery(string[] grants)
    {
        if (!grants.Contains(GrantType.Ciba)) return BackchannelMembers.Any(Has) ? throw Problem("has backchannel members without the grant they belong to (OB-DCR-7)") : null;
        if (Flag("backchannel_user_code_parameter") == true) throw Problem("wants a user code, which is not offered (OB-DCR-7)");
        return OneOf("backchannel_token_delivery_mode", [Ciba.BackchannelRequest.Poll, Ciba.BackchannelRequest.Ping], Ciba.BackchannelRequest.Poll);
    }

    private string? BackchannelNotificationEndpoint(bool allowLoopback)
    {
        const string member = "backchannel_client_notification_endpoint";
        if (Text("backchannel_token_delivery_mode") != Ciba.BackchannelRequest.Ping) return null;
        var address = Needed(member);
        return OutboundHttp.Problem(address, allowLoopback) is { } problem ? throw Problem($"has a {member} that {problem}") : address;
    }

    private string? BackchannelSigningAlgorithm(string[] grants, Profile profile)
    {
        if (!grants.Contains(GrantType.Ciba)) return null;
        if (Has("backchannel_authentication_request_signing_alg")) return OneOf("backchannel_authentication_request_signing_alg", Algorithms, "");
        return ProfileRules.SignsBackchannelRequests.HoldsFor(profile)
            ? throw Problem("has no backchannel_authentication_request_signing_alg, and its profile signs requests (CIBA-03)")
            : null;
    }

    /// <summary>PW-02: the host of the sector's address, or the one host of all redirect URIs; without any, the host of the keys.</summary>
    private string Sector(string[] redirects)
    {
        if (Text("sector_identifier_uri") is { } sector)
            return Uri.TryCreate(sector, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri.Host : throw Problem("has a sector_identifier_uri that is not https");
        var hosts = redirects.Select(redirect => new Uri(redirect).Host).Distinct(StringComparer.Ordinal).ToList();
        return hosts.Count switch
        {
            0 => Text("jwks_uri") is { } keys && Uri.TryCreate(keys, UriKind.Absolute, out var home) ? home.Host : id,
            1 => hosts[0],
            _ => throw Problem("has redirect URIs on several hosts and no sector_identifier_uri"),
        };
    }

    /// <summary>A name that customers read: no control characters, nothing that turns the direction of reading (DC-17).</summary>
    private string? Name(string member)
    {
        if (Text(member) is not { } name) return null;
        var isPlain = name.Length <= MaxNameLength && name.EnumerateRunes().All(rune => Rune.GetUnicodeCategory(rune)
            is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));
        return isPlain ? name : throw Problem($"has a {member} that is too long or has characters that cannot be shown");
    }

    private string OneOf(string name, string[] words, string otherwise)
    {
        if (!Has(name)) return otherwise;
        return Text(name) is { } text && words.Contains(text, StringComparer.Ordinal) ? text : throw Problem($"has an unknown word in {name}");
    }

    private bool Has(string name) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    private string Needed(string name) => Text(name) ?? throw Problem($"has no {name}");

    private string? Text(string name)
    {
        if (!Has(name)) return null;
        var value = json.GetProperty(name);
        return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : throw Problem($"has a {name} that is no text");
    }

    private bool? Flag(string name) => !Has(name) ? null : json.GetProperty(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Problem($"has a {name} that is neither true nor false"),
    };

    private string[] Words(string name) => Text(name)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private string[] List(string name)
    {
        if (!Has(name)) return [];
        var value = json.GetProperty(name);
        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw Problem($"has a {name} that is no list of texts");
    }

    private NotAcceptableException Problem(string what) => new($"client {id} {what}");

    /// <summary>Ends the reading of a file at start; never thrown while a request is served.</summary>
    public sealed class NotAcceptableException(string message) : Exception(message);
}
