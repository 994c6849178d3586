using OpenBanking.Samples.CoreBank;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.UkApi;
using OpenBanking.Testing.WebAuthn;

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

    /// <summary>Everything there is about accounts, from the third party's token to the other system's books.</summary>
    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task Third_parties_read_accounts_of_a_core_of_the_banks_own_and_hear_when_it_is_away()
    {
        await using var core = await CoreProxy.StartAsync();
        await using var host = await TestHost.StartAsync(options =>
        {
            options.Settings["Accounts:Core:Address"] = core.Address.OriginalString;
            foreach (var (name, value) in Patient) options.Settings[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        });
        using var tpp = await TestTpp.RegisterAsync(host);
        using var browser = new PortalBrowser(host);
        Assert.True((await browser.ActivateAsync("amelia", await PortalBrowser.NewCustomerAsync(host, "amelia", "C-100001"))).IsSuccess);
        var consentId = await tpp.CreateConsentAsync(BankApi.Everything);
        var interaction = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId))));
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(interaction));
        var token = (await tpp.RedeemAsync(decision.Code!)).Text("access_token")!;

        var accounts = (await tpp.GetAsync(BankApi.Root + "/accounts", token)).Json.GetProperty("Data").GetProperty("Account");
        var one = BankApi.Root + "/accounts/" + accounts[0].GetProperty("AccountId").GetString();
        string[] paths =
        [
            BankApi.Root + "/accounts", one, BankApi.Root + "/party",
            .. new[] { "/balances", "/transactions", "/beneficiaries", "/standing-orders", "/direct-debits", "/scheduled-payments", "/offers", "/statements" }.SelectMany(path => new[] { BankApi.Root + path, one + path }),
            BankApi.Root + "/products", one + "/product", one + "/party", one + "/parties",
        ];
        foreach (var path in paths) Assert.Equal((path, 200), (path, (await tpp.GetAsync(path, token)).Status));
        var statement = (await tpp.GetAsync(one + "/statements", token)).Json.GetProperty("Data").GetProperty("Statement")[0].GetProperty("StatementId").GetString();
        foreach (var path in new[] { "", "/file", "/transactions" }) Assert.Equal(200, (await tpp.GetAsync($"{one}/statements/{statement}{path}", token)).Status);

        core.Instead = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        foreach (var path in paths)
        {
            var away = await tpp.GetAsync(path, token);
            Assert.Equal((path, 503, true), (path, away.Status, away.Header("Retry-After") is not null));
        }
    }

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
