using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>How long is kept what decisions are made of.</summary>
public sealed class RetentionTests
{
    [Theory]
    [Trait("Rule", "R42")]
    [InlineData(null, 395)]
    [InlineData("60.00:00:00", 60)]
    public async Task The_history_goes_back_as_far_as_the_setting_says(string? setting, int days)
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            if (setting is not null) options.Settings["Identity:SignInHistory"] = setting;
        });
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        using var browser = new PortalBrowser(host);
        await browser.ActivateAsync("ada", await PortalBrowser.NewCustomerAsync(host, "ada"));
        await browser.SignInAsync();
        Assert.Equal(2, await CountAsync(host, "sign_ins"));

        await SweepAsync(host, start.AddDays(days));
        Assert.Equal(2, await CountAsync(host, "sign_ins"));
        await SweepAsync(host, start.AddDays(days).AddSeconds(1));
        Assert.Equal(0, await CountAsync(host, "sign_ins"));
    }

    [Fact]
    [Trait("Rule", "R42")]
    public async Task Devices_counts_and_waits_are_forgotten_when_they_say_nothing_any_more()
    {
        await using var host = await TestHost.StartAsync();
        var start = host.Clock.Now;
        host.Clock.StopAt(start);
        using var browser = new PortalBrowser(host);
        await browser.ActivateAsync("ada", await PortalBrowser.NewCustomerAsync(host, "ada"));
        await browser.ActivateAsync("nobody", "0000-0000-0000-0000");
        await PolicyHost.ChangeThreatAsync(host, raise: true);
        await PolicyHost.ChangeThreatAsync(host, raise: true);
        using var other = new PortalBrowser(host, browser.Authenticator);
        await other.SignInAsync();
        Assert.Equal((1, 2, 1), (await CountAsync(host, "known_devices"), await CountAsync(host, "guess_counts"), await CountAsync(host, "policy_waits")));

        await SweepAsync(host, start + TimeSpan.FromSeconds(31) + PolicyWaits.ServedFor);
        Assert.Equal((1, 2, 0), (await CountAsync(host, "known_devices"), await CountAsync(host, "guess_counts"), await CountAsync(host, "policy_waits")));
        await SweepAsync(host, start + FailureCounts.Window + TimeSpan.FromSeconds(1));
        Assert.Equal((1, 0), (await CountAsync(host, "known_devices"), await CountAsync(host, "guess_counts")));
        await SweepAsync(host, start + KnownDevices.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal(0, await CountAsync(host, "known_devices"));
    }

    private static async Task SweepAsync(TestHost host, DateTimeOffset at)
    {
        host.Clock.StopAt(at);
        await host.Services.GetRequiredService<ExpiredRows>().SweepAsync(CancellationToken.None);
    }

    private static Task<long> CountAsync(TestHost host, string table) => host.Database.ScalarAsync<long>($"SELECT count(*) FROM identity.{table}");
}
