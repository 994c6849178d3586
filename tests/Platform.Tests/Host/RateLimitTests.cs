using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenBanking.Host;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>What one address and one client may ask for, by whatever way they ask.</summary>
public sealed class RateLimitTests
{
    private static readonly Form ClientCredentials = Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts");

    [Fact]
    [Trait("Rule", "OB-HTTP-8")]
    [Trait("Rule", "OP-08")]
    [Trait("Rule", "HTTP-15")]
    [Trait("Rule", "INT-07")]
    [Trait("Rule", "PAR-08")]
    [Trait("Rule", "OB-HDR-11")]
    public async Task A_client_gets_its_share_over_all_endpoints_and_no_more()
    {
        await using var host = await StartAsync(clientRequests: 6);
        using var tpp = await TestTpp.RegisterAsync(host);
        using var other = await TestTpp.RegisterAsync(host);

        // Who only says that he is this client takes nothing of its share.
        var forged = tpp.Authenticated(assertion => assertion["aud"] = "https://elsewhere.example");
        for (var count = 0; count < 10; count++)
        {
            var request = ClientCredentials;
            foreach (var (name, value) in forged.All) request = request.With(name, value);
            Assert.Equal(401, (await tpp.PostAsync("/token", request)).Status);
        }

        var token = await tpp.ClientTokenAsync();
        var introspection = Form.Empty.With("token", token);
        for (var count = 0; count < 4; count++) Assert.Equal(200, (await tpp.CallAsync("/introspect", introspection, withProof: false)).Status);
        Assert.Equal(200, (await tpp.CallAsync("/revoke", Form.Empty.With("token", "unknown"), withProof: false)).Status);

        foreach (var (path, form) in new[] { ("/token", ClientCredentials), ("/par", Form.Empty), ("/introspect", introspection), ("/revoke", introspection) })
        {
            var refused = await tpp.CallAsync(path, form, withProof: path == "/token");
            Assert.Equal((429, "temporarily_unavailable", "60"), (refused.Status, refused.Error, refused.Header("Retry-After")));
            Assert.Equal("OP-08", ReasonOf(host, refused));
        }

        var api = await tpp.GetAsync("/open-banking/v4.0/aisp/account-access-consents/unknown", token);
        Assert.Equal((429, "", "60"), (api.Status, api.Body, api.Header("Retry-After")));
        Assert.Equal("OP-08", ReasonOf(host, api));

        Assert.NotEmpty(await other.ClientTokenAsync());
        Assert.Equal(1L, await host.Database.ScalarAsync<long>("SELECT count(*) FROM identity.access_tokens WHERE \"ClientId\" = $1 AND \"RevokedAt\" IS NULL", tpp.ClientId));
    }

    [Fact]
    [Trait("Rule", "OP-08")]
    public async Task Clients_and_addresses_are_counted_over_all_hosts()
    {
        await using var first = await StartAsync(clientRequests: 6, requests: 20);
        await using var second = await StartAsync(clientRequests: 6, requests: 20, beside: first);
        using var tpp = await TestTpp.RegisterAsync(first);
        var there = tpp.At(second.Reach);
        for (var count = 0; count < 5; count++) Assert.Equal(200, (await tpp.TokenAsync(ClientCredentials)).Status);
        Assert.Equal(200, (await there.TokenAsync(ClientCredentials)).Status);
        await ExchangeAsync(first, second);

        // A host learns of the others when it next has something to say itself, which one request more may be.
        await tpp.TokenAsync(ClientCredentials);
        await ExchangeAsync(second, first);
        foreach (var (host, client) in new[] { (first, tpp), (second, there) })
        {
            var refused = await client.TokenAsync(ClientCredentials);
            Assert.Equal((429, "OP-08"), (refused.Status, ReasonOf(host, refused)));
        }

        // Nine requests of this address so far; eleven more are let in, and then none on the other host either.
        using var here = first.CreateClient();
        for (var count = 0; count < 11; count++) Assert.Equal(200, await StatusAsync(here, "/jwks"));
        await ExchangeAsync(first);
        using var elsewhere = second.CreateClient();
        await StatusAsync(elsewhere, "/jwks");
        await ExchangeAsync(second);
        Assert.Equal((200, 429), (await StatusAsync(elsewhere, "/health/live"), await StatusAsync(elsewhere, "/jwks")));
        Assert.Equal("HTTP-15", second.Log.LastRefusal?.Rule);
    }

    [Fact]
    [Trait("Rule", "OP-08")]
    public async Task Three_thousand_requests_of_one_address_pass_in_the_sandbox()
    {
        await using var host = await TestHost.StartAsync();
        using var client = host.CreateClient();
        await Parallel.ForAsync(0, 3000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, ct) =>
            Assert.Equal(200, (int)(await client.GetAsync(new Uri("/jwks", UriKind.Relative), ct)).StatusCode));
    }

    private static Task<TestHost> StartAsync(int clientRequests, int requests = 1000, TestHost? beside = null) => TestHost.StartAsync(options =>
    {
        options.Settings["RateLimits:Requests"] = requests.ToString(System.Globalization.CultureInfo.InvariantCulture);
        options.Settings["RateLimits:ClientRequests"] = clientRequests.ToString(System.Globalization.CultureInfo.InvariantCulture);
        options.Settings["RateLimits:WindowSeconds"] = "600";
        if (beside is null) return;
        options.Database = beside.Database;
        options.DataPath = beside.DataPath;
        options.Issuer = beside.Issuer;
    });

    private static async Task ExchangeAsync(params TestHost[] hosts)
    {
        foreach (var host in hosts) await host.Services.GetServices<IHostedService>().OfType<SharedCounts>().Single().ExchangeAsync(CancellationToken.None);
    }

    private static async Task<int> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return (int)answer.StatusCode;
    }

    private static string? ReasonOf(TestHost host, Answer answer) => host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule;
}
