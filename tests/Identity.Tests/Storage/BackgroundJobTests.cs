using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing;

namespace OpenBanking.Identity.Tests.Storage;

/// <summary>A job that ends by an exception ends the host with it, so a database that was away for a moment must not end the job.</summary>
public sealed class BackgroundJobTests
{
    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task A_job_goes_on_after_whatever_went_wrong_once()
    {
        foreach (var failure in new Exception[]
        {
            // As EF Core passes on what Npgsql calls transient.
            new InvalidOperationException("transient", new NpgsqlException("away", new IOException())),
            new Microsoft.EntityFrameworkCore.DbUpdateException("away"),
            new NpgsqlException("away"),
        })
        {
            await GoesOnAsync(scopes => new ExpiredRows(scopes, Microsoft.Extensions.Options.Options.Create(new AuthorizationServerOptions()), new Hasty(), NullLogger<ExpiredRows>.Instance), failure);
            await GoesOnAsync(scopes => new AbandonedInteractions(scopes, new Hasty(), NullLogger<AbandonedInteractions>.Instance), failure);
            await GoesOnAsync(Worker, failure);
        }
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task A_job_that_fails_at_every_turn_says_so_once_a_minute_and_again_after_it_has_worked()
    {
        using var log = new CapturedLog();
        using var stop = new CancellationTokenSource();
        var clock = new Hasty();
        var turn = 0;
        var job = BackgroundWork.EveryAsync(TimeSpan.FromSeconds(1), clock, log.CreateLogger("Job"), _ =>
        {
            // Three turns within a minute, one after it, one that works, one that fails at once again.
            switch (++turn)
            {
                case 4: clock.Passed += TimeSpan.FromMinutes(1); break;
                case 5: return Task.CompletedTask;
                case 7:
                    stop.Cancel();
                    stop.Token.ThrowIfCancellationRequested();
                    break;
            }

            throw new IOException($"failure {turn}");
        }, stop.Token);

        // Stopped, it ends without an exception, which would take the host with it where this job alone is stopped (OP-23).
        await job;
        Assert.Equal(["failure 1", "failure 4", "failure 6"], log.Lines.Select(line => line[line.IndexOf("failure ", StringComparison.Ordinal)..][..9]));
    }

    [Fact]
    public async Task One_that_cannot_be_dealt_with_does_not_keep_the_others_waiting()
    {
        using var log = new CapturedLog();
        var done = await BackgroundWork.EachAsync([1, 2, 3, 4], log.CreateLogger("Job"), one => one switch
        {
            2 => throw new NpgsqlException("away"),
            3 => Task.FromResult(false),
            _ => Task.FromResult(true),
        }, CancellationToken.None);

        Assert.Equal((2, 1), (done, log.Lines.Count));
    }

    private static BackchannelWorker Worker(IServiceScopeFactory scopes) => new(
        scopes,
        new OutboundHttp(),
        new BackchannelNotices(new EphemeralDataProtectionProvider()),
        Options.Create(new AuthorizationServerOptions()),
        new Hasty(),
        NullLogger<BackchannelWorker>.Instance);

    private static async Task GoesOnAsync(Func<IServiceScopeFactory, BackgroundService> make, Exception failure)
    {
        var failing = new Failing(failure);
        using var job = make(failing);
        await job.StartAsync(CancellationToken.None);
        Assert.Same(failing.Third, await Task.WhenAny(failing.Third, job.ExecuteTask!));
        await job.StopAsync(CancellationToken.None);
    }

    private sealed class Failing(Exception failure) : IServiceScopeFactory
    {
        private readonly TaskCompletionSource third = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int calls;

        public Task Third => third.Task;

        public IServiceScope CreateScope()
        {
            if (Interlocked.Increment(ref calls) == 3) third.TrySetResult();
            throw failure;
        }
    }

    /// <summary>A minute passes in a millisecond.</summary>
    private sealed class Hasty : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public override long GetTimestamp() => Passed.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
    }
}
