using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;

namespace OpenBanking.Identity.Tests.Token;

/// <summary>One host with two DPoP clients and two mTLS clients, for all tests of tokens; they run one after the other.</summary>
public class TokenWorld : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("openbanking-tokens-").FullName;
    private readonly X509Certificate2 authority = TestCertificates.Authority();

    /// <summary>Whether requests come by a proxy.</summary>
    protected virtual bool BehindNginx => false;

    internal TestHost Host { get; private set; } = null!;

    /// <summary>Authenticates with an assertion and binds to a key; ID tokens with PS256.</summary>
    internal TokenClient Budget { get; private set; } = null!;

    /// <summary>The same in another sector; ID tokens with ES256.</summary>
    internal TokenClient Rival { get; private set; } = null!;

    /// <summary>Authenticates with a certificate and binds to it.</summary>
    internal TokenClient Lender { get; private set; } = null!;

    internal TokenClient OtherLender { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Budget = TokenClient.WithKey("budget", "PS256");
        Rival = TokenClient.WithKey("rival", "ES256");
        Lender = TokenClient.WithCertificate("lender", authority);
        OtherLender = TokenClient.WithCertificate("other-lender", authority);
        TokenClient[] all = [Budget, Rival, Lender, OtherLender];
        await File.WriteAllTextAsync(Path.Combine(folder, "clients.json"), new JsonArray([.. all.Select(tpp => tpp.Metadata)]).ToJsonString());
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
        Host = await TestHost.StartAsync(options =>
        {
            options.BehindNginx = BehindNginx;
            options.Settings["Identity:ClientsFile"] = Path.Combine(folder, "clients.json");
            options.Settings["Identity:ClientCertificateAuthorities"] = Path.Combine(folder, "ca.pem");
        });
        foreach (var tpp in all) tpp.Connect(Host);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        authority.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A grant with its code, as the customer's approval leaves them behind.</summary>
    internal async Task<(Grant Grant, string Code)> ApproveAsync(TokenClient tpp, Action<Approval>? choose = null)
    {
        var approval = new Approval();
        choose?.Invoke(approval);
        var now = Host.Clock.Now;
        var code = Handle.New();
        var userId = approval.UserId ?? Guid.CreateVersion7();
        var grant = await Host.InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityDb>();
            var client = await db.Clients.SingleAsync(row => row.ClientId == tpp.ClientId);
            var made = new Grant
            {
                Id = Guid.CreateVersion7(now),
                ClientId = tpp.ClientId,
                ConsentId = approval.ConsentId,
                UserId = userId,
                CustomerId = "10001",
                Subject = await services.GetRequiredService<PairwiseSubject>().ForAsync(client, userId, CancellationToken.None),
                Scope = approval.Scope,
                AuthorizationDetails = approval.Details,
                Nonce = approval.Nonce,
                Claims = approval.Claims,
                AuthenticatedAt = now,
                Acr = "urn:openbanking:psd2:sca",
                Amr = ["hwk", "user", "mfa"],
                WantsAuthTime = approval.WantsAuthTime,
                CreatedAt = now,
                ExpiresAt = approval.ExpiresAt,
            };
            db.Add(made);
            db.Add(new AuthorizationCode
            {
                Hash = code.Hash,
                ClientId = tpp.ClientId,
                GrantId = made.Id,
                RedirectUri = tpp.RedirectUri,
                CodeChallenge = TokenClient.Challenge,
                DpopKeyThumbprint = approval.Key,
                ExpiresAt = now + AuthorizationCode.Lifetime,
            });
            await db.SaveChangesAsync();
            return made;
        });
        return (grant, code.Value);
    }

    /// <summary>Another certificate for the same client.</summary>
    internal X509Certificate2 Renew(TokenClient tpp) => TestCertificates.Client(authority, $"CN={tpp.ClientId}, C=GB");

    /// <summary>The tokens of a fresh approval.</summary>
    internal async Task<JsonElement> TokensAsync(TokenClient tpp, Action<Approval>? choose = null)
    {
        var answer = await tpp.RedeemAsync((await ApproveAsync(tpp, choose)).Code);
        Assert.Equal(200, answer.Status);
        return answer.Body;
    }

    internal async Task RefusedAsync(Task<TokenAnswer> request, int status, string error, string rule)
    {
        Host.Log.Clear();
        var answer = await request;
        Assert.Equal((status, error, rule), (answer.Status, answer.Error, Host.Log.LastRefusal?.Rule));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }
}

