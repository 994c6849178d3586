using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>The latest events of each way to the bank, for its developers to look at; a restart of the app forgets them.</summary>
internal sealed class EventLog(Banks banks, TppOptions options, TimeProvider time)
{
    private const int Most = 200;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, BankEvent> known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> asked = new(StringComparer.Ordinal);

    /// <summary>What has happened to a consent, the latest first. The bank is asked when a page is shown, and not at every reload.</summary>
    public async Task<IReadOnlyList<BankEvent>> OfAsync(Connection connection, CancellationToken ct)
    {
        // Events are news, not the page: where they cannot be had now they come the next time.
        if (IsTime(connection.Client)
            && !(await banks.Journey(connection.Client).ClientTokenAsync(ct)).Failed(out _, out var token))
            await new BankEvents(banks.Client(connection.Client), options).FetchAsync(token.AccessToken, Keep, ct);
        lock (known) return [.. known.Values.Where(happened => happened.ResourceId == connection.ConsentId).OrderByDescending(happened => happened.At)];
    }

    private bool IsTime(string client)
    {
        var now = time.GetUtcNow();
        lock (asked)
        {
            if (asked.TryGetValue(client, out var last) && now - last < Between) return false;
            asked[client] = now;
            return true;
        }
    }

    private void Keep(BankEvent happened)
    {
        lock (known)
        {
            known[happened.Id] = happened;
            if (known.Count > Most) known.Remove(known.Values.MinBy(one => one.At)!.Id);
        }
    }
}
