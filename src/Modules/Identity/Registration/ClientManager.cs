using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Registration;

/// <summary>A client whose registration the caller may see and change.</summary>
/// <param name="Certificate">Of this connection; it is of the client's organisation.</param>
/// <param name="AccessToken">The registration access token, when that is what was shown; it goes into the answer (DCM-08).</param>
internal sealed record ManagedClient(RegisteredSoftware Software, X509Certificate2 Certificate, string? AccessToken);

/// <summary>
/// Who may manage a registration: who shows its registration access token (RFC 7592), over a certificate of its organisation as at
/// registration (DCM-09).
/// </summary>
internal sealed class ClientManager(ClientCertificates certificates, Registrations registrations, ClientRegister register)
{
    private const string Scheme = "Bearer ";

    public async Task<Outcome<ManagedClient, OAuthError>> AuthenticateAsync(HttpContext http, string clientId, CancellationToken ct)
    {
        if (ClientCertificate.Of(http) is not { } certificate || certificates.ChainFault(certificate) is not null) return Unknown(http, "DCM-09");
        var headers = http.Request.Headers.Authorization;
        if (headers.Count != 1 || headers[0] is not { } header || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return Unknown(http, "DCM-01");

        var token = header[Scheme.Length..].Trim(' ');
        var hash = Handle.HashOf(token);
        if (await registrations.FindByTokenAsync(hash, ct) is not { } software) return Unknown(http, "DCM-01");
        RefusalLog.NameClient(http, software.ClientId);
        if (software.ClientId != clientId)
        {
            // Another client's address may be a mistake; an address that nobody has is a token astray (RFC 7592 2.1).
            if (await register.FindAsync(clientId, ct) is not null) return Unknown(http, "DC-09");
            await registrations.RevokeTokenAsync(hash, ct);
            return Unknown(http, "DCM-05");
        }

        if (!CertificateOwner.Of(certificate).Is(software.OrganisationId, software.SoftwareId, software.RegistrationNumber)) return Unknown(http, "DCM-09");
        if (await register.FindAsync(clientId, ct) is not { SuspendedBy: null }) return ManagementError.NotPermitted;
        return new ManagedClient(software, certificate, token);
    }

    /// <summary>One answer whatever the cause, so that nobody learns which clients there are.</summary>
    private static OAuthError Unknown(HttpContext http, string rule)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer realm=\"register\", error=\"invalid_token\"";
        return ManagementError.InvalidToken(rule);
    }
}

/// <summary>The refusals of managing a registration.</summary>
internal static class ManagementError
{
    public static OAuthError InvalidToken(string rule) =>
        new("invalid_token", rule, "the token or the certificate does not open this registration", StatusCodes.Status401Unauthorized);

    /// <summary>The client is known, and its directory has taken it out (OB-DCR-15).</summary>
    public static OAuthError NotPermitted { get; } =
        new("access_denied", "DCM-06", "this client's registration cannot be managed", StatusCodes.Status403Forbidden);
}
