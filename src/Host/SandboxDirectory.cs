using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.DataProtection;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Host;

/// <summary>What a developer asks of the sandbox's directory.</summary>
/// <param name="Jwks">The software's public keys; null where they are at <paramref name="JwksUri"/>.</param>
internal sealed record DirectoryRequest(
    string Name, IReadOnlyList<string> RedirectUris, IReadOnlyList<string> Roles, string? Jwks, string? JwksUri, PublicKey CertificateKey);

/// <summary>What the directory gives.</summary>
/// <param name="AccessToken">By it the developer gets further statements for the same software.</param>
internal sealed record DirectoryEntry(
    string OrganisationId, string SoftwareId, string Statement, string Certificate, string Subject, string JwksUri, string AccessToken);

/// <summary>
/// A directory of third parties such as a country's authority runs one, for the sandbox alone: it gives whoever asks a software statement
/// and a client certificate, each for a key of the asker's own. Its key is in the database, so it is the same on every host.
/// </summary>
internal sealed class SandboxDirectory(
    HostSettings settings, DataDirectory data, HostDatabase database, IDataProtectionProvider protection, TimeProvider clock) : IHostedService
{
    public const string KeysFile = "directory.json";
    public static readonly IReadOnlyList<string> AllRoles = ["AISP", "PISP", "CBPII"];
    private const string KeySetting = "sandbox-directory-key";
    private const string Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private SigningKey key = null!;

    public string Issuer => IssuerOf(settings);

    public static string IssuerOf(HostSettings settings) => settings.Issuer.OriginalString.TrimEnd('/') + "/sandbox/directory";

    public string Jwks => new JsonObject { ["keys"] = new JsonArray(key.PublicKey.ToJson()) }.ToJsonString();

    /// <summary>Makes or finds the key, and leaves its public half where the authorization server looks for it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var protector = protection.CreateProtector(KeySetting);
        using var fresh = SigningKey.Create("ES256");
        var stored = await database.WriteOnceAsync(KeySetting, protector.Protect(Convert.ToBase64String(fresh.ToPkcs8())), cancellationToken);
        key = SigningKey.FromPkcs8("ES256", Convert.FromBase64String(protector.Unprotect(stored)));
        data.Write(KeysFile, Jwks);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A new piece of software of a new organisation.</summary>
    public async Task<DirectoryEntry> AddAsync(DirectoryRequest request, CancellationToken ct)
    {
        var organisationId = "0015" + RandomNumberGenerator.GetString(Letters, 14);
        var softwareId = RandomNumberGenerator.GetString(Letters, 22);
        var number = RandomNumberGenerator.GetString("0123456789", 6);
        var jwksUri = request.JwksUri ?? $"{Issuer}/software/{softwareId}/jwks";
        var claims = new JsonObject
        {
            ["software_id"] = softwareId,
            ["software_client_id"] = softwareId,
            ["software_client_name"] = request.Name,
            ["software_mode"] = "Test",
            ["software_environment"] = "sandbox",
            ["software_roles"] = new JsonArray([.. request.Roles.Select(role => (JsonNode)role)]),
            ["software_redirect_uris"] = new JsonArray([.. request.RedirectUris.Select(uri => (JsonNode)uri)]),
            ["software_jwks_endpoint"] = jwksUri,
            ["org_id"] = organisationId,
            ["org_name"] = request.Name,
            ["org_status"] = "Active",
            ["organisation_competent_authority_claims"] = new JsonObject { ["authority_id"] = "FCAGBR", ["registration_id"] = number, ["status"] = "Active" },
        };
        var accessToken = Handle.New();
        var entry = new JsonObject
        {
            ["claims"] = claims.DeepClone(),
            ["jwks"] = request.Jwks is null ? null : JsonNode.Parse(request.Jwks),
            ["access"] = Convert.ToHexStringLower(accessToken.Hash),
        };
        await database.WriteAsync(SettingOf(softwareId), entry.ToJsonString(), ct);

        // A name of few letters, so that every spelling of it as text is the same.
        var shown = new string([.. request.Name.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter == ' ')]).Trim();
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(organisationId);
        subject.Add("2.5.4.97", $"PSDGB-FCA-{number}");
        subject.AddOrganizationName(shown.Length == 0 ? organisationId : shown);
        subject.AddCountryOrRegion("GB");
        var certificate = ServerCertificates.IssueClientCertificate(data, subject.Build(), request.CertificateKey, request.Roles, Server.RealTime);
        return new DirectoryEntry(
            organisationId,
            softwareId,
            Sign(claims),
            certificate,
            $"CN={organisationId},organizationIdentifier=PSDGB-FCA-{number},O={(shown.Length == 0 ? organisationId : shown)},C=GB",
            jwksUri,
            accessToken.Value);
    }

    /// <summary>A fresh statement for software that is there; null where it is not, or the token is not its own.</summary>
    public async Task<string?> StatementAsync(string softwareId, string? accessToken, CancellationToken ct)
    {
        if (accessToken is null || await FindAsync(softwareId, ct) is not { } entry) return null;
        var known = Convert.FromHexString(entry["access"]!.GetValue<string>());
        return CryptographicOperations.FixedTimeEquals(Handle.HashOf(accessToken), known) ? Sign(entry["claims"]!.DeepClone().AsObject()) : null;
    }

    /// <summary>The keys of software that left them here.</summary>
    public async Task<string?> KeysOfAsync(string softwareId, CancellationToken ct) =>
        (await FindAsync(softwareId, ct))?["jwks"]?.ToJsonString();

    /// <summary>Puts other keys in the place of a software's; false where there is no such software, or it keeps its keys at an address of its own.</summary>
    public async Task<bool> ReplaceKeysAsync(string softwareId, JsonElement jwks, CancellationToken ct)
    {
        if (await FindAsync(softwareId, ct) is not { } entry || entry["jwks"] is null) return false;
        entry["jwks"] = JsonNode.Parse(jwks.GetRawText());
        await database.WriteAsync(SettingOf(softwareId), entry.ToJsonString(), ct);
        return true;
    }

    private async Task<JsonObject?> FindAsync(string softwareId, CancellationToken ct) =>
        softwareId.Length == 22 && softwareId.All(char.IsAsciiLetterOrDigit) && await database.ReadAsync(SettingOf(softwareId), ct) is { } text
            ? JsonNode.Parse(text)!.AsObject()
            : null;

    private static string SettingOf(string softwareId) => "sandbox-software-" + softwareId;

    private string Sign(JsonObject claims)
    {
        claims["iss"] = Issuer;
        claims["iat"] = clock.GetUtcNow().ToUnixTimeSeconds();
        claims["jti"] = Guid.CreateVersion7(clock.GetUtcNow()).ToString();
        return Jws.Sign(key, "JWT", claims);
    }
}
