using OpenBanking.Testing.UkApi;

[assembly: AssemblyFixture(typeof(OpenBanking.Accounts.Tests.Bank))]

namespace OpenBanking.Accounts.Tests;

/// <summary>One seeded bank for all tests of this assembly; each test makes consents of its own.</summary>
public sealed class Bank : IAsyncLifetime
{
    public BankApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync();

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}
