using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.CoreBank;

/// <summary>The data plane over the connector and a core that can be spoiled.</summary>
public sealed class ConnectedBank : IAsyncLifetime
{
    internal const int RestSeconds = 10;

    internal CoreProxy Core { get; private set; } = null!;

    public BankApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Core = await CoreProxy.StartAsync();
        Api = await StartAsync();

        // The first questions of a process take longest, on a busy machine too long: its customers then have no accounts yet.
        for (var tries = 1; tries < 5 && Api.Customers.All(customer => customer.Accounts.Count == 0); tries++)
        {
            await Api.DisposeAsync();
            Api = await StartAsync();
        }
    }

    private Task<BankApi> StartAsync() => BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Accounts:Core:Address"] = Core.Address.OriginalString,
        ["Accounts:Core:TimeoutMilliseconds"] = "1500",
        ["Accounts:Core:PatienceMilliseconds"] = "2500",
        ["Accounts:Core:RestSeconds"] = RestSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
    });

    /// <summary>A core that is well, and of which nothing bad is remembered.</summary>
    public async Task MendAsync(TestCaller caller)
    {
        Core.Mend();
        Api.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await Api.GetAsync("/accounts", caller)).Status);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Core.DisposeAsync();
    }
}
