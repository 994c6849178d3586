using System.Text.Json;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>A running bank with its customers, for tests that read the portal's pages as a browser without script gets them.</summary>
[CollectionDefinition(nameof(PortalHost))]
public sealed class PortalHost : ICollectionFixture<PortalHost>, IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    public IReadOnlyList<SandboxCustomer> Bank { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(options => options.Filled = true);
        Bank = await AccountsModule.SeedSandboxAsync(Host.Services, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>A browser in which a customer of the sandbox has just signed in.</summary>
    public async Task<PortalBrowser> SignInAsync(SandboxCustomer customer)
    {
        var browser = new PortalBrowser(Host);
        var code = await Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(
            new IssueActivationCode(customer.CustomerId, customer.Username, customer.DisplayName, ActivationCode: null, Reusable: true)));
        Assert.True((await browser.ActivateAsync(customer.Username, code.ActivationCode)).IsSuccess);
        Assert.True((await browser.SignInAsync()).IsSuccess);
        return browser;
    }

    /// <summary>An access as the portal's approval leaves it, without the walk through its pages.</summary>
    public Task<string> GrantAsync(TestTpp tpp, string customerId, params string[] accountIds) => GrantAsync(Host, tpp, customerId, null, accountIds);

    /// <inheritdoc cref="GrantAsync(TestTpp, string, string[])"/>
    /// <param name="expires">When it ends; null is in 300 days.</param>
    public static async Task<string> GrantAsync(TestHost host, TestTpp tpp, string customerId, DateTimeOffset? expires, params string[] accountIds)
    {
        string[] permissions = ["ReadAccountsDetail", "ReadBalances"];
        var body = JsonSerializer.Serialize(new { Data = new { Permissions = permissions, ExpirationDateTime = expires ?? host.Clock.Now.AddDays(300) }, Risk = new { } });
        var created = await tpp.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/aisp/account-access-consents", await tpp.ClientTokenAsync(), body);
        var consentId = created.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        await host.InScopeAsync(async services =>
        {
            var mediator = services.GetRequiredService<IMediator>();
            var document = await mediator.Send(new DescribeForApproval(consentId, tpp.ClientId, customerId));
            var evidence = new AuthenticationEvidence(host.Clock.Now, "passkey", new DecisionOrigin("192.0.2.1", "Browser"));
            Assert.IsType<AuthorisationAnswer.Authorised>(
                await mediator.Send(new AuthoriseConsent(consentId, tpp.ClientId, customerId, accountIds, document!.Digest, evidence)));
        });
        return consentId;
    }

    public Task UseAsync(string consentId, int times = 1) => Host.InScopeAsync(async services =>
    {
        for (var use = 0; use < times; use++) await services.GetRequiredService<IMediator>().Publish(new ConsentUsed(consentId, Host.Clock.Now));
    });
}
