using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Registration;

/// <summary>What a directory says of a third party's software, once its signature was verified.</summary>
/// <param name="Compact">As it came; it goes back unchanged (DCR-02).</param>
internal sealed record SoftwareStatement(DirectoryOptions Directory, string Compact, JsonElement Claims)
{
    private static readonly string[] Required = ["software_id", "org_id", "jti", "software_jwks_endpoint"];

    public string SoftwareId => Kernel.Jose.Claims.Text(Claims, "software_id")!;

    public string OrganisationId => Kernel.Jose.Claims.Text(Claims, "org_id")!;

    public string Jti => Kernel.Jose.Claims.Text(Claims, "jti")!;

    public string JwksUri => Kernel.Jose.Claims.Text(Claims, "software_jwks_endpoint")!;

    public IReadOnlyList<string> Roles => Texts("software_roles")!;

    public IReadOnlyList<string> RedirectUris => Texts("software_redirect_uris")!;

    /// <summary>A claim that is a list of texts; null where it is not.</summary>
    public IReadOnlyList<string>? Texts(string name) =>
        Claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : null;

    /// <summary>Whether all is there that the ecosystem requires (SSA-02).</summary>
    public bool IsWhole =>
        Required.All(name => Kernel.Jose.Claims.Text(Claims, name) is { Length: > 0 and <= 255 })
        && Texts("software_roles") is not null
        && Texts("software_redirect_uris") is not null;

    /// <summary>Whether a transport certificate is this organisation's and, where it names software, this software's (SSA-08).</summary>
    public bool Covers(X509Certificate2 certificate) => CertificateOwner.Of(certificate).Is(OrganisationId, SoftwareId, RegistrationNumber);

    /// <summary>The organisation's number at its authority, which stands at the end of a PSD2 identifier.</summary>
    public string? RegistrationNumber =>
        Claims.TryGetProperty("organisation_competent_authority_claims", out var authority) ? Kernel.Jose.Claims.Text(authority, "registration_id") : null;
}

/// <summary>Judges software statements (RFC 7591 2.3).</summary>
internal sealed class SoftwareStatements(Directories directories, TimeProvider time)
{
    private const int MaxLength = 48 * 1024;

    // No key of its own, no address of one, nothing but a plain JWT (OB-DCR-10).
    private static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { null, "JWT" });

    public async Task<Outcome<SoftwareStatement, OAuthError>> VerifyAsync(string? compact, CancellationToken ct)
    {
        if (compact is null) return RegistrationError.InvalidStatement("SSA-06", "software_statement is missing");
        if (Jws.Parse(compact, MaxLength).Failed(out var fault, out var jws))
            return RegistrationError.InvalidStatement(fault.Rule == "KEY-10" ? "OB-DCR-10" : "SSA-01", "the software statement is not a signed JWT");
        if (directories.Find(Claims.Text(jws.Payload, "iss")) is not { } directory)
            return RegistrationError.InvalidStatement("SSA-01", "the software statement is of no directory that is known here");
        if (await directories.KeysAsync(directory, jws, ct) is not { } keys || jws.Verify(keys, Policy) is not null)
            return RegistrationError.InvalidStatement("SSA-01", "the software statement is not signed by its directory");

        var statement = new SoftwareStatement(directory, compact, jws.Payload);
        if (Claims.Seconds(jws.Payload, "iat") is not { } issued || !statement.IsWhole)
            return RegistrationError.InvalidStatement("SSA-02", "the software statement lacks a required claim");

        var now = time.GetUtcNow();
        var age = now - DateTimeOffset.FromUnixTimeSeconds(issued);
        if (!JwtClock.HasBegun(jws.Payload, "iat", now) || !JwtClock.HasBegun(jws.Payload, "nbf", now) || age > directory.StatementLifetime
            || (Claims.Has(jws.Payload, "exp") && !JwtClock.HasNotEnded(jws.Payload, now)))
        {
            return RegistrationError.InvalidStatement("SSA-07", "the software statement is too old or not valid yet");
        }

        if (directory.HasRevoked(statement.OrganisationId, statement.SoftwareId) || Claims.Text(jws.Payload, "org_status") is not (null or "Active"))
            return RegistrationError.UnapprovedStatement("SSA-05", "the software or its organisation is not accepted here");
        return statement;
    }

    /// <summary>What tells one statement of this identifier from another.</summary>
    public static byte[] DigestOf(SoftwareStatement statement) => SHA256.HashData(Encoding.ASCII.GetBytes(statement.Compact));
}
