using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Third parties that order payments without pause while something happens to the bank. What each is about to order it writes to a file before
/// it asks, and afterwards what it was answered; at the end every order is asked for once more, and the bank's books are held to the file.
/// </summary>
internal sealed class PaymentJournal : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string path = Path.Combine(Path.GetTempPath(), $"openbanking-journal-{Guid.CreateVersion7():N}");
    private readonly StreamWriter file;
    private readonly Lock writing = new();
    private readonly NpgsqlDataSource database;
    private readonly ApprovedPayments payments;
    private readonly Func<int, TestTpp> choose;
    private readonly ConcurrentQueue<ApprovedPayment> ready = new();
    private readonly ConcurrentDictionary<string, ApprovedPayment> tried = new(StringComparer.Ordinal);
    private readonly ConcurrentBag<string> wrong = [];
    private readonly SemaphoreSlim copying = new(1, 1);
    private readonly CancellationTokenSource end = new();
    private List<Task> workers = [];
    private int accepted;
    private int away;

    /// <param name="choose">The third party on its way to the host that a worker asks; by the number of the request.</param>
    public PaymentJournal(NpgsqlDataSource database, ApprovedPayments payments, Func<int, TestTpp> choose)
    {
        this.database = database;
        this.payments = payments;
        this.choose = choose;
        file = new StreamWriter(path) { AutoFlush = true };
    }

    /// <summary>How many orders were taken while something happened.</summary>
    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>How many were answered with 503.</summary>
    public int Away => Volatile.Read(ref away);

    /// <summary>Answers that there must not be.</summary>
    public IReadOnlyCollection<string> Wrong => wrong;

    /// <summary>A host that was killed cuts its connections; without this a cut connection is wrong.</summary>
    public bool MayBeCut { get; init; }

    public int Orders => tried.Count;

    /// <summary>Makes so many payments ready, so that none is copied while the database is away.</summary>
    public async Task PrepareAsync(int count)
    {
        foreach (var payment in await payments.CopyAsync(count)) ready.Enqueue(payment);
    }

    /// <summary>Begins.</summary>
    /// <param name="pause">Of each worker between two orders.</param>
    public void Start(int count, TimeSpan pause) => workers = [.. Enumerable.Range(0, count).Select(worker => Task.Run(() => WorkAsync(worker, pause)))];

    /// <summary>Waits until another order is taken, and answers how long that took.</summary>
    public async Task<TimeSpan> FlowsAsync()
    {
        var (watch, before) = (Stopwatch.StartNew(), Accepted);
        while (Accepted == before)
        {
            Assert.True(watch.Elapsed < 2 * Patience, $"No order is taken any more; {Orders} were sent. {string.Join("; ", wrong.Take(3))}");
            await Task.Delay(10);
        }

        return watch.Elapsed;
    }

    public async Task StopAsync()
    {
        await end.CancelAsync();
        await Task.WhenAll(workers);
    }

    /// <summary>Asks for everything once more, and holds the bank's books to the file.</summary>
    /// <returns>How long the last order was under way after everything was asked for once more.</returns>
    public async Task<TimeSpan> SettleAsync()
    {
        Assert.Empty(wrong);
        var (intents, answers) = Read();
        Assert.Equal(Orders, intents.Count);
        var final = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(intents, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (key, _) =>
        {
            var answer = await ApprovedPayments.OrderAsync(choose(tried.Count), tried[key]);
            Assert.True(answer.Status == 201, $"{key}: {answer.Status} {answer.Body}");
            final[key] = ApprovedPayments.IdOf(answer);
        });

        // Lost: acknowledged and absent. Doubled: another one under the key.
        foreach (var (key, id) in answers) Assert.Equal(id, final[key]);
        Assert.Equal(intents.Count, final.Values.Distinct().Count());
        var watch = Stopwatch.StartNew();
        while (await CountAsync("""SELECT count(*) FROM payments.orders WHERE "ConsentId" = ANY ($1) AND "Status" <> 'ACCC'""") is var left and > 0)
        {
            Assert.True(watch.Elapsed < Patience, $"{left} orders are stuck.");
            await Task.Delay(100);
        }

        var orders = intents.Count;
        foreach (var statement in new[]
        {
            """SELECT count(*) FROM payments.orders WHERE "ConsentId" = ANY ($1)""",
            """SELECT count(*) FROM accounts.transfers WHERE "Under" = ANY ($1)""",
            """SELECT count(*) FROM accounts.transfers WHERE "Under" = ANY ($1) AND "State" = 'Posted'""",
            """SELECT count(*) FROM accounts.entries e JOIN accounts.transfers t ON e."Text" = 'Transfer ' || t."Id" WHERE t."Under" = ANY ($1)""",
            """SELECT count(*) FROM payments.orders o JOIN (SELECT "Subject", "What" FROM consent.audit UNION ALL SELECT "Subject", "What" FROM consent.audit_pending) a ON a."Subject" = o."Id" WHERE a."What" = 'payment.accepted' AND o."ConsentId" = ANY ($1)""",
        })
            Assert.True(orders == await CountAsync(statement), $"not {orders}: {statement}");
        Assert.Equal(2 * orders, await CountAsync(
            """SELECT count(*) FROM accounts.legs l JOIN accounts.entries e ON e."Id" = l."EntryId" JOIN accounts.transfers t ON e."Text" = 'Transfer ' || t."Id" WHERE t."Under" = ANY ($1)"""));
        return watch.Elapsed;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await file.DisposeAsync();
        end.Dispose();
        copying.Dispose();
        File.Delete(path);
    }

    private async Task WorkAsync(int worker, TimeSpan pause)
    {
        for (var number = worker; !end.IsCancellationRequested; number++)
        {
            var payment = await NextAsync();
            tried[payment.Key] = payment;
            Write($"intends {payment.Key}");
            try
            {
                var answer = await ApprovedPayments.OrderAsync(choose(number), payment);
                if (answer.Status == 201)
                {
                    Write($"has {payment.Key} {ApprovedPayments.IdOf(answer)}");
                    Interlocked.Increment(ref accepted);
                }
                else if (answer.Status == 503 && answer.Header("Retry-After") is not null)
                {
                    Interlocked.Increment(ref away);
                }
                else
                {
                    wrong.Add($"{answer.Status} {answer.Body}");
                }
            }
            catch (Exception cut) when (cut is HttpRequestException or OperationCanceledException or IOException)
            {
                if (!MayBeCut) wrong.Add(cut.ToString());
            }

            await Task.Delay(pause);
        }
    }

    private async Task<ApprovedPayment> NextAsync()
    {
        while (true)
        {
            if (ready.TryDequeue(out var payment)) return payment;
            await copying.WaitAsync();
            try
            {
                if (ready.IsEmpty) await PrepareAsync(500);
            }
            catch (NpgsqlException)
            {
                await Task.Delay(100); // The database is away for who copies, too.
            }
            finally
            {
                copying.Release();
            }
        }
    }

    private void Write(string line)
    {
        lock (writing) file.WriteLine(line);
    }

    private (IReadOnlyList<string> Intents, IReadOnlyDictionary<string, string> Answers) Read()
    {
        lock (writing) file.Flush();
        using var written = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(written);
        var (intents, answers) = (new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        while (reader.ReadLine() is { } line)
        {
            var words = line.Split(' ');
            if (words[0] == "intends") intents.Add(words[1]);
            else answers.Add(words[1], words[2]);
        }

        return (intents, answers);
    }

    private async Task<long> CountAsync(string statement)
    {
        await using var count = database.CreateCommand(statement);
        count.CommandTimeout = 60;
        count.Parameters.Add(new() { Value = tried.Values.Select(payment => payment.ConsentId).ToArray() });
        return (long)(await count.ExecuteScalarAsync())!;
    }
}
