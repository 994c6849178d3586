using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>
/// Where FAPI 2.0 and FAPI 1.0 contradict each other: one running server keeps both, each client by its own profile. A test a line; each
/// shows what either profile takes and what it refuses.
/// </summary>
[Collection(ProfileTests.Name)]
public sealed class ContradictionTests(ProfileWorld world) : IDisposable
{
    private readonly TestBrowser browser = world.Customer.OpenBrowser(world.Host);

    public static TheoryData<string, bool, bool> Audiences() => new()
    {
        // What                                  FAPI 2.0  FAPI 1.0
        { "\"ISSUER\"",                           true,     true },
        { "[\"ISSUER\"]",                         false,    true },
        { "[\"https://evil.test\",\"ISSUER\"]",   false,    true },
        { "\"ISSUER/token\"",                     false,    true },
        { "\"ISSUER/par\"",                       false,    true },
        { "\"ISSUER/introspect\"",                false,    true },
        { "\"ISSUER/revoke\"",                    false,    true },
        { "\"MTLS/token\"",                       false,    true },
        { "[\"MTLS/par\"]",                       false,    true },
        { "\"ISSUER/\"",                          false,    false },
        { "\"ISSUER/authorize\"",                 false,    false },
        { "\"MTLS\"",                             false,    false },
        { "\"https://evil.test/token\"",          false,    false },
        { "[\"ISSUER\",7]",                       false,    false },
        { "[]",                                   false,    false },
        { "null",                                 false,    false },
    };

    [Theory]
    [MemberData(nameof(Audiences))]
    [Trait("Rule", "CA-07")]
    [Trait("Rule", "CA-08")]
    [Trait("Rule", "F1-10")]
    [Trait("Rule", "OA-23")]
    public async Task Audience_of_a_client_assertion(string audience, bool two, bool one)
    {
        var text = audience.Replace("ISSUER", world.Host.Issuer.OriginalString, StringComparison.Ordinal).Replace("MTLS", world.Host.Mtls.OriginalString.TrimEnd('/'), StringComparison.Ordinal);
        foreach (var (tpp, taken, rule) in new[] { (world.Plain, two, "CA-07"), (world.Asserting, one, "CA-08") })
        {
            var answer = await tpp.TokenAsync(FrontWorld.ClientCredentials.With("client_assertion", tpp.Assertion(claims => claims["aud"] = JsonNode.Parse(text))));
            Assert.Equal((taken ? 200 : 401, taken ? null : "invalid_client", taken ? null : rule), (answer.Status, answer.Error, world.RuleOf(answer)));
        }
    }

    [Fact]
    [Trait("Rule", "F2-PAR-03")]
    [Trait("Rule", "F1-01")]
    [Trait("Rule", "JAR-11")]
    public async Task Way_of_the_authorization_request()
    {
        var (two, one) = (world.Plain, world.Advanced);
        Assert.Equal(303, (await browser.OpenAsync(two.AuthorizePath(await two.PushAsync(await PlainAsync(two))))).Status);
        await world.PageAsync(two.AuthorizePath(await PlainAsync(two)), "invalid_request", "F2-PAR-03");
        await world.PageAsync(two.AuthorizePath(two.Signed(await PlainAsync(two))), "invalid_request", "F2-PAR-03");

        Assert.Equal(303, (await browser.OpenAsync(one.AuthorizePath(one.Signed(await ProfileWorld.HybridAsync(one))))).Status);
        Assert.Equal(303, (await browser.OpenAsync(one.AuthorizePath(await one.PushAsync(one.Signed(await ProfileWorld.HybridAsync(one)))))).Status);
        await world.PageAsync(one.AuthorizePath(await ProfileWorld.HybridAsync(one)), "invalid_request", "F1-01");
        await world.PageAsync(one.AuthorizePath("https://tpp.example/request.jwt"), "request_uri_not_supported", "JAR-11");
    }

