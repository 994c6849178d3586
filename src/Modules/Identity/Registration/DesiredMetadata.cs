using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// Joins what a third party asks for with what its directory says of it. The statement decides whatever it speaks of (SSA-03); what was
/// asked for in its place must be the same or within it, because a silent correction would leave the third party with another client than
/// it believes to have (OB-DCR-8).
/// </summary>
internal static class DesiredMetadata
{
    /// <summary>What only the server says (DC-07, DCM-02).</summary>
    private static readonly string[] Ours =
        ["client_id_issued_at", "client_secret", "client_secret_expires_at", "registration_access_token", "registration_client_uri"];

    /// <summary>What the statement says under another name.</summary>
    private static readonly (string Claim, string Member)[] Renamed =
    [
        ("software_client_name", "client_name"),
        ("software_client_uri", "client_uri"),
        ("software_logo_uri", "logo_uri"),
        ("software_policy_uri", "policy_uri"),
        ("software_tos_uri", "tos_uri"),
        ("software_on_behalf_of_org", "software_on_behalf_of_org"),
        ("org_name", "org_name"),
    ];

    public static Outcome<JsonObject, OAuthError> Of(RegistrationRequest request, SoftwareStatement statement)
    {
        var asked = request.Metadata;
        if (FirstRefusal(asked, statement) is { } refusal) return refusal;
        var desired = JsonNode.Parse(asked.GetRawText())!.AsObject();
        foreach (var name in (string[])["client_id", "software_statement", "software_on_behalf_of_org", "on_behalf_of", "org_name"]) desired.Remove(name);

        foreach (var (claim, member) in Renamed)
        {
            if (Claims.Text(statement.Claims, claim) is { Length: > 0 } text) desired[member] = text;
        }

        desired["org_id"] = statement.OrganisationId;
        desired["software_id"] = statement.SoftwareId;
        desired["jwks_uri"] = statement.JwksUri;
        desired["software_roles"] = new JsonArray([.. statement.Roles.Intersect(ClientMetadata.Roles, StringComparer.Ordinal).Select(role => (JsonNode)role)]);
        if (!Claims.Has(asked, "redirect_uris")) desired["redirect_uris"] = new JsonArray([.. statement.RedirectUris.Select(uri => (JsonNode)uri)]);

        // Absent algorithm fields mean PS256 here, never RS256 (DCR-09).
        if (Claims.Text(asked, "token_endpoint_auth_method") is null or ClientAuthentication.PrivateKeyJwt && !Claims.Has(asked, "token_endpoint_auth_signing_alg"))
        {
            if (request.Signed is not null) return RegistrationError.InvalidMetadata("OB-DCR-7", "private_key_jwt needs token_endpoint_auth_signing_alg");
            desired["token_endpoint_auth_signing_alg"] = "PS256";
        }

        if (ProfileOf(asked, statement.Directory) is not { } profile) return RegistrationError.InvalidMetadata("DCR-15", "the profile is not one that the directory's members may have");
        desired["security_profile"] = profile;
        return desired;
    }

    private static OAuthError? FirstRefusal(JsonElement asked, SoftwareStatement statement)
    {
        if (Ours.FirstOrDefault(name => Claims.Has(asked, name)) is { } ours) return RegistrationError.InvalidMetadata("DC-07", $"{ours} is not the client's to say");
        if (IsOther(asked, "software_id", statement.SoftwareId)) return RegistrationError.InvalidMetadata("OB-DCR-9", "software_id is not that of the software statement");
        if (IsOther(asked, "org_id", statement.OrganisationId)) return RegistrationError.InvalidMetadata("DC-07", "org_id is not that of the software statement");
        if (Claims.Has(asked, "jwks")) return RegistrationError.InvalidMetadata("SSA-04", "the keys are those at the software statement's address");
        if (IsOther(asked, "jwks_uri", statement.JwksUri)) return RegistrationError.InvalidMetadata("SSA-04", "jwks_uri is not that of the software statement");
        if (Beyond(asked, "software_roles", statement.Roles)) return RegistrationError.InvalidMetadata("DC-05", "software_roles go beyond the software statement");
        return Beyond(asked, "redirect_uris", statement.RedirectUris)
            ? RegistrationError.InvalidRedirectUri("SSA-04", "a redirect URI is not among those of the software statement")
            : null;
    }

    /// <summary>
    /// The profile that policy gives: the one that is asked for, the first in which a hybrid answer exists where one is asked for, or else
    /// the first of all; null where the policy has none (DCR-15).
    /// </summary>
    private static string? ProfileOf(JsonElement asked, DirectoryOptions directory)
    {
        if (Claims.Has(asked, "security_profile"))
            return Claims.Text(asked, "security_profile") is { } named && directory.AllowedProfiles.Contains(named, StringComparer.Ordinal) ? named : null;
        var hybrid = asked.TryGetProperty("response_types", out var types) && types.ValueKind == JsonValueKind.Array
            && types.EnumerateArray().Any(type => type.ValueKind == JsonValueKind.String && type.ValueEquals("code id_token"));
        return directory.AllowedProfiles.FirstOrDefault(name => !hybrid || ProfileRules.MayBeHybrid.HoldsFor(ProfileRules.Names[name]));
    }

    private static bool IsOther(JsonElement asked, string name, string value) => Claims.Has(asked, name) && Claims.Text(asked, name) != value;

    private static bool Beyond(JsonElement asked, string name, IReadOnlyList<string> allowed) =>
        asked.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
        && list.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && !allowed.Contains(item.GetString(), StringComparer.Ordinal));
}
