using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>Judges activation codes: slowly enough for who guesses, never barred for who holds the right one (PO-13).</summary>
internal sealed class Activations(IdentityDb db, AuthenticationPolicy policy, FailureCounts failures, SignIns history, TimeProvider clock)
{
    /// <summary>Finds whose code it is. Known and unknown names take the same steps and get the same answer (PO-12).</summary>
    public async Task<Outcome<Activation, PasskeyRefusal>> FindAsync(HttpContext http, string username, string code, CancellationToken ct)
    {
        var normalized = User.Normalize(username);
        var decision = await policy.DecideAsync(http, new Attempt(Occasion.Activation, normalized), ct);
        if (decision.Verdict != Verdict.Allow)
        {
            await history.RecordHeldActivationAsync(http, normalized, decision, ct);
            return PasskeyRefusal.By(decision); // PO-13
        }

        var now = clock.GetUtcNow();
        var found = await db.Users
            .Where(user => user.NormalizedUsername == normalized)
            .Join(db.ActivationCodes, user => user.Id, row => row.UserId, (user, row) => new { user, row })
            .FirstOrDefaultAsync(ct);
        var expected = found?.row.Hash ?? new byte[SHA256.HashSizeInBytes];
        var isRight = CryptographicOperations.FixedTimeEquals(ActivationCode.HashOf(found?.user.Id ?? Guid.Empty, code), expected);
        if (found is null || !isRight || found.row.ExpiresAt <= now || (found.row.UsedAt is not null && !found.row.Reusable))
        {
            await failures.CountAsync(normalized, http.Connection.RemoteIpAddress, ct);
            return new PasskeyRefusal("PO-14");
        }

        return new Activation(found.user, found.row.Hash);
    }

    /// <summary>Spends the code that opened a registration: of two that race with one code, one gets its passkey (PO-14).</summary>
    public async Task<bool> SpendAsync(Guid userId, byte[] hash, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await db.ActivationCodes
            .Where(row => row.UserId == userId && row.Hash == hash && row.ExpiresAt > now && (row.UsedAt == null || row.Reusable))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), ct) == 1;
    }
}

/// <summary>A customer with a good activation code.</summary>
internal sealed record Activation(User User, byte[] CodeHash);