/// <summary>What a test's customer approves.</summary>
internal sealed class Approval
{
    public string ConsentId { get; set; } = "consent-" + Guid.CreateVersion7();

    public Guid? UserId { get; set; }

    public string Scope { get; set; } = "openid accounts";

    public string? Details { get; set; }

    public string? Nonce { get; set; }

    public string? Claims { get; set; }

    public bool WantsAuthTime { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public string? Key { get; set; }
}

/// <summary>An answer with its body, if that is JSON.</summary>
internal sealed record TokenAnswer(int Status, JsonElement Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public string? Error => Text("error");

    public string? Text(string name) => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(name, out var value) ? value.ToString() : null;

    public string? Header(string name) =>
        Headers.TryGetValues(name, out var values) || ContentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}

/// <summary>A third party as these tests need it: it speaks the protocol and can do each step wrongly.</summary>
internal sealed class TokenClient : IDisposable
{
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    public const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    private TestHost host = null!;

    private TokenClient(string clientId, SigningKey? assertionKey, X509Certificate2? certificate, JsonObject metadata)
    {
        ClientId = clientId;
        AssertionKey = assertionKey;
        Certificate = certificate;
        Metadata = metadata;
        metadata["client_id"] = clientId;
        metadata["security_profile"] = "fapi2-sp";
        metadata["client_name"] = clientId;
        metadata["software_roles"] = new JsonArray("AISP");
        metadata["redirect_uris"] = new JsonArray(RedirectUri);
    }

    public string ClientId { get; }

    public string RedirectUri => $"https://{ClientId}.example/cb";

    public SigningKey? AssertionKey { get; }

    public SigningKey DpopKey { get; } = SigningKey.Create("ES256");

    public X509Certificate2? Certificate { get; }

    public JsonObject Metadata { get; }

    /// <summary>Base address of what this client calls.</summary>
    public Uri Base => Certificate is null ? host.Main : host.Mtls;

    public static TokenClient WithKey(string clientId, string idTokenAlgorithm)
    {
        var key = SigningKey.Create("ES256");
        return new TokenClient(clientId, key, null, new JsonObject
        {
            ["token_endpoint_auth_method"] = "private_key_jwt",
            ["dpop_bound_access_tokens"] = true,
            ["id_token_signed_response_alg"] = idTokenAlgorithm,
            ["jwks"] = new JsonObject { ["keys"] = new JsonArray(key.PublicKey.ToJson()) },
        });
    }

    public static TokenClient WithCertificate(string clientId, X509Certificate2 authority) =>
        new(clientId, null, TestCertificates.Client(authority, $"CN={clientId}, C=GB"), new JsonObject
        {
            ["token_endpoint_auth_method"] = "tls_client_auth",
            ["tls_client_auth_subject_dn"] = $"CN={clientId}, C=GB",
            ["tls_client_certificate_bound_access_tokens"] = true,
        });

    public void Connect(TestHost to) => host = to;

    public void Dispose()
    {
        AssertionKey?.Dispose();
        DpopKey.Dispose();
        Certificate?.Dispose();
    }

    public Dictionary<string, string> CodeForm(string code) => new(StringComparer.Ordinal)
    {
        ["grant_type"] = "authorization_code",
        ["code"] = code,
        ["redirect_uri"] = RedirectUri,
        ["code_verifier"] = Verifier,
    };

