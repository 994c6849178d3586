using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Attacks that look for the host which has not heard of the first use yet.</summary>
[Collection(OnTwoHosts.Name)]
public sealed class TwoHostsAttackTests(TwoHosts hosts)
{
    private const int Many = 50;
    private static readonly string[] AuthenticationParameters = ["client_id", "client_assertion_type", "client_assertion"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Form ClientCredentials { get; } = Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts");

    [Fact]
    [Trait("Rule", "OA-03")]
    [Trait("Rule", "OA-04")]
    public async Task A_request_uri_is_open_on_both_hosts_until_the_customer_has_decided_and_on_neither_afterwards()
    {
        var path = hosts.Tpp.AuthorizePath(await hosts.PushAsync());
        var first = await hosts.BrowserAsync(reach: hosts.First.Reach);
        var second = await hosts.BrowserAsync(reach: hosts.Second.Reach);
        Assert.NotEmpty(await first.ArriveAsync(path));
        Assert.NotEmpty(await second.ArriveAsync(path));

        var decision = await first.DecideAsync(await first.ApprovalAsync(await first.ArriveAndSignInAsync(path)));
        Assert.NotNull(decision.Code);
        foreach (var host in new[] { hosts.First, hosts.Second })
        {
            using var http = host.CreateClient();
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Ct);
            Assert.Equal((400, null), ((int)answer.StatusCode, answer.Headers.Location));
            Assert.Contains("F2-PAR-12", await LoggedAsync(host, "F2-PAR-12"), StringComparison.Ordinal);
        }

        Assert.Equal(200, (await hosts.Tpp.RedeemAsync(decision.Code)).Status);
    }

    [Fact]
    [Trait("Rule", "OA-22")]
    public async Task A_client_assertion_is_spent_at_every_endpoint_of_every_host()
    {
        using var first = hosts.TppAt(hosts.First);
        using var second = hosts.TppAt(hosts.Second);
        var assertion = first.Assertion();
        Form With(Form form) => form.With("client_assertion", assertion);
        Assert.Equal(200, (await first.TokenAsync(With(ClientCredentials))).Status);
        foreach (var tpp in new[] { second, first })
        {
            foreach (var (path, form) in new[] { ("/token", ClientCredentials), ("/par", Form.Empty), ("/introspect", Form.Empty.With("token", "x")), ("/revoke", Form.Empty.With("token", "x")) })
            {
                var again = await tpp.CallAsync(path, With(form));
                Assert.Equal((401, "invalid_client"), (again.Status, again.Error));
            }
        }

        Assert.Contains("CA-10", await LoggedAsync(hosts.Second, "CA-10"), StringComparison.Ordinal);
        Assert.Equal(200, (await second.TokenAsync(ClientCredentials)).Status);
    }

    /// <summary>There is no rotation, so nothing to race for: each request gets an access token and the refresh token stands.</summary>
    [Fact]
    [Trait("Rule", "OA-32")]
    [Trait("Rule", "REF-09")]
    public async Task Fifty_refreshes_at_one_moment_are_fifty_answers()
    {
        var tokens = await hosts.Tpp.RedeemAsync(await hosts.CodeAsync());
        var refresh = Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token"));

        var answers = await TwoHosts.AtOnceAsync(Enumerable.Repeat(() => hosts.Tpp.TokenAsync(refresh), Many));

        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.Equal(Many, answers.Select(answer => answer.Text("access_token")).Distinct(StringComparer.Ordinal).Count());
        Assert.All(answers, answer => Assert.True(answer.Text("refresh_token") is null || answer.Text("refresh_token") == tokens.Text("refresh_token")));
        Assert.Equal(200, (await hosts.Tpp.TokenAsync(refresh)).Status);
    }

