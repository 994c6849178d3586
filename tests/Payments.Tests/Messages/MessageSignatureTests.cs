using System.Buffers;
using System.Buffers.Text;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Payments.Tests.Messages;

/// <summary>The whole product with the authorization server in it, for what only it can say: who has signed.</summary>
public sealed class SignedBank : IAsyncLifetime
{
    public const string Iat = "http://openbanking.org.uk/iat";
    public const string Iss = "http://openbanking.org.uk/iss";
    public const string Tan = "http://openbanking.org.uk/tan";

    public TestHost Host { get; private set; } = null!;

    public TestTpp Tpp { get; private set; } = null!;

    public TestTpp Other { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(options => options.Settings["Identity:OrganisationId"] = "001580000BANKAAA");
        Tpp = await TestTpp.RegisterAsync(Host, change: Pays("first"), algorithm: "PS256");
        Other = await TestTpp.RegisterAsync(Host, change: Pays("second"), algorithm: "PS256");
    }

    public async ValueTask DisposeAsync()
    {
        Tpp.Dispose();
        Other.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>Written out, so that no code of the product makes what the product is asked about.</summary>
    public string Sign(string content, Action<JsonObject>? change = null, SigningKey? key = null)
    {
        key ??= Tpp.Key;
        var header = new JsonObject
        {
            ["alg"] = "PS256",
            ["kid"] = key.KeyId,
            ["crit"] = new JsonArray(Iat, Iss, Tan),
            [Iat] = Host.Clock.Now.ToUnixTimeSeconds(),
            [Iss] = "0015800001041RHAAY/first",
            [Tan] = "openbanking.org.uk",
        };
        change?.Invoke(header);
        var encoded = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header.ToJsonString()));
        var input = encoded + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(content));
        return encoded + ".." + Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(input)));
    }

    public static Action<JsonObject> Pays(string software) => metadata =>
    {
        TestTpp.OnTheBackchannel()(metadata);
        metadata["software_roles"] = new JsonArray("PISP");
        metadata["scope"] = "openid payments";
        metadata["software_id"] = software;
    };
}

public sealed class MessageSignatureTests(SignedBank bank) : IClassFixture<SignedBank>
{
    private const string Path = "/open-banking/v4.0/pisp/domestic-payment-consents";
    private const string Iat = SignedBank.Iat;
    private const string Iss = SignedBank.Iss;
    private const string Tan = SignedBank.Tan;
    private static string? token;
    private readonly string body = Bank.Payment().ToJsonString();