    [Fact]
    [Trait("Rule", "MS-01")]
    [Trait("Rule", "F1-01")]
    public async Task Signed_request_object()
    {
        Assert.Equal(201, (await world.Plain.ParAsync(await PlainAsync(world.Plain))).Status);
        Assert.Equal(201, (await world.Plain.ParAsync(world.Plain.Signed(await PlainAsync(world.Plain)))).Status);
        Assert.Equal(201, (await world.Signing.ParAsync(world.Signing.Signed(await PlainAsync(world.Signing)))).Status);
        await world.RefusedAsync(world.Signing.ParAsync(await PlainAsync(world.Signing)), 400, "invalid_request", "MS-01");
        Assert.Equal(201, (await world.Advanced.ParAsync(world.Advanced.Signed(await ProfileWorld.HybridAsync(world.Advanced)))).Status);
        await world.RefusedAsync(world.Advanced.ParAsync(await ProfileWorld.HybridAsync(world.Advanced)), 400, "invalid_request", "F1-01");
    }

    [Fact]
    [Trait("Rule", "F2-PAR-01")]
    [Trait("Rule", "F1-02")]
    public async Task Response_type()
    {
        var (two, one) = (world.Plain, world.Advanced);
        Assert.Equal(201, (await two.ParAsync(await PlainAsync(two))).Status);
        await world.RefusedAsync(two.ParAsync(await ProfileWorld.HybridAsync(two)), 400, "unsupported_response_type", "F2-PAR-01");
        Assert.Equal(201, (await one.ParAsync(one.Signed(await ProfileWorld.HybridAsync(one)))).Status);
        Assert.Equal(201, (await one.ParAsync(one.Signed(await ProfileWorld.JarmAsync(one)))).Status);
        await world.RefusedAsync(one.ParAsync(one.Signed(await PlainAsync(one))), 400, "invalid_request", "F1-02");
        await world.RefusedAsync(one.ParAsync(one.Signed((await PlainAsync(one)).With("response_type", "token"))), 400, "unsupported_response_type", "F1-02");
    }

    [Fact]
    [Trait("Rule", "ISS-01")]
    [Trait("Rule", "ISS-04")]
    [Trait("Rule", "ISS-05")]
    public async Task Name_of_the_issuer_in_the_answer()
    {
        var (two, one) = (world.Plain, world.Advanced);
        var issuer = world.Host.Issuer.OriginalString;
        Assert.Equal(issuer, ProfileWorld.After('?', (await world.ApproveAsync(two.AuthorizePath(await two.PushAsync(await PlainAsync(two))))).Location)["iss"]);
        Assert.Equal(issuer, ProfileWorld.After('#', (await world.ApproveAsync(one.AuthorizePath(one.Signed(await ProfileWorld.HybridAsync(one))))).Location)["iss"]);
        foreach (var tpp in new[] { world.Signing, one })
        {
            var answer = ProfileWorld.After('?', (await world.ApproveAsync(tpp.AuthorizePath(await tpp.PushAsync(tpp.Signed(await ProfileWorld.JarmAsync(tpp)))))).Location);
            Assert.Equal("response", Assert.Single(answer).Key);
            Assert.Equal(issuer, Claims.Text(world.Read(answer["response"]), "iss"));
        }
    }

    [Fact]
    [Trait("Rule", "F2-PAR-05")]
    [Trait("Rule", "F1-11")]
    [Trait("Rule", "F1-12")]
    public async Task Proof_key_for_the_code()
    {
        var (two, one) = (world.Plain, world.Advanced);
        await world.RefusedAsync(two.ParAsync((await PlainAsync(two)).With("code_challenge", null)), 400, "invalid_request", "F2-PAR-05");
        await world.RefusedAsync(two.ParAsync(two.Signed((await PlainAsync(two)).With("code_challenge", null))), 400, "invalid_request", "F2-PAR-05");
        var without = (await ProfileWorld.HybridAsync(one)).With("code_challenge", null).With("code_challenge_method", null);
        await world.RefusedAsync(one.ParAsync(one.Signed(without)), 400, "invalid_request", "F1-11");
        var code = ProfileWorld.After('#', (await world.ApproveAsync(one.AuthorizePath(one.Signed(without)))).Location)["code"];
        Assert.Equal(200, (await one.TokenAsync(one.CodeRequest(code).With("code_verifier", null))).Status);
    }

