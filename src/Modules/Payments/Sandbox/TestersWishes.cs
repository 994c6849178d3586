using Microsoft.EntityFrameworkCore;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Sandbox;

/// <summary>What testers have asked for and no payment has used up yet. Outside the sandbox nobody can ask, so there never is any.</summary>
internal sealed class TestersWishes(PaymentsDb db, TimeProvider time)
{
    public async Task AddAsync(string name, string? value, CancellationToken ct)
    {
        db.Add(new TestersWish { Id = Guid.CreateVersion7(time.GetUtcNow()), Name = name, Value = value });
        await db.SaveChangesAsync(ct);
    }

    /// <summary>The oldest wish of a name, for whoever asks first; null where there is none.</summary>
    public async Task<TestersWish?> TakeAsync(string name, CancellationToken ct) => (await db.Wishes.FromSql(
        $"""
        DELETE FROM payments.testers_wishes WHERE "Id" = (
            SELECT "Id" FROM payments.testers_wishes WHERE "Name" = {name} ORDER BY "Id" LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING *
        """).AsNoTracking().ToListAsync(ct)).SingleOrDefault();
}
