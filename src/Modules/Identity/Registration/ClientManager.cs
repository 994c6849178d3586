using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Registration;

/// <summary>A client whose registration the caller may see and change.</summary>
/// <param name="Certificate">Of this connection; it is of the client's organisation.</param>
/// <param name="AccessToken">The registration access token, when that is what was shown; it goes into the answer (DCM-08).</param>
internal sealed record ManagedClient(RegisteredSoftware Software, X509Certificate2 Certificate, string? AccessToken);

/// <summary>
/// Who may manage a registration: who shows its registration access token (RFC 7592), or an access token of the client's own as the UK
/// wants it (OB-DCR-12); either over a certificate of its organisation, as at registration (DCM-09).
/// </summary>
internal sealed class ClientManager(
    ClientCertificates certificates, Registrations registrations, ClientRegister register, AccessTokenHandler accessTokens, IdentityDb db, TimeProvider time)
{
    public async Task<Outcome<ManagedClient, OAuthError>> AuthenticateAsync(HttpContext http, string clientId, CancellationToken ct)
    {
        if (ClientCertificate.Of(http) is not { } certificate || certificates.ChainFault(certificate) is not null) return Unknown(http, "DCM-09");
        if (Credentials.Of(http.Request).Failed(out _, out var shown)) return Unknown(http, "DCM-01");
        var hash = Handle.HashOf(shown.Token);
        var ofToken = shown.Scheme == Challenge.Bearer ? await registrations.FindByTokenAsync(hash, ct) : null;
        if ((ofToken is null ? await ByAccessTokenAsync(http, clientId, hash, ct) : await ByRegistrationTokenAsync(http, clientId, ofToken, hash, ct))
            .Failed(out var error, out var software))
        {
            return error;
        }

        if (!CertificateOwner.Of(certificate).Is(software.OrganisationId, software.SoftwareId, software.RegistrationNumber)) return Unknown(http, "DCM-09");
        return new ManagedClient(software, certificate, ofToken is null ? null : shown.Token);
    }

    private async Task<Outcome<RegisteredSoftware, OAuthError>> ByRegistrationTokenAsync(
        HttpContext http, string clientId, RegisteredSoftware software, byte[] hash, CancellationToken ct)
    {
        RefusalLog.NameClient(http, software.ClientId);
        if (software.ClientId == clientId)
            return await register.FindAsync(clientId, ct) is { SuspendedBy: null } ? software : ManagementError.NotPermitted;

        // Another client's address may be a mistake; an address that nobody has is a token astray (RFC 7592 2.1).
        if (await register.FindAsync(clientId, ct) is not null) return Unknown(http, "DC-09");
        await registrations.RevokeTokenAsync(hash, ct);
        return Unknown(http, "DCM-05");
    }

    /// <summary>A token of the client-credentials grant, whatever its scope, bound as any other.</summary>
    private async Task<Outcome<RegisteredSoftware, OAuthError>> ByAccessTokenAsync(HttpContext http, string clientId, byte[] hash, CancellationToken ct)
    {
        if ((await accessTokens.VerifyAsync(http, ct)).Failed(out _, out var token) || token.Subject is not null) return Unknown(http, "DCM-01");
        if (token.ClientId != clientId)
        {
            var now = time.GetUtcNow();
            await db.AccessTokens.Where(row => row.Hash == hash).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), ct);
            return Unknown(http, "OB-DCR-12");
        }

        // A client of the clients file has nothing to be managed.
        return await registrations.FindAsync(clientId, ct) is { } software ? software : ManagementError.NotPermitted;
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
