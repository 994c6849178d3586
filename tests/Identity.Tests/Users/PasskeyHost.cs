using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Users;

/// <summary>One host for the tests of a class.</summary>
public sealed class PasskeyHost : IAsyncLifetime
{
    private int customers;

    public TestHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>A customer of a name that no other test has.</summary>
    public async Task<(string Username, string Code)> NewCustomerAsync(bool reusable = true)
    {
        var username = $"customer{Interlocked.Increment(ref customers)}";
        return (username, await PortalBrowser.NewCustomerAsync(Host, username, reusable: reusable));
    }

    /// <summary>A browser whose customer has a passkey, not signed in yet.</summary>
    public async Task<PortalBrowser> ActivatedAsync(SoftwareAuthenticator? authenticator = null)
    {
        var (username, code) = await NewCustomerAsync();
        var browser = new PortalBrowser(Host, authenticator);
        Assert.Equal(200, (int)(await browser.ActivateAsync(username, code)).Status);
        return browser;
    }

    /// <summary>A browser with a signed-in customer.</summary>
    public async Task<PortalBrowser> SignedInAsync()
    {
        var browser = await ActivatedAsync();
        Assert.Equal(200, (int)(await browser.SignInAsync()).Status);
        return browser;
    }

    /// <summary>The answer of every failed ceremony, and the one line in the log that says why.</summary>
    public void IsRefused(string rule, PasskeyAnswer answer)
    {
        Assert.Equal(400, (int)answer.Status);
        Assert.Equal("""{"error":"passkey_failed"}""", answer.Text);
        Assert.Equal(rule, Host.Log.LastRefusal?.Rule);
    }
}
