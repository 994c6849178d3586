using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Registration;

/// <summary>A registration that can stand.</summary>
/// <param name="Metadata">All that is answered and kept: what holds, the statement, and what the statement says (OB-DCR-2).</param>
internal sealed record AcceptedRegistration(Client Client, JsonObject Metadata, SoftwareStatement Statement, Jws? Signed);

/// <summary>
/// Judges a registration, whole, whether it is the first or changes one (DCM-03, DC-08): who sends it, the statement, the signature, the
/// metadata, the sector.
/// </summary>
internal sealed class RegistrationChecks(
    SoftwareStatements statements,
    SignedRegistration signatures,
    SectorIdentifier sectors,
    Directories directories,
    OfferedKinds kinds,
    IOptions<AuthorizationServerOptions> options)
{
    /// <summary>Those of the UK's directory (OB-DCR-5); a certificate that nobody but its owner vouches for is not of an ecosystem.</summary>
    private static readonly string[] Methods = [ClientAuthentication.PrivateKeyJwt, ClientAuthentication.TlsClientAuth];

    /// <summary>Claims of the JWT around the signed form.</summary>
    private static readonly string[] JwtClaims = ["iss", "iat", "exp", "aud", "jti"];

    /// <param name="since">When the client was first registered.</param>
    public async Task<Outcome<AcceptedRegistration, OAuthError>> JudgeAsync(
        string clientId, RegistrationRequest request, X509Certificate2 certificate, DateTimeOffset since, CancellationToken ct)
    {
        if ((await statements.VerifyAsync(request.Statement, ct)).Failed(out var error, out var statement)) return error;
        if (!statement.Covers(certificate))
            return RegistrationError.UnapprovedStatement("SSA-08", "the software statement is not of the organisation and software of the certificate");
        if (request.Signed is { } signed && await signatures.FirstRefusalAsync(signed, statement, ct) is { } unsigned) return unsigned;
        if (DesiredMetadata.Of(request, statement).Failed(out error, out var desired)) return error;

        var ofSandbox = directories.IsOfSandbox(statement.Directory);
        var policy = new MetadataPolicy(kinds, options.Value.AllowLoopbackTargets, AllowLoopbackRedirects: ofSandbox, Methods);
        if (ClientMetadata.Judge(clientId, JsonElement.Parse(desired.ToJsonString()), policy, since).Failed(out var fault, out var judged)) return RegistrationError.Of(fault);

        // A name in metadata is anybody's word; the certificate of this connection is proof of it (SSA-08).
        var client = judged.Client;
        if (client.AuthenticationMethod == ClientAuthentication.TlsClientAuth && !ClientCertificate.Says(certificate, client.CertificateField, client.CertificateValue))
            return RegistrationError.InvalidMetadata("SSA-08", "the certificate of this connection does not carry the registered name");
        if (CertificateRoles.Of(certificate) is { } carried && client.Scopes.Any(scope => !GrantedScope.RoleAllows(scope, [.. carried])))
            return RegistrationError.InvalidMetadata("MT-10", "the certificate of this connection does not carry the role for a scope");
        if (await sectors.RefusalAsync(client, Claims.Text(request.Metadata, "sector_identifier_uri"), ct) is { } foreign) return foreign;
        return new AcceptedRegistration(client, Answer(judged, request, statement), statement, request.Signed);
    }

    private static JsonObject Answer(JudgedClient judged, RegistrationRequest request, SoftwareStatement statement)
    {
        var answer = new JsonObject
        {
            ["client_id"] = judged.Client.ClientId,
            ["client_id_issued_at"] = judged.Client.RegisteredAt.ToUnixTimeSeconds(),
            ["software_statement"] = statement.Compact,
        };
        foreach (var (name, value) in judged.Metadata) answer[name] = value?.DeepClone();
        foreach (var claim in statement.Claims.EnumerateObject().Where(claim => claim.Name.StartsWith("software_", StringComparison.Ordinal) || claim.Name.StartsWith("org_", StringComparison.Ordinal)))
        {
            if (!answer.ContainsKey(claim.Name)) answer[claim.Name] = JsonNode.Parse(claim.Value.GetRawText());
        }

        if (request.Signed is not null)
        {
            foreach (var name in JwtClaims) answer[name] = JsonNode.Parse(request.Metadata.GetProperty(name).GetRawText());
        }

        return answer;
    }
}

/// <summary>Who may call the registration at all: somebody with a certificate of an accepted authority (DCR-11), and not too often (DCR-16).</summary>
internal sealed class EcosystemCertificate(ClientCertificates certificates, RequestLimits limits)
{
    public Outcome<X509Certificate2, OAuthError> Of(HttpContext http)
    {
        if (ClientCertificate.Of(http) is not { } certificate) return RegistrationError.NotAdmitted("DCR-11");
        if (certificates.ChainFault(certificate) is { } rule) return RegistrationError.NotAdmitted(rule);
        if (limits.AdmitsClient("certificate " + ClientCertificate.Thumbprint(certificate))) return certificate;
        limits.SayWhen(http);
        return RegistrationError.TooMany("DCR-16");
    }
}
