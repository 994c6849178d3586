using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>What belongs to the sandbox, or to another bank, is worth nothing at this one.</summary>
public sealed class OtherDeploymentTests
{
    [Fact]
    [Trait("Rule", "OA-41")]
    public async Task A_token_of_another_bank_opens_nothing_here()
    {
        await using var here = await TestHost.StartAsync();
        await using var elsewhere = await TestHost.StartAsync(options => options.DataPath = here.DataPath);
        using var tpp = await TestTpp.RegisterAsync(here);
        await TestTpp.RegisterAsync(elsewhere, tpp.Registration!);
        var there = tpp.At(elsewhere.Reach);
        const string path = "/open-banking/v4.0/aisp/account-access-consents/aac-00000000000000000000000000000000";
        var (own, foreign) = (await tpp.ClientTokenAsync(), await there.ClientTokenAsync());

        Assert.NotEqual(401, (await tpp.GetAsync(path, own)).Status);
        Assert.NotEqual(401, (await there.GetAsync(path, foreign)).Status);

        var refused = await tpp.GetAsync(path, foreign);
        Assert.Equal((401, "", "RS-03"), (refused.Status, refused.Body, here.Log.RefusalOf(refused.Header("x-fapi-interaction-id")!)?.Rule));
        Assert.Contains("error=\"invalid_token\"", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Equal("""{"active":false}""", (await tpp.CallAsync("/introspect", Form.Empty.With("token", foreign), withProof: false)).Body);
    }

    [Theory]
    [Trait("Rule", "PO-20")]
    [InlineData("GET", "/sandbox/control")]
    [InlineData("POST", "/sandbox/control")]
    [InlineData("GET", "/sandbox")]
    [InlineData("GET", "/swagger/index.html")]
    [InlineData("GET", "/openapi/v1.json")]
    public async Task Outside_the_sandbox_its_helpers_are_not_there(string method, string path)
    {
        await using var live = await TestHost.StartAsync(options =>
        {
            options.Settings["Sandbox"] = "false";
            options.Settings["Identity:OrganisationId"] = "001580000ALDERAAA";
        });
        using var client = live.CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (method == "POST") request.Content = TestHttp.Json("""{"operation":"clock","offsetMilliseconds":1}""");
        request.Headers.TryAddWithoutValidation("Authorization", "Sandbox guess");

        using var answer = await client.SendAsync(request);

        Assert.Equal((HttpStatusCode.NotFound, 0L), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType == "text/html" ? 0L : answer.Content.Headers.ContentLength ?? 0));
    }

    /// <summary>Nor does anything tell more of a fault in a development environment.</summary>
    [Fact]
    [Trait("Rule", "PO-20")]
    public async Task No_environment_shows_detailed_errors()
    {
        await using var development = await TestHost.StartAsync(options =>
        {
            options.Settings["environment"] = "Development";
            options.Settings["DetailedErrors"] = "true";
            options.Replace = services => services.AddSingleton<IStartupFilter>(new Fault());
        });
        using var client = development.CreateClient();
        using var answer = await client.GetAsync(new Uri("/fault", UriKind.Relative));
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.DoesNotContain("canary", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private sealed class Fault : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            next(app);
            app.Map("/fault", fault => fault.Run(_ => throw new InvalidOperationException("canary")));
        };
    }
}
