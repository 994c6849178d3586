using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Par;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Authorize;

/// <summary>How a customer has just authenticated for an interaction.</summary>
/// <param name="Amr">Values of RFC 8176.</param>
internal sealed record InteractionSignIn(Guid SessionId, Guid UserId, DateTimeOffset At, string PasskeyId, string[] Amr);

/// <summary>An interaction that this browser may act on, with what it is about.</summary>
internal sealed record OpenInteraction(Interaction Interaction, PushedRequest Pushed, AuthorizationRequest Request, Client Client);

/// <summary>Why there is none.</summary>
internal sealed record UnusableInteraction(string Rule, int Status);

/// <summary>Begins interactions, finds them for the browser that began them, and records who has signed in for them.</summary>
internal sealed class Interactions(IdentityDb db, PushedRequests pushed, ClientRegister register, AuthorisationTallies tallies, TimeProvider time)
{
    /// <summary>From the browser's arrival to the decision (PAR-16, X-10).</summary>
    public static readonly TimeSpan TimeToDecide = TimeSpan.FromMinutes(10);

    /// <summary>So many passkeys that do not fit its decision end an interaction (CON-05).</summary>
    public const int MostFailures = 5;

    private const int IdLength = 43;

    /// <summary>Begins an interaction in this browser and answers with its id. A request may be begun any number of times until it is decided (OA-04).</summary>
    public async Task<string> BeginAsync(HttpContext http, PushedRequest request, CancellationToken ct)
    {
        var id = Handle.New();
        var secret = Handle.New();
        var now = time.GetUtcNow();
        db.Add(new Interaction
        {
            Hash = id.Hash,
            PushedRequestHash = request.Hash,
            ClientId = request.ClientId,
            ConsentId = request.ConsentId,
            BrowserSecretHash = secret.Hash,
            StartedAt = now,
            DecideBefore = now + TimeToDecide,
        });
        await db.SaveChangesAsync(ct);
        tallies.Count(request.ConsentId, AuthorisationTallies.Started);
        GiveBrowser(http, id.Value, secret);
        return id.Value;
    }

    /// <summary>The interaction, if it is this browser's and not decided yet; that it may have timed out is for the caller to see.</summary>
    public async Task<Outcome<OpenInteraction, UnusableInteraction>> FindAsync(InteractionReference reference, CancellationToken ct)
    {
        if (await RowAsync(reference.InteractionId, ct) is not { } interaction) return new UnusableInteraction("X-9", StatusCodes.Status400BadRequest);
        if (!IsBrowserOf(interaction, reference.BrowserSecret)) return new UnusableInteraction("OA-45", StatusCodes.Status400BadRequest);
        if (await pushed.FindAsync(interaction.PushedRequestHash, ct) is not { } request || await register.FindAsync(interaction.ClientId, ct) is not { } client)
            return new UnusableInteraction("PAR-14", StatusCodes.Status400BadRequest);
        if (request.SpentAt is not null) return new UnusableInteraction("CO-09", StatusCodes.Status409Conflict);
        return new OpenInteraction(interaction, request, AuthorizationRequest.FromJson(request.Parameters), client);
    }

    /// <summary>
    /// Records that a customer has just used a passkey for this interaction, and answers with the client it is for; null where the
    /// interaction is not this browser's, was taken up by another customer (CO-04) or is over. The browser gets a new secret, so that
    /// whoever planted the old one is left behind (OA-46).
    /// </summary>
    public async Task<Client?> AuthenticatedAsync(HttpContext http, string interactionId, InteractionSignIn signIn, CancellationToken ct)
    {
        var reference = new InteractionReference(interactionId, http.Request.Cookies[InteractionCookie.NameFor(interactionId)], SessionId: null);
        if ((await FindAsync(reference, ct)).Failed(out _, out var open)) return null;

        var now = time.GetUtcNow();
        var (hash, before) = (open.Interaction.Hash, open.Interaction.BrowserSecretHash);
        var after = Handle.New();
        var taken = await db.Interactions
            .Where(row => row.Hash == hash && row.BrowserSecretHash == before && row.DecideBefore > now && (row.UserId == null || row.UserId == signIn.UserId))
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.BrowserSecretHash, after.Hash)
                    .SetProperty(row => row.SessionId, signIn.SessionId)
                    .SetProperty(row => row.UserId, signIn.UserId)
                    .SetProperty(row => row.AuthenticatedAt, signIn.At)
                    .SetProperty(row => row.PasskeyId, signIn.PasskeyId)
                    .SetProperty(row => row.Amr, signIn.Amr),
                ct);
        if (taken != 1) return null;
        if (open.Interaction.UserId is null) tallies.Count(open.Interaction.ConsentId, AuthorisationTallies.Authenticated);
        GiveBrowser(http, interactionId, after);
        return open.Client;
    }

    /// <summary>Counts a passkey that was used for a decision and does not fit it; answers how many there were.</summary>
    public async Task<int> CountFailureAsync(Interaction interaction, CancellationToken ct)
    {
        var rows = db.Interactions.Where(row => row.Hash == interaction.Hash);
        await rows.ExecuteUpdateAsync(set => set.SetProperty(row => row.Failures, row => row.Failures + 1), ct);
        return await rows.Select(row => row.Failures).SingleAsync(ct);
    }

    /// <summary>Notes when an interaction was decided.</summary>
    /// <param name="outcome">How, as it is counted.</param>
    public Task DecidedAsync(Interaction interaction, string outcome, CancellationToken ct)
    {
        tallies.Count(interaction.ConsentId, outcome);
        var now = time.GetUtcNow();
        return db.Interactions
            .Where(row => row.Hash == interaction.Hash)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DecidedAt, now), ct);
    }

    private async Task<Interaction?> RowAsync(string interactionId, CancellationToken ct)
    {
        if (interactionId.Length != IdLength) return null;
        var hash = Handle.HashOf(interactionId);
        return await db.Interactions.FirstOrDefaultAsync(row => row.Hash == hash, ct);
    }

    private static bool IsBrowserOf(Interaction interaction, string? secret) =>
        secret is not null && CryptographicOperations.FixedTimeEquals(Handle.HashOf(secret), interaction.BrowserSecretHash);

    // Lax: the customer comes from the third party's site. __Host- ties it to this host and path, so no sibling can plant one.
    private static void GiveBrowser(HttpContext http, string interactionId, Handle secret) =>
        http.Response.Cookies.Append(InteractionCookie.NameFor(interactionId), secret.Value, new CookieOptions
        {
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Lax,
            Path = "/",
            MaxAge = TimeToDecide,
        });
}
