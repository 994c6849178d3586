using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host.Reports;

/// <summary>What became of a request (OB-OPS-5): a refusal is its sender's affair, a failure is ours.</summary>
internal enum RequestOutcome
{
    Answered = 0,
    Refused = 1,
    Failed = 2,
}

/// <summary>One figure of a day: how often, and how long it took together.</summary>
/// <param name="Bucket">Which of <see cref="Timings.Bounds"/> it took.</param>
internal readonly record struct Measured(DateOnly Day, string Endpoint, RequestOutcome Outcome, int Bucket);

/// <summary>How often a client asked for something.</summary>
internal readonly record struct MeasuredClient(DateOnly Day, string Endpoint, string ClientId, RequestOutcome Outcome);

/// <summary>What this host has measured and not yet stored: a few sums a request, kept in memory.</summary>
internal sealed class Measures(TallySums tallies)
{
    private readonly Sums<Measured> requests = new();
    private readonly Sums<MeasuredClient> clients = new();
    private readonly AnswerLog[] logs = [new(), new()];

    /// <param name="received">When the request had arrived whole (OB-OPS-3).</param>
    /// <param name="took">Until the last byte of its answer.</param>
    /// <param name="status">What was answered; 501 is for methods that nobody knows.</param>
    public void Add(MeasuredEndpoint endpoint, string? clientId, DateTimeOffset received, TimeSpan took, int status)
    {
        // An answer that comes too late is none (OB-OPS-2).
        var outcome = (status >= 500 && status != StatusCodes.Status501NotImplemented) || took > Availability.Window ? RequestOutcome.Failed
            : status >= 400 ? RequestOutcome.Refused
            : RequestOutcome.Answered;
        var day = DateOnly.FromDateTime(received.UtcDateTime);
        requests.Add(new Measured(day, endpoint.Name, outcome, Timings.BucketOf(took)), (long)took.TotalMicroseconds);
        if (clientId is not null) clients.Add(new MeasuredClient(day, endpoint.Name, clientId, outcome));

        // Who sends what must be refused says nothing of whether others would be answered, neither for nor against it.
        var log = logs[(int)endpoint.Interface];
        if (outcome == RequestOutcome.Failed) log.Failed(received.ToUnixMicroseconds());
        else if (outcome == RequestOutcome.Answered) log.Answered(received.ToUnixMicroseconds());
    }

    /// <summary>What is new since the last call.</summary>
    public TakenMeasures Take(DateTimeOffset now)
    {
        var yesterday = DateOnly.FromDateTime(now.UtcDateTime).AddDays(-1);
        return new TakenMeasures(
            now,
            requests.Take(key => key.Day < yesterday),
            clients.Take(key => key.Day < yesterday),
            tallies.Take(yesterday.AddDays(1)),
            [.. logs.SelectMany((log, of) => log.Take().Select(second => ((Interface)of, second)))]);
    }
}

/// <summary>What a host stores in one go.</summary>
internal sealed record TakenMeasures(
    DateTimeOffset At,
    IReadOnlyList<(Measured Key, long Times, long Amount)> Requests,
    IReadOnlyList<(MeasuredClient Key, long Times, long Amount)> Clients,
    IReadOnlyList<(Tally Key, long Times, long Amount)> Tallies,
    IReadOnlyList<(Interface Interface, LoggedSecond Second)> Seconds);

/// <summary>Moments as they are stored here.</summary>
internal static class UnixMicroseconds
{
    public static long ToUnixMicroseconds(this DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Moment(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
