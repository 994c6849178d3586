using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>One of the two ways in which this app is registered: what it authenticates with and what its tokens are bound to.</summary>
/// <param name="Key">Names the way in forms and in stored connections.</param>
internal sealed record ClientKind(string Key, bool Mtls)
{
    public static readonly ClientKind Dpop = new("dpop", Mtls: false);
    public static readonly ClientKind Certificate = new("mtls", Mtls: true);
}

/// <summary>
/// Everything this app says to the bank goes through here: the endpoints are discovered, the client is authenticated, tokens are
/// proven to be ours, and a nonce that the bank asks for is given, in one place for every call.
/// </summary>
/// <param name="http">Made at first use: the sandbox may write its trust anchor after this app has started.</param>
internal sealed class BankClient(
    ClientKind kind, TppOptions options, TppKeys keys, DpopKey dpop, SelfRegistration registration, Lazy<HttpClient> http, TimeProvider time)
{
    private const string AuthorizationServer = "as";
    private const string ResourceServer = "rs";
    private static readonly TimeSpan CacheLife = TimeSpan.FromMinutes(15);
    private (BankMetadata Value, DateTimeOffset Until)? metadata;
    private (KeySet Value, DateTimeOffset Until)? bankKeys;

    public ClientKind Kind => kind;

    /// <summary>Known once the bank was spoken to.</summary>
    public string ClientId => registration.ClientId;

    /// <summary>Where the customer's browser will be sent: known before the first discovery, for the pages' form policy.</summary>
    public string AuthorizationOrigin =>
        (metadata?.Value.Authorize ?? new Uri(options.Issuer)).GetLeftPart(UriPartial.Authority);

    /// <summary>The bank's metadata, kept for a quarter of an hour. Before the first of them we register, if that is still to be done.</summary>
    public async Task<Outcome<BankMetadata, BankFault>> DiscoverAsync(CancellationToken ct)
    {
        if ((await registration.EnsureAsync(ct)).Failed(out var unknown, out _)) return unknown;
        if (metadata is { } known && known.Until > time.GetUtcNow()) return known.Value;
        var url = new Uri(options.Issuer + "/.well-known/openid-configuration");
        if ((await SendAsync(new BankCall(HttpMethod.Get, url), ct)).Failed(out var fault, out var answer)) return fault;
        if (answer.Status != 200 || answer.Body is not { ValueKind: JsonValueKind.Object } body) return answer.Fault("discovery");
        if (BankMetadata.Parse(body, options.Issuer, kind.Mtls, kind.Mtls ? options.MtlsApi : options.Api).Failed(out fault, out var read))
            return fault;
        metadata = (read, time.GetUtcNow() + CacheLife);
        return read;
    }

    /// <summary>The keys that the bank signs ID tokens with.</summary>
    /// <param name="again">Fetch them even if they are known, because a signature did not fit.</param>
    public async Task<Outcome<KeySet, BankFault>> KeysAsync(bool again, CancellationToken ct)
    {
        if (!again && bankKeys is { } known && known.Until > time.GetUtcNow()) return known.Value;
        if ((await DiscoverAsync(ct)).Failed(out var fault, out var bank)) return fault;
        if ((await SendAsync(new BankCall(HttpMethod.Get, bank.Jwks), ct)).Failed(out fault, out var answer)) return fault;
        if (answer.Status != 200) return answer.Fault("jwks");
        if (KeySet.Parse(Encoding.UTF8.GetBytes(answer.Text)).Failed(out var broken, out var read))
            return BankFault.Untrusted("the bank's key set: " + broken.Reason);
        bankKeys = (read, time.GetUtcNow() + CacheLife);
        return read;
    }

    /// <summary>Pushes an authorization request (RFC 9126) and answers with where to send the browser.</summary>
    public async Task<Outcome<Uri, BankFault>> PushAsync(IReadOnlyDictionary<string, string> request, CancellationToken ct)
    {
        if ((await DiscoverAsync(ct)).Failed(out var fault, out var bank)) return fault;
        if ((await PostFormAsync(bank.Par, request, ct)).Failed(out fault, out var answer)) return fault;
        if (answer.Status != 201 || answer.Body is not { } body) return answer.Fault("pushed authorization request");
        if (Claims.Text(body, "request_uri") is not { Length: > 0 } requestUri)
            return BankFault.Untrusted("the pushed request was accepted without a request_uri");

        // Nothing but these two: the pushed parameters are the request (FAPI 2.0, 5.3.3.2).
        var query = $"client_id={Uri.EscapeDataString(ClientId)}&request_uri={Uri.EscapeDataString(requestUri)}";
        var target = new UriBuilder(bank.Authorize);
        target.Query = target.Query.Length > 1 ? target.Query[1..] + "&" + query : query;
        return target.Uri;
    }

    /// <summary>A token request of any grant.</summary>
    public async Task<Outcome<TokenSet, BankFault>> TokenAsync(IReadOnlyDictionary<string, string> grant, CancellationToken ct)
    {
        if ((await DiscoverAsync(ct)).Failed(out var fault, out var bank)) return fault;
        if ((await PostFormAsync(bank.Token, grant, ct)).Failed(out fault, out var answer)) return fault;
        if (answer.Status != 200 || answer.Body is not { } body)
        {
            // Its records are newer than ours: the next attempt registers anew.
            if (string.Equals(answer.OAuthError, "invalid_client", StringComparison.Ordinal)) registration.Forget();
            return string.Equals(answer.OAuthError, "invalid_grant", StringComparison.Ordinal)
                ? BankFault.Ended(answer.Fault("token").Reason)
                : answer.Fault("token");
        }

        return TokenSet.Parse(body, kind.Mtls ? "Bearer" : "DPoP", time.GetUtcNow());
    }

    /// <summary>A call of the bank's API with a token; <paramref name="path"/> is relative, or absolute as the bank's page links are.</summary>
    public async Task<Outcome<BankAnswer, BankFault>> ApiAsync(
        HttpMethod method, string path, string accessToken, string? json, Customer customer, CancellationToken ct)
    {
        if ((await DiscoverAsync(ct)).Failed(out var fault, out var bank)) return fault;
        if (!Uri.TryCreate(bank.Api, path, out var url) || Uri.Compare(
                url, bank.Api, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0)
            return BankFault.Untrusted("the bank linked to another place, where its token must not go");
        Func<HttpContent>? body = json is null ? null : () => new StringContent(json, Encoding.UTF8, "application/json");
        if ((await SendAsync(new BankCall(method, url, body, accessToken, customer), ct)).Failed(out fault, out var answer)) return fault;
        if (answer.Status == 401 || answer.ApiErrorCode == "U028") return BankFault.Ended(answer.Fault(path).Reason);
        if (answer.Status is < 200 or >= 300) return answer.Fault(path);
        return answer;
    }

    /// <summary>
    /// A call of the bank's payment API. What we send is signed over its very bytes, and has a key by which it happens once however often it is
    /// sent; what the bank answers must be signed too.
    /// </summary>
    public async Task<Outcome<BankAnswer, BankFault>> SignedAsync(HttpMethod method, string path, string accessToken, KeyedBody? body, Customer customer, CancellationToken ct)
    {
        if ((await DiscoverAsync(ct)).Failed(out var fault, out var bank)) return fault;
        var bytes = Encoding.UTF8.GetBytes(body?.Json ?? "");
        var call = new BankCall(method, new Uri(bank.Api, path), body is null ? null : () => Json(bytes), accessToken, customer)
        {
            IdempotencyKey = body?.Key,
            Signature = body is null ? null : MessageSignature.Sign(keys.Message, registration.MessageIssuer, bytes, time.GetUtcNow()),
        };
        if ((await SendAsync(call, ct)).Failed(out fault, out var answer)) return fault;
        if (answer.Status == 401) return BankFault.Ended(answer.Fault(path).Reason);
        if (answer.Status is < 200 or >= 300) return answer.Fault(path);

        // A signature that does not fit the keys we know may be by one that is new.
        foreach (var again in (bool[])[false, true])
        {
            if ((await KeysAsync(again, ct)).Failed(out fault, out var published)) return fault;
            if (MessageSignature.FirstFault(answer.Signature, published, answer.Bytes.Span, time.GetUtcNow()) is not { } wrong) return answer;
            fault = BankFault.Untrusted($"{path}: {wrong}");
        }

        return fault!;
    }

    private static ByteArrayContent Json(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private Task<Outcome<BankAnswer, BankFault>> PostFormAsync(Uri url, IReadOnlyDictionary<string, string> fields, CancellationToken ct) =>
        SendAsync(new BankCall(HttpMethod.Post, url, () => Form(fields)), ct);

    // Made anew for every attempt, since an assertion is good for one.
    private FormUrlEncodedContent Form(IReadOnlyDictionary<string, string> fields)
    {
        var form = new Dictionary<string, string>(fields, StringComparer.Ordinal) { ["client_id"] = ClientId };
        if (!kind.Mtls)
        {
            form["client_assertion_type"] = ClientAssertion.Type;
            form["client_assertion"] = ClientAssertion.Create(keys.Client, ClientId, options.Issuer, time.GetUtcNow());
        }

        return new FormUrlEncodedContent(form);
    }

    private async Task<Outcome<BankAnswer, BankFault>> SendAsync(BankCall call, CancellationToken ct)
    {
        var proven = !kind.Mtls && (call.AccessToken is not null || call.Method == HttpMethod.Post);
        var side = call.AccessToken is null ? AuthorizationServer : ResourceServer;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                using var request = Request(call);
                if (proven) request.Headers.Add("DPoP", dpop.Proof(side, call.Method, call.Url, call.AccessToken));
                using var response = await http.Value.SendAsync(request, ct);
                var answer = await BankAnswer.ReadAsync(response, ct);

                // The bank may ask for a nonce at any time. Once is enough: who asks twice would go on asking.
                if (proven && dpop.TakeNonce(side, response, answer.OAuthError) && attempt == 1) continue;
                if (answer.Status is 429 or >= 500) return BankFault.Unreachable($"the bank answered {answer.Status}");
                return answer;
            }
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or CryptographicException or JsonException
            || (broken is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return broken is JsonException
                ? BankFault.Untrusted("the bank's answer is not JSON")
                : BankFault.Unreachable($"{call.Url.Host}:{call.Url.Port}: {broken.InnerException?.Message ?? broken.Message}");
        }
    }

    private HttpRequestMessage Request(BankCall call)
    {
        var request = new HttpRequestMessage(call.Method, call.Url)
        {
            Content = call.Body?.Invoke(),
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (call.AccessToken is null) return request;
        request.Headers.Authorization = new AuthenticationHeaderValue(kind.Mtls ? "Bearer" : "DPoP", call.AccessToken);
        request.Headers.Add(InteractionId.Header, Guid.CreateVersion7().ToString());
        if (call.Customer?.IpAddress is { } address) request.Headers.Add("x-fapi-customer-ip-address", address);
        if (call.IdempotencyKey is { } key) request.Headers.Add("x-idempotency-key", key);
        if (call.Signature is { } signature) request.Headers.Add(MessageSignature.Header, signature);
        return request;
    }

    private sealed record BankCall(
        HttpMethod Method, Uri Url, Func<HttpContent>? Body = null, string? AccessToken = null, Customer? Customer = null)
    {
        public string? IdempotencyKey { get; init; }

        public string? Signature { get; init; }
    }
}

/// <summary>What creates something at the bank.</summary>
/// <param name="Key">The same for every sending of the same wish (<c>x-idempotency-key</c>).</param>
internal sealed record KeyedBody(string Json, string Key);

/// <summary>On whose behalf we call; an address tells the bank that the customer is present.</summary>
internal sealed record Customer(string? IpAddress)
{
    public static readonly Customer Absent = new((string?)null);

    public static Customer Of(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress;
        return new Customer((address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString());
    }
}
