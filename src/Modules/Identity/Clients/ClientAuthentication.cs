using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Clients;

/// <summary>A client that has proven who it is.</summary>
/// <param name="CertificateThumbprint">
/// <c>x5t#S256</c> of the certificate of this TLS connection, when one was shown: a sender constraint for the client's tokens, whether
/// or not the certificate is also how it authenticates.
/// </param>
internal sealed record AuthenticatedClient(Client Client, string? CertificateThumbprint);

/// <summary>Who calls the token, PAR, introspection and revocation endpoints: the same methods and rules at each of them (CA-04).</summary>
internal sealed class ClientAuthentication(TimeProvider time)
{
    public Task<Outcome<AuthenticatedClient, OAuthError>> AuthenticateAsync(HttpContext http, OAuthForm form, CancellationToken ct) =>
        throw new NotSupportedException(time.ToString());
}
