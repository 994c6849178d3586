using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Storage;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>
/// Carries out what the ledger's own customers have arranged: standing orders, and payments that were set up for later. Each is one transfer
/// with a name of its own, held and posted in one transaction with the order's next day, so that a host that stops in between has done
/// nothing and two hosts pay once.
/// </summary>
internal sealed class DuePayments(IServiceScopeFactory scopes, TimeProvider clock, ILogger<DuePayments> logger) : BackgroundService
{
    private const string Rail = "FPS";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => BackgroundWork.EveryAsync(Pause, clock, logger, CarryOutAsync, stoppingToken);

    /// <summary>Everything that is due now, the oldest first, each by itself; answers how many there were.</summary>
    internal async Task<int> CarryOutAsync(CancellationToken ct) =>
        await BackgroundWork.InBatchesAsync(1, () => scopes.InUnitAsync(services => OrderAsync(services, ct), ct))
        + await BackgroundWork.InBatchesAsync(1, () => scopes.InUnitAsync(services => LaterAsync(services, ct), ct));

    private async Task<int> OrderAsync(IServiceProvider services, CancellationToken ct)
    {
        var (db, now) = (services.GetRequiredService<AccountsDb>(), clock.GetUtcNow());
        var order = await db.StandingOrders.FromSql(
            $"""SELECT * FROM accounts.standing_orders WHERE "Status" = 'ACTV' AND "NextAt" <= {now} ORDER BY "NextAt" LIMIT 1 FOR UPDATE SKIP LOCKED""").AsNoTracking().SingleOrDefaultAsync(ct);
        if (order is not { NextAt: { } due }) return 0;

        // Where a tester's clock has jumped over several days, one of them is paid: the customer's income has not come in meanwhile either.
        var next = Schedule.After(order, due);
        while (next <= now) (due, next) = (next.Value, Schedule.After(order, next.Value));
        var payee = new TransferPayee(order.PayeeScheme, order.PayeeIdentification, order.PayeeName);
        var paidAt = await PayAsync(services, $"so-{order.Id:N}-{due.ToUnixTimeSeconds()}", order.AccountId, new Money(order.Amount, order.Currency), payee, order.Reference, ct);

        // What could not be paid, for want of money, is not tried again before it is due again.
        await db.StandingOrders.Where(row => row.Id == order.Id).ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.NextAt, next)
                .SetProperty(row => row.LastAt, paidAt ?? order.LastAt)
                .SetProperty(row => row.Status, next == null ? "EXPI" : "ACTV"),
            ct);
        return 1;
    }

    private async Task<int> LaterAsync(IServiceProvider services, CancellationToken ct)
    {
        var (db, now) = (services.GetRequiredService<AccountsDb>(), clock.GetUtcNow());
        var later = await db.Set<BankScheduledPayment>().FromSql(
            $"""SELECT * FROM accounts.scheduled_payments WHERE "DueAt" <= {now} ORDER BY "DueAt" LIMIT 1 FOR UPDATE SKIP LOCKED""").AsNoTracking().SingleOrDefaultAsync(ct);
        if (later is null) return 0;
        var payee = new TransferPayee(later.PayeeScheme, later.PayeeIdentification, later.PayeeName);
        await PayAsync(services, $"sp-{later.Id:N}", later.AccountId, new Money(later.Amount, later.Currency), payee, later.Reference, ct);
        await db.Set<BankScheduledPayment>().Where(row => row.Id == later.Id).ExecuteDeleteAsync(ct);
        return 1;
    }

    /// <summary>When it was paid; null where there was no cover or no such payee.</summary>
    private static async Task<DateTimeOffset?> PayAsync(
        IServiceProvider services, string transferId, string accountId, Money amount, TransferPayee payee, string reference, CancellationToken ct)
    {
        var (db, transfers) = (services.GetRequiredService<AccountsDb>(), services.GetRequiredService<Transfers>());
        var customer = await db.Holders.Where(holder => holder.AccountId == accountId).Select(holder => holder.CustomerId).OrderBy(holder => holder).FirstAsync(ct);
        var order = new TransferOrder(transferId, transferId, customer, accountId, amount, 0, payee.Scheme, payee.Identification, payee.Name, reference);
        var held = await transfers.HoldAsync(order, ct);
        if (held.Outcome != HoldOutcome.Held || !await transfers.PostAsync(transferId, held.IsOnUs ? null : Rail, ct)) return null;
        return await db.Transfers.Where(row => row.Id == transferId).Select(row => row.StateChangedAt).SingleAsync(ct);
    }
}
