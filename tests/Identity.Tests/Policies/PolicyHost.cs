using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Policies;

/// <summary>A host behind a proxy that says country and network, with two rules of its own for approvals.</summary>
public sealed class PolicyHost : IAsyncLifetime
{
    public const string Country = "X-Country";
    public const string Network = "X-Network";

    private int customers;

    public TestHost Host { get; private set; } = null!;

    public TestTpp Tpp { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(options => Choose(options));
        Tpp = await TestTpp.RegisterAsync(Host);
    }

    public async ValueTask DisposeAsync()
    {
        Tpp.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>The settings of a bank behind a proxy on this machine.</summary>
    public static void Choose(TestHostOptions options, string proxies = "127.0.0.1, ::1")
    {
        options.Settings["Forwarded:From"] = proxies;
        options.Settings["Policies:CountryHeader"] = Country;
        options.Settings["Policies:NetworkHeader"] = Network;
        foreach (var (rule, outcome, network) in new[] { ("Slow", "Delay", "AS64500"), ("Closed", "Refuse", "AS64501") })
        {
            options.Settings[$"Policies:Rules:{rule}:At"] = "Approval";
            options.Settings[$"Policies:Rules:{rule}:Outcome"] = outcome;
            options.Settings[$"Policies:Rules:{rule}:Networks"] = network;
            options.Settings[$"Policies:Rules:{rule}:Reason"] = "Your network is under watch.";
        }
    }

    public static Task<ThreatDescription> ChangeThreatAsync(TestHost host, bool raise, string why = "a test") =>
        host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(new ChangeThreat(raise, "operator", why)));

    /// <summary>Raises the threat level so often, and lowers it as often at the end.</summary>
    public async Task<IAsyncDisposable> ThreatAsync(int raised)
    {
        for (var i = 0; i < raised; i++) await ChangeThreatAsync(Host, raise: true);
        return new Lowering(Host, raised);
    }

    /// <summary>The address to which a third party sends its customer.</summary>
    public async Task<string> RequestAsync() => Tpp.AuthorizePath(await Tpp.PushAsync(TestTpp.AuthorizationRequest(await Tpp.CreateConsentAsync())));

    /// <summary>A customer of a name that no other test has.</summary>
    public async Task<(string Username, string Code)> NewCustomerAsync()
    {
        var username = $"policy{Interlocked.Increment(ref customers)}";
        return (username, await PortalBrowser.NewCustomerAsync(Host, username));
    }

    /// <summary>A browser in which its customer has signed in, from a country where one is given.</summary>
    public async Task<PortalBrowser> KnownAsync(string? country = null)
    {
        var (username, code) = await NewCustomerAsync();
        var browser = new PortalBrowser(Host);
        From(browser, country: country);
        Assert.True((await browser.ActivateAsync(username, code)).IsSuccess);
        Assert.True((await browser.SignInAsync()).IsSuccess);
        return browser;
    }

    /// <summary>Another browser with the same passkey, as a synced one would be.</summary>
    public PortalBrowser NewDevice(PortalBrowser known, string? country = null)
    {
        var browser = new PortalBrowser(Host, known.Authenticator);
        From(browser, country: country);
        return browser;
    }

    /// <summary>Has the proxy say where a browser's requests come from.</summary>
    public static void From(PortalBrowser browser, string? address = null, string? country = null, string? network = null)
    {
        foreach (var (name, value) in new[] { ("X-Forwarded-For", address), (Country, country), (Network, network) })
        {
            browser.Headers.Remove(name);
            if (value is not null) browser.Headers.Add(name, value);
        }
    }

    public static Guid UserOf(PortalBrowser browser) => Guid.Parse(browser.Authenticator.UserHandle);

    /// <summary>The latest line of the customer's history as it is stored: outcome and decision.</summary>
    public Task<string?> LastDecisionAsync(PortalBrowser browser) => Host.Database.ScalarAsync<string>(
        """SELECT "Outcome" || ' ' || COALESCE("Decision"->>'verdict', '-') || ' ' || COALESCE("Decision"->>'rule', '-') FROM identity.sign_ins WHERE "UserId" = $1 ORDER BY "Id" DESC LIMIT 1""",
        UserOf(browser));

    public static bool IsSignedIn(PortalBrowser browser, TestHost host) => browser.Cookies.GetCookies(host.Main)["__Host-session"] is not null;

    private sealed class Lowering(TestHost host, int raised) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            for (var i = 0; i < raised; i++) await ChangeThreatAsync(host, raise: false);
        }
    }
}
