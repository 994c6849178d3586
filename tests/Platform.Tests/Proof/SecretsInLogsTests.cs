using System.Text.Json.Nodes;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Whole journeys, good and bad, logged at Debug: nothing of what was said in confidence is in any log or file.</summary>
[Trait("Reliability", "R31")]
public sealed class SecretsInLogsTests
{
    private const string Accounts = "/open-banking/v4.0/aisp/accounts";

    private static readonly string[] Categories = ["Default", "Microsoft", "Microsoft.EntityFrameworkCore", "System", "Npgsql"];

    /// <summary>What the journey must have let slip past its own ears, or the test would look for nothing.</summary>
    private static readonly string[] Expected =
    [
        "Authorization", "__RequestVerificationToken", "access_token", "activationCode", "ceremony", "client_assertion", "code", "code_verifier", "cookie", "creditor", "customer's Identification", "customer's Name",
        "id_token", "proof", "refresh_token", "request", "request_uri", "response", "signature", "token",
    ];

    [Fact]
    [Trait("Rule", "OP-01")]
    [Trait("Rule", "HTTP-18")]
    [Trait("Rule", "RAR-13")]
    public async Task Nothing_secret_is_logged()
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            foreach (var category in Categories) options.Settings[$"Logging:LogLevel:{category}"] = "Debug";
        });
        var canaries = new Canaries();
        using var dpop = await TestTpp.RegisterAsync(host, change: Offline);
        using var mtls = await TestTpp.RegisterAsync(host, TppKind.Mtls, Offline);
        using var signing = await TestTpp.RegisterAsync(host, change: metadata => metadata["security_profile"] = "fapi2-ms");
        using var hybrid = await TestTpp.RegisterAsync(host, TppKind.Mtls, metadata => metadata["security_profile"] = "fapi1-advanced");
        var customer = await TestCustomer.CreateAsync(host);
        var issued = await host.InScopeAsync(services => services.GetRequiredService<IMediator>()
            .Send(new IssueActivationCode(customer.CustomerId, "canary", "Kanarien Vogel", ActivationCode: null, Reusable: true)));
        canaries.Add("customer's Name", "Kanarien Vogel");
        var reach = canaries.Overhear(host.Reach);

        await JourneyAsync(reach, dpop.At(reach), issued.Username, issued.ActivationCode, canaries);
        await JourneyAsync(reach, mtls.At(reach), issued.Username, issued.ActivationCode, canaries);
        await SignedJourneyAsync(reach, signing.At(reach), issued.Username, issued.ActivationCode, canaries);
        await SignedJourneyAsync(reach, hybrid.At(reach), issued.Username, issued.ActivationCode, canaries);

        Assert.Equal(Expected, canaries.Kinds);
        Assert.Contains(host.Log.Lines, line => line.StartsWith("Debug Microsoft.", StringComparison.Ordinal));
        Assert.Empty(canaries.In(host.Log.Text));
    }

    [Fact]
    [Trait("Rule", "OP-01")]
    [Trait("Rule", "HTTP-18")]
    public async Task Nothing_secret_is_in_the_log_file_the_output_or_the_database()
    {
        using var registered = TestTpp.New(Reach.Nowhere, change: Offline);
        using var selfSigned = TestTpp.New(Reach.Nowhere, TppKind.SelfSigned, Offline);
        using var signing = TestTpp.New(Reach.Nowhere, change: metadata => metadata["security_profile"] = "fapi2-ms");
        var clients = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(clients, new JsonArray(registered.Registration!.DeepClone(), selfSigned.Registration!.DeepClone(), signing.Registration!.DeepClone()).ToJsonString());
            await using var host = await HostProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Identity__ClientsFile"] = clients,
                ["Logging__LogLevel__Default"] = "Debug",
                ["Logging__LogLevel__Microsoft"] = "Debug",
                ["Logging__LogLevel__System"] = "Debug",
            });
            var canaries = new Canaries();
            var reach = canaries.Overhear(host.Reach);
            var customer = (await host.SandboxAsync()).GetProperty("customers")[0];
            var (username, code) = (customer.GetProperty("username").GetString()!, customer.GetProperty("activationCode").GetString()!);
            await JourneyAsync(reach, registered.At(reach), username, code, canaries);
            await JourneyAsync(reach, selfSigned.At(reach), username, code, canaries);
            await SignedJourneyAsync(reach, signing.At(reach), username, code, canaries);
            Assert.Equal(0, await host.StopAsync());

            Assert.Equal(Expected, canaries.Kinds);

            // People are shown the demo customers' codes.
            Assert.Empty(canaries.In(host.Output, "activationCode"));
            var log = await Canaries.TextOfAsync(Path.Combine(host.DataPath, "host.log"));
            Assert.Contains(" debug Microsoft.", log, StringComparison.Ordinal);
            var found = new List<string>();
            foreach (var file in Directory.EnumerateFiles(host.DataPath, "*", SearchOption.AllDirectories))
            {
                var name = Path.GetRelativePath(host.DataPath, file);
                string[] allowed = name == "sandbox.json" ? ["activationCode", "customer's Identification", "customer's Name"]
                    : IsDatabase(name) ? ["customer's Identification", "customer's Name"] // The bank's own books.
                    : [];
                found.AddRange(canaries.In(await Canaries.TextOfAsync(file), allowed).Select(leak => $"{name}: {leak}"));
            }

            Assert.Empty(found);
        }
        finally
        {
            File.Delete(clients);
        }
    }

    private static void Offline(JsonObject metadata) => metadata["scope"] = "openid accounts offline_access";

    private static bool IsDatabase(string file) => file.StartsWith("postgres", StringComparison.Ordinal) && !file.EndsWith(".log", StringComparison.Ordinal);

    /// <summary>Signed requests, pushed or in the browser's address, and signed answers, in the query or in the fragment.</summary>
    private static async Task SignedJourneyAsync(Reach reach, TestTpp tpp, string username, string activationCode, Canaries canaries)
    {
        using var browser = new PortalBrowser(reach);
        Assert.True((await browser.ActivateAsync(username, activationCode)).IsSuccess);
        var plain = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync());
        var isHybrid = tpp.Kind == TppKind.Mtls;
        var request = tpp.Signed(isHybrid ? plain.With("response_type", "code id_token") : plain.With("response_mode", "jwt"));
        canaries.Add("request", request["request"]);
        var path = isHybrid ? tpp.AuthorizePath(request) : tpp.AuthorizePath(await tpp.PushAsync(request));
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(await browser.ArriveAndSignInAsync(path)));
        var back = decision.Back!.OriginalString;
        var answer = Answer.Query(new Uri("https://x/?" + back[(back.IndexOf(isHybrid ? '#' : '?', StringComparison.Ordinal) + 1)..]));
        foreach (var (name, value) in answer.Where(pair => pair.Key is "code" or "id_token" or "response")) canaries.Add(name, value);
        var code = isHybrid ? answer["code"] : OpenBanking.Kernel.Jose.Jws.Parse(answer["response"]).Failed(out _, out var jwt) ? "" : OpenBanking.Kernel.Jose.Claims.Text(jwt.Payload, "code")!;
        canaries.Add("code", code);
        var token = (await tpp.RedeemAsync(code)).Text("access_token")!;
        Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
        using var introspection = new HttpRequestMessage(HttpMethod.Post, "/introspect") { Content = tpp.Authenticated().With("token", token).Content() };
        introspection.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt, application/json;q=0.5");
        var described = await tpp.SendAsync(introspection);
        Assert.Equal(200, described.Status);
        if (!isHybrid) canaries.Add("response", described.Body);

        // Mistakes again: an object that is not for us, one that is used twice, and one in the address of a client that must push.
        Assert.Equal(400, (await tpp.ParAsync(tpp.Signed(plain, claims => claims["aud"] = "https://elsewhere.example"))).Status);
        await tpp.ParAsync(request);
        await browser.GetAsync(tpp.AuthorizePath(tpp.Signed(plain, claims => claims.Remove("exp"))));
        await browser.GetAsync(tpp.AuthorizePath(tpp.Signed(plain.With("nonce", null))));
    }

    private static async Task JourneyAsync(Reach reach, TestTpp tpp, string username, string activationCode, Canaries canaries)
    {
        using var browser = new PortalBrowser(reach);
        var activated = await browser.ActivateAsync(username, activationCode);
        Assert.True(activated.IsSuccess, activated.Text);
        var consent = await tpp.CreateConsentAsync();
        var request = TestTpp.AuthorizationRequest(consent).With("scope", "openid accounts offline_access").With("prompt", "consent");
        var interaction = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(request)));
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(interaction));
        var code = decision.Code!;
        canaries.Add("code", code);
        var tokens = await tpp.RedeemAsync(code);
        var token = tokens.Text("access_token")!;
        foreach (var path in new[] { Accounts, "/open-banking/v4.0/aisp/balances", "/open-banking/v4.0/aisp/transactions", "/userinfo" })
            Assert.Equal(200, (await tpp.GetAsync(path, token)).Status);
        Assert.Equal(200, (await tpp.CallAsync("/introspect", Form.Empty.With("token", token))).Status);
        var refreshed = await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token")));
        Assert.Equal(200, (await tpp.GetAsync(Accounts, refreshed.Text("access_token")!)).Status);
        foreach (var page in new[] { "/", "/connections", $"/connections/{consent}", "/passkeys", "/signins" })
            Assert.Contains("<h1", await browser.PageAsync(page), StringComparison.Ordinal);

        // Mistakes are where secrets are logged.
        foreach (var address in new[] { "/no-such-page", "/authorize", "/token", Accounts, "/signin", "/approve" })
            await tpp.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"{address}?code={code}&access_token={token}&request_uri={TestTpp.NewId()}&token={TestTpp.NewId()}"));
        Assert.Equal(400, (await tpp.RedeemAsync(code)).Status);
        Assert.Equal(401, (await tpp.GetAsync(Accounts, token)).Status);
        Assert.Equal(401, (await tpp.GetAsync(Accounts, TestTpp.NewId())).Status);
        Assert.Equal(400, (await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", TestTpp.NewId()))).Status);
        await tpp.PostAsync("/token", Form.Empty.With("grant_type", "client_credentials").With("client_id", tpp.ClientId).With("client_assertion_type", TestTpp.JwtBearer)
            .With("client_assertion", tpp.Assertion(claims => claims["aud"] = "https://elsewhere.example")));
        await tpp.PostAsync("/token", Form.Empty.With("grant_type", "client_credentials").With("code", TestTpp.NewId()).And("code", TestTpp.NewId()));
        canaries.Add("creditor", "GB33BUKB20201555555555");
        var creditor = TestTpp.Details(consent).Replace("}", ",\"creditor\":\"GB33BUKB20201555555555\"}", StringComparison.Ordinal);
        Assert.Equal(400, (await tpp.ParAsync(request.With("authorization_details", creditor))).Status);
        Assert.False((await browser.ActivateAsync(username, "AAAA-BBBB-CCCC-DDDD")).IsSuccess);
        await browser.PostFormAsync("/approve", ("__RequestVerificationToken", "CfDJ8-canary-of-a-form"), ("interaction", interaction));
        Assert.Equal(200, (await tpp.CallAsync("/revoke", Form.Empty.With("token", tokens.Text("refresh_token")))).Status);
    }
}
