using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using MediatR;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Messages;

/// <summary>Signs what the bank says with the key that <c>/jwks</c> publishes.</summary>
internal sealed class SignMessageHandler(SigningKeys keys, IOptions<AuthorizationServerOptions> options, TimeProvider clock) :
    IRequestHandler<SignMessage, string>,
    IRequestHandler<SignClaims, string>
{
    public async Task<string> Handle(SignMessage request, CancellationToken cancellationToken)
    {
        var key = await keys.CurrentAsync(MessageHeader.Algorithm, cancellationToken);
        return DetachedJws.Sign(key, MessageHeader.Ours(options.Value.OrganisationId, options.Value.TrustAnchor, request.MediaType, clock.GetUtcNow()), request.Body.Span);
    }

    public async Task<string> Handle(SignClaims request, CancellationToken cancellationToken) =>
        Jws.Sign(await keys.CurrentAsync(MessageHeader.Algorithm, cancellationToken), request.Type, request.Claims);
}

/// <summary>Says whether a client has signed a message: form, header, key, signature, in this order (OB-JWS-12).</summary>
internal sealed class VerifyMessageHandler(ClientRegister register, ClientKeys keys, IOptions<AuthorizationServerOptions> options, TimeProvider clock)
    : IRequestHandler<VerifyMessage, MessageVerdict>
{
    public async Task<MessageVerdict> Handle(VerifyMessage request, CancellationToken cancellationToken) =>
        await FirstFaultAsync(request, cancellationToken) is { } fault ? new MessageVerdict.Wrong(fault) : new MessageVerdict.Good();

    private async Task<ApiFault?> FirstFaultAsync(VerifyMessage request, CancellationToken ct)
    {
        if (request.Signatures is [] or [null or ""]) return new ApiFault("U019", "OB-JWS-12", "The request must be signed.", MessageSigning.Header);
        if (request.Signatures is not [{ } text] || DetachedJws.Parse(text).Failed(out _, out var signature))
            return new ApiFault("U018", "OB-JWS-1", "The signature must be one detached JWS: a header, two dots, a signature, all in base64url.", MessageSigning.Header);
        var place = new MessageHeader.Place(clock.GetUtcNow(), options.Value.TrustAnchor, request.MediaType);
        if (MessageHeader.FirstFault(signature.Header, place) is { } fault) return fault;

        // Of another client's key or name nothing follows for this one (PY-17).
        if (await register.FindAsync(request.ClientId, ct) is not { } client) return UnknownKey();
        var keyId = Claims.Text(signature.Header, "kid");
        if (keyId is null || await keys.OfAsync(client, keyId, MessageHeader.Algorithm, ct) is not { } set) return UnknownKey();
        var candidates = set.Candidates(keyId, MessageHeader.Algorithm);
        if (candidates.Count == 0 || !candidates.Any(key => IsValid(key, signature.Header))) return UnknownKey();
        if (!IsNamed(client, candidates[0], Claims.Text(signature.Header, MessageHeader.Issuer)))
            return MessageHeader.Fault(MessageHeader.Issuer, "OB-JWS-9", "must name the sender, as organisation and software or as the subject of its certificate");
        var hash = request.File is { } file ? await signature.HashAsync(file, ct) : null;
        return candidates.Any(key => hash is null ? signature.Verify(key, MessageHeader.Algorithm, request.Body.Span) : signature.VerifyHash(key, MessageHeader.Algorithm, hash))
            ? null
            : new ApiFault("U015", "OB-JWS-3", "The signature is not one over the bytes of this body.", MessageSigning.Header);
    }

    // The key set was fetched once more if it did not have the key (OB-JWS-11).
    private static ApiFault UnknownKey() => MessageHeader.Fault("kid", "OB-JWS-11", "must name a signing key of the sender's key set that is valid");

    /// <summary>A key that comes with a certificate is good for as long as that is.</summary>
    private static bool IsValid(JsonWebKey key, JsonElement header)
    {
        if (CertificateOf(key) is not { } certificate) return key.Certificates.Count == 0;
        using (certificate)
        {
            var at = DateTimeOffset.FromUnixTimeSeconds(Claims.Seconds(header, MessageHeader.IssuedAt)!.Value).UtcDateTime;
            return at >= certificate.NotBefore.ToUniversalTime() && at <= certificate.NotAfter.ToUniversalTime();
        }
    }

    private static bool IsNamed(Client client, JsonWebKey key, string? issuer)
    {
        if (client is { OrganisationId: { } organisation, SoftwareId: { } software }) return issuer == $"{organisation}/{software}";
        if (issuer is null || CertificateOf(key) is not { } certificate) return false;
        using (certificate) return DistinguishedName.Parse(issuer) is { } named && named.Equals(DistinguishedName.Of(certificate.SubjectName));
    }

    private static X509Certificate2? CertificateOf(JsonWebKey key)
    {
        if (key.Certificates.Count == 0) return null;
        try
        {
            return X509CertificateLoader.LoadCertificate(key.Certificates[0]);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
