using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.Sandbox;

/// <summary>The core bank as a tester has it behave.</summary>
public sealed class SandboxCoreBankTests : IAsyncLifetime
{
    private readonly SandboxCore core = new();
    private BankApi api = null!;

    public async ValueTask InitializeAsync() => api = await BankApi.StartAsync(
        replace: services => services.AddSingleton(core));

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    [Trait("Rule", "OP-23")]
    [Trait("Rule", "OB-PERM-4")]
    public async Task Is_away_slow_or_says_too_much()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        string[] paths = ["/accounts", "/balances", "/transactions", $"/accounts/{api.Account("GB-1")}/transactions"];
        var usual = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in paths) usual[path] = WithoutTimes((await api.GetAsync(path, caller)).Data.GetRawText());

        core.Now = CoreConduct.Usual with { IsAway = true };
        foreach (var path in paths)
        {
            var answer = await api.GetAsync(path, caller);
            Assert.Equal(503, answer.Status);
            Assert.Equal(["U000"], answer.Faults);
            Assert.True(answer.Headers.Contains("Retry-After"));
        }

        core.Now = CoreConduct.Usual with { Delay = TimeSpan.FromSeconds(30) };
        Assert.Equal(503, (await api.GetAsync("/balances", caller)).Status);
        core.Now = CoreConduct.Usual with { Delay = TimeSpan.FromMilliseconds(20) };
        Assert.Equal(200, (await api.GetAsync("/balances", caller)).Status);

        core.Now = CoreConduct.Usual with { SaysTooMuch = true };
        foreach (var path in paths) Assert.Equal(usual[path], WithoutTimes((await api.GetAsync(path, caller)).Data.GetRawText()));
    }

    private static string WithoutTimes(string body) => System.Text.RegularExpressions.Regex.Replace(body, "\"DateTime\":\"[^\"]*\"", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
}
