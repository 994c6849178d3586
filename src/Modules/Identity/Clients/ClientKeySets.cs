using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// This process's memory of clients' key sets. A set from an address is kept for at most 15 minutes (KEY-17), so that a key taken out
/// of it stops counting (JO-27), and fetched at most once a minute for each client, whatever strangers send in its name (JO-26).
/// </summary>
internal sealed partial class ClientKeySets(
    HttpMessageHandler outbound, IOptions<AuthorizationServerOptions> options, TimeProvider time, ILogger<ClientKeySets> logger)
{
    private const int MaxClients = 10_000;
    private const int MaxKeys = 50;
    private static readonly string[] MediaTypes = ["application/jwk-set+json", "application/json"];
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>From then on a new copy is tried for, while the old one still serves if the client's server is down.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan BetweenFetches = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>The set that stands in the registration itself; parsed once, not at every request.</summary>
    public RegisteredKeys? ByValue(Client client)
    {
        if (client.Jwks is null) return null;
        var entry = EntryOf(client.ClientId, client.Jwks);
        return entry.Keys ??= KeySet.Parse(Encoding.UTF8.GetBytes(client.Jwks)).Failed(out _, out var set) ? null : new RegisteredKeys(set);
    }

    /// <summary>The set from the client's address as far as it is known, and the fetch to wait for where it does not do.</summary>
    public RegisteredKeys? Fetched(Client client, Func<RegisteredKeys, bool> suffices, out Task? fetching) =>
        Fetched(client.ClientId, client.JwksUri!, suffices, out fetching);

    /// <summary>The same for whoever else has a set at an address; the name must be one that no client can have.</summary>
    public RegisteredKeys? Fetched(string owner, string address, Func<RegisteredKeys, bool> suffices, out Task? fetching)
    {
        var entry = EntryOf(owner, address);
        lock (entry)
        {
            fetching = null;
            var now = time.GetUtcNow();
            var known = entry.Keys is not null && now - entry.FetchedAt <= Longest ? entry.Keys : null;
            if (known is not null && now - entry.FetchedAt <= Fresh && suffices(known)) return known;

            if (entry.Running is { IsCompleted: false }) fetching = entry.Running;
            else if (now - entry.TriedAt >= BetweenFetches)
            {
                entry.TriedAt = now;
                fetching = entry.Running = FetchAsync(owner, address, entry);
            }

            return fetching is null ? known : null;
        }
    }

    private Entry EntryOf(string owner, string source)
    {
        if (entries.TryGetValue(owner, out var entry) && entry.Source == source) return entry;
        if (entries.Count >= MaxClients) entries.Clear();
        return entries.AddOrUpdate(owner, _ => new Entry(source), (_, current) => current.Source == source ? current : new Entry(source));
    }

    private async Task FetchAsync(string owner, string address, Entry entry)
    {
        await Task.Yield(); // Not under the caller's lock.
        if ((await ReadAsync(address, CancellationToken.None)).Failed(out var problem, out var keys))
        {
            Log.NotTaken(logger, owner, problem);
            return;
        }

        lock (entry)
        {
            entry.Keys = keys;
            entry.FetchedAt = time.GetUtcNow();
        }
    }

    /// <summary>Fetches a set that nobody will ask for again under this name.</summary>
    public async Task<Outcome<RegisteredKeys, string>> ReadAsync(string address, CancellationToken ct)
    {
        if ((await OutboundHttp.GetAsync(outbound, address, options.Value.AllowLoopbackTargets, MediaTypes, ct)).Failed(out var problem, out var body)) return problem;
        if (KeySet.Parse(body).Failed(out var fault, out var set)) return fault.Reason;
        return set.Keys.Count > MaxKeys ? "the key set has too many keys" : new RegisteredKeys(set);
    }

    private sealed class Entry(string source)
    {
        public string Source { get; } = source;

        public RegisteredKeys? Keys { get; set; }

        public DateTimeOffset FetchedAt { get; set; }

        public DateTimeOffset TriedAt { get; set; } = DateTimeOffset.MinValue;

        public Task? Running { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The key set of {Owner} was not taken: {Problem}")]
        public static partial void NotTaken(ILogger logger, string owner, string problem);
    }
}
