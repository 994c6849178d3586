using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Users;

namespace OpenBanking.Identity.Ciba;

/// <summary>
/// Keeps a customer from being worn down by prompts until one is approved (CIBA-36): so many at a time, so many an hour, and none at
/// all where the customer does not want any.
/// </summary>
internal sealed class BackchannelPrompts(IdentityDb db, IConfiguration configuration, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private int WaitingPerCustomer => configuration.GetValue("RateLimits:BackchannelWaitingPerCustomer", 5);

    private int PerPairAndHour => configuration.GetValue("RateLimits:BackchannelPerCustomerAndClientAndHour", 10);

    private int WaitingPerClient => configuration.GetValue("RateLimits:BackchannelWaitingPerClient", 1000);

    /// <summary>Why this customer is not to be asked now; null if nothing speaks against it.</summary>
    public async Task<OAuthError?> RefusalAsync(HttpContext http, User user, Client client, CancellationToken ct)
    {
        if (user.DeclinesRequestsSince is not null) return new OAuthError("access_denied", "CIBA-36", "the customer takes no requests");

        // One request to a customer is counted at a time, on whichever host: of a hundred at one moment the first would not be counted yet.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(user.Id.ToByteArray())})", ct);
        var now = time.GetUtcNow();
        var since = now - Window;
        var waiting = db.BackchannelRequests.Where(row => row.DecidedAt == null && row.ExpiresAt > now);
        var tooMany = await waiting.CountAsync(row => row.UserId == user.Id, ct) >= WaitingPerCustomer
            || await db.BackchannelRequests.CountAsync(row => row.UserId == user.Id && row.ClientId == client.ClientId && row.CreatedAt > since, ct) >= PerPairAndHour
            || await waiting.CountAsync(row => row.ClientId == client.ClientId, ct) >= WaitingPerClient;
        if (!tooMany) return null;
        http.Response.Headers.RetryAfter = BackchannelRequests.Lifetime.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        return new OAuthError("temporarily_unavailable", "CIBA-36", "too many requests wait already", StatusCodes.Status429TooManyRequests);
    }
}
