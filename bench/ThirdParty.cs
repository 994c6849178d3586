using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;

namespace OpenBanking.Bench;

/// <summary>
/// A registered third party of <c>private_key_jwt</c> with ES256 and DPoP. As real ones do, it keeps one assertion key, one DPoP key and
/// its connections; each request has a fresh assertion and a fresh proof.
/// </summary>
internal sealed class ThirdParty : IDisposable
{
    public const string Id = "bench";

    /// <summary>The same third party under FAPI 2.0 Message Signing, and under FAPI 1.0 Advanced.</summary>
    public const string SigningId = "bench-signing";
    public const string AdvancedId = "bench-advanced";
    public const string RedirectUri = "https://bench.example/callback";
    private const string Aisp = "/open-banking/v4.0/aisp";
    private const string CibaGrant = "urn:openid:params:grant-type:ciba";

    private readonly SigningKey assertionKey;
    private readonly SigningKey proofKey = SigningKey.Create("ES256");
    private readonly HttpClient[] connections;
    private readonly string?[] waiting;
    private readonly string issuer;
    private readonly string id;

    public ThirdParty(Uri issuer, Func<HttpClient> connect, SigningKey assertionKey, int connections, string id = Id)
    {
        this.id = id;
        this.assertionKey = assertionKey;
        this.connections = [.. Enumerable.Range(0, connections).Select(_ => connect())];
        waiting = new string?[connections];
        this.issuer = issuer.OriginalString;
    }

    public string AccessToken { get; private set; } = "";

    public string RefreshToken { get; set; } = "";

    /// <summary>Its entries in the clients file.</summary>
    public static string Registrations(SigningKey assertionKey)
    {
        var polling = Registration(assertionKey, Id, "fapi2-sp");
        polling["grant_types"]!.AsArray().Add(CibaGrant);
        polling["backchannel_token_delivery_mode"] = "poll";
        return new JsonArray(polling, Registration(assertionKey, SigningId, "fapi2-ms"), Registration(assertionKey, AdvancedId, "fapi1-advanced")).ToJsonString();
    }

    /// <summary>Creates a consent for everything that is measured.</summary>
    public async Task<string> CreateConsentAsync()
    {
        var token = await ClientTokenAsync(0);
        const string body = """
            {"Data":{"Permissions":["ReadAccountsDetail","ReadBalances","ReadTransactionsDetail","ReadTransactionsCredits","ReadTransactionsDebits"]},"Risk":{}}
            """;
        using var answer = JsonDocument.Parse(await CallApiAsync(0, HttpMethod.Post, Aisp + "/account-access-consents", token, body));
        return answer.RootElement.GetProperty("Data").GetProperty("ConsentId").GetString()!;
    }

