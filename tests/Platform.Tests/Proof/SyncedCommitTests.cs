using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using OpenBanking.Host;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// What a third party is told of has reached the disk: the database's own system calls are read beside the times at which orders were sent and
/// answered. Killing processes does not show that, since the system's memory outlives them.
/// </summary>
[Collection(OnPayingHost.Name)]
public sealed partial class SyncedCommitTests(PayingHost bank)
{
    [Fact]
    [Trait("Reliability", "R6")]
    public async Task No_order_is_answered_before_its_commit_is_on_the_disk()
    {
        foreach (var setting in new[] { "fsync", "synchronous_commit", "full_page_writes" })
        {
            await using var show = bank.Database.CreateCommand("SHOW " + setting);
            Assert.Equal("on", await show.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        }

        var payments = await bank.Payments.CopyAsync(ProofRun.Count(50, 1000) + 1);
        var log = Path.GetTempFileName();
        try
        {
            using var tracer = Trace(log);
            if (!await IsTracingAsync(tracer, log))
            {
                // Where the system lets nobody look, the small run ends here and the large one fails.
                Assert.False(ProofRun.IsLarge, "strace may not attach here");
                TestContext.Current.TestOutputHelper?.WriteLine("strace may not attach here; the settings were judged alone");
                return;
            }

            var times = new List<(double Sent, double Answered)>();
            foreach (var payment in payments)
            {
                var sent = Now();
                var answer = await ApprovedPayments.OrderAsync(bank.Tpp, payment);
                times.Add((sent, Now()));
                Assert.True(answer.Status == 201, answer.Body);
            }

            Unix.Signal(tracer.Id, Unix.Interrupt);
            await tracer.WaitForExitAsync(TestContext.Current.CancellationToken);
            var (syncs, commits) = Read(log);
            var unsynced = times.Count(time => !commits.Any(commit => commit > time.Sent && commit < time.Answered && syncs.Any(sync => sync > time.Sent && sync < commit)));
            Assert.True(unsynced == 0, $"{unsynced} of {times.Count} answers left without a sync of the log before; {syncs.Count} syncs, {commits.Count} commits");
            ProofRun.Passed("R6", $"{times.Count} orders, each answered after a commit that followed a finished sync of the write-ahead log ({syncs.Count} syncs seen): 0 without");
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static double Now() => (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalSeconds;

    private Process Trace(string log)
    {
        var start = new ProcessStartInfo("strace", ["-f", "-y", "-ttt", "-s", "2000", "-e", "trace=fdatasync,fsync,sendto", "-o", log])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var process in bank.ServerProcesses)
        {
            start.ArgumentList.Add("-p");
            start.ArgumentList.Add(process.ToString(CultureInfo.InvariantCulture));
        }

        return Process.Start(start)!;
    }

    /// <summary>Attached, once it has written something.</summary>
    private async Task<bool> IsTracingAsync(Process tracer, string log)
    {
        for (var look = 0; look < 300 && !tracer.HasExited; look++)
        {
            if (new FileInfo(log).Length > 0) return true;
            await using var nothing = bank.Database.CreateCommand("SELECT 1");
            await nothing.ExecuteScalarAsync();
            await Task.Delay(100);
        }

        return false;
    }

    /// <summary>When syncs of the log were finished, and when it was said that a transaction is committed.</summary>
    private static (IReadOnlyList<double> Syncs, IReadOnlyList<double> Commits) Read(string log)
    {
        var (syncs, commits, begun) = (new List<double>(), new List<double>(), new Dictionary<string, bool>(StringComparer.Ordinal));
        foreach (var line in File.ReadLines(log))
        {
            if (Call().Match(line) is not { Success: true } call) continue;
            var (process, at, what) = (call.Groups["process"].Value, double.Parse(call.Groups["at"].Value, CultureInfo.InvariantCulture), call.Groups["what"].Value);
            if (what.StartsWith("sendto(", StringComparison.Ordinal) && what.Contains("COMMIT\\0", StringComparison.Ordinal)) commits.Add(at);
            var isSync = what.StartsWith("fdatasync(", StringComparison.Ordinal) || what.StartsWith("fsync(", StringComparison.Ordinal);
            if (isSync && what.Contains("unfinished", StringComparison.Ordinal)) begun[process] = what.Contains("/pg_wal/", StringComparison.Ordinal);
            else if (isSync && what.Contains("/pg_wal/", StringComparison.Ordinal) && what.EndsWith("= 0", StringComparison.Ordinal)) syncs.Add(at);
            else if (what.StartsWith("<... f", StringComparison.Ordinal) && begun.Remove(process, out var isLog) && isLog) syncs.Add(at);
        }

        return (syncs, commits);
    }

    [GeneratedRegex(@"\A(?<process>\d+) +(?<at>\d+\.\d+) (?<what>.*)\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Call();
}