    [Fact]
    [Trait("Rule", "F2-PAR-14")]
    [Trait("Rule", "F1-27")]
    public async Task Nonce()
    {
        var (two, one) = (world.Plain, world.Advanced);
        Assert.Equal(201, (await two.ParAsync((await PlainAsync(two)).With("nonce", null))).Status);
        Assert.Equal(201, (await two.ParAsync((await PlainAsync(two)).With("nonce", new string('n', 64)))).Status);
        await world.RefusedAsync(one.ParAsync(one.Signed((await ProfileWorld.HybridAsync(one)).With("nonce", null))), 400, "invalid_request", "F1-27");
        Assert.Equal(201, (await one.ParAsync(one.Signed((await ProfileWorld.JarmAsync(one)).With("nonce", null).With("scope", "accounts")))).Status);
    }

    [Fact]
    [Trait("Rule", "F1-28")]
    public async Task State()
    {
        var (two, one) = (world.Plain, world.Advanced);
        Assert.Equal(201, (await two.ParAsync((await PlainAsync(two)).With("state", null).With("scope", "accounts"))).Status);
        Assert.Equal(201, (await one.ParAsync(one.Signed((await ProfileWorld.HybridAsync(one)).With("state", null)))).Status);
        await world.RefusedAsync(one.ParAsync(one.Signed((await ProfileWorld.JarmAsync(one)).With("state", null).With("scope", "accounts"))), 400, "invalid_request", "F1-28");
    }

