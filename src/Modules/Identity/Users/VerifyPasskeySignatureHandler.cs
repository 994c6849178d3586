using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text.Json;
using MediatR;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Identity.Users;

/// <summary>Verifies an approval from what was kept of it, with nothing but the key that was kept beside it (WebAuthn §7.2, steps 7 to 20).</summary>
internal sealed class VerifyPasskeySignatureHandler : IRequestHandler<VerifyPasskeySignature, string?>
{
    public Task<string?> Handle(VerifyPasskeySignature request, CancellationToken cancellationToken) => Task.FromResult(FirstProblem(request));

    private static string? FirstProblem(VerifyPasskeySignature request)
    {
        var kept = request.Signature;
        var challenge = new ApprovalSubject(kept.Request, request.ShownDigest, request.Choice).Challenge(kept.Nonce);
        using var client = JsonDocument.Parse(kept.ClientData);
        if (client.RootElement.GetProperty("challenge").GetString() != Base64Url.EncodeToString(challenge)) return "the passkey has signed something else than what was shown and chosen";
        byte[] signed = [.. kept.AuthenticatorData, .. SHA256.HashData(kept.ClientData)];
        return IsSignedBy(kept.PublicKey, signed, kept.Signature) ? null : "the signature is not one of the passkey";
    }

    private static bool IsSignedBy(byte[] cose, byte[] signed, byte[] signature)
    {
        var reader = new CborReader(cose, CborConformanceMode.Ctap2Canonical);
        long? algorithm = null;
        byte[]? first = null, second = null, third = null;
        for (var entries = reader.ReadStartMap(); entries > 0; entries--)
        {
            switch (reader.ReadInt64())
            {
                case 3: algorithm = reader.ReadInt64(); break;
                case -1 when reader.PeekState() == CborReaderState.ByteString: first = reader.ReadByteString(); break;
                case -2: second = reader.ReadByteString(); break;
                case -3: third = reader.ReadByteString(); break;
                default: reader.SkipValue(); break;
            }
        }

        if (algorithm == PasskeyPublicKey.Es256)
        {
            using var curve = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = second, Y = third } });
            return curve.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }

        using var rsa = RSA.Create(new RSAParameters { Modulus = first, Exponent = second });
        return rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }
}