    public Task<TokenAnswer> RedeemAsync(string code, SigningKey? key = null) => TokenAsync(CodeForm(code), key);

    public Task<TokenAnswer> RefreshAsync(string refreshToken, SigningKey? key = null, string? scope = null, string? details = null)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal) { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken };
        if (scope is not null) form["scope"] = scope;
        if (details is not null) form["authorization_details"] = details;
        return TokenAsync(form, key);
    }

    public Task<TokenAnswer> ForItselfAsync(string scope = "accounts") =>
        TokenAsync(new(StringComparer.Ordinal) { ["grant_type"] = "client_credentials", ["scope"] = scope });

    /// <summary>A token request with all that belongs to it.</summary>
    public Task<TokenAnswer> TokenAsync(Dictionary<string, string> form, SigningKey? key = null) =>
        PostAsync("/token", form, Certificate is null ? Proof(HttpMethod.Post, "/token", key: key) : null);

    /// <summary>A form with this client's authentication.</summary>
    public Task<TokenAnswer> PostAsync(string path, Dictionary<string, string> form, string? proof = null)
    {
        form["client_id"] = ClientId;
        if (AssertionKey is not null)
        {
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            form["client_assertion"] = Assertion();
        }

        return SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent(form), proof: proof);
    }

    /// <summary>A call of an API with its token as this client shows one.</summary>
    public Task<TokenAnswer> CallAsync(string token, string path = "/userinfo", HttpMethod? method = null) => SendAsync(
        method ?? HttpMethod.Get,
        path,
        authorization: (Certificate is null ? "DPoP " : "Bearer ") + token,
        proof: Certificate is null ? Proof(method ?? HttpMethod.Get, path, token) : null);

    public async Task<TokenAnswer> SendAsync(
        HttpMethod method, string path, HttpContent? content = null, string? authorization = null, string? proof = null, X509Certificate2? certificate = null, bool anonymous = false)
    {
        using var http = anonymous ? host.CreateClient(mtls: Certificate is not null) : host.CreateClient(certificate: certificate ?? Certificate);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (proof is not null) request.Headers.TryAddWithoutValidation("DPoP", proof);
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var body = text.Length > 0 && response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonDocument.Parse(text).RootElement : default;
        return new TokenAnswer((int)response.StatusCode, body, response.Headers, response.Content.Headers);
    }

    public string Assertion()
    {
        var now = host.Clock.Now.ToUnixTimeSeconds();
        return Jws.Sign(AssertionKey!, "JWT", new JsonObject
        {
            ["iss"] = ClientId,
            ["sub"] = ClientId,
            ["aud"] = host.Issuer.OriginalString,
            ["jti"] = Handle.New().Value,
            ["iat"] = now,
            ["exp"] = now + 60,
        });
    }

    public string Proof(HttpMethod method, string path, string? token = null, SigningKey? key = null)
    {
        var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = (key ?? DpopKey).PublicKey.ToJson() };
        var claims = new JsonObject
        {
            ["jti"] = Handle.New().Value,
            ["htm"] = method.Method,
            ["htu"] = new Uri(Base, path).AbsoluteUri,
            ["iat"] = host.Clock.Now.ToUnixTimeSeconds(),
        };
        if (token is not null) claims["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        var input = Part(header) + "." + Part(claims);
        return input + "." + Base64Url.EncodeToString((key ?? DpopKey).Sign(Encoding.ASCII.GetBytes(input)));

        static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }
}

/// <summary>Shares the host.</summary>
/// <summary>The same behind nginx.</summary>
public sealed class ProxiedTokenWorld : TokenWorld
{
    protected override bool BehindNginx => true;
}

[CollectionDefinition(Name)]
public sealed class ProxiedTokenTests : ICollectionFixture<ProxiedTokenWorld>
{
    public const string Name = "Tokens, behind nginx";
}

[CollectionDefinition(Name)]
public sealed class TokenTests : ICollectionFixture<TokenWorld>
{
    public const string Name = "Tokens";
}
