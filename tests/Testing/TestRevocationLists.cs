using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenBanking.Testing;

/// <summary>A list of revoked certificates to be, of which every part can be made wrong.</summary>
public sealed record TestRevocationList
{
    public required X509Certificate2 Authority { get; init; }

    public IReadOnlyList<X509Certificate2> Revoked { get; init; } = [];

    public required DateTimeOffset From { get; init; }

    public DateTimeOffset? Until { get; init; }

    public int? Version { get; init; } = 1;

    /// <summary>Extensions of the list: which, and whether critical.</summary>
    public IReadOnlyList<(string Id, bool Critical)> Extensions { get; init; } = [];

    /// <summary>Extensions of each entry.</summary>
    public IReadOnlyList<(string Id, bool Critical)> EntryExtensions { get; init; } = [];

    /// <summary>Whose key signs; null is the authority's.</summary>
    public X509Certificate2? Signer { get; init; }

    /// <summary>The algorithm that the list names; what signs is ECDSA with SHA-256.</summary>
    public string Algorithm { get; init; } = "1.2.840.10045.4.3.2";

    /// <summary>The algorithm that the signed part names.</summary>
    public string InnerAlgorithm { get; init; } = "1.2.840.10045.4.3.2";

    /// <summary>In DER.</summary>
    public byte[] Build()
    {
        var signed = Signed();
        using var key = (Signer ?? Authority).GetECDsaPrivateKey()!;
        var whole = new AsnWriter(AsnEncodingRules.DER);
        using (whole.PushSequence())
        {
            whole.WriteEncodedValue(signed);
            using (whole.PushSequence()) whole.WriteObjectIdentifier(Algorithm);
            whole.WriteBitString(key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
        }

        return whole.Encode();
    }

    public string BuildPem() => PemEncoding.WriteString("X509 CRL", Build());

    private byte[] Signed()
    {
        var list = new AsnWriter(AsnEncodingRules.DER);
        using (list.PushSequence())
        {
            if (Version is { } version) list.WriteInteger(version);
            using (list.PushSequence()) list.WriteObjectIdentifier(InnerAlgorithm);
            list.WriteEncodedValue(Authority.SubjectName.RawData);
            list.WriteUtcTime(From);
            if (Until is { } until) list.WriteUtcTime(until);
            if (Revoked.Count > 0)
            {
                using var entries = list.PushSequence();
                foreach (var certificate in Revoked)
                {
                    using var entry = list.PushSequence();
                    list.WriteInteger(certificate.SerialNumberBytes.Span);
                    list.WriteUtcTime(From);
                    Write(list, EntryExtensions);
                }
            }

            if (Extensions.Count > 0)
            {
                using (list.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0))) Write(list, Extensions);
            }
        }

        return list.Encode();
    }

    private static void Write(AsnWriter writer, IReadOnlyList<(string Id, bool Critical)> extensions)
    {
        if (extensions.Count == 0) return;
        using var sequence = writer.PushSequence();
        foreach (var (id, critical) in extensions)
        {
            using var extension = writer.PushSequence();
            writer.WriteObjectIdentifier(id);
            if (critical) writer.WriteBoolean(true);
            writer.WriteOctetString([0x0a, 0x01, 0x01]);
        }
    }
}
