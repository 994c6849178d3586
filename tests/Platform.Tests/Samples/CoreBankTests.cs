using OpenBanking.Samples.CoreBank;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Samples;

/// <summary>The contract kit from the command line, as a bank runs it against its adapter.</summary>
public sealed class CoreBankTests
{
    // What is tried here is the command and not how fast this machine is.
    private static readonly Dictionary<string, string?> Patient = new(StringComparer.Ordinal)
    {
        ["Accounts__Core__TimeoutMilliseconds"] = "15000",
        ["Accounts__Core__PatienceMilliseconds"] = "30000",
    };

    [Fact]
    public async Task The_kit_tells_case_by_case_and_by_its_exit_code()
    {
        await using var core = CoreServer.Build(new CoreOptions("http://127.0.0.1:0"), TimeProvider.System);
        await core.StartAsync(TestContext.Current.CancellationToken);
        var address = core.Urls.First();

        var (exit, output, _) = await HostProcess.RunAsync(Patient, null, "core", "certify", address, "C-100001", "C-100002");
        Assert.True(exit == 0, output);
        Assert.Contains("CORE-01 not tried", output, StringComparison.Ordinal);
        Assert.Contains("CORE-02 kept", output, StringComparison.Ordinal);
        Assert.Contains("The core keeps the contract: ", output, StringComparison.Ordinal);

        await core.StopAsync(TestContext.Current.CancellationToken);
        (exit, output, _) = await HostProcess.RunAsync(Patient, null, "core", "certify", address, "C-100001");
        Assert.Equal(1, exit);
        Assert.Contains("CORE-02 BROKEN", output, StringComparison.Ordinal);
        Assert.Contains("The core does not keep the contract: ", output, StringComparison.Ordinal);

        (exit, output, _) = await HostProcess.RunAsync(Patient, null, "core", "certify", "here", "C-100001");
        Assert.Equal(1, exit);
        Assert.Contains("Use: ./run.sh core certify ADDRESS CUSTOMER", output, StringComparison.Ordinal);
    }
}
