using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Testing.Tpp;

/// <summary>How a test client authenticates and what its tokens are bound to.</summary>
public enum TppKind
{
    /// <summary><c>private_key_jwt</c>, DPoP.</summary>
    Dpop,

    /// <summary><c>private_key_jwt</c>, tokens bound to its certificate.</summary>
    PrivateKeyJwtAndCertificate,

    /// <summary><c>tls_client_auth</c>, tokens bound to its certificate.</summary>
    Mtls,

    /// <summary><c>self_signed_tls_client_auth</c>, tokens bound to its certificate.</summary>
    SelfSigned,
}

/// <summary>
/// A third party that speaks to a host over its public interface. Everything it sends can be made wrong in one place: an
/// assertion's or proof's claims, a form's parameters, the key, the certificate. Answers come back as they are.
/// </summary>
public sealed class TestTpp : IDisposable
{
    public const string JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static int count;
    private readonly Reach reach;
    private readonly HttpClient http;

    private TestTpp(Reach reach, string clientId, TppKind kind, SigningKey key, X509Certificate2? certificate, JsonObject? registration = null)
    {
        this.reach = reach;
        ClientId = clientId;
        Kind = kind;
        Key = key;
        Certificate = certificate;
        Registration = registration;
        RedirectUri = (string?)registration?["redirect_uris"]?[0] ?? "https://tpp.example/callback";
        ProofKey = SigningKey.Create("ES256");
        http = reach.Open(certificate, null);
    }

    public string ClientId { get; }

    public TppKind Kind { get; }

    /// <summary>The registered key of its assertions.</summary>
    public SigningKey Key { get; }

    /// <summary>The key of its DPoP proofs.</summary>
    public SigningKey ProofKey { get; set; }

    public X509Certificate2? Certificate { get; }

    public string RedirectUri { get; }

    /// <summary>Its metadata, where it was made by <see cref="New"/>.</summary>
    public JsonObject? Registration { get; }

    /// <summary>The nonce to put into proofs, as the server last gave it; null puts none.</summary>
    public string? Nonce { get; set; }

    /// <summary>The address by which this client knows the bank: with a certificate the other port.</summary>
    public Uri Base => Certificate is null ? reach.Issuer : reach.MtlsIssuer;

    /// <summary>Registers a third party with a host, as the clients file would.</summary>
    /// <param name="change">What to change of its metadata.</param>
    /// <param name="algorithm">Of its assertions.</param>
    public static async Task<TestTpp> RegisterAsync(TestHost host, TppKind kind = TppKind.Dpop, Action<JsonObject>? change = null, string algorithm = "ES256")
    {
        var tpp = New(host.Reach, kind, change, algorithm, host.IssueClientCertificate);
        await RegisterAsync(host, tpp.Registration!);
        return tpp;
    }

    /// <summary>Makes a third party that nobody knows yet; who starts a host puts its <see cref="Registration"/> into the clients file.</summary>
    /// <param name="issue">Signs a certificate for a subject; needed for kinds whose certificate is not self-signed.</param>
    /// <param name="id">Its client id; null is one that no other has.</param>
    public static TestTpp New(
        Reach reach, TppKind kind = TppKind.Dpop, Action<JsonObject>? change = null, string algorithm = "ES256", Func<string, X509Certificate2>? issue = null, string? id = null)
    {
        id ??= $"tpp-{Interlocked.Increment(ref count)}";
        var key = SigningKey.Create(algorithm, rsaBits: 2048);
        var certificate = kind switch
        {
            TppKind.Dpop => null,
            TppKind.SelfSigned => TestCertificates.SelfSigned($"CN={id}"),
            _ => issue!($"CN={id}, O=Budget App Ltd, C=GB"),
        };
        var metadata = Metadata(id, kind, key, certificate);
        change?.Invoke(metadata);

        // Whose profile has both asks in both ways, unless a test has it otherwise.
        if ((string?)metadata["security_profile"] == "fapi1-advanced") metadata.TryAdd("response_types", new JsonArray("code", "code id_token"));
        return new TestTpp(reach, id, kind, key, certificate, metadata);
    }