    public static TheoryData<string, string, string, string> Headers => new()
    {
        // what, how it is changed, the rule, code and path
        { "alg missing", """{"alg":null}""", "OB-JWS-12", "U017 alg" },
        { "kid missing", """{"kid":null}""", "OB-JWS-12", "U017 kid" },
        { "crit missing", """{"crit":null}""", "OB-JWS-7", "U017 crit" },
        { "iat missing", $$"""{"{{Iat}}":null}""", "OB-JWS-7", $"U017 {Iat}" },
        { "iss missing", $$"""{"{{Iss}}":null}""", "OB-JWS-7", $"U017 {Iss}" },
        { "tan missing", $$"""{"{{Tan}}":null}""", "OB-JWS-7", $"U017 {Tan}" },
        { "b64", """{"b64":false}""", "OB-JWS-2", "U016 b64" },
        { "another algorithm", """{"alg":"RS256"}""", "OB-JWS-4", "U016 alg" },
        { "no algorithm", """{"alg":"none"}""", "OB-JWS-4", "U016 alg" },
        { "another type", """{"typ":"JWT"}""", "OB-JWS-6", "U016 typ" },
        { "another content", """{"cty":"text/plain"}""", "OB-JWS-6", "U016 cty" },
        { "crit with less", $$"""{"crit":["{{Iat}}","{{Iss}}"]}""", "OB-JWS-7", "U016 crit" },
        { "crit with more", $$"""{"crit":["{{Iat}}","{{Iss}}","{{Tan}}","b64"]}""", "OB-JWS-7", "U016 crit" },
        { "crit twice the same", $$"""{"crit":["{{Iat}}","{{Iat}}","{{Tan}}"]}""", "OB-JWS-7", "U016 crit" },
        { "crit as a text", $$"""{"crit":"{{Iat}}"}""", "OB-JWS-7", "U016 crit" },
        { "iat as a text", $$"""{"{{Iat}}":"1700000000"}""", "OB-JWS-8", $"U016 {Iat}" },
        { "another anchor", $$"""{"{{Tan}}":"example.org"}""", "OB-JWS-10", $"U016 {Tan}" },
        { "another member", """{"jku":"https://tpp.example/keys"}""", "OB-JWS-5", "U016 jku" },
        { "another sender", $$"""{"{{Iss}}":"0015800001041RHAAY/second"}""", "OB-JWS-9", $"U016 {Iss}" },
        { "a key of nobody", """{"kid":"unknown"}""", "OB-JWS-11", "U016 kid" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    [Trait("Rule", "OB-JWS-2")]
    [Trait("Rule", "OB-JWS-4")]
    [Trait("Rule", "OB-JWS-5")]
    [Trait("Rule", "OB-JWS-6")]
    [Trait("Rule", "OB-JWS-7")]
    [Trait("Rule", "OB-JWS-8")]
    [Trait("Rule", "OB-JWS-9")]
    [Trait("Rule", "OB-JWS-10")]
    [Trait("Rule", "OB-JWS-11")]
    [Trait("Rule", "OB-JWS-12")]
    [Trait("Rule", "OB-ERR-4")]
    [Trait("Rule", "PY-17")]
    [Trait("Rule", "PY-18")]
    public async Task Refuses_a_header_that_is_not_as_the_standard_has_it(string what, string change, string rule, string fault)
    {
        Assert.NotEmpty(what);
        await RefusedAsync(Sign(body, header => Apply(header, change)), body, rule, fault);
    }

    [Theory]
    [Trait("Rule", "OB-JWS-8")]
    [Trait("Rule", "PY-18")]
    [InlineData(60, null)]
    [InlineData(62, "OB-JWS-8")]
    [InlineData(-299, null)]
    [InlineData(-302, "PY-18")]
    public async Task Takes_a_signature_of_the_last_minutes(int seconds, string? rule)
    {
        var at = bank.Host.Clock.Now.ToUnixTimeSeconds() + seconds;
        var signature = Sign(body, header => header[Iat] = at);
        if (rule is null) Assert.Equal(201, (await SendAsync(body, signature)).Status);
        else await RefusedAsync(signature, body, rule, $"U016 {Iat}");
    }

    [Theory]
    [Trait("Rule", "OB-JWS-1")]
    [Trait("Rule", "OB-JWS-12")]
    [InlineData("", "OB-JWS-12", "U019 x-jws-signature")]
    [InlineData("nonsense", "OB-JWS-1", "U018 x-jws-signature")]
    [InlineData("a.b.c", "OB-JWS-1", "U018 x-jws-signature")]
    [InlineData("e30..", "OB-JWS-1", "U018 x-jws-signature")]
    [InlineData("e30..AA==", "OB-JWS-1", "U018 x-jws-signature")]
    [InlineData("W10..AAAA", "OB-JWS-1", "U018 x-jws-signature")]
    [InlineData("e30..AAAA.AAAA", "OB-JWS-1", "U018 x-jws-signature")]
    public async Task Refuses_what_is_no_signature(string signature, string rule, string fault) => await RefusedAsync(signature, body, rule, fault);

    [Fact]
    [Trait("Rule", "OB-JWS-3")]
    [Trait("Rule", "OB-JWS-14")]
    [Trait("Rule", "OB-IDM-12")]
    [Trait("Rule", "PY-16")]
    public async Task Verifies_the_bytes_that_came_and_no_others()
    {
        var key = Bank.NewKey();
        Assert.Equal(201, (await SendAsync(body, Sign(body), key)).Status);
        foreach (var other in new[] { body + " ", body.Replace("10.00", "99.00", StringComparison.Ordinal), body.Replace(":", ": ", StringComparison.Ordinal), "\ufeff" + body })
            await RefusedAsync(Sign(body), other, "OB-JWS-3", "U015 x-jws-signature");

        // Not even a repetition is answered without one.
        await RefusedAsync("", body, "OB-JWS-12", "U019 x-jws-signature", key);
        Assert.Equal(201, (await SendAsync(body, Sign(body), key)).Status);
    }

    [Theory]
    [Trait("Rule", "PY-16")]
    [Trait("Rule", "OB-JWS-3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_in_another_encoding_is_another_body(bool isPacked)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) await gzip.WriteAsync(Encoding.UTF8.GetBytes(body), TestContext.Current.CancellationToken);
        using var content = new ByteArrayContent(isPacked ? packed.ToArray() : Encoding.Unicode.GetBytes(body)) { Headers = { ContentType = new("application/json") } };
        if (isPacked) content.Headers.ContentEncoding.Add("gzip");
        var access = await TokenAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + access);
        request.Headers.TryAddWithoutValidation("DPoP", bank.Tpp.Proof("POST", bank.Tpp.Address(Path), access));
        request.Headers.TryAddWithoutValidation("x-idempotency-key", Bank.NewKey());
        request.Headers.TryAddWithoutValidation("x-jws-signature", Sign(body));
        var answer = await bank.Tpp.SendAsync(request);
        Assert.Equal((400, "OB-JWS-3"), (answer.Status, bank.Host.Log.LastRefusal?.Rule));
    }

    [Fact]
    [Trait("Rule", "PY-17")]
    [Trait("Rule", "OB-JWS-9")]
    [Trait("Rule", "OB-JWS-11")]
    public async Task A_signature_of_another_third_party_counts_for_nothing()
    {
        await RefusedAsync(Sign(body, key: bank.Other.Key), body, "OB-JWS-11", "U016 kid");
        await RefusedAsync(Sign(body, header => header["kid"] = bank.Tpp.Key.KeyId, bank.Other.Key), body, "OB-JWS-3", "U015 x-jws-signature");
    }

    [Theory]
    [Trait("Rule", "OB-JWS-6")]
    [InlineData("""{"typ":"JOSE","cty":"application/json"}""")]
    [InlineData("""{"cty":"json"}""")]
    [InlineData("""{"typ":null,"cty":null}""")]
    public async Task Takes_the_spellings_that_the_standard_allows(string change) =>
        Assert.Equal(201, (await SendAsync(body, Sign(body, header => Apply(header, change)))).Status);

    [Fact]
    [Trait("Rule", "OB-JWS-11")]
    public async Task A_key_that_is_new_is_fetched_before_it_is_refused()
    {
        const string Address = "https://keys.tpp.example/payments";
        var published = "";
        using var tpp = await TestTpp.RegisterAsync(
            bank.Host,
            change: metadata =>
            {
                SignedBank.Pays("third")(metadata);
                published = metadata["jwks"]!.ToJsonString();
                metadata.Remove("jwks");
                metadata["jwks_uri"] = Address;
            },
            algorithm: "PS256");
        bank.Host.Outbound.Answer(Address, (_, _) => Task.FromResult(new HttpResponseMessage { Content = TestHttp.Json(published) }));
        var access = await tpp.ClientTokenAsync("payments");
        using var next = SigningKey.Create("PS256", rsaBits: 2048);
        string SignedBy(SigningKey key) => Sign(body, header => header[Iss] = "0015800001041RHAAY/third", key);
        Assert.Equal(201, (await SendAsync(body, SignedBy(tpp.Key), tpp: tpp, access: access)).Status);
        var asked = bank.Host.Outbound.Asked.Count;

        // Published a minute later, it is found without anybody telling the bank.
        published = new JsonObject { ["keys"] = new JsonArray(tpp.Key.PublicKey.ToJson(), next.PublicKey.ToJson()) }.ToJsonString();
        bank.Host.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(201, (await SendAsync(body, SignedBy(next), tpp: tpp, access: access)).Status);
        Assert.Equal(asked + 1, bank.Host.Outbound.Asked.Count);
        using var nobodys = SigningKey.Create("PS256", rsaBits: 2048);
        Assert.Equal((400, "OB-JWS-11"), ((await SendAsync(body, SignedBy(nobodys), tpp: tpp, access: access)).Status, bank.Host.Log.LastRefusal?.Rule));
        Assert.Equal(asked + 1, bank.Host.Outbound.Asked.Count);
    }

    [Fact]
    [Trait("Rule", "OB-JWS-17")]
    [Trait("Rule", "OB-JWS-16")]
    [Trait("Rule", "OB-JWS-13")]
    [Trait("Rule", "OB-JWS-15")]
    [Trait("Rule", "PY-31")]
    public async Task Signs_every_answer_with_a_body_by_the_published_key()
    {
        var made = await SendAsync(body, Sign(body));
        await IsSignedAsync(made);
        var id = made.Json.GetProperty("Data").GetProperty("ConsentId").GetString();
        var read = await bank.Tpp.GetAsync($"{Path}/{id}", await TokenAsync());
        Assert.Equal(200, read.Status);
        await IsSignedAsync(read);
        await IsSignedAsync(await SendAsync(body, ""));
        await IsSignedAsync(await bank.Tpp.GetAsync($"{Path}/unknown", await TokenAsync()));

        // What carries no body carries no signature, and where none is needed none is read.
        var without = await bank.Tpp.GetAsync($"{Path}/{id}", "nobody");
        Assert.Equal((401, null), (without.Status, without.Header("x-jws-signature")));
    }

    [Fact]
    [Trait("Rule", "OB-JWS-6")]
    [Trait("Rule", "OB-FIL-10")]
    public async Task A_file_of_no_said_length_is_taken_and_signed_as_what_it_is()
    {
        const string Files = "/open-banking/v4.0/pisp/file-payment-consents";
        var file = $"""
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.08"><!-- {new string('-', 70_000).Replace("--", "- ", StringComparison.Ordinal)} --><CstmrCdtTrfInitn><PmtInf>
            <CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy="GBP">7.00</InstdAmt></Amt><Cdtr><Nm>ACME Inc</Nm></Cdtr><CdtrAcct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id></CdtrAcct></CdtTrfTxInf>
            </PmtInf></CstmrCdtTrfInitn></Document>
            """;
        var announced = new JsonObject
        {
            ["Data"] = new JsonObject
            {
                ["Initiation"] = new JsonObject { ["FileType"] = "UK.OBIE.pain.001.001.08", ["FileHash"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(file))) },
            },
        }.ToJsonString();
        var made = await SendAsync(announced, Sign(announced), path: Files);
        Assert.Equal(201, made.Status);
        var path = $"{Files}/{made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()}/file";
        using var pieces = new StreamContent(PipeReader.Create(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(file))).AsStream()) { Headers = { ContentType = new("text/xml") } };
        Assert.Equal(200, (await SendAsync(pieces, Sign(file, header => header["cty"] = "text/xml"), path: path)).Status);
        await IsSignedAsync(await bank.Tpp.GetAsync(path, await TokenAsync()), "text/xml");
    }

