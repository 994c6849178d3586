using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>
/// How much a core is borne with: a limit for each try and for all, another try where that is safe, and a rest for a core that fails, so
/// that callers hear at once what they would hear after seconds, and a core that comes back is not trampled. One a host.
/// </summary>
internal sealed class CorePatience : IDisposable
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);
    private readonly SemaphoreSlim turns;

    public CorePatience(CoreBankOptions options, TimeProvider time)
    {
        turns = new SemaphoreSlim(options.MostAtOnce);
        var failures = new PredicateBuilder().Handle<CoreFault>().Handle<TimeoutRejectedException>();
        Circuit = new CircuitBreakerStateProvider();

        // Half of at least ten questions of the last seconds in vain, and the core is left alone; then one question finds out.
        var once = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = 0.5,
                MinimumThroughput = 10,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = options.Rest,
                ShouldHandle = failures,
                StateProvider = Circuit,
            })
            .AddTimeout(options.Timeout)
            .Build();
        var patient = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(options.Patience);
        if (options.Tries > 1)
        {
            patient.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.Tries - 1,
                Delay = BetweenTries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = new PredicateBuilder().Handle<CoreFault>(fault => fault is { MayPass: true, RetryAfter: null }).Handle<TimeoutRejectedException>(),
            });
        }

        Several = patient.AddPipeline(once).Build();
    }

    /// <summary>For what may be said to the core more than once: questions, and what carries an id that the core does once.</summary>
    public ResiliencePipeline Several { get; }

    /// <summary>Whether the core is asked just now, for whoever watches.</summary>
    public CircuitBreakerStateProvider Circuit { get; }

    /// <summary>A place among those who ask; null where too many wait already.</summary>
    public IDisposable? Turn() => turns.Wait(0) ? new Taken(turns) : null;

    public void Dispose() => turns.Dispose();

    private sealed class Taken(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}
