using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;

namespace OpenBanking.ResourceServer;

/// <summary>
/// What a supervisor lets the owner of a certificate be, as a PSD2 certificate says it among its <c>QCStatements</c> (ETSI TS 119 495,
/// 5.1). It limits whatever else the third party may do: a certificate for information services opens no payments (MT-10).
/// </summary>
public static class CertificateRoles
{
    /// <summary>The extension of RFC 3739.</summary>
    public const string Extension = "1.3.6.1.5.5.7.1.3";

    /// <summary>The statement with the roles.</summary>
    public const string Statement = "0.4.0.19495.2";

    /// <summary>The role as the certificate names it, as its number, and as a directory names it.</summary>
    public static readonly IReadOnlyList<(string Name, string Id, string Role)> All =
    [
        ("PSP_AS", "0.4.0.19495.1.1", "ASPSP"),
        ("PSP_PI", "0.4.0.19495.1.2", "PISP"),
        ("PSP_AI", "0.4.0.19495.1.3", "AISP"),
        ("PSP_IC", "0.4.0.19495.1.4", "CBPII"),
    ];

    /// <summary>The roles by a directory's names; null where the certificate is silent, none where what it says cannot be read.</summary>
    public static IReadOnlyList<string>? Of(X509Certificate2 certificate)
    {
        try
        {
            IReadOnlyList<string>? roles = null;
            foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == Extension))
            {
                var file = new AsnReader(extension.RawData, AsnEncodingRules.DER);
                var statements = file.ReadSequence();
                file.ThrowIfNotEmpty();
                while (statements.HasData)
                {
                    var statement = statements.ReadSequence();
                    if (statement.ReadObjectIdentifier() != Statement) continue;
                    if (roles is not null) return []; // Of two, neither.
                    roles = Read(statement);
                }
            }

            return roles;
        }
        catch (AsnContentException)
        {
            return [];
        }
    }

    private static List<string> Read(AsnReader statement)
    {
        var said = statement.ReadSequence();
        statement.ThrowIfNotEmpty();
        var list = said.ReadSequence();
        said.ReadCharacterString(UniversalTagNumber.UTF8String); // Of the authority, its name
        said.ReadCharacterString(UniversalTagNumber.UTF8String); // and its identifier.
        said.ThrowIfNotEmpty();
        var roles = new List<string>();
        while (list.HasData)
        {
            var role = list.ReadSequence();
            var id = role.ReadObjectIdentifier();
            role.ReadCharacterString(UniversalTagNumber.UTF8String);
            role.ThrowIfNotEmpty();
            if (All.FirstOrDefault(known => known.Id == id).Role is { } known) roles.Add(known);
        }

        return roles;
    }
}
