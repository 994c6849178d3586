using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// This process's memory of clients' key sets. A set from an address is kept for at most 15 minutes (KEY-17), so that a key taken out
/// of it stops counting (JO-27), and fetched at most once a minute for each client, whatever strangers send in its name (JO-26).
/// </summary>
internal sealed partial class ClientKeySets(
    HttpMessageHandler outbound, IOptions<AuthorizationServerOptions> options, TimeProvider time, ILogger<ClientKeySets> logger)
{
    private const int MaxBytes = 64 * 1024;
    private const int MaxClients = 10_000;
    private const int MaxKeys = 50;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    /// <summary>From then on a new copy is tried for, while the old one still serves if the client's server is down.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan BetweenFetches = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    /// <summary>The set that stands in the registration itself; parsed once, not at every request.</summary>
    public RegisteredKeys? ByValue(Client client)
    {
        if (client.Jwks is null) return null;
        var entry = EntryOf(client, client.Jwks);
        return entry.Keys ??= KeySet.Parse(Encoding.UTF8.GetBytes(client.Jwks)).Failed(out _, out var set) ? null : new RegisteredKeys(set);
    }

    /// <summary>The set from the client's address as far as it is known, and the fetch to wait for where it does not do.</summary>
    public RegisteredKeys? Fetched(Client client, Func<RegisteredKeys, bool> suffices, out Task? fetching)
    {
        var entry = EntryOf(client, client.JwksUri!);
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
                fetching = entry.Running = FetchAsync(client.ClientId, client.JwksUri!, entry);
            }

            return fetching is null ? known : null;
        }
    }

    private Entry EntryOf(Client client, string source)
    {
        if (entries.TryGetValue(client.ClientId, out var entry) && entry.Source == source) return entry;
        if (entries.Count >= MaxClients) entries.Clear();
        return entries.AddOrUpdate(
            client.ClientId, _ => new Entry(source), (_, current) => current.Source == source ? current : new Entry(source));
    }

    private async Task FetchAsync(string clientId, string address, Entry entry)
    {
        await Task.Yield(); // Not under the caller's lock.
        using var patience = new CancellationTokenSource(OutboundHttp.Patience);
        try
        {
            var problem = OutboundHttp.Problem(address, options.Value.AllowLoopbackTargets);
            var keys = problem is null ? await ReadAsync(address, patience.Token) : null;
            if (keys is null)
            {
                Log.NotTaken(logger, clientId, problem ?? "the answer is no key set");
                return;
            }

            lock (entry)
            {
                entry.Keys = keys;
                entry.FetchedAt = time.GetUtcNow();
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
        {
            Log.NotTaken(logger, clientId, failure.GetType().Name);
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The handler is not the invoker's to dispose of.")]
    private async Task<RegisteredKeys?> ReadAsync(string address, CancellationToken ct)
    {
        using var http = new HttpMessageInvoker(outbound, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("application/jwk-set+json, application/json");
        using var response = await http.SendAsync(request, ct);
        if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentEncoding.Count > 0) return null;
        if (response.Content.Headers.ContentType?.MediaType is not ("application/json" or "application/jwk-set+json")) return null;

        await using var body = await response.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[MaxBytes + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        if (length > MaxBytes || KeySet.Parse(buffer.AsSpan(0, length)).Failed(out _, out var set)) return null;
        return set.Keys.Count > MaxKeys ? null : new RegisteredKeys(set);
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
        [LoggerMessage(Level = LogLevel.Warning, Message = "The key set of client {ClientId} was not taken: {Problem}")]
        public static partial void NotTaken(ILogger logger, string clientId, string problem);
    }
}
