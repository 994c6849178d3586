using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Clients;

/// <summary>When a certificate is refused of whose authority there is no list that holds now (MT-11).</summary>
internal enum MissingRevocationList
{
    /// <summary>Where payments are at stake: clients with the role of a payment initiator, and registrations.</summary>
    RefusePayments,

    /// <summary>Always.</summary>
    Refuse,

    /// <summary>Never: an authority that cannot be reached does not stop its customers.</summary>
    Admit,
}

/// <summary>Where the revocations of an authority are told.</summary>
internal sealed class RevocationListOptions
{
    /// <summary>PEM file with the authority's certificate; the authority is one of those whose client certificates count.</summary>
    public string Authority { get; init; } = "";

    /// <summary>A file with the list, in DER or PEM, that somebody else keeps fresh.</summary>
    public string? File { get; init; }

    /// <summary>An https address of the list, asked in the background.</summary>
    public string? Url { get; init; }

    /// <summary>The authority's certificate; the failure is a sentence's end.</summary>
    public Outcome<X509Certificate2, string> ReadAuthority()
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(Authority);
            return certificates.Count == 1 ? certificates[0] : "must be a PEM file with one certificate";
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return "must be a PEM file with one certificate";
        }
    }

    /// <summary>What cannot stand, a sentence each. A list whose time is over can: that is what the setting for missing lists is for.</summary>
    public IEnumerable<string> Problems(string setting, IReadOnlyList<string?> authorities, bool allowLoopback)
    {
        if (File is null == Url is null) yield return $"{setting} must have either a File or a Url";
        if (Url is not null && OutboundHttp.Problem(Url, allowLoopback) is { } problem) yield return $"{setting}:Url {problem}";
        if (ReadAuthority().Failed(out var fault, out var authority))
        {
            yield return $"{setting}:Authority {fault}";
            yield break;
        }

        if (!IsAmong(authority, authorities)) yield return $"{setting}:Authority is not among the authorities of Identity:ClientCertificateAuthorities";
        if (File is null) yield break;
        if (!System.IO.File.Exists(File)) yield return $"{setting}:File names a file that is not there";
        else if (RevocationList.Read(System.IO.File.ReadAllBytes(File), authority).Failed(out fault, out _)) yield return $"{setting}:File {fault}";
    }

    private static bool IsAmong(X509Certificate2 authority, IReadOnlyList<string?> files)
    {
        var all = new X509Certificate2Collection();
        foreach (var file in files.Where(System.IO.File.Exists)) all.ImportFromPemFile(file!);
        return all.Any(one => one.RawDataMemory.Span.SequenceEqual(authority.RawDataMemory.Span));
    }
}
