using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Host.Control;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>A developer comes with keys of their own and leaves as a member of the sandbox's directory.</summary>
public sealed class SandboxDirectoryTests : IAsyncLifetime
{
    private const string Path = "/sandbox/directory";
    private readonly SigningKey key = SigningKey.Create("ES256");
    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public ValueTask DisposeAsync()
    {
        key.Dispose();
        return host.DisposeAsync();
    }

    [Theory]
    [InlineData("csr")]
    [InlineData("jwk")]
    [InlineData("jwks")]
    [Trait("Rule", "MT-10")]
    public async Task A_member_registers_and_works(string how)
    {
        using var transport = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var member = await JoinAsync(body =>
        {
            if (how == "csr") body["csr"] = new CertificateRequest("CN=any", transport, HashAlgorithmName.SHA256).CreateSigningRequestPem();
            if (how == "jwk") body["jwk"] = JwkOf(transport);
        });
        Assert.True(member.Status == 201, member.Body);
        using var own = how == "jwks" ? ECDsa.Create() : null;
        own?.ImportPkcs8PrivateKey(key.ToPkcs8(), out _);
        using var certificate = WithKey(member.Text("certificate")!, own ?? transport);
        await AnswerKeysAsync(member.Text("jwks_uri")!);

        Assert.Equal(["AISP"], CertificateRoles.Of(certificate)); // What it was given the roles for, it says itself.

        var registered = await RegisterAsync(member, certificate);

        Assert.True(registered.Status == 201, registered.Body);
        Assert.Equal("https://localhost:9999/callback", registered.Json.GetProperty("redirect_uris")[0].GetString());
        using var tpp = TestTpp.Registered(host.Reach, registered.Text("client_id")!, TppKind.Mtls, key, certificate);
        Assert.NotEmpty(await tpp.CreateConsentAsync());
    }

    [Fact]
    public async Task Its_keys_are_published_and_a_member_gets_further_statements_by_its_own_token()
    {
        var (member, other) = (await JoinAsync(), await JoinAsync());
        var statement = Parse(member.Text("software_statement")!);
        Assert.False(KeySet.Parse(Encoding.UTF8.GetBytes((await GetAsync(Path + "/jwks")).Body)).Failed(out _, out var keys));
        Assert.Null(statement.Verify(keys, new JwsPolicy(JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { "JWT" })));
        Assert.Equal(host.Issuer.OriginalString + Path, Claims.Text(statement.Payload, "iss"));

        Assert.Equal(401, (await StatementAsync(member, null)).Status);
        Assert.Equal(401, (await StatementAsync(member, other.Text("directory_access_token"))).Status);
        var again = await StatementAsync(member, member.Text("directory_access_token"));
        Assert.Equal(201, again.Status);
        Assert.NotEqual(Claims.Text(statement.Payload, "jti"), Claims.Text(Parse(again.Text("software_statement")!).Payload, "jti"));
    }

