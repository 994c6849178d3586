using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Testing.Tpp;

/// <summary>A directory of third parties: it has a key and says what it is asked to say.</summary>
public sealed class TestDirectory(string issuer = "https://directory.example", string algorithm = "PS256")
{
    public string Issuer { get; } = issuer;

    public SigningKey Key { get; } = SigningKey.Create(algorithm, rsaBits: 2048);

    public string Jwks => new JsonObject { ["keys"] = new JsonArray(Key.PublicKey.ToJson()) }.ToJsonString();

    /// <summary>A software statement.</summary>
    /// <param name="change">What to change of its claims.</param>
    public string Statement(TestSoftware software, DateTimeOffset now, Action<JsonObject>? change = null, SigningKey? key = null)
    {
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["jti"] = Guid.NewGuid().ToString(),
            ["software_id"] = software.SoftwareId,
            ["software_client_name"] = software.Name,
            ["software_mode"] = "Live",
            ["software_roles"] = new JsonArray([.. software.Roles.Select(role => (JsonNode)role)]),
            ["software_redirect_uris"] = new JsonArray([.. software.RedirectUris.Select(uri => (JsonNode)uri)]),
            ["software_jwks_endpoint"] = software.JwksUri,
            ["org_id"] = software.OrganisationId,
            ["org_name"] = "Budget App Ltd",
            ["org_status"] = "Active",
            ["organisation_competent_authority_claims"] = new JsonObject { ["authority_id"] = "FCAGBR", ["registration_id"] = software.RegistrationNumber },
        };
        change?.Invoke(claims);
        return Jws.Sign(key ?? Key, "JWT", claims);
    }
}

/// <summary>A piece of software of a third party, as its directory knows it: with a key, an address for its keys, and a certificate.</summary>
public sealed class TestSoftware
{
    private const string Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public TestSoftware(Func<string, X509Certificate2> issue, string? organisationId = null)
    {
        OrganisationId = organisationId ?? "0015" + RandomNumberGenerator.GetString(Letters, 14);
        Subject = $"CN={OrganisationId},2.5.4.97=PSDGB-FCA-{RegistrationNumber},O=Budget App Ltd,C=GB";
        Certificate = issue($"CN={OrganisationId}, OID.2.5.4.97=PSDGB-FCA-{RegistrationNumber}, O=Budget App Ltd, C=GB");
    }

    public string SoftwareId { get; } = RandomNumberGenerator.GetString(Letters, 22);

    public string OrganisationId { get; }

    public string RegistrationNumber { get; } = RandomNumberGenerator.GetString("0123456789", 6);

    public string Name { get; set; } = "Budget App";

    public IReadOnlyList<string> Roles { get; set; } = ["AISP"];

    public IReadOnlyList<string> RedirectUris { get; set; } = ["https://tpp.example/callback", "https://tpp.example/other"];

    public string JwksUri => $"https://keys.tpp.example/{SoftwareId}";

    public SigningKey Key { get; } = SigningKey.Create("ES256");

    public string Jwks => new JsonObject { ["keys"] = new JsonArray(Key.PublicKey.ToJson()) }.ToJsonString();

    /// <summary>The certificate's subject as RFC 4514 writes it.</summary>
    public string Subject { get; }

    public X509Certificate2 Certificate { get; set; }

    /// <summary>A good registration; the signed form of it is the same in a JWT.</summary>
    public JsonObject Metadata(string statement, Action<JsonObject>? change = null)
    {
        var metadata = new JsonObject
        {
            ["redirect_uris"] = new JsonArray("https://tpp.example/callback"),
            ["token_endpoint_auth_method"] = "private_key_jwt",
            ["token_endpoint_auth_signing_alg"] = "ES256",
            ["grant_types"] = new JsonArray("authorization_code", "refresh_token", "client_credentials"),
            ["response_types"] = new JsonArray("code"),
            ["application_type"] = "web",
            ["id_token_signed_response_alg"] = "PS256",
            ["request_object_signing_alg"] = "PS256",
            ["scope"] = "openid accounts",
            ["software_id"] = SoftwareId,
            ["software_statement"] = statement,
        };
        change?.Invoke(metadata);
        return metadata;
    }

    /// <summary>The signed form of the UK.</summary>
    public string Signed(JsonObject metadata, string audience, DateTimeOffset now, Action<JsonObject>? change = null, SigningKey? key = null, string? typ = null)
    {
        var claims = metadata.DeepClone().AsObject();
        claims["iss"] = SoftwareId;
        claims["aud"] = audience;
        claims["iat"] = now.ToUnixTimeSeconds();
        claims["exp"] = now.AddMinutes(5).ToUnixTimeSeconds();
        claims["jti"] = Guid.NewGuid().ToString();
        change?.Invoke(claims);
        return Jws.Sign(key ?? Key, typ, claims);
    }
}
