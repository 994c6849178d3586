using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent;

/// <summary>What a third party may do with its own consents, whatever their kind: find one, delete one, and make one while not too many wait.</summary>
internal sealed class OwnConsents(Consents consents, ConsentDb db, ConsentOptions options, TimeProvider time)
{
    /// <summary>The caller's consent; an id of another kind is no id here (OB-HTTP-1).</summary>
    public async Task<Outcome<ConsentRecord, ApiError>> FindAsync(string consentId, ConsentKind kind, HttpContext http, CancellationToken ct)
    {
        if (await consents.FindAsync(consentId, ct) is not { } consent || consent.Kind != kind) return Unknown();
        return consent.ClientId == http.Caller().ClientId
            ? consent
            : ApiError.Forbidden("U011", "OB-HTTP-2", "This consent belongs to another third party.");
    }

    /// <summary>Ends a consent at its third party's wish (OB-CON-14).</summary>
    public async Task<IResult> DeleteAsync(ConsentRecord consent, CancellationToken ct)
    {
        // Where two delete at once, the second finds it gone, as it would a moment later (OB-CON-13).
        var deleted = await consents.MoveOnAsync(consent, ConsentEvent.Delete, new Cause(Actor.ThirdParty, consent.ClientId), ct);
        return deleted ? Results.NoContent() : Unknown();
    }

    /// <summary>Counts what waits (CO-22); null where there is room for one more. What has waited too long takes no room, whether it was swept or not.</summary>
    public async Task<ApiError?> TooManyWaitAsync(HttpContext http, CancellationToken ct)
    {
        var clientId = http.Caller().ClientId;
        var since = time.GetUtcNow() - options.UnauthorisedLifetime;
        var waiting = db.Consents.Where(consent => consent.ClientId == clientId && (consent.State == ConsentState.AWAU || consent.State == ConsentState.AWUP) && consent.CreatedAt >= since);
        if (!await waiting.OrderBy(consent => consent.CreatedAt).Skip(options.MaxUnauthorised - 1).AnyAsync(ct)) return null;
        http.Response.Headers.RetryAfter = "3600";
        return ApiError.Bare(StatusCodes.Status429TooManyRequests, "CO-22");
    }

    private static ApiError Unknown() => ApiError.BadRequest("U011", "OB-HTTP-1", "There is no such consent.");
}