    [Theory]
    [InlineData("""{"client_name":null}""", "name")]
    [InlineData("""{"redirect_uris":[]}""", "redirect")]
    [InlineData("""{"redirect_uris":["http://localhost/"]}""", "redirect")]
    [InlineData("""{"roles":["ASPSP"]}""", "roles")]
    [InlineData("""{"roles":[]}""", "roles")]
    [InlineData("""{"jwks":null}""", "public keys")]
    [InlineData("""{"jwks_uri":"https://tpp.example/jwks"}""", "public keys")]
    [InlineData("""{"jwks":{"keys":[]}}""", "jwks")]
    [InlineData("""{"jwks":{"keys":[{"kty":"oct","k":"AA"}]}}""", "jwks")]
    [InlineData("""{"csr":"nothing"}""", "certificate")]
    [InlineData("""{"jwk":{"kty":"EC"}}""", "certificate")]
    public async Task What_cannot_be_taken_is_one_clear_sentence(string change, string word)
    {
        var answer = await JoinAsync(body =>
        {
            foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            {
                body.Remove(name);
                if (value is not null) body[name] = value.DeepClone();
            }
        });

        Assert.Equal(400, answer.Status);
        Assert.Contains(word, answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_gives_the_same_and_says_what_is_wrong()
    {
        var page = await GetAsync(Path);
        Assert.Equal((200, "text/html"), (page.Status, page.ContentType));
        foreach (var label in (string[])["Name of your app", "Redirect URIs", "Public keys of your software", "Certificate signing request (optional)"])
            Assert.Contains($">{label}</label>", page.Body, StringComparison.Ordinal);

        var form = Form.Empty.With("name", "<b>App").With("redirects", "https://localhost:9999/callback").With("role", "AISP").With("jwks", Jwks());
        using var http = host.CreateClient();
        var given = await Answer.OfAsync(await http.PostAsync(new Uri(Path, UriKind.Relative), form.Content(), Ct));
        Assert.Equal(200, given.Status);
        Assert.Contains("BEGIN CERTIFICATE", given.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>App", given.Body, StringComparison.Ordinal);

        var wrong = await Answer.OfAsync(await http.PostAsync(new Uri(Path, UriKind.Relative), form.With("jwks", "x").Content(), Ct));
        Assert.Equal((400, true), (wrong.Status, wrong.Body.Contains("role=\"alert\"", StringComparison.Ordinal)));
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Jwks() => new JsonObject { ["keys"] = new JsonArray(key.PublicKey.ToJson()) }.ToJsonString();

    private async Task<Answer> JoinAsync(Action<JsonObject>? change = null)
    {
        var body = new JsonObject
        {
            ["client_name"] = "Budget, App+",
            ["redirect_uris"] = new JsonArray("https://localhost:9999/callback"),
            ["roles"] = new JsonArray("AISP"),
            ["jwks"] = JsonNode.Parse(Jwks()),
        };
        change?.Invoke(body);
        using var http = host.CreateClient();
        return await Answer.OfAsync(await http.PostAsync(new Uri(Path + "/software", UriKind.Relative), TestHttp.Json(body.ToJsonString()), Ct));
    }

    [Fact]
    [Trait("Rule", "OB-DCR-15")]
    [Trait("Rule", "KEY-17")]
    public async Task A_tester_suspends_a_member_and_replaces_its_keys()
    {
        using var transport = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var member = await JoinAsync(body => body["jwk"] = JwkOf(transport));
        using var certificate = WithKey(member.Text("certificate")!, transport);
        await AnswerKeysAsync(member.Text("jwks_uri")!);
        var registered = await RegisterAsync(member, certificate, request =>
        {
            request["token_endpoint_auth_method"] = "private_key_jwt";
            request["token_endpoint_auth_signing_alg"] = "ES256";
            request.Remove("tls_client_auth_subject_dn");
        });
        Assert.True(registered.Status == 201, registered.Body);
        var client = registered.Text("client_id")!;
        using var tpp = TestTpp.Registered(host.Reach, client, TppKind.Dpop, key, null);
        using var fresh = SigningKey.Create("ES256");
        using var renewed = TestTpp.Registered(host.Reach, client, TppKind.Dpop, fresh, null);
        var form = Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts");
        Assert.Equal(200, (await tpp.TokenAsync(form)).Status);

        await ControlAsync(200, new JsonObject { ["operation"] = "suspend", ["client"] = client, ["on"] = true });
        host.Log.Clear();
        var refused = await tpp.TokenAsync(form);
        Assert.Equal((401, "invalid_client", "OB-DCR-15"), (refused.Status, refused.Error, host.Log.LastRefusal?.Rule));
        await ControlAsync(200, new JsonObject { ["operation"] = "suspend", ["client"] = client, ["on"] = false });
        Assert.Equal(200, (await tpp.TokenAsync(form)).Status);
        await ControlAsync(400, new JsonObject { ["operation"] = "suspend", ["client"] = "nobody", ["on"] = true });

        var keys = new JsonObject { ["keys"] = new JsonArray(fresh.PublicKey.ToJson()) };
        Assert.Equal(401, (await renewed.TokenAsync(form)).Status);
        await ControlAsync(200, new JsonObject { ["operation"] = "keys", ["client"] = client, ["jwks"] = keys.DeepClone() });
        await ControlAsync(400, new JsonObject { ["operation"] = "keys", ["client"] = "nobody", ["jwks"] = keys.DeepClone() });
        await ControlAsync(400, new JsonObject { ["operation"] = "keys", ["client"] = client, ["jwks"] = new JsonObject { ["keys"] = new JsonArray() } });
        await AnswerKeysAsync(member.Text("jwks_uri")!);
        host.Clock.Advance(TimeSpan.FromMinutes(15.5)); // From then on the old set no longer counts.
        Assert.Equal(200, (await renewed.TokenAsync(form)).Status);
        Assert.Equal(401, (await tpp.TokenAsync(form)).Status);
    }

    private async Task ControlAsync(int status, JsonObject body)
    {
        using var http = host.CreateClient();
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Sandbox " + host.Services.GetRequiredService<SandboxSecret>().Value);
        var answer = await Answer.OfAsync(await http.PostAsync(new Uri("/sandbox/control", UriKind.Relative), TestHttp.Json(body.ToJsonString()), Ct));
        Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
    }

    private async Task<Answer> RegisterAsync(Answer member, X509Certificate2 certificate, Action<JsonObject>? change = null)
    {
        // In the signed form, as the sample app does it.
        var software = member.Text("software_id")!;
        var now = host.Clock.Now;
        var request = new JsonObject
        {
            ["iss"] = software,
            ["aud"] = host.Issuer.OriginalString,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(1).ToUnixTimeSeconds(),
            ["jti"] = Guid.NewGuid().ToString(),
            ["software_statement"] = member.Text("software_statement"),
            ["token_endpoint_auth_method"] = "tls_client_auth",
            ["tls_client_auth_subject_dn"] = member.Text("tls_client_auth_subject_dn"),
            ["scope"] = "openid accounts",
        };
        change?.Invoke(request);
        using var http = host.CreateClient(mtls: true, certificate);
        using var content = new StringContent(Jws.Sign(key, null, request), Encoding.ASCII, "application/jose");
        return await Answer.OfAsync(await http.PostAsync(new Uri(member.Text("registration_endpoint")!), content, Ct));
    }

    private async Task<Answer> StatementAsync(Answer member, string? token)
    {
        using var http = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Path}/software/{member.Text("software_id")}/statement");
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return await Answer.OfAsync(await http.SendAsync(request, Ct));
    }

    private async Task<Answer> GetAsync(string path)
    {
        using var http = host.CreateClient();
        return await Answer.OfAsync(await http.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute), Ct));
    }

    /// <summary>The host's way out leads into the test's world, so what the directory publishes is put there.</summary>
    private async Task AnswerKeysAsync(string address)
    {
        var published = await GetAsync(new Uri(address).PathAndQuery);
        Assert.Equal(((int)HttpStatusCode.OK, "application/json"), (published.Status, published.ContentType));
        host.Outbound.Answer(address, published.Body);
    }

    private static Jws Parse(string compact) => Jws.Parse(compact).Failed(out var fault, out var jws) ? throw new InvalidOperationException(fault.Reason) : jws;

    private static X509Certificate2 WithKey(string pem, ECDsa transport)
    {
        using var alone = X509Certificate2.CreateFromPem(pem);
        using var together = alone.CopyWithPrivateKey(transport);
        return X509CertificateLoader.LoadPkcs12(together.Export(X509ContentType.Pkcs12), null);
    }

    private static JsonObject JwkOf(ECDsa transport)
    {
        var point = transport.ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["x"] = System.Buffers.Text.Base64Url.EncodeToString(point.X!),
            ["y"] = System.Buffers.Text.Base64Url.EncodeToString(point.Y!),
        };
    }
}
