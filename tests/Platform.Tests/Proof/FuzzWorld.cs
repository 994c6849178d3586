using System.Collections.Concurrent;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.UkApi;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>A host with everything that lets a request get far: third parties, tokens, a signed-in customer, open pages.</summary>
public sealed class FuzzWorld : IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    public TestTpp Tpp { get; private set; } = null!;

    public TestTpp Mtls { get; private set; } = null!;

    public PortalBrowser Browser { get; private set; } = null!;

    /// <summary>The browser's antiforgery token, good for every form of its session.</summary>
    public string FormToken { get; private set; } = "";

    public string ConsentId { get; private set; } = "";

    public string StatementId { get; private set; } = "";

    /// <summary>A consent that may be deleted.</summary>
    public string SpareConsentId { get; private set; } = "";

    public string AccountId { get; private set; } = "";

    public string CustomerToken { get; private set; } = "";

    public string MtlsToken { get; private set; } = "";

    public string RefreshToken { get; private set; } = "";

    public string ClientToken { get; private set; } = "";

    /// <summary>An interaction whose approval page is open in the browser; nothing that a fuzzer sends should decide it.</summary>
    public ApprovalForm Open { get; private set; } = null!;

    /// <summary>The secret of the sandbox's control.</summary>
    public string ControlSecret { get; private set; } = "";

    /// <summary>Ceremonies that were begun in the browser, each good for one answer.</summary>
    public ConcurrentQueue<PasskeyAnswer> SignIns { get; } = new();

    /// <summary>The same for new passkeys, of a customer who has no session that could end by it.</summary>
    public ConcurrentQueue<PasskeyAnswer> Registrations { get; } = new();

    /// <summary>Every method and route of the running host.</summary>
    public IReadOnlyList<(string Method, RoutePattern Pattern)> Routes { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(options =>
        {
            options.Settings["RateLimits:Requests"] = "10000000";
            options.Settings["Consent:LongPoll"] = "00:00:00";
            options.Settings["Policies:Rules:GuessesOfAddress:AddressFailures"] = "10000000";
            options.Settings["Policies:Rules:AddressUnderAttack:AddressFailures"] = "10000000";
            options.Settings["Logging:LogLevel:Default"] = "Information";
        });
        Routes =
        [
            .. Host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
                .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => (method, endpoint.RoutePattern))),
        ];
        Tpp = await TestTpp.RegisterAsync(Host, change: metadata => metadata["scope"] = "openid accounts offline_access");
        Mtls = await TestTpp.RegisterAsync(Host, TppKind.Mtls);
        var customer = await TestCustomer.CreateAsync(Host);
        AccountId = customer.AccountIds[0];
        StatementId = await TestStatement.IssueAsync(Host, AccountId);
        ConsentId = await Tpp.CreateConsentAsync(BankApi.Everything);
        SpareConsentId = await Tpp.CreateConsentAsync();
        var tokens = await Tpp.RedeemAsync(await Tpp.AuthoriseAsync(customer, ConsentId, id => Request(id)));
        (CustomerToken, RefreshToken) = (tokens.Text("access_token")!, tokens.Text("refresh_token")!);
        MtlsToken = (await Mtls.RedeemAsync(await Mtls.AuthoriseAsync(customer))).Text("access_token")!;
        ClientToken = await Tpp.ClientTokenAsync();

        Browser = new PortalBrowser(Host);
        Assert.True((await Browser.ActivateAsync("fuzz", await PortalBrowser.NewCustomerAsync(Host, "fuzz", customer.CustomerId + "-fuzz"))).IsSuccess);
        Open = await Browser.ApprovalAsync(await Browser.ArriveAndSignInAsync(Tpp.AuthorizePath(await Tpp.PushAsync(Request(await Tpp.CreateConsentAsync())))));
        FormToken = Open.Token;
        ControlSecret = Host.Services.GetRequiredService<OpenBanking.Host.Control.SandboxSecret>().Value;
        var code = await PortalBrowser.NewCustomerAsync(Host, "fuzz-2");
        for (var count = 0; count < 150; count++)
        {
            SignIns.Enqueue(await Browser.SignInOptionsAsync());
            Registrations.Enqueue(await Browser.RegistrationOptionsAsync(new { username = "fuzz-2", activationCode = code }));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Browser?.Dispose();
        Tpp?.Dispose();
        Mtls?.Dispose();
        if (Host is not null) await Host.DisposeAsync();
    }

    public static Form Request(string consentId) =>
        TestTpp.AuthorizationRequest(consentId).With("scope", "openid accounts offline_access").With("prompt", "consent");
}
