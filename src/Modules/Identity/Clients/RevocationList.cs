using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// What an authority has revoked (RFC 5280, 5). Only a whole list of the authority itself is taken: one that covers a part of its
/// certificates, or the changes since another one, would call good what it is silent about (MT-11).
/// </summary>
internal sealed class RevocationList
{
    private const string KeyUsage = "2.5.29.15";
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0, isConstructed: true);

    /// <summary>Of the list: number, key identifier, freshest list. Of an entry: reason, invalidity date.</summary>
    private static readonly FrozenSet<string> Harmless = new[] { "2.5.29.20", "2.5.29.35", "2.5.29.46", "2.5.29.21", "2.5.29.24" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Narrow a list, or tell what another one said; they count as critical though somebody forgot to say so.</summary>
    private static readonly FrozenSet<string> Narrowing = new[] { "2.5.29.27", "2.5.29.28", "2.5.29.29" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, (HashAlgorithmName Hash, bool Rsa)> Algorithms = new Dictionary<string, (HashAlgorithmName, bool)>(StringComparer.Ordinal)
    {
        ["1.2.840.113549.1.1.11"] = (HashAlgorithmName.SHA256, true),
        ["1.2.840.113549.1.1.12"] = (HashAlgorithmName.SHA384, true),
        ["1.2.840.113549.1.1.13"] = (HashAlgorithmName.SHA512, true),
        ["1.2.840.10045.4.3.2"] = (HashAlgorithmName.SHA256, false),
        ["1.2.840.10045.4.3.3"] = (HashAlgorithmName.SHA384, false),
        ["1.2.840.10045.4.3.4"] = (HashAlgorithmName.SHA512, false),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly FrozenSet<string> serials;

    private RevocationList(DateTimeOffset from, DateTimeOffset until, FrozenSet<string> serials) => (From, Until, this.serials) = (from, until, serials);

    /// <summary><c>thisUpdate</c>.</summary>
    public DateTimeOffset From { get; }

    /// <summary><c>nextUpdate</c>: from then on there is a newer one, and this one's silence means nothing.</summary>
    public DateTimeOffset Until { get; }

    public bool Names(string serial) => serials.Contains(serial);

    /// <summary>The serial number as it stands in the certificate; null where the certificate is not written as it must be.</summary>
    public static string? SerialOf(X509Certificate2 certificate)
    {
        try
        {
            var signed = new AsnReader(certificate.RawDataMemory, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            if (signed.PeekTag().HasSameClassAndValue(Extensions)) signed.ReadEncodedValue(); // The version.
            return Convert.ToHexString(signed.ReadIntegerBytes().Span);
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    /// <summary>Reads a list, in DER or PEM, and checks that this authority has signed it. The failure is a sentence's end for the log.</summary>
    public static Outcome<RevocationList, string> Read(byte[] content, X509Certificate2 authority)
    {
        try
        {
            if (DerOf(content) is not { } der) return "is not one list in DER or PEM";
            return ReadDer(der, authority);
        }
        catch (Exception malformed) when (malformed is AsnContentException or CryptographicException or ArgumentException or FormatException or OverflowException)
        {
            return "is malformed";
        }
    }

    private static Outcome<RevocationList, string> ReadDer(ReadOnlyMemory<byte> der, X509Certificate2 authority)
    {
        var file = new AsnReader(der, AsnEncodingRules.DER);
        var whole = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var signed = whole.ReadEncodedValue();
        var algorithm = whole.ReadEncodedValue();
        var signature = whole.ReadBitString(out var unused);
        whole.ThrowIfNotEmpty();
        if (unused != 0) return "is malformed";

        var list = new AsnReader(signed, AsnEncodingRules.DER).ReadSequence();
        if (!list.PeekTag().HasSameClassAndValue(Asn1Tag.Integer) || !list.TryReadInt32(out var version) || version != 1) return "is not of version 2";
        if (!list.ReadEncodedValue().Span.SequenceEqual(algorithm.Span)) return "names two signature algorithms";
        if (!list.ReadEncodedValue().Span.SequenceEqual(authority.SubjectName.RawData)) return "is of another authority";
        if (!MaySign(authority) || !IsSigned(signed.Span, algorithm, signature, authority)) return "is not signed by its authority";

        var from = Time(list);
        if (!list.HasData || !IsTime(list)) return "has no nextUpdate";
        var until = Time(list);
        if (until <= from) return "ends before it begins";

        var named = new HashSet<string>(StringComparer.Ordinal);
        if (list.HasData && list.PeekTag() == Asn1Tag.Sequence)
        {
            var entries = list.ReadSequence();
            while (entries.HasData)
            {
                var entry = entries.ReadSequence();
                named.Add(Convert.ToHexString(entry.ReadIntegerBytes().Span));
                _ = Time(entry);
                if (entry.HasData && !AreKnown(entry.ReadSequence())) return "has an entry with an unknown critical extension";
                entry.ThrowIfNotEmpty();
            }
        }

        if (list.HasData)
        {
            var wrapped = list.ReadSequence(Extensions);
            var known = AreKnown(wrapped.ReadSequence());
            wrapped.ThrowIfNotEmpty();
            if (!known) return "is not whole or has an unknown critical extension";
        }

        list.ThrowIfNotEmpty();
        return new RevocationList(from, until, named.ToFrozenSet(StringComparer.Ordinal));
    }

    private static byte[]? DerOf(byte[] content)
    {
        if (content is [0x30, ..]) return content;
        if (content.Any(octet => octet > 0x7f)) return null;
        var text = Encoding.ASCII.GetString(content);
        if (!PemEncoding.TryFind(text, out var fields) || text[fields.Label] != "X509 CRL") return null;
        return PemEncoding.TryFind(text.AsSpan(fields.Location.End), out _) ? null : Convert.FromBase64String(text[fields.Base64Data]);
    }

    private static bool MaySign(X509Certificate2 authority) =>
        authority.Extensions.FirstOrDefault(extension => extension.Oid?.Value == KeyUsage) is not X509KeyUsageExtension usage
        || usage.KeyUsages.HasFlag(X509KeyUsageFlags.CrlSign);

    private static bool IsSigned(ReadOnlySpan<byte> signed, ReadOnlyMemory<byte> identifier, byte[] signature, X509Certificate2 authority)
    {
        var reader = new AsnReader(identifier, AsnEncodingRules.DER).ReadSequence();
        if (!Algorithms.TryGetValue(reader.ReadObjectIdentifier(), out var algorithm) || CertificateStrength.IsWeak(authority)) return false;
        if (algorithm.Rsa)
        {
            using var rsa = authority.GetRSAPublicKey();
            return rsa is not null && rsa.VerifyData(signed, signature, algorithm.Hash, RSASignaturePadding.Pkcs1);
        }

        using var ec = authority.GetECDsaPublicKey();
        return ec is not null && ec.VerifyData(signed, signature, algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static bool AreKnown(AsnReader extensions)
    {
        var known = true;
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var id = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            known &= !Narrowing.Contains(id) && (!critical || Harmless.Contains(id));
        }

        return known;
    }

    private static bool IsTime(AsnReader reader)
    {
        var tag = reader.PeekTag();
        return tag.HasSameClassAndValue(Asn1Tag.UtcTime) || tag.HasSameClassAndValue(Asn1Tag.GeneralizedTime);
    }

    private static DateTimeOffset Time(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime(2049) : reader.ReadGeneralizedTime();
}
