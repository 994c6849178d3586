using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Storage;

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

    private static BackchannelWorker Worker(IServiceScopeFactory scopes) => new(
        scopes,
        new OpenBanking.Testing.OutboundHttp(),
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
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1));
    }
}
