using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Clients;

/// <summary>A client that has proven who it is.</summary>
/// <param name="CertificateThumbprint">
/// <c>x5t#S256</c> of the certificate of this TLS connection, when one was shown: a sender constraint for the client's tokens, whether
/// or not the certificate is also how it authenticates.
/// </param>
internal sealed record AuthenticatedClient(Client Client, string? CertificateThumbprint);

/// <summary>
/// Who calls the token, PAR, introspection and revocation endpoints: the same methods and rules at each of them (CA-04). A client has
/// one registered method, and no other is taken (CA-02); a client without any there is not (CA-01). Whoever guesses learns nothing: one answer, and comparable work (CA-15).
/// </summary>
internal sealed class ClientAuthentication(ClientRegister register, ClientAssertions assertions, ClientCertificates certificates, RequestLimits limits)
{
    public const string PrivateKeyJwt = "private_key_jwt";
    public const string TlsClientAuth = "tls_client_auth";
    public const string SelfSignedTlsClientAuth = "self_signed_tls_client_auth";
    private const string JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    public async Task<Outcome<AuthenticatedClient, OAuthError>> AuthenticateAsync(HttpContext http, OAuthForm form, CancellationToken ct)
    {
        var assertion = form["client_assertion"];
        var type = form["client_assertion_type"];
        var usesHeader = http.Request.Headers.Authorization.Count > 0;
        if (usesHeader || form["client_secret"] is not null)
        {
            if ((assertion ?? type) is not null) return OAuthError.InvalidRequest("CA-03", "more than one method of client authentication was used");
            if (usesHeader) http.Response.Headers.WWWAuthenticate = "Basic realm=\"client\""; // HTTP-11
            return OAuthError.InvalidClient("CA-02");
        }

        if (assertion is null != type is null || type is not (null or JwtBearer))
            return OAuthError.InvalidRequest("CA-05", "client_assertion needs a client_assertion_type of jwt-bearer, and the other way round");

        var authenticated = assertion is null
            ? await ByCertificateAsync(http, form["client_id"], ct)
            : await ByAssertionAsync(http, form["client_id"], assertion, ct);
        if (authenticated.Failed(out var error, out var client)) return error;

        // It has proven who it is, and still gets what a stranger gets.
        if (client.SuspendedBy is not null) return OAuthError.InvalidClient("OB-DCR-15");

        // PAR-08, INT-07: the same bound to guesses and floods at all of these endpoints.
        if (!limits.AdmitsClient(client.ClientId))
        {
            limits.SayWhen(http);
            return OAuthError.TooManyRequests;
        }

        var certificate = ClientCertificate.Of(http);
        return new AuthenticatedClient(client, certificate is null ? null : ClientCertificate.Thumbprint(certificate));
    }

    private async Task<Outcome<Client, OAuthError>> ByAssertionAsync(HttpContext http, string? clientId, string assertion, CancellationToken ct)
    {
        if (Jws.Parse(assertion).Failed(out var fault, out var jws)) return OAuthError.InvalidClient(fault.Rule);
        if (Claims.Text(jws.Payload, "sub") is not { } subject) return OAuthError.InvalidClient("CA-06");
        if (clientId is not null && clientId != subject) return OAuthError.InvalidClient("CA-12"); // F1-25

        var client = await FindAsync(http, subject, ct);
        if (client is null)
        {
            ClientAssertions.Rehearse(jws);
            return OAuthError.InvalidClient("CA-15");
        }

        if (client.AuthenticationMethod != PrivateKeyJwt)
        {
            // Its certificate is how this client authenticates, so together with an assertion there are two.
            return ClientCertificate.Of(http) is null
                ? OAuthError.InvalidClient("CA-02")
                : OAuthError.InvalidRequest("CA-03", "more than one method of client authentication was used");
        }

        return await assertions.FaultAsync(client, jws, ct) is { } rule ? OAuthError.InvalidClient(rule) : client;
    }

    private async Task<Outcome<Client, OAuthError>> ByCertificateAsync(HttpContext http, string? clientId, CancellationToken ct)
    {
        var certificate = ClientCertificate.Of(http);
        if (clientId is null)
        {
            return certificate is null
                ? OAuthError.InvalidClient("CA-13")
                : OAuthError.InvalidRequest("MTLS-01", "client_id is missing");
        }

        var client = await FindAsync(http, clientId, ct);
        if (client is null)
        {
            if (certificate is not null) _ = certificates.ChainFault(certificate);
            return OAuthError.InvalidClient("CA-15");
        }

        if (client.AuthenticationMethod == PrivateKeyJwt) return OAuthError.InvalidClient(certificate is null ? "CA-13" : "MTLS-11");
        if (SenderCertificate.IsUnreadable(http)) return OAuthError.InvalidRequest("FWD-01", "the forwarded client certificate cannot be read");
        if (certificate is null) return OAuthError.InvalidClient("MTLS-10");
        return await certificates.FaultAsync(client, certificate, ct) is { } rule ? OAuthError.InvalidClient(rule) : client;
    }

    private async Task<Client?> FindAsync(HttpContext http, string clientId, CancellationToken ct)
    {
        var client = await register.FindAsync(clientId, ct);
        if (client is not null) RefusalLog.NameClient(http, client.ClientId);
        return client;
    }
}