    private async Task IsSignedAsync(Answer answer, string mediaType = "application/json")
    {
        var parts = Assert.IsType<string>(answer.Header("x-jws-signature")).Split('.');
        Assert.Equal((3, ""), (parts.Length, parts[1]));
        var header = JsonElement.Parse(Base64Url.DecodeFromChars(parts[0]));
        Assert.Equal(["alg", "kid", "typ", "cty", "crit", Iat, Iss, Tan], header.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ("PS256", "JOSE", mediaType, "001580000BANKAAA", "openbanking.org.uk"),
            (Text(header, "alg"), Text(header, "typ"), Text(header, "cty"), Text(header, Iss), Text(header, Tan)));
        Assert.True(header.GetProperty(Iat).GetInt64() <= bank.Host.Clock.Now.ToUnixTimeSeconds());

        // By whoever knows nothing of ours: the framework's RSA over the published numbers.
        using var http = bank.Host.CreateClient();
        var jwks = JsonElement.Parse(await http.GetStringAsync(new Uri("/jwks", UriKind.Relative)));
        var jwk = jwks.GetProperty("keys").EnumerateArray().Single(key => key.GetProperty("kid").GetString() == Text(header, "kid"));
        using var rsa = RSA.Create(new RSAParameters { Modulus = Base64Url.DecodeFromChars(Text(jwk, "n")), Exponent = Base64Url.DecodeFromChars(Text(jwk, "e")) });
        var input = Encoding.ASCII.GetBytes(parts[0] + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(answer.Body)));
        Assert.True(rsa.VerifyData(input, Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pss));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static void Apply(JsonObject header, string change)
    {
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            if (value is null) header.Remove(name);
            else header[name] = value.DeepClone();
        }
    }

    private string Sign(string content, Action<JsonObject>? change = null, SigningKey? key = null) => bank.Sign(content, change, key);

    private async Task<string> TokenAsync() => token ??= await bank.Tpp.ClientTokenAsync("payments");

    private Task<Answer> SendAsync(string content, string signature, string? key = null, TestTpp? tpp = null, string? access = null, string path = Path) =>
        SendAsync(TestHttp.Json(content), signature, key, tpp, access, path);

    private async Task<Answer> SendAsync(HttpContent content, string signature, string? key = null, TestTpp? tpp = null, string? access = null, string path = Path)
    {
        tpp ??= bank.Tpp;
        access ??= await TokenAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + access);
        request.Headers.TryAddWithoutValidation("DPoP", tpp.Proof("POST", tpp.Address(path), access));
        request.Headers.TryAddWithoutValidation("x-idempotency-key", key ?? Bank.NewKey());
        if (signature.Length > 0) request.Headers.TryAddWithoutValidation("x-jws-signature", signature);
        return await tpp.SendAsync(request);
    }

    private async Task RefusedAsync(string signature, string content, string rule, string fault, string? key = null)
    {
        var answer = await SendAsync(content, signature, key);
        var error = answer.Json.GetProperty("Errors")[0];
        var found = error.GetProperty("ErrorCode").GetString() + (error.TryGetProperty("Path", out var path) ? " " + path.GetString() : "");
        Assert.Equal((400, rule, fault), (answer.Status, bank.Host.Log.LastRefusal?.Rule, found));
    }
}
