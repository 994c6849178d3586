using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent.Events;

/// <summary>
/// Lets third parties wait for events that have not happened yet (OB-EVT-10). Who waits holds neither a connection nor a thread, and
/// however many wait on a host, it asks the database for all of them at once.
/// </summary>
internal sealed class EventWaits(DbDataSource database, ConsentOptions options, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<EventWaits> logger) : BackgroundService
{
    /// <summary>Those beyond it hear at once that there is nothing.</summary>
    public const int MostOfHost = 1000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);

    /// <summary>How many wait on this host.</summary>
    internal int Count => waiting.Count;

    /// <summary>
    /// Waits until there is an event for a client, or for long enough; a client waits once on a host. A host that is about to end keeps
    /// nobody waiting.
    /// </summary>
    public async Task WaitAsync(string clientId, CancellationToken ct)
    {
        if (options.LongPoll == TimeSpan.Zero) return;
        var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (waiting.Count >= MostOfHost || !waiting.TryAdd(clientId, wait)) return;
        try
        {
            await using var ending = lifetime.ApplicationStopping.Register(() => wait.TrySetResult());
            await wait.Task.WaitAsync(options.LongPoll, ct);
        }
        catch (TimeoutException)
        {
            // As is said: nothing has happened.
        }
        finally
        {
            waiting.TryRemove(KeyValuePair.Create(clientId, wait));
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => BackgroundWork.EveryAsync(Pause, clock, logger, LookAsync, stoppingToken);

    private async Task LookAsync(CancellationToken ct)
    {
        if (waiting.IsEmpty) return;
        await using var look = database.CreateCommand(
            """
            SELECT client FROM unnest($1) AS client
            WHERE EXISTS (SELECT FROM consent.events WHERE "ClientId" = client AND "RejectedAt" IS NULL)
            """);
        look.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. waiting.Keys] });
        await using var found = await look.ExecuteReaderAsync(ct);
        while (await found.ReadAsync(ct))
        {
            if (waiting.TryGetValue(found.GetString(0), out var wait)) wait.TrySetResult();
        }
    }
}
