using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>
/// Gives back what another system has set aside for orders that never came to be, or may have: it is asked again under the same name until
/// it answers, and does each thing once.
/// </summary>
internal sealed class ForgottenHolds(AccountsDb db, HttpCoreBank bank, CoreBankOptions options, IMediator mediator, TimeProvider clock) : IBatchJob
{
    /// <summary>By then the request that asked has long ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    public static int Batch => 20;

    public static TimeSpan Pause => TimeSpan.FromSeconds(10);

    public async Task<int> DoBatchAsync(CancellationToken ct)
    {
        // Without an address the core is the built-in ledger, whose holds are in the order's own transaction.
        if (options.Address is null) return 0;
        var ids = await db.Database.SqlQuery<string>(
            $"""
            SELECT "TransferId" AS "Value" FROM accounts.core_holds WHERE "AskedAt" < {clock.GetUtcNow() - options.Patience - Grace}
            ORDER BY "AskedAt" LIMIT {Batch} FOR UPDATE SKIP LOCKED
            """).ToListAsync(ct);
        if (ids.Count == 0) return 0;

        // An order that is there asks for itself again.
        var known = await mediator.Send(new ListKnownTransfers(ids), ct);
        foreach (var id in ids.Where(id => !known.Contains(id))) await bank.ReleaseAsync(id, ct);
        await db.Set<CoreHold>().Where(hold => ids.Contains(hold.TransferId)).ExecuteDeleteAsync(ct);
        return ids.Count;
    }
}
