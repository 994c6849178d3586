using System.Security.Cryptography.X509Certificates;
using OpenBanking.Identity.Clients;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// Whose a certificate is by the identifiers in its subject, never by names that several may bear. Directories put them in different
/// places: a PSD2 certificate has <c>organizationIdentifier</c> and the organisation's id as common name, an older one the
/// organisation's id as unit and the software's as common name.
/// </summary>
internal sealed class CertificateOwner
{
    private const string CommonName = "2.5.4.3";
    private const string Unit = "2.5.4.11";
    private const string OrganizationIdentifier = "2.5.4.97";
    private const string UserId = "0.9.2342.19200300.100.1.1";

    private readonly ILookup<string, string> attributes;

    private CertificateOwner(ILookup<string, string> attributes) => this.attributes = attributes;

    public static CertificateOwner Of(X509Certificate2 certificate) =>
        new((DistinguishedName.Of(certificate.SubjectName)?.Attributes ?? []).ToLookup(pair => pair.Oid, pair => pair.Value, StringComparer.Ordinal));

    /// <param name="registrationNumber">The organisation's number at its authority, where it is known.</param>
    public bool Is(string organisationId, string softwareId, string? registrationNumber)
    {
        if (Has(Unit, organisationId)) return Has(CommonName, softwareId);
        return Has(CommonName, organisationId) || Has(CommonName, softwareId) || Has(UserId, organisationId)
            || attributes[OrganizationIdentifier].Any(identifier => Names(identifier, organisationId) || (registrationNumber is not null && Names(identifier, registrationNumber)));
    }

    private bool Has(string attribute, string value) => attributes[attribute].Contains(DistinguishedName.Fold(value), StringComparer.Ordinal);

    /// <summary><c>PSDGB-FCA-123456</c> names 123456, and the whole names itself (ETSI TS 119 495, 5.2.1).</summary>
    private static bool Names(string identifier, string id)
    {
        if (DistinguishedName.Fold(id) is not { } folded) return false;
        return identifier == folded || (identifier.Split('-', 3) is [_, _, var number] && number == folded);
    }
}