    /// <summary>The whole journey to tokens of a customer.</summary>
    public async Task ConnectAsync(Customer customer)
    {
        var verifier = NewId() + NewId();
        var requestUri = await PushAsync(0, await CreateConsentAsync(), verifier);
        var code = await customer.ApproveAsync($"/authorize?client_id={id}&request_uri={Uri.EscapeDataString(requestUri)}");
        var tokens = await PostAsync(
            0, "/token", ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", RedirectUri), ("code_verifier", verifier));
        AccessToken = tokens.GetProperty("access_token").GetString()!;
        RefreshToken = tokens.GetProperty("refresh_token").GetString()!;
    }

    public Task<string> PushAsync(int connection, string consentId) => PushAsync(connection, consentId, NewId() + NewId());

    /// <summary>The same request, signed.</summary>
    public Task PushSignedAsync(int connection, string consentId) =>
        PostAsync(connection, "/par", ("request", RequestObject(Request(consentId, "code", NewId() + NewId()))));

    /// <summary>What a browser does at the beginning of the hybrid flow: it brings a signed request by value.</summary>
    public async Task ArriveAsync(int connection, string consentId)
    {
        var request = RequestObject(Request(consentId, "code id_token", NewId() + NewId()));
        var path = $"/authorize?client_id={id}&response_type=code%20id_token&scope=openid%20accounts&request={request}";
        using var answer = await connections[connection].GetAsync(new Uri(path, UriKind.Relative));
        if (answer.StatusCode != HttpStatusCode.SeeOther || !answer.Headers.Location!.OriginalString.StartsWith("/signin", StringComparison.Ordinal))
            throw new InvalidOperationException($"The request was not taken: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async Task<string> ClientTokenAsync(int connection)
    {
        var answer = await PostAsync(connection, "/token", ("grant_type", "client_credentials"), ("scope", "accounts"));
        return answer.GetProperty("access_token").GetString()!;
    }

    public async Task RefreshAsync(int connection)
    {
        var answer = await PostAsync(connection, "/token", ("grant_type", "refresh_token"), ("refresh_token", RefreshToken));
        AccessToken = answer.GetProperty("access_token").GetString()!;
    }

    /// <summary>
    /// Asks whether a customer has decided on a request on the back channel, which she never does; each connection has a request of its own
    /// and makes the next one when that has run out.
    /// </summary>
    /// <param name="newConsent">A consent for which no request waits.</param>
    public async Task PollAsync(int connection, string username, Func<Task<string>> newConsent)
    {
        while (true)
        {
            waiting[connection] ??= await AskAsync(connection, username, await newConsent());
            using var request = Post("/token", ("grant_type", CibaGrant), ("auth_req_id", waiting[connection]!));
            using var answer = await connections[connection].SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            var error = answer.StatusCode == HttpStatusCode.BadRequest ? JsonElement.Parse(text).GetProperty("error").GetString() : null;
            if (error is "authorization_pending" or "slow_down") return;
            if (error != "expired_token") throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Polling: {(int)answer.StatusCode} {text}"));
            waiting[connection] = null;
        }
    }

    /// <summary>Asks for its own access token; no proof is due here.</summary>
    public async Task IntrospectAsync(int connection)
    {
        var answer = await PostAsync(connection, "/introspect", ("token", AccessToken), ("token_type_hint", "access_token"));
        if (!answer.GetProperty("active").GetBoolean()) throw new InvalidOperationException("The token is not active.");
    }

    /// <summary>Asks for the same as a JWT of the server's.</summary>
    public async Task IntrospectSignedAsync(int connection, string token)
    {
        using var request = Post("/introspect", ("token", token), ("token_type_hint", "access_token"));
        request.Headers.Accept.ParseAdd("application/token-introspection+jwt");
        var answer = await SendAsync(connection, request);
        if (answer.Count(letter => letter == '.') != 2) throw new InvalidOperationException("The answer is no JWT.");
    }

    /// <summary>Reads a resource of the customer.</summary>
    public Task<string> ReadAsync(int connection, string resource) => CallApiAsync(connection, HttpMethod.Get, Aisp + resource, AccessToken, body: null);

    /// <summary>The protected resource that every OpenID provider has.</summary>
    public Task<string> UserInfoAsync(int connection) => CallApiAsync(connection, HttpMethod.Get, "/userinfo", AccessToken, body: null);

    public void Dispose()
    {
        foreach (var connection in connections) connection.Dispose();
        proofKey.Dispose();
    }

    /// <summary>A parameter of an address that the bank has redirected to.</summary>
    public static string Parameter(Uri? address, string name)
    {
        var text = address?.OriginalString ?? "";
        return HttpUtility.ParseQueryString(text[(text.IndexOf('?', StringComparison.Ordinal) + 1)..])[name]
            ?? throw new InvalidOperationException($"There is no {name} in {address}");
    }

    private async Task<string> PushAsync(int connection, string consentId, string verifier)
    {
        var answer = await PostAsync(connection, "/par", [.. Request(consentId, "code", verifier)]);
        return answer.GetProperty("request_uri").GetString()!;
    }

    private async Task<string> AskAsync(int connection, string username, string consentId)
    {
        var answer = await PostAsync(
            connection,
            "/bc-authorize",
            ("scope", "openid accounts"),
            ("login_hint", username),
            ("binding_message", "Till-7"),
            ("requested_expiry", "600"),
            ("authorization_details", $$"""[{"type":"account_information","consent_id":"{{consentId}}"}]"""));
        return answer.GetProperty("auth_req_id").GetString()!;
    }

    private static (string Name, string Value)[] Request(string consentId, string responseType, string verifier) =>
    [
        ("response_type", responseType),
        ("redirect_uri", RedirectUri),
        ("scope", responseType == "code" ? "openid accounts offline_access" : "openid accounts"),
        ("state", NewId()),
        ("nonce", NewId()),
        ("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))),
        ("code_challenge_method", "S256"),
        ("claims", """{"id_token":{"openbanking_intent_id":{"value":"ID","essential":true},"acr":{"essential":true,"value":"urn:openbanking:psd2:sca"}}}"""
            .Replace("ID", consentId, StringComparison.Ordinal)),
    ];

    private string RequestObject((string Name, string Value)[] parameters)
    {
        var claims = new JsonObject { ["iss"] = id, ["aud"] = issuer, ["client_id"] = id, ["nbf"] = Now, ["exp"] = Now + 300, ["jti"] = NewId() };
        foreach (var (name, value) in parameters) claims[name] = name == "claims" ? JsonNode.Parse(value) : value;
        return Jws.Sign(assertionKey, "oauth-authz-req+jwt", claims);
    }

    private async Task<JsonElement> PostAsync(int connection, string path, params (string Name, string Value)[] parameters)
    {
        using var request = Post(path, parameters);
        return JsonElement.Parse(await SendAsync(connection, request));
    }

    private HttpRequestMessage Post(string path, params (string Name, string Value)[] parameters)
    {
        var form = new FormUrlEncodedContent(
        [
            .. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value)),
            KeyValuePair.Create("client_id", id),
            KeyValuePair.Create("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            KeyValuePair.Create("client_assertion", Assertion()),
        ]);
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = form };
        if (path is not ("/introspect" or "/bc-authorize") && UsesDpop) request.Headers.TryAddWithoutValidation("DPoP", Proof("POST", path, accessToken: null));
        return request;
    }

    private async Task<string> CallApiAsync(int connection, HttpMethod method, string path, string accessToken, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = TestHttp.Json(body);
        request.Headers.Authorization = new AuthenticationHeaderValue(UsesDpop ? "DPoP" : "Bearer", accessToken);
        if (UsesDpop) request.Headers.TryAddWithoutValidation("DPoP", Proof(method.Method, path, accessToken));
        return await SendAsync(connection, request);
    }

    private async Task<string> SendAsync(int connection, HttpRequestMessage request)
    {
        using var answer = await connections[connection].SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.IsSuccessStatusCode) return text;
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{request.Method} {request.RequestUri}: {(int)answer.StatusCode} {text}"));
    }

    private string Assertion() => Jws.Sign(assertionKey, "JWT", new JsonObject
    {
        ["iss"] = id,
        ["sub"] = id,
        ["aud"] = issuer,
        ["iat"] = Now,
        ["exp"] = Now + 60,
        ["jti"] = NewId(),
    });

    private string Proof(string method, string path, string? accessToken)
    {
        var claims = new JsonObject { ["jti"] = NewId(), ["htm"] = method, ["htu"] = issuer + path, ["iat"] = Now };
        if (accessToken is not null) claims["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));
        return DpopJws.Sign(proofKey, claims);
    }

    private static long Now => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    private static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));

    private bool UsesDpop => id != AdvancedId;

    private static JsonObject Registration(SigningKey assertionKey, string id, string profile) => new()
    {
        ["client_id"] = id,
        ["client_name"] = "Bench",
        ["security_profile"] = profile,
        ["redirect_uris"] = new JsonArray(RedirectUri),
        ["grant_types"] = new JsonArray("authorization_code", "refresh_token", "client_credentials"),
        ["response_types"] = new JsonArray(profile == "fapi1-advanced" ? "code id_token" : "code"),
        ["scope"] = "openid accounts offline_access",
        ["token_endpoint_auth_method"] = "private_key_jwt",
        ["dpop_bound_access_tokens"] = profile != "fapi1-advanced",
        ["tls_client_certificate_bound_access_tokens"] = profile == "fapi1-advanced",
        ["id_token_signed_response_alg"] = "ES256",
        ["introspection_signed_response_alg"] = "ES256",
        ["software_roles"] = new JsonArray("AISP"),
        ["org_id"] = "bench-org",
        ["software_id"] = id,
        ["jwks"] = new JsonObject { ["keys"] = new JsonArray(assertionKey.PublicKey.ToJson()) },
    };
}
