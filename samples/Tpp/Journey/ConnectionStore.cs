using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using OpenBanking.Kernel;

namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>What the app knows about one browser.</summary>
internal sealed class TppSession
{
    /// <summary>Journeys under way; more than one where the customer opened more than one tab.</summary>
    public List<PendingJourney> Pending { get; init; } = [];

    public Connection? Connection { get; set; }

    /// <summary>What was paid through us, the latest first.</summary>
    public List<MadePayment> Payments { get; init; } = [];

    /// <summary>What went wrong last, until the page about it has been left.</summary>
    public Problem? Problem { get; set; }
}

/// <summary>
/// Sessions on disk, a file each, encrypted: a restart of the app loses nobody's connection. A file is bound to the hash of its
/// cookie, so swapping files does not swap customers, and the files do not tell the cookies.
/// </summary>
internal sealed class ConnectionStore : IDisposable
{
    private const int MostPending = 5;
    private const int MostPayments = 20;
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(100);
    private readonly string directory;
    private readonly IDataProtectionProvider protection;
    private readonly TimeProvider time;

    // One change of a session at a time; a handful of locks is enough for everybody.
    private readonly SemaphoreSlim[] turns = [.. Enumerable.Range(0, 16).Select(_ => new SemaphoreSlim(1, 1))];

    public ConnectionStore(string data, IDataProtectionProvider protection, TimeProvider time)
    {
        directory = Path.Combine(data, "connections");
        this.protection = protection;
        this.time = time;
        Bank.TppKeys.PrivateDirectory(directory);
        foreach (var file in Directory.EnumerateFiles(directory))
        {
            if (File.GetLastWriteTimeUtc(file) < time.GetUtcNow().UtcDateTime - Forgotten) File.Delete(file);
        }
    }

    /// <summary>The session of a cookie; an empty one where there is none, or where it can no longer be read.</summary>
    public async Task<TppSession> ReadAsync(string cookie, CancellationToken ct)
    {
        var id = IdOf(cookie);
        var path = PathOf(id);
        if (!File.Exists(path)) return new TppSession();
        try
        {
            var plain = Protector(id).Unprotect(await File.ReadAllBytesAsync(path, ct));
            return JsonSerializer.Deserialize<TppSession>(plain) ?? new TppSession();
        }
        catch (CryptographicException)
        {
            // The key ring is gone, or the file is another's: the customer connects again.
            return new TppSession();
        }
    }

    /// <summary>Changes a session, one change at a time, and answers with what the change answers.</summary>
    public async Task<T> ChangeAsync<T>(string cookie, Func<TppSession, T> change, CancellationToken ct)
    {
        var id = IdOf(cookie);
        var turn = turns[Convert.FromHexString(id)[0] % turns.Length];
        await turn.WaitAsync(ct);
        try
        {
            var session = await ReadAsync(cookie, ct);
            var answer = change(session);
            await WriteAsync(id, session);
            return answer;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Remembers a journey, and forgets those that nobody will come back from.</summary>
    public Task AddAsync(string cookie, PendingJourney journey, CancellationToken ct) => ChangeAsync(
        cookie,
        session =>
        {
            session.Pending.RemoveAll(old => old.StartedAt + PendingJourney.Lifetime <= time.GetUtcNow());
            while (session.Pending.Count >= MostPending) session.Pending.RemoveAt(0);
            session.Pending.Add(journey);
            session.Problem = null;
            return true;
        },
        ct);

    /// <summary>Takes a journey out of the session, so that its state is good for one return.</summary>
    public async Task<PendingJourney?> TakeAsync(string cookie, string? state, CancellationToken ct)
    {
        // Nothing is written for whoever makes up a cookie.
        if (!File.Exists(PathOf(IdOf(cookie)))) return null;
        return await ChangeAsync(
            cookie,
            session =>
            {
                var journey = session.Pending.Find(pending => string.Equals(pending.State, state, StringComparison.Ordinal));
                if (journey is not null) session.Pending.Remove(journey);
                return journey;
            },
            ct);
    }

    /// <summary>Keeps how a payment stands, in its place, or as the latest.</summary>
    public Task KeepAsync(string cookie, MadePayment payment, CancellationToken ct) => ChangeAsync(
        cookie,
        session =>
        {
            var place = session.Payments.FindIndex(one => one.Id == payment.Id);
            if (place >= 0) session.Payments[place] = payment;
            else session.Payments.Insert(0, payment);
            if (session.Payments.Count > MostPayments) session.Payments.RemoveAt(MostPayments);
            session.Problem = null;
            return true;
        },
        ct);

    public void Dispose()
    {
        foreach (var turn in turns) turn.Dispose();
    }

    private static string IdOf(string cookie) => Convert.ToHexStringLower(Handle.HashOf(cookie));

    private string PathOf(string id) => Path.Combine(directory, id);

    private IDataProtector Protector(string id) => protection.CreateProtector("Tally.Session", id);

    private async Task WriteAsync(string id, TppSession session)
    {
        var sealedBytes = Protector(id).Protect(JsonSerializer.SerializeToUtf8Bytes(session));
        var draft = PathOf(id) + ".new";
        await File.WriteAllBytesAsync(draft, sealedBytes);

        // A crash leaves the old session or the new one, never half of it.
        File.Move(draft, PathOf(id), overwrite: true);
    }
}
