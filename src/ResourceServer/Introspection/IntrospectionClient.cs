using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.ResourceServer.Introspection;

/// <summary>
/// Asks the authorization server, authenticated by an assertion, and takes its answer plain or, where the deployment wants evidence,
/// signed. Whatever goes wrong on the way is a refusal and never a pass (OP-23).
/// </summary>
internal sealed partial class IntrospectionClient(
    IHttpClientFactory clients, IOptions<IntrospectionOptions> options, TimeProvider time, ILogger<IntrospectionClient> log)
{
    public const string HttpClientName = "OpenBanking.ResourceServer.Introspection";

    /// <summary>Also the <c>typ</c>: another JWT of the same server is no answer (JIN-02, KEY-11).</summary>
    private const string JwtType = "token-introspection+jwt";
    private const string JwtMediaType = "application/" + JwtType;
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private const int MaxAnswer = 256 * 1024;
    private static readonly TimeSpan AssertionLife = TimeSpan.FromMinutes(1);

    /// <summary>An answer is for now: one that was signed longer ago is an old one shown again.</summary>
    private static readonly TimeSpan AnswerAge = TimeSpan.FromMinutes(1);

    /// <summary>How soon keys are asked for again when a signature names one that is not known.</summary>
    private static readonly TimeSpan KeyPause = TimeSpan.FromSeconds(30);
    private static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { JwtType });

    private sealed record Server(Uri Introspection, Uri Jwks, KeySet Keys, DateTimeOffset ReadAt);

    private Server? server;

    public async Task<Outcome<IntrospectionAnswer, TokenFault>> AskAsync(string token, CancellationToken ct)
    {
        try
        {
            var known = server ??= await DiscoverAsync(ct);
            using var request = new HttpRequestMessage(HttpMethod.Post, known.Introspection) { Content = Form(token) };
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(options.Value.Signed ? JwtMediaType : "application/json"));
            using var client = clients.CreateClient(HttpClientName);
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                Log.Refused(log, (int)answer.StatusCode);
                return TokenFault.Unavailable;
            }

            var text = await ReadAsync(answer, ct);
            var type = answer.Content.Headers.ContentType?.MediaType;
            if (options.Value.Signed) return type == JwtMediaType ? await SignedAsync(text, known, ct) : Unsigned(type);
            return type == "application/json" && StrictJson.TryParseObject(text, out var members) ? new IntrospectionAnswer(members) : Unsigned(type);
        }
        catch (Exception away) when (away is HttpRequestException or IOException || (away is OperationCanceledException && !ct.IsCancellationRequested))
        {
            Log.Away(log, away.GetBaseException().Message);
            return TokenFault.Unavailable;
        }
    }

    /// <summary>The server's own word, for us, of now, and of the kind that is about tokens and is none itself.</summary>
    internal static JsonElement? Verified(string compact, KeySet keys, string issuer, string clientId, DateTimeOffset now)
    {
        if (Jws.Parse(compact, MaxAnswer).Failed(out _, out var jws) || jws.Verify(keys, Policy) is not null) return null;
        var claims = jws.Payload;
        if (Claims.Text(claims, "iss") != issuer || !IsFor(claims, clientId)) return null;
        if (Claims.Seconds(claims, "iat") is not { } at) return null;
        var made = DateTimeOffset.FromUnixTimeSeconds(at);
        if (made > now + JwtClock.Ahead || made < now - AnswerAge) return null;

        // JIN-03: with these it could pass for a token somewhere, and a server of this standard does not write them.
        if (Claims.Has(claims, "sub") || Claims.Has(claims, "exp")) return null;
        return claims.TryGetProperty("token_introspection", out var members) && members.ValueKind == JsonValueKind.Object ? members : null;
    }

    private async Task<Outcome<IntrospectionAnswer, TokenFault>> SignedAsync(byte[] text, Server known, CancellationToken ct)
    {
        var compact = System.Text.Encoding.UTF8.GetString(text);
        if (Read(known.Keys) is { } members) return new IntrospectionAnswer(members);

        // The server may have a new key since; asked again, but not as often as somebody likes.
        if (time.GetUtcNow() - known.ReadAt >= KeyPause)
        {
            server = known = await DiscoverAsync(ct);
            if (Read(known.Keys) is { } later) return new IntrospectionAnswer(later);
        }

        Log.NotAnAnswer(log, JwtMediaType);
        return TokenFault.Unavailable;

        JsonElement? Read(KeySet keys) => Verified(compact, keys, options.Value.Issuer, options.Value.ClientId, time.GetUtcNow());
    }

    private TokenFault Unsigned(string? type)
    {
        Log.NotAnAnswer(log, type ?? "-");
        return TokenFault.Unavailable;
    }

    private static bool IsFor(JsonElement claims, string clientId)
    {
        if (Claims.Text(claims, "aud") is { } one) return one == clientId;
        return claims.TryGetProperty("aud", out var many) && many.ValueKind == JsonValueKind.Array
            && many.EnumerateArray().Any(audience => audience.ValueKind == JsonValueKind.String && audience.ValueEquals(clientId));
    }

    private async Task<Server> DiscoverAsync(CancellationToken ct)
    {
        using var client = clients.CreateClient(HttpClientName);
        var issuer = options.Value.Issuer;
        var metadata = await GetAsync(client, new Uri(issuer.TrimEnd('/') + "/.well-known/openid-configuration"), ct);
        if (!StrictJson.TryParseObject(metadata, out var document) || Claims.Text(document, "issuer") != issuer
            || Endpoint(document, "introspection_endpoint") is not { } introspection || Endpoint(document, "jwks_uri") is not { } jwks)
        {
            throw new HttpRequestException("The metadata are not those of the issuer.");
        }

        return KeySet.Parse(await GetAsync(client, jwks, ct)).Failed(out var fault, out var keys)
            ? throw new HttpRequestException("The issuer's keys cannot be read: " + fault.Rule)
            : new Server(introspection, jwks, keys, time.GetUtcNow());
    }

    private static Uri? Endpoint(JsonElement document, string name) =>
        Uri.TryCreate(Claims.Text(document, name), UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri : null;

    private static async Task<byte[]> GetAsync(HttpClient client, Uri address, CancellationToken ct)
    {
        using var answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, ct);
        answer.EnsureSuccessStatusCode();
        return await ReadAsync(answer, ct);
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[MaxAnswer + 1];
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return length > MaxAnswer ? throw new HttpRequestException("The answer is too long.") : buffer[..length];
    }

    private FormUrlEncodedContent Form(string token)
    {
        var now = time.GetUtcNow();
        var assertion = Jws.Sign(options.Value.Key!, "JWT", new JsonObject
        {
            ["iss"] = options.Value.ClientId,
            ["sub"] = options.Value.ClientId,
            ["aud"] = options.Value.Issuer,
            ["jti"] = Handle.New().Value,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + AssertionLife).ToUnixTimeSeconds(),
        });
        return new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["token"] = token,
            ["token_type_hint"] = "access_token",
            ["client_id"] = options.Value.ClientId,
            ["client_assertion_type"] = AssertionType,
            ["client_assertion"] = assertion,
        });
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The authorization server answered introspection with {Status}")]
        public static partial void Refused(ILogger logger, int status);

        [LoggerMessage(Level = LogLevel.Error, Message = "The authorization server cannot be asked ({Cause})")]
        public static partial void Away(ILogger logger, string cause);

        [LoggerMessage(Level = LogLevel.Error, Message = "What came back as {Type} is no introspection answer that may be believed")]
        public static partial void NotAnAnswer(ILogger logger, string type);
    }
}