    [Fact]
    [Trait("Rule", "F1-04")]
    [Trait("Rule", "F2-GEN-02")]
    [Trait("Rule", "F2-GEN-03")]
    [Trait("Rule", "MTLS-06")]
    public async Task Sender_constraint()
    {
        // FAPI 2.0: a key or a certificate, whichever is registered.
        Assert.Equal("DPoP", (await world.Plain.TokenAsync(FrontWorld.ClientCredentials)).Text("token_type"));
        using var bound = await world.RegisterAsync("fapi2-sp", TppKind.PrivateKeyJwtAndCertificate);
        Assert.Equal("Bearer", (await bound.TokenAsync(FrontWorld.ClientCredentials)).Text("token_type"));
        await world.RefusedAsync(bound.Showing(null).TokenAsync(FrontWorld.ClientCredentials), 400, "invalid_request", "F2-GEN-03");

        // FAPI 1.0: a certificate, and a key does not stand in for it.
        Assert.Equal("Bearer", (await world.Advanced.TokenAsync(FrontWorld.ClientCredentials)).Text("token_type"));
        Assert.Equal("Bearer", (await world.Asserting.TokenAsync(FrontWorld.ClientCredentials)).Text("token_type"));
        using var bare = world.Asserting.Showing(null);
        await world.RefusedAsync(bare.TokenAsync(FrontWorld.ClientCredentials), 400, "invalid_request", "F1-04");
        var form = FrontWorld.ClientCredentials.With("client_id", bare.ClientId).With("client_assertion_type", TestTpp.JwtBearer).With("client_assertion", bare.Assertion());
        await world.RefusedAsync(bare.PostAsync("/token", form, bare.Proof("POST", bare.Address("/token"))), 400, "invalid_request", "F1-04");
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.RegisterAsync("fapi1-advanced"));
    }

    [Fact]
    [Trait("Rule", "MS-02")]
    [Trait("Rule", "F1-09")]
    public async Task Audience_of_a_request_object_is_the_same_for_both()
    {
        var issuer = world.Host.Issuer.OriginalString;
        foreach (var (tpp, rule) in new[] { (world.Signing, "MS-02"), (world.Advanced, "F1-09") })
        {
            var request = await ProfileWorld.JarmAsync(tpp);
            Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request, claims => claims["aud"] = issuer))).Status);
            Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request, claims => claims["aud"] = new JsonArray(issuer, "https://other.test")))).Status);
            await world.RefusedAsync(tpp.ParAsync(tpp.Signed(request, claims => claims["aud"] = issuer + "/par")), 400, "invalid_request_object", rule);
        }
    }

    [Fact]
    [Trait("Rule", "KEY-01")]
    [Trait("Rule", "KEY-02")]
    [Trait("Rule", "KEY-19")]
    public async Task Algorithms()
    {
        foreach (var (profile, kind) in new[] { ("fapi2-ms", TppKind.Dpop), ("fapi1-advanced", TppKind.PrivateKeyJwtAndCertificate) })
        {
            foreach (var algorithm in new[] { "PS256", "ES256" })
            {
                using var tpp = await TestTpp.RegisterAsync(world.Host, kind, metadata => metadata["security_profile"] = profile, algorithm);
                Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(await ProfileWorld.JarmAsync(tpp)))).Status);
            }

            // Not offered, so registered by nobody.
            foreach (var algorithm in new[] { "RS256", "EdDSA", "HS256" })
                await Assert.ThrowsAsync<InvalidOperationException>(() => world.RegisterAsync(profile, kind, metadata => metadata["token_endpoint_auth_signing_alg"] = algorithm));
        }
    }

    [Theory]
    [Trait("Rule", "TLS-03")]
    [Trait("Rule", "TLS-04")]
    [Trait("Rule", "TLS-05")]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, true)]
    [InlineData(TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false)]
    [InlineData(TlsCipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, false)]
    [UnsupportedOSPlatform("windows")]
    public async Task Suites_of_tls_1_2_are_those_that_both_allow(TlsCipherSuite suite, bool taken)
    {
        foreach (var address in new[] { world.Host.Main, world.Host.Mtls })
        {
            using var line = new TcpClient();
            await line.ConnectAsync(address.Host, address.Port);
            await using var tls = new SslStream(line.GetStream());
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = SslProtocols.Tls12,
                CipherSuitesPolicy = new CipherSuitesPolicy([suite]),
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Issuer == world.Host.Authority.Subject,
            };
            if (taken)
            {
                await tls.AuthenticateAsClientAsync(options);
                Assert.Equal(suite, tls.NegotiatedCipherSuite);
            }
            else
            {
                await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(options));
            }
        }
    }

    [Fact]
    [Trait("Rule", "PAR-13")]
    [Trait("Rule", "F1-17")]
    public async Task Redirect_uri_that_is_not_registered()
    {
        var (two, one) = (world.Plain, world.Advanced);
        await world.RefusedAsync(two.ParAsync((await PlainAsync(two)).With("redirect_uri", "https://tpp.example/other")), 400, "invalid_request", "PAR-13");
        await world.RefusedAsync(one.ParAsync(one.Signed((await ProfileWorld.HybridAsync(one)).With("redirect_uri", "https://tpp.example/other"))), 400, "invalid_request", "F1-17");
    }

    [Fact]
    [Trait("Rule", "F2-GEN-04")]
    [Trait("Rule", "REF-05")]
    [Trait("Rule", "REF-09")]
    public async Task A_refresh_token_stays_as_it_is_for_both()
    {
        var (two, one) = (world.Plain, world.Advanced);
        var codes = new[]
        {
            (Tpp: two, Code: ProfileWorld.After('?', (await world.ApproveAsync(two.AuthorizePath(await two.PushAsync(await PlainAsync(two))))).Location)["code"]),
            (Tpp: one, Code: ProfileWorld.After('#', (await world.ApproveAsync(one.AuthorizePath(one.Signed(await ProfileWorld.HybridAsync(one))))).Location)["code"]),
        };
        foreach (var (tpp, code) in codes)
        {
            var form = Form.Empty.With("grant_type", "refresh_token").With("refresh_token", (await tpp.RedeemAsync(code)).Text("refresh_token"));
            for (var round = 0; round < 3; round++)
            {
                var answer = await tpp.TokenAsync(form);
                Assert.Equal((200, null), (answer.Status, answer.Text("refresh_token")));
            }
        }
    }

    [Fact]
    [Trait("Rule", "F2-PAR-08")]
    [Trait("Rule", "F1-18")]
    [Trait("Rule", "F1-30")]
    public async Task Redirect_to_a_native_client()
    {
        (await world.RegisterAsync("fapi2-sp", change: Native)).Dispose();
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.RegisterAsync("fapi1-advanced", TppKind.Mtls, Native));
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.RegisterAsync("fapi1-baseline", change: Native));

        static void Native(JsonObject metadata)
        {
            metadata["application_type"] = "native";
            metadata["redirect_uris"] = new JsonArray("http://127.0.0.1/callback");
        }
    }

    public void Dispose() => browser.Dispose();

    private static async Task<Form> PlainAsync(TestTpp tpp) => TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync());
}
