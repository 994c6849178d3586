using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments.Execution;

/// <summary>
/// Carries orders out. Any number of hosts may run it: whoever works on an order has its row locked, and the others pass it over. If a
/// host dies with one, the lock goes with its connection and nothing has changed; the next to look does it from where it was.
/// </summary>
internal sealed partial class ExecutionWorker(IServiceScopeFactory scopes, ExecutionSignal signal, TimeProvider clock, ILogger<ExecutionWorker> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>After something went wrong with an order, such as a core bank that is away.</summary>
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await signal.WaitAsync(Pause, stoppingToken);
                await WorkAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever it was: a job that ends by an exception takes the whole host with it (OP-23).
                Log.Failed(logger, failure);
            }
        }
    }

    /// <summary>Does all that is due, an order a transaction; answers how many steps there were.</summary>
    internal async Task<int> WorkAsync(CancellationToken ct)
    {
        var steps = 0;
        while (await NextAsync(ct) is { } done)
        {
            if (done.Failure is not null) await PutOffAsync(done, ct);
            steps++;
        }

        return steps;
    }

    private async Task<Done?> NextAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        var now = clock.GetUtcNow();
        var due = await db.Orders.FromSql(
            $"""SELECT * FROM payments.orders WHERE "DueAt" <= {now} ORDER BY "DueAt" LIMIT 1 FOR UPDATE SKIP LOCKED""").AsNoTracking().SingleOrDefaultAsync(ct);
        if (due is null) return null;
        try
        {
            await scope.ServiceProvider.GetRequiredService<PaymentExecution>().StepAsync(due, ct);
            await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
            return new Done(due, null);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            // One that cannot be done now must not keep the others waiting.
            await scope.ServiceProvider.GetRequiredService<UnitOfWork>().RollbackAsync();
            Log.NotDone(logger, due.Id, failure);
            return new Done(due, failure);
        }
    }

    private async Task PutOffAsync(Done done, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<OrderBook>().PutOffAsync(done.Order, clock.GetUtcNow() + Later, ct);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
    }

    private sealed record Done(PaymentOrder Order, Exception? Failure);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Orders could not be looked for; the next try comes in a second")]
        public static partial void Failed(ILogger logger, Exception failure);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A step of order {OrderId} could not be taken; it is tried again in five seconds")]
        public static partial void NotDone(ILogger logger, string orderId, Exception failure);
    }
}
