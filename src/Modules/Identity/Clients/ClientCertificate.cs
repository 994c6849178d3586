using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Clients;

/// <summary>The certificate that a client shows in TLS, and what it says.</summary>
internal static class ClientCertificate
{
    public const string SubjectDn = "subject_dn";
    public const string SanDns = "san_dns";
    public const string SanUri = "san_uri";
    public const string SanIp = "san_ip";
    public const string SanEmail = "san_email";

    private static readonly Asn1Tag Email = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag Dns = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag Address = new(TagClass.ContextSpecific, 6);
    private static readonly Asn1Tag Ip = new(TagClass.ContextSpecific, 7);

    /// <summary>The certificate that the client has shown.</summary>
    public static X509Certificate2? Of(HttpContext http) => SenderCertificate.Of(http);

    /// <summary>base64url SHA-256 of the DER form, as <c>x5t#S256</c> wants it (MTLS-06).</summary>
    public static string Thumbprint(X509Certificate2 certificate) => SenderCertificate.Thumbprint(certificate);

    /// <summary>Whether the certificate carries the registered value: one whole name, never a part of one (MT-05).</summary>
    public static bool Says(X509Certificate2 certificate, string? field, string? value)
    {
        if (value is null) return false;
        try
        {
            return field switch
            {
                SubjectDn => DistinguishedName.Parse(value) is { } registered && registered.Equals(DistinguishedName.Of(certificate.SubjectName)),
                SanDns => Names(certificate, Dns).Any(name => string.Equals(name, value, StringComparison.OrdinalIgnoreCase)),
                SanUri => Names(certificate, Address).Contains(value, StringComparer.Ordinal),
                SanEmail => Names(certificate, Email).Contains(value, StringComparer.Ordinal),
                SanIp => IPAddress.TryParse(value, out var address) && Addresses(certificate).Contains(address),
                _ => false,
            };
        }
        catch (Exception malformed) when (malformed is AsnContentException or CryptographicException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Names(X509Certificate2 certificate, Asn1Tag tag) => AlternativeNames(certificate)
        .Where(name => name.Tag.HasSameClassAndValue(tag))
        .Select(name => AsnDecoder.ReadCharacterString(name.Encoded.Span, AsnEncodingRules.DER, UniversalTagNumber.IA5String, out _, tag));

    private static IEnumerable<IPAddress> Addresses(X509Certificate2 certificate) => AlternativeNames(certificate)
        .Where(name => name.Tag.HasSameClassAndValue(Ip))
        .Select(name => AsnDecoder.ReadOctetString(name.Encoded.Span, AsnEncodingRules.DER, out _, Ip))
        .Where(bytes => bytes.Length is 4 or 16)
        .Select(bytes => new IPAddress(bytes));

    private static List<(Asn1Tag Tag, ReadOnlyMemory<byte> Encoded)> AlternativeNames(X509Certificate2 certificate)
    {
        var names = new List<(Asn1Tag, ReadOnlyMemory<byte>)>();
        foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == "2.5.29.17"))
        {
            var sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                var tag = sequence.PeekTag();
                names.Add((tag, sequence.ReadEncodedValue()));
            }
        }

        return names;
    }
}
