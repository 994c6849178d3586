using System.Collections.Concurrent;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Ciba;

/// <summary>One host, clients that poll and that are pinged, and customers who are signed in to the portal.</summary>
public sealed class CibaWorld : IAsyncLifetime
{
    public const string Notifications = "https://tpp.example/ciba";
    private DateTimeOffset signedInAt;

    public TestHost Host { get; private set; } = null!;

    /// <summary>Polls; <c>private_key_jwt</c> and DPoP.</summary>
    public TestTpp Tpp { get; private set; } = null!;

    /// <summary>Another of the same kind.</summary>
    public TestTpp Other { get; private set; } = null!;

    /// <summary>Is pinged.</summary>
    public TestTpp Pinged { get; private set; } = null!;

    /// <summary>Polls; <c>tls_client_auth</c>.</summary>
    public TestTpp Mtls { get; private set; } = null!;

    /// <summary>Is not registered for the back channel.</summary>
    public TestTpp Plain { get; private set; } = null!;

    public TestCustomer Customer { get; private set; } = null!;

    public TestCustomer SecondCustomer { get; private set; } = null!;

    /// <summary>The portal, as the first customer has it open.</summary>
    public PortalBrowser Portal { get; private set; } = null!;

    public PortalBrowser SecondPortal { get; private set; } = null!;

    /// <summary>Every ping that arrived: bearer token, body, content type.</summary>
    internal ConcurrentQueue<(string? Authorization, string Body, string? ContentType)> Pings { get; } = new();

    /// <summary>What the client answers to a ping.</summary>
    public HttpStatusCode PingAnswer { get; set; } = HttpStatusCode.NoContent;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync();
        Tpp = await TestTpp.RegisterAsync(Host, change: TestTpp.OnTheBackchannel());
        Other = await TestTpp.RegisterAsync(Host, change: TestTpp.OnTheBackchannel());
        Pinged = await TestTpp.RegisterAsync(Host, change: TestTpp.OnTheBackchannel(Notifications));
        Mtls = await TestTpp.RegisterAsync(Host, TppKind.Mtls, TestTpp.OnTheBackchannel());
        Plain = await TestTpp.RegisterAsync(Host);
        Customer = await TestCustomer.CreateAsync(Host);
        SecondCustomer = await TestCustomer.CreateAsync(Host);
        Portal = await Customer.SignInAsync();
        SecondPortal = await SecondCustomer.SignInAsync();
        Host.Outbound.Answer(Notifications, async (request, ct) =>
        {
            Pings.Enqueue((request.Headers.Authorization?.ToString(), await request.Content!.ReadAsStringAsync(ct), request.Content.Headers.ContentType?.ToString()));
            return new HttpResponseMessage(PingAnswer) { Content = new StringContent("a body that nobody reads") };
        });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var tpp in new[] { Tpp, Other, Pinged, Mtls, Plain }) tpp.Dispose();
        Portal.Dispose();
        SecondPortal.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>A request of the first client to the first customer for a consent of its own; a copy with one thing changed is the usual bad one.</summary>
    public async Task<Form> GoodAsync(TestTpp? tpp = null) => TestTpp.BackchannelRequest(await (tpp ?? Tpp).CreateConsentAsync(), Customer);

    /// <summary>The portal's name for a request that waits.</summary>
    public Task<Guid> IdOfAsync(string authReqId)
    {
        var hash = Handle.HashOf(authReqId);
        return Host.InScopeAsync(services => services.GetRequiredService<IdentityDb>().BackchannelRequests.Where(row => row.Hash == hash).Select(row => row.Id).SingleAsync());
    }

    internal Task<BackchannelRequest> RowAsync(string authReqId)
    {
        var hash = Handle.HashOf(authReqId);
        return Host.InScopeAsync(services => services.GetRequiredService<IdentityDb>().BackchannelRequests.AsNoTracking().SingleAsync(row => row.Hash == hash));
    }

    public async Task ApproveAsync(string authReqId)
    {
        var answer = await Portal.ApproveRequestAsync(await IdOfAsync(authReqId));
        Assert.True(answer.Status == 303, $"{answer.Status} {RuleOf(answer)} {answer.Body}");
    }

    public async Task DeclineAsync(string authReqId)
    {
        var answer = await Portal.DeclineRequestAsync(await IdOfAsync(authReqId));
        Assert.True(answer.Status == 303, $"{answer.Status} {RuleOf(answer)} {answer.Body}");
    }

    /// <summary>Lets time pass and signs the customers in again, whom it has signed out.</summary>
    public Task PassAsync(TimeSpan time)
    {
        Host.Clock.Advance(time);
        return BeSignedInAsync();
    }

    /// <summary>Before each test: the one before may have let minutes pass, after which the portal signs its customers out.</summary>
    public async Task BeSignedInAsync()
    {
        if (Host.Clock.Now - signedInAt < TimeSpan.FromMinutes(1)) return;
        signedInAt = Host.Clock.Now;
        Assert.True((await Portal.SignInAsync()).IsSuccess);
        Assert.True((await SecondPortal.SignInAsync()).IsSuccess);
    }

    /// <summary>A refusal is right only for its reason.</summary>
    public async Task RefusedAsync(Task<Answer> call, int status, string error, string rule)
    {
        var answer = await call;
        var refusals = Host.Refusals.Where(refusal => refusal.InteractionId == answer.Header("x-fapi-interaction-id")).ToList();
        Assert.True(refusals.Count == 1, $"{refusals.Count} refusals where one was due; the answer was {answer.Status} {answer.Body}");
        Assert.Equal((status, error, rule), (answer.Status, answer.Error, refusals[0].Rule));
        Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
    }

    /// <summary>The rule by which a page refused.</summary>
    public string? RuleOf(Answer answer) => Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule;
}

[CollectionDefinition(Name)]
public sealed class CibaTests : ICollectionFixture<CibaWorld>
{
    public const string Name = "the back channel";
}