    [Theory]
    [Trait("Rule", "DP-10")]
    [Trait("Rule", "DP-11")]
    [InlineData(0)]
    [InlineData(-50)]
    [InlineData(9)]
    public async Task A_proof_is_not_fresh_on_the_other_host(int issuedAt)
    {
        var tpp = hosts.Tpp;
        var proof = tpp.Proof("POST", tpp.Address("/token"), change: claims => claims["iat"] = claims["iat"]!.GetValue<long>() + issuedAt);

        var answers = await TwoHosts.AtOnceAsync(Enumerable.Range(0, Many).Select(_ => SignedWith(tpp)).ToList()
            .Select(form => (Func<Task<Answer>>)(() => tpp.PostAsync("/token", form, proof))));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(Many - 1, answers.Count(answer => (answer.Status, answer.Error) == (400, "invalid_dpop_proof")));
        foreach (var _ in new[] { hosts.First, hosts.Second })
            Assert.Equal("invalid_dpop_proof", (await tpp.PostAsync("/token", SignedWith(tpp), proof)).Error);
        Assert.Equal(200, (await tpp.TokenAsync(ClientCredentials)).Status);
    }

    [Fact]
    [Trait("Rule", "DC-03")]
    public async Task Of_many_registrations_with_one_statement_at_one_moment_there_is_one_client()
    {
        using var key = SigningKey.Create("ES256");
        using var own = ECDsa.Create();
        own.ImportPkcs8PrivateKey(key.ToPkcs8(), out _);
        var joining = new JsonObject
        {
            ["client_name"] = "Twice",
            ["redirect_uris"] = new JsonArray("https://localhost:9999/callback"),
            ["roles"] = new JsonArray("AISP"),
            ["jwks"] = new JsonObject { ["keys"] = new JsonArray(key.PublicKey.ToJson()) },
        };
        using var page = hosts.First.CreateClient();
        var member = await Answer.OfAsync(await page.PostAsync(new Uri("/sandbox/directory/software", UriKind.Relative), TestHttp.Json(joining.ToJsonString()), Ct));
        Assert.True(member.Status == 201, member.Body);
        using var alone = X509Certificate2.CreateFromPem(member.Text("certificate")!);
        using var together = alone.CopyWithPrivateKey(own);
        using var certificate = X509CertificateLoader.LoadPkcs12(together.Export(X509ContentType.Pkcs12), null);
        var now = DateTimeOffset.UtcNow;
        var jwt = Jws.Sign(key, null, new JsonObject
        {
            ["iss"] = member.Text("software_id"),
            ["aud"] = hosts.First.Reach.Issuer.OriginalString,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(1).ToUnixTimeSeconds(),
            ["jti"] = Guid.NewGuid().ToString(),
            ["software_statement"] = member.Text("software_statement"),
            ["token_endpoint_auth_method"] = "tls_client_auth",
            ["tls_client_auth_subject_dn"] = member.Text("tls_client_auth_subject_dn"),
            ["scope"] = "openid accounts",
        });
        using var first = hosts.First.CreateClient(mtls: true, certificate);
        using var second = hosts.Second.CreateClient(mtls: true, certificate);
        var answers = await TwoHosts.AtOnceAsync(Enumerable.Range(0, 8).Select(number => (Func<Task<Answer>>)(async () =>
        {
            using var content = new StringContent(jwt, Encoding.ASCII, "application/jose");
            return await Answer.OfAsync(await (number % 2 == 0 ? first : second).PostAsync(new Uri("/register", UriKind.Relative), content, Ct));
        })));

        var all = string.Join('\n', answers.Select(answer => $"{answer.Status} {answer.Body}"));
        var won = answers.Where(answer => answer.Status == 201).ToList();
        Assert.True(won.Count == 1, all);
        Assert.True(answers.Count(answer => (answer.Status, answer.Error) == (400, "invalid_client_metadata")) == 7, all);
        using var tpp = TestTpp.Registered(hosts.Both, won[0].Text("client_id")!, TppKind.Mtls, key, certificate);
        Assert.NotEmpty(await tpp.ClientTokenAsync());
    }

    private static Form SignedWith(TestTpp tpp)
    {
        var all = tpp.Authenticated();
        return AuthenticationParameters.Aggregate(ClientCredentials, (form, name) => form.With(name, all[name]));
    }

    /// <summary>What a host says in its log arrives a moment after its answer.</summary>
    private static async Task<string> LoggedAsync(HostProcess host, string rule)
    {
        await Eventually.HoldsAsync(() => host.Output.Contains(rule, StringComparison.Ordinal), () => $"{rule} is not in the log: {host.Output}");
        return host.Output;
    }
}
