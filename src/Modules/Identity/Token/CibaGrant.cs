using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Answers a client that asks what its customer has decided (CIBA), also one that waits for a ping (CIBA-29). While the customer has not, the pace is held by conditional
/// updates, so that it is one for all hosts; once there are tokens to be had, they are given once.
/// </summary>
internal sealed class CibaGrant(IdentityDb db, TokenIssuer issuer, TimeProvider clock)
{
    /// <summary>What each poll that comes too soon adds to the interval, in seconds (CIBA-21).</summary>
    private const int Penalty = 5;

    /// <summary>Who has been slowed down to this and still comes too soon does not listen (CIBA-22).</summary>
    private const int LongestInterval = 60;

    public async Task<IResult> RedeemAsync(OAuthForm form, Client client, SenderConstraint constraint, CancellationToken ct)
    {
        var hash = Handle.HashOf(form["auth_req_id"]!);
        var now = clock.GetUtcNow();

        // Another client's request is as good as none.
        var request = await db.BackchannelRequests.FirstOrDefaultAsync(row => row.Hash == hash && row.ClientId == client.ClientId, ct);
        if (request is null or { RedeemedAt: not null }) return OAuthError.InvalidGrant("CIBA-25");
        if (request.Outcome is BackchannelOutcome.Declined or BackchannelOutcome.Ended)
            return new OAuthError("access_denied", "CIBA-24", "the customer did not approve the request");
        if (request.Outcome is BackchannelOutcome.TimedOut || now >= request.ExpiresAt)
            return new OAuthError("expired_token", "CIBA-23", "the request has expired");
        if (request.Outcome is null) return await WaitAsync(request, now, ct);

        var grant = await db.Grants.SingleAsync(row => row.Id == request.GrantId, ct);
        if (!grant.IsLive(now)) return OAuthError.InvalidGrant("TOK-11");
        if (NarrowedDetails.Of(form, grant).Failed(out var error, out var details)) return error;

        // The update is the lock: of fifty polls at one moment one takes the tokens.
        var won = await db.BackchannelRequests
            .Where(row => row.Hash == hash && row.RedeemedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RedeemedAt, now), ct);
        return won == 1 ? await issuer.ForCodeAsync(client, grant, details, constraint, ct) : OAuthError.InvalidGrant("CIBA-25");
    }

    private async Task<OAuthError> WaitAsync(BackchannelRequest request, DateTimeOffset now, CancellationToken ct)
    {
        var next = now + TimeSpan.FromSeconds(request.Interval);
        var inTime = await db.BackchannelRequests
            .Where(row => row.Hash == request.Hash && row.NextPollAt <= now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.NextPollAt, next), ct);
        if (inTime == 1) return new OAuthError("authorization_pending", "CIBA-20", "the customer has not decided yet");

        if (request.Interval >= LongestInterval) return OAuthError.InvalidRequest("CIBA-22", "the token endpoint is polled far too often");
        var later = next + TimeSpan.FromSeconds(Penalty);
        await db.BackchannelRequests
            .Where(row => row.Hash == request.Hash && row.DecidedAt == null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Interval, row => row.Interval + Penalty).SetProperty(row => row.NextPollAt, later), ct);
        return new OAuthError("slow_down", "CIBA-21", "the interval between two polls was not kept");
    }
}