    /// <summary>A third party that registered itself.</summary>
    public static TestTpp Registered(Reach reach, string clientId, TppKind kind, SigningKey key, X509Certificate2? certificate) =>
        new(reach, clientId, kind, key, certificate);

    /// <summary>Stores any metadata; fails where they cannot be taken.</summary>
    public static async Task RegisterAsync(TestHost host, JsonObject metadata)
    {
        var content = ClientsFile.Parse($"[{metadata.ToJsonString()}]", host.Services.GetRequiredService<OfferedKinds>(), allowLoopback: false, host.Clock.Now);
        if (content.Problem is not null || content.Clients.Count != 1) throw new InvalidOperationException(content.Problem ?? "The client is not offered.");
        await host.InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityDb>();
            db.Add(content.Clients[0]);
            await db.SaveChangesAsync();
        });
    }

    /// <summary>The same third party on another way to the bank.</summary>
    public TestTpp At(Reach other) => new(other, ClientId, Kind, Key, Certificate, Registration) { ProofKey = ProofKey };

    /// <summary>The same third party showing another certificate, or one where it has none.</summary>
    public TestTpp Showing(X509Certificate2? certificate) => new(reach, ClientId, Kind, Key, certificate, Registration) { ProofKey = ProofKey };

    // What it makes

    /// <summary>A client assertion.</summary>
    /// <param name="change">What to change of its claims.</param>
    public string Assertion(Action<JsonObject>? change = null, SigningKey? key = null, string? typ = "JWT")
    {
        var now = reach.Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = ClientId,
            ["sub"] = ClientId,
            ["aud"] = reach.Issuer.OriginalString,
            ["iat"] = now,
            ["exp"] = now + 60,
            ["jti"] = NewId(),
        };
        change?.Invoke(claims);
        return Jws.Sign(key ?? Key, typ, claims);
    }

    /// <summary>A DPoP proof.</summary>
    /// <param name="accessToken">Its hash goes in as <c>ath</c>.</param>
    /// <param name="change">What to change of its claims.</param>
    public string Proof(string method, string address, string? accessToken = null, Action<JsonObject>? change = null, SigningKey? key = null)
    {
        var claims = new JsonObject
        {
            ["jti"] = NewId(),
            ["htm"] = method,
            ["htu"] = address,
            ["iat"] = reach.Time.GetUtcNow().ToUnixTimeSeconds(),
        };
        if (accessToken is not null) claims["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));
        if (Nonce is not null) claims["nonce"] = Nonce;
        change?.Invoke(claims);
        return DpopJws.Sign(key ?? ProofKey, claims);
    }

    /// <summary>The public address of a path for this client.</summary>
    public string Address(string path) => Base.OriginalString.TrimEnd('/') + path;

    /// <summary>A form with this client's authentication in it.</summary>
    public Form Authenticated(Action<JsonObject>? assertion = null)
    {
        var form = Form.Empty.With("client_id", ClientId);
        return Kind is TppKind.Dpop or TppKind.PrivateKeyJwtAndCertificate
            ? form.With("client_assertion_type", JwtBearer).With("client_assertion", Assertion(assertion))
            : form;
    }

    /// <summary>A good authorization request for a consent, named in the UK way, without client authentication.</summary>
    public static Form AuthorizationRequest(string consentId, string redirectUri = "https://tpp.example/callback") => Form.Empty
        .With("response_type", "code")
        .With("redirect_uri", redirectUri)
        .With("scope", "openid accounts")
        .With("state", "af0ifjsldkj")
        .With("nonce", "n-0S6_WzA2Mj")
        .With("code_challenge", Challenge(Verifier))
        .With("code_challenge_method", "S256")
        .With("claims", $$$$"""{"id_token":{"openbanking_intent_id":{"value":"{{{{consentId}}}}","essential":true},"acr":{"essential":true,"value":"urn:openbanking:psd2:sca"}}}""");

    /// <summary>The verifier behind <see cref="AuthorizationRequest"/>.</summary>
    public const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    public static string Challenge(string verifier) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    /// <summary>Details that name a consent in the FAPI 2.0 way.</summary>
    public static string Details(string consentId) => $$"""[{"type":"account_information","consent_id":"{{consentId}}"}]""";

    // What it sends

    /// <summary>Posts a form as it is.</summary>
    /// <param name="proofs">Values of the DPoP header, as many as are given.</param>
    public async Task<Answer> PostAsync(string path, Form form, params string[] proofs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = form.Content() };

        // A body that is too long is refused before it is read; who sends it regardless would see the line cut.
        if (request.Content.Headers.ContentLength > 64 * 1024) request.Headers.ExpectContinue = true;
        foreach (var proof in proofs) request.Headers.TryAddWithoutValidation("DPoP", proof);
        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request) => await Answer.OfAsync(await http.SendAsync(request));

    /// <summary>Posts a form with client authentication and, for a DPoP client, a proof.</summary>
    public Task<Answer> CallAsync(string path, Form form, bool withProof = true)
    {
        var all = Authenticated();
        foreach (var name in new[] { "client_id", "client_assertion_type", "client_assertion" })
        {
            if (form[name] is null && all[name] is { } value) form = form.With(name, value);
        }

        return withProof && Kind == TppKind.Dpop ? PostAsync(path, form, Proof("POST", Address(path))) : PostAsync(path, form);
    }

    public Task<Answer> ParAsync(Form request, bool withProof = true) => CallAsync("/par", request, withProof);

    public Task<Answer> TokenAsync(Form request, bool withProof = true) => CallAsync("/token", request, withProof);

    /// <summary>A good token request for a code.</summary>
    public Form CodeRequest(string code) => Form.Empty
        .With("grant_type", "authorization_code")
        .With("code", code)
        .With("redirect_uri", RedirectUri)
        .With("code_verifier", Verifier);

    public Task<Answer> RedeemAsync(string code) => TokenAsync(CodeRequest(code));

    public const string CibaGrant = "urn:openid:params:grant-type:ciba";

    /// <summary>Metadata of a client that also sends requests on the back channel.</summary>
    /// <param name="notifications">Where pings go; null has it poll.</param>
    public static Action<JsonObject> OnTheBackchannel(string? notifications = null) => metadata =>
    {
        metadata["grant_types"] = new JsonArray("authorization_code", "refresh_token", "client_credentials", CibaGrant);
        metadata["backchannel_token_delivery_mode"] = notifications is null ? "poll" : "ping";
        if (notifications is not null) metadata["backchannel_client_notification_endpoint"] = notifications;
    };

    /// <summary>A good request on the back channel, without client authentication.</summary>
    public static Form BackchannelRequest(string consentId, TestCustomer customer) => Form.Empty
        .With("scope", "openid accounts")
        .With("login_hint", customer.Username)
        .With("binding_message", "Till 7, order 4711")
        .With("authorization_details", Details(consentId));

    public Task<Answer> BackchannelAsync(Form request) => CallAsync("/bc-authorize", request);

    /// <summary>Has a request on the back channel taken and answers with its <c>auth_req_id</c>.</summary>
    public async Task<string> AskAsync(Form request)
    {
        var answer = await BackchannelAsync(request);
        return answer.Text("auth_req_id") ?? throw new InvalidOperationException($"Not taken: {answer.Status} {answer.Body}");
    }

    public Task<Answer> PollAsync(string authReqId) => TokenAsync(Form.Empty.With("grant_type", CibaGrant).With("auth_req_id", authReqId));

    /// <summary>An access token of its own, by the client-credentials grant.</summary>
    public async Task<string> ClientTokenAsync(string scope = "accounts")
    {
        var answer = await TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", scope));
        return answer.Text("access_token") ?? throw new InvalidOperationException($"No token: {answer.Status} {answer.Body}");
    }

    /// <summary>A message signature beside a body, as the UK standard wants it; of a key for PS256.</summary>
    public string MessageSignature(string body)
    {
        const string Claims = "http://openbanking.org.uk/";
        var header = new JsonObject
        {
            ["crit"] = new JsonArray(Claims + "iat", Claims + "iss", Claims + "tan"),
            [Claims + "iat"] = reach.Time.GetUtcNow().ToUnixTimeSeconds(),
            [Claims + "iss"] = $"{Registration!["org_id"]}/{Registration["software_id"]}",
            [Claims + "tan"] = "openbanking.org.uk",
        };
        return DetachedJws.Sign(Key, header, Encoding.UTF8.GetBytes(body));
    }

    /// <summary>Calls an API with a token, by DPoP or over the certificate.</summary>
    /// <param name="signature">A message signature that goes with the body.</param>
    public async Task<Answer> ApiAsync(
        HttpMethod method, string path, string token, string? json = null, SigningKey? proofKey = null, string? signature = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = TestHttp.Json(json);
        if (signature is not null) request.Headers.Add("x-jws-signature", signature);
        if (idempotencyKey is not null) request.Headers.Add("x-idempotency-key", idempotencyKey);
        if (Kind == TppKind.Dpop)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + token);
            request.Headers.TryAddWithoutValidation("DPoP", Proof(method.Method, Address(path.Split('?')[0]), token, key: proofKey));
        }
        else
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        return await SendAsync(request);
    }

    /// <summary>Creates something at the payment API: signed, and under an idempotency key of its own.</summary>
    public async Task<Answer> PayAsync(string path, string json, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = TestHttp.Json(json) };
        request.Headers.Add("x-idempotency-key", NewId());
        request.Headers.Add("x-jws-signature", MessageSignature(json));
        request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + token);
        request.Headers.TryAddWithoutValidation("DPoP", Proof("POST", Address(path), token));
        return await SendAsync(request);
    }

    public Task<Answer> GetAsync(string path, string token) => ApiAsync(HttpMethod.Get, path, token);

    /// <summary>Creates an account-access consent over the API and answers with its id.</summary>
    public Task<string> CreateConsentAsync(params string[] permissions) => CreateConsentAsync(null, permissions);

    /// <inheritdoc cref="CreateConsentAsync(string[])"/>
    /// <param name="expires">When access is to end; null is no end.</param>
    public async Task<string> CreateConsentAsync(DateTimeOffset? expires, params string[] permissions)
    {
        if (permissions.Length == 0) permissions = ["ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"];
        var body = new JsonObject
        {
            ["Data"] = new JsonObject { ["Permissions"] = new JsonArray([.. permissions.Select(permission => (JsonNode)permission)]) },
            ["Risk"] = new JsonObject(),
        };
        if (expires is { } end) body["Data"]!["ExpirationDateTime"] = end.ToString("O", CultureInfo.InvariantCulture);
        var answer = await ApiAsync(HttpMethod.Post, "/open-banking/v4.0/aisp/account-access-consents", await ClientTokenAsync(), body.ToJsonString());
        return answer.Status == 201
            ? answer.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!
            : throw new InvalidOperationException($"No consent: {answer.Status} {answer.Body}");
    }

    /// <summary>Pushes a request and answers with its <c>request_uri</c>.</summary>
    public async Task<string> PushAsync(Form request)
    {
        var answer = await ParAsync(request);
        return answer.Text("request_uri") ?? throw new InvalidOperationException($"Not pushed: {answer.Status} {answer.Body}");
    }

    /// <summary>A request object with the parameters of a form.</summary>
    /// <param name="change">What to change of its claims.</param>
    public string RequestObject(Form request, Action<JsonObject>? change = null, SigningKey? key = null, string? typ = "oauth-authz-req+jwt")
    {
        var now = reach.Time.GetUtcNow().ToUnixTimeSeconds();
        var claims = new JsonObject
        {
            ["iss"] = ClientId,
            ["aud"] = reach.Issuer.OriginalString,
            ["client_id"] = ClientId,
            ["iat"] = now,
            ["nbf"] = now,
            ["exp"] = now + 300,
            ["jti"] = NewId(),
        };
        foreach (var (name, value) in request.All) claims[name] = name is "claims" or "authorization_details" or "max_age" ? JsonNode.Parse(value) : value;
        change?.Invoke(claims);
        return Jws.Sign(key ?? Key, typ, claims);
    }

    /// <summary>The same request as a form of its signed object alone.</summary>
    public Form Signed(Form request, Action<JsonObject>? change = null, SigningKey? key = null, string? typ = "oauth-authz-req+jwt") =>
        Form.Empty.With("request", RequestObject(request, change, key, typ));

    /// <summary>The address for a request that is not pushed.</summary>
    public string AuthorizePath(Form parameters) => "/authorize?" + string.Join(
        '&', parameters.With("client_id", parameters["client_id"] ?? ClientId).All.Select(parameter => parameter.Name + "=" + Uri.EscapeDataString(parameter.Value)));

    /// <summary>The address that the customer's browser is sent to, without its origin.</summary>
    public string AuthorizePath(string requestUri) => $"/authorize?client_id={Uri.EscapeDataString(ClientId)}&request_uri={Uri.EscapeDataString(requestUri)}";

    /// <summary>The whole way to a code: consent, pushed request, browser, approval of all accounts.</summary>
    public async Task<string> AuthoriseAsync(TestCustomer customer, Func<string, Form>? request = null)
    {
        var consentId = await CreateConsentAsync();
        return await AuthoriseAsync(customer, consentId, request);
    }

    /// <inheritdoc cref="AuthoriseAsync(TestCustomer, Func{string, Form}?)"/>
    public async Task<string> AuthoriseAsync(TestCustomer customer, string consentId, Func<string, Form>? request = null)
    {
        var requestUri = await PushAsync((request ?? (id => AuthorizationRequest(id)))(consentId));
        using var browser = customer.OpenBrowser();
        var interaction = await browser.ArriveAsync(AuthorizePath(requestUri));
        await browser.SignInAsync(interaction);
        var back = await browser.ApproveAsync(interaction);
        return Answer.Query(new Uri(back.Location)).GetValueOrDefault("code") ?? throw new InvalidOperationException($"No code: {back.Location}");
    }

    public void Dispose() => http.Dispose();

    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    private static JsonObject Metadata(string id, TppKind kind, SigningKey key, X509Certificate2? certificate)
    {
        var jwk = key.PublicKey.ToJson();
        if (kind == TppKind.SelfSigned)
        {
            using var ec = certificate!.GetECDsaPublicKey()!;
            var point = ec.ExportParameters(includePrivateParameters: false).Q;
            jwk = new JsonObject
            {
                ["kty"] = "EC",
                ["crv"] = "P-256",
                ["x"] = Base64Url.EncodeToString(point.X!),
                ["y"] = Base64Url.EncodeToString(point.Y!),
                ["kid"] = "certificate",
                ["x5c"] = new JsonArray(Convert.ToBase64String(certificate!.RawData)),
            };
        }

        var metadata = new JsonObject
        {
            ["client_id"] = id,
            ["client_name"] = "Budget App",
            ["security_profile"] = "fapi2-sp",
            ["redirect_uris"] = new JsonArray("https://tpp.example/callback"),
            ["token_endpoint_auth_method"] = kind switch
            {
                TppKind.Mtls => "tls_client_auth",
                TppKind.SelfSigned => "self_signed_tls_client_auth",
                _ => "private_key_jwt",
            },
            ["software_roles"] = new JsonArray("AISP"),
            ["org_id"] = "0015800001041RHAAY",
            ["software_id"] = "budget-app",
            [kind == TppKind.Dpop ? "dpop_bound_access_tokens" : "tls_client_certificate_bound_access_tokens"] = true,
        };
        if (kind == TppKind.Mtls) metadata["tls_client_auth_subject_dn"] = $"CN={id},O=Budget App Ltd,C=GB";
        metadata["jwks"] = new JsonObject { ["keys"] = new JsonArray(jwk) };
        return metadata;
    }
}
