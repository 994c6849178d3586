using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// The part of a page link that says where the page begins. It is encrypted and authenticated with the keys that all hosts share, and
/// bound to its consent and its listing (path and filters), so it opens nothing that its holder could not ask for plainly (OB-PAG-6, CO-18).
/// </summary>
public sealed class PageCursors(IDataProtectionProvider protection)
{
    private const int MaxLength = 1024;
    private readonly IDataProtector protector = protection.CreateProtector("OpenBanking.PageCursor.v1");

    /// <summary>Makes a cursor for a position within a listing.</summary>
    /// <param name="consentId">Whose listing it is.</param>
    /// <param name="listing">Path and filters, in one fixed spelling.</param>
    /// <param name="position">Where the page begins; no line break.</param>
    public string Seal(string consentId, string listing, string position) =>
        Base64Url.EncodeToString(protector.Protect(Encoding.UTF8.GetBytes(string.Join('\n', consentId, position, listing))));

    /// <summary>The position that a cursor holds, if it was made here, unchanged, for this consent and this listing.</summary>
    public Outcome<string, ApiError> Open(string cursor, string consentId, string listing)
    {
        if (Unseal(cursor)?.Split('\n', 3) is not [var madeFor, var position, var of]) return Invalid();
        if (madeFor != consentId) return ApiError.Forbidden("U002", "OB-PAG-6", "This page link belongs to another consent.");
        return of == listing ? position : Invalid();
    }

    private static ApiError Invalid() => ApiError.BadRequest("U002", "OB-PAG-6", "Use page links as they were given, with their filters.", "page");

    private string? Unseal(string cursor)
    {
        if (cursor.Length > MaxLength || !Base64Url.IsValid(cursor)) return null;
        try
        {
            return Encoding.UTF8.GetString(protector.Unprotect(Base64Url.DecodeFromChars(cursor)));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
