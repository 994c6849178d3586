using System.Collections.Concurrent;
using System.Data;
using Npgsql;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Looks at the books while payments are made, each time at one moment of the database: every currency adds up to zero, every balance is the
/// sum of its legs, what is held is what transfers hold, and nobody has promised more than there is.
/// </summary>
internal sealed class BooksWatch : IAsyncDisposable
{
    private const string Problems =
        """
        SELECT 'the legs in ' || "Currency" || ' add up to ' || sum("Amount") FROM accounts.legs GROUP BY "Currency" HAVING sum("Amount") <> 0
        UNION ALL
        SELECT 'account ' || a."Id" || ': balance ' || a."Balance" || ', legs ' || coalesce(l.amount, 0)
        FROM accounts.accounts a LEFT JOIN (SELECT "Account", sum("Amount") AS amount FROM accounts.legs GROUP BY "Account") l ON l."Account" = a."Id"
        WHERE a."Balance" <> coalesce(l.amount, 0)
        UNION ALL
        SELECT 'account ' || a."Id" || ': held ' || a."Held" || ', by transfers ' || coalesce(t.amount, 0)
        FROM accounts.accounts a LEFT JOIN (SELECT "AccountId", sum("Amount" + "Charge") AS amount FROM accounts.transfers WHERE "State" = 'Held' GROUP BY "AccountId") t ON t."AccountId" = a."Id"
        WHERE a."Held" <> coalesce(t.amount, 0)
        UNION ALL
        SELECT 'account ' || a."Id" || ' is beyond its limit' FROM accounts.accounts a
        WHERE a."Held" > 0 AND a."Balance" + coalesce(a."CreditLimit", 0) - a."Held"
            + coalesce((SELECT sum(t."Amount") FROM accounts.transactions t WHERE t."AccountId" = a."Id" AND t."IsPending"), 0) < 0
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource end = new();
    private readonly ConcurrentBag<string> wrong = [];
    private readonly Task running;
    private int looks;

    public BooksWatch(NpgsqlDataSource database) => running = Task.Run(() => RunAsync(database));

    /// <summary>How often it has looked.</summary>
    public int Looks => Volatile.Read(ref looks);

    /// <summary>What it has found.</summary>
    public IReadOnlyCollection<string> Wrong => wrong;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await running;
        end.Dispose();
    }

    private async Task RunAsync(NpgsqlDataSource database)
    {
        try
        {
            while (true)
            {
                await using var connection = await database.OpenConnectionAsync(end.Token);
                await using var moment = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, end.Token);
                await using var ask = new NpgsqlCommand(Problems, connection, moment);
                await using (var rows = await ask.ExecuteReaderAsync(end.Token))
                {
                    while (await rows.ReadAsync(end.Token)) wrong.Add(rows.GetString(0));
                }

                Interlocked.Increment(ref looks);
                await Task.Delay(Pause, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // Enough.
        }
    }
}
