using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenBanking.Testing;
using OpenBanking.Testing.OpenApi;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Malformed requests to every route of the running host. <c>OPENBANKING_FUZZ_SEED</c> and <c>OPENBANKING_FUZZ_COUNT</c> choose others,
/// or more of them; a failure names seed and number.
/// </summary>
[Trait("Reliability", "R29")]
public sealed class FuzzTests(FuzzWorld world) : IClassFixture<FuzzWorld>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly string[] KnownMethods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

    [Fact]
    [Trait("Rule", "OP-09")]
    [Trait("Rule", "OP-11")]
    [Trait("Rule", "OP-15")]
    public async Task Whatever_is_sent_is_answered_soon_and_never_with_a_fault()
    {
        var seed = Number("OPENBANKING_FUZZ_SEED", Random.Shared.Next());
        var count = Number("OPENBANKING_FUZZ_COUNT", 10_000);
        TestContext.Current.TestOutputHelper?.WriteLine($"OPENBANKING_FUZZ_SEED={seed}");
        var schemas = await OfficialSchemas.AccountInformationAsync("v4.0");
        var requests = new MalformedRequests(world, seed);
        using var clients = new Clients(world);
        var failures = new ConcurrentBag<string>();
        var again = new ConcurrentBag<int>();
        var answers = new ConcurrentDictionary<int, int>();
        var done = 0;

        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, ct) =>
        {
            if (failures.Count >= 20) return;
            var verdict = await SendAsync(number);
            Interlocked.Increment(ref done);
            if (verdict.Problem is { } problem) failures.Add($"seed {seed}, number {number}: {problem}");
            if (verdict.IsSlow) again.Add(number);
        });

        // Alone and up to three times, because the machine may have been busy with something else.
        foreach (var number in again)
        {
            var isSlow = true;
            for (var attempt = 0; attempt < 3 && isSlow; attempt++)
            {
                var verdict = await SendAsync(number);
                if (verdict.Problem is { } problem) failures.Add($"seed {seed}, number {number}: {problem}");
                isSlow = verdict.IsSlow;
            }

            if (isSlow) failures.Add($"seed {seed}, number {number}: no answer within two seconds, also alone\n{requests.Make(number)}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{done} requests, {again.Count} of them once more; answers: {string.Join(", ", answers.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}"))}");
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures.Take(10)));

        // It was not all turned away at the door, and the host is well.
        Assert.True(count < 1000 || (answers.ContainsKey(200) && answers.ContainsKey(201) && answers.ContainsKey(400) && answers.ContainsKey(401)));
        Assert.Equal(200, (await world.Tpp.GetAsync("/open-banking/v4.0/aisp/accounts", await FreshTokenAsync())).Status);
        var log = world.Host.Log.Text;
        foreach (var secret in new[] { world.CustomerToken, world.ClientToken, world.RefreshToken, world.MtlsToken, world.FormToken })
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);

        async Task<Verdict> SendAsync(int number)
        {
            var sent = requests.Make(number);
            var watch = Stopwatch.StartNew();
            try
            {
                using var message = sent.Message(sent.IsMtls ? world.Host.Mtls : world.Host.Main);
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
                using var answer = await clients.For(sent).SendAsync(message, limit.Token);
                var body = await answer.Content.ReadAsStringAsync(limit.Token);
                answers.AddOrUpdate((int)answer.StatusCode, 1, (_, known) => known + 1);
                var problem = Problem(sent, answer, body, schemas);
                return new Verdict(problem is null ? null : $"{problem}\n{sent}\n→ {(int)answer.StatusCode} {body}\n{Fault(answer)}", watch.Elapsed > Limit || answer.StatusCode == HttpStatusCode.ServiceUnavailable);
            }
            catch (Exception refused) when (refused is HttpRequestException or IOException or FormatException)
            {
                // Closed on us, which is an answer to what cannot be read; or our own client would not send it.
                answers.AddOrUpdate(0, 1, (_, known) => known + 1);
                return new Verdict(null, watch.Elapsed > Limit);
            }
            catch (OperationCanceledException)
            {
                return new Verdict(null, IsSlow: true);
            }
        }
    }

    /// <summary>Found by the test above: the framework throws where it looks for its antiforgery token in them.</summary>
    [Theory]
    [InlineData("application/x-www-form-urlencoded", "a=%00", 400, "PO-01")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-7", "a=b", 400, "PO-01")]
    [InlineData("multipart/form-data", "a=b", 400, "PO-01")]
    [InlineData("multipart/form-data; boundary=x", "a=b", 400, "PO-01")]
    [InlineData("application/x-www-form-urlencoded", "1100 fields", 400, "PO-01")]
    [InlineData("application/x-www-form-urlencoded", "too large", 413, "HTTP-14")]
    [Trait("Rule", "OP-09")]
    [Trait("Rule", "PO-01")]
    [Trait("Rule", "HTTP-14")]
    public async Task A_form_that_cannot_be_read_is_refused(string type, string body, int status, string rule)
    {
        if (body == "1100 fields") body = string.Concat(Enumerable.Range(0, 1100).Select(number => $"a{number}=1&"));
        if (body == "too large") body = new string('a', 70_000);
        using var client = world.Host.CreateClient();
        string[] paths = rule == "PO-01" ? ["/signout", "/approve", "/passkeys/assertion/options"] : ["/signout", "/approve"];
        foreach (var path in paths)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
            request.Content.Headers.Remove("Content-Type");
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            request.Headers.Add("Origin", world.Browser.Origin);
            using var answer = await client.SendAsync(request);
            Assert.Equal((status, rule), ((int)answer.StatusCode, world.Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule));
        }
    }

    [Fact]
    [Trait("Rule", "OP-09")]
    public async Task Half_a_surrogate_pair_is_no_text_for_the_control()
    {
        using var client = world.Host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sandbox/control") { Content = TestHttp.Json("""{"operation":"revoke","customer":"\udc00x","consentId":"x"}""") };
        request.Headers.TryAddWithoutValidation("Authorization", "Sandbox " + world.ControlSecret);
        using var answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    public static TheoryData<string, string> Broken => new()
    {
        { "two lengths", "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde" },
        { "length and chunks", "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" },
        { "vertical tab before chunked", "POST /token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n" },
        { "two encodings", "POST /token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" },
        { "chunk extension with a bare line feed", "POST /token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n" },
        { "negative chunk", "POST /token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n" },
        { "huge chunk", "POST /token HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" },
        { "negative length", "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n" },
        { "length of no number", "POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x10\r\n\r\n" },
        { "NUL in a header", "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n" },
        { "NUL in the target", "GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n" },
        { "folded header", "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\r\n b\r\n\r\n" },
        { "no host", "GET / HTTP/1.1\r\n\r\n" },
        { "two hosts", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n" },
        { "host with a path", "GET / HTTP/1.1\r\nHost: localhost/evil\r\n\r\n" },
        { "target of another host", "GET https://evil.test/ HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "HTTP/0.9", "GET /\r\n\r\n" },
        { "HTTP/9.9", "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n" },
        { "no method", " / HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "bytes above ASCII in the target", "GET /\u00ff\u00fe HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "header of no name", "GET / HTTP/1.1\r\nHost: localhost\r\n: a\r\n\r\n" },
        { "bare carriage return", "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\rb\r\n\r\n" },
        { "HTTP/2 in clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0" },
        { "star", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "percent in the path", "GET /%zz%0 HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { "NUL escaped in the path", "GET /connections/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n" },
    };

    /// <summary>What an HTTP library would not send: the connection is closed or the answer is a refusal, and nothing after it is a request.</summary>
    [Theory]
    [MemberData(nameof(Broken))]
    [Trait("Rule", "OP-10")]
    public async Task Broken_http_is_refused_and_its_connection_closed(string what, string request)
    {
        var answer = await SayAsync(request + "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: 1\r\n\r\n");
        var status = answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0;
        Assert.True(status is 0 or (>= 200 and < 500) or 505, $"{what}: {answer}"); // 505: a version that is not HTTP's.
        if (status is 0 or 400) Assert.False(answer.Contains("HTTP/1.1 200", StringComparison.Ordinal), $"{what}: a smuggled request was answered: {answer}");
    }

    /// <summary>Bytes that are no TLS, and bytes that are no HTTP inside of it.</summary>
    [Fact]
    [Trait("Rule", "OP-10")]
    public async Task Noise_harms_nobody()
    {
        var seed = Number("OPENBANKING_FUZZ_SEED", Random.Shared.Next());
        TestContext.Current.TestOutputHelper?.WriteLine($"OPENBANKING_FUZZ_SEED={seed}");
        var random = new Random(seed);
        for (var number = 0; number < 200; number++)
        {
            var noise = new byte[random.Next(1, 4000)];
            random.NextBytes(noise);
            if (number % 4 == 0) "\u0016\u0003\u0001"u8.CopyTo(noise.Length > 3 ? noise : noise = new byte[4]); // As a handshake begins.
            if (number % 2 == 0)
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync("localhost", (number % 3 == 0 ? world.Host.Mtls : world.Host.Main).Port);
                try
                {
                    await socket.GetStream().WriteAsync(noise);
                }
                catch (IOException)
                {
                    // Closed before the end, as it may be.
                }
            }
            else
            {
                var answer = await SayAsync(Encoding.Latin1.GetString(noise));
                Assert.False(answer.StartsWith("HTTP/1.1 500", StringComparison.Ordinal), $"seed {seed}, number {number}: {answer}");
            }
        }

        Assert.Equal(200, (await world.Tpp.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/health/ready"))).Status);
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    private static string? Problem(Sent sent, HttpResponseMessage answer, string body, OfficialSchemas schemas)
    {
        var status = (int)answer.StatusCode;

        // 501 is what HTTP has for methods that nobody knows (OP-15); 503 is looked at again.
        if (status >= 500 && status != 503 && !(status == 501 && (!KnownMethods.Contains(sent.Method) || sent.Path == "/sandbox/control"))) return "a fault";

        // Only what Kestrel itself turns away has none.
        if (answer.Header("x-fapi-interaction-id") is null && status is not (400 or 413 or 414 or 431)) return "no interaction id";
        if (answer.Header("X-Injected") is not null) return "a header was injected";
        if (status < 400 || body.Length == 0) return null;
        if (sent.Path.StartsWith("/open-banking/", StringComparison.Ordinal))
            return schemas.Validate("OBErrorResponse1", body) is { Count: > 0 } problems ? "not the standard's error body: " + string.Join("; ", problems) : null;
        if (sent.Path is "/par" or "/token" or "/introspect" or "/revoke")
        {
            return answer.Content.Headers.ContentType?.MediaType == "application/json" && JsonElement.Parse(body).TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String
                ? null
                : "not OAuth's error body";
        }

        return null;
    }

    private string Fault(HttpResponseMessage answer)
    {
        if (answer.Header("x-fapi-interaction-id") is not { } id) return "";
        return string.Join('\n', world.Host.Log.Lines.Where(line => line.Contains(id, StringComparison.Ordinal)).Select(line => line.Length > 3000 ? line[..3000] : line));
    }

    private async Task<string> FreshTokenAsync() =>
        (await world.Tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", world.RefreshToken))).Text("access_token")!;

    private async Task<string> SayAsync(string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("localhost", world.Host.Main.Port);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = TestHttp.Handler(world.Host.Authority).SslOptions.CertificateChainPolicy,
        });
        var answer = new MemoryStream();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await tls.WriteAsync(Encoding.Latin1.GetBytes(request), limit.Token);
            socket.Client.Shutdown(SocketShutdown.Send);
            await tls.CopyToAsync(answer, limit.Token);
        }
        catch (Exception closed) when (closed is IOException or OperationCanceledException)
        {
            // What came until then is the answer.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    private sealed record Verdict(string? Problem, bool IsSlow);

    /// <summary>Connections that send what they are told, whatever is in it.</summary>
    private sealed class Clients(FuzzWorld world) : IDisposable
    {
        private readonly HttpClient main = Make(world, null, null);
        private readonly HttpClient signedIn = Make(world, null, world.Browser.Cookies);
        private readonly HttpClient mtls = Make(world, world.Mtls, null);

        public HttpClient For(Sent sent) => sent.IsMtls ? mtls : sent.UsesCookies ? signedIn : main;

        public void Dispose()
        {
            main.Dispose();
            signedIn.Dispose();
            mtls.Dispose();
        }

        private static HttpClient Make(FuzzWorld world, TestTpp? tpp, CookieContainer? cookies)
        {
            // What the answers set is not kept, so that one request does not end another's session.
            var handler = TestHttp.Handler(world.Host.Authority, tpp?.Certificate);
            handler.MaxConnectionsPerServer = 16;
            handler.RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8;
            handler.ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8;
            var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
            if (cookies is not null) client.DefaultRequestHeaders.Add("Cookie", cookies.GetCookieHeader(world.Host.Main));
            return client;
        }
    }
}
