using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Host;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>What every answer carries, whatever it is an answer to.</summary>
public sealed class AnswersTests(AnswersTests.Running running) : IClassFixture<AnswersTests.Running>
{
    private readonly TestHost host = running.Host;

    public static TheoryData<string, string, int> AllKinds => new()
    {
        { "GET", "/health/live", 200 },
        { "GET", "/open-banking/v4.0/aisp/accounts", 401 },
        { "GET", "/open-banking/v4.0/aisp/no-such-resource", 404 },
        { "GET", "/open-banking/v4.0/pisp/domestic-vrp-consents", 404 },
        { "GET", "/open-banking/v4.0/pisp/domestic-payments", 405 },
        { "PATCH", "/open-banking/v4.0/aisp/accounts", 405 },
        { "GET", "/token", 405 },
        { "GET", "/no-such-page", 404 },
        { "POST", "/token", 400 },
        { "GET", "/.well-known/openid-configuration", 200 },
        { "GET", "/signin", 200 },
    };

    [Theory]
    [MemberData(nameof(AllKinds))]
    [Trait("Rule", "OB-HDR-1")]
    [Trait("Rule", "RS-10")]
    [Trait("Rule", "TLS-07")]
    [Trait("Rule", "OP-03")]
    [Trait("Rule", "HTTP-03")]
    [Trait("Rule", "HTTP-17")]
    [Trait("Rule", "OB-HDR-13")]
    public async Task Every_answer_has_its_id_and_its_headers(string method, string path, int status)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));

        using var answer = await client.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.True(Guid.TryParseExact(answer.Header("x-fapi-interaction-id"), "D", out _));
        Assert.Equal("max-age=63072000; includeSubDomains; preload", answer.Header("Strict-Transport-Security"));
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
        Assert.Equal("DENY", answer.Header("X-Frame-Options"));
        Assert.Contains("default-src 'none'", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.CacheControl);
        Assert.NotNull(answer.Headers.Date);
        Assert.Null(answer.Header("Server"));
        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("/token")]
    [InlineData("/par")]
    [InlineData("/introspect")]
    [InlineData("/revoke")]
    [InlineData("/authorize")]
    [InlineData("/open-banking/v4.0/aisp/accounts")]
    [Trait("Rule", "OA-55")]
    [Trait("Rule", "TLS-08")]
    [Trait("Rule", "RS-14")]
    public async Task No_page_of_another_origin_is_let_in(string path)
    {
        using var client = host.CreateClient();
        foreach (var origin in new[] { "https://evil.test", "null" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, new Uri(path, UriKind.Relative));
            request.Headers.TryAddWithoutValidation("Origin", origin);
            request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", "POST");
            using var answer = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
            Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Theory]
    [InlineData("/open-banking/v4.0/aisp/no-such-resource")]
    [InlineData("/open-banking/v5.0/aisp/accounts")]
    [Trait("Rule", "OB-GEN-10")]
    public async Task What_programs_ask_for_in_vain_has_no_body(string path)
    {
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    [Trait("Rule", "HTTP-16")]
    public async Task What_a_person_asks_for_in_vain_is_a_page()
    {
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var answer = await client.GetAsync(new Uri("/no-such-page", UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("<h1", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("93bac548-d2de-4546-b106-880a5018460d", true)]
    [InlineData("93BAC548-D2DE-4546-B106-880A5018460D", true)]
    [InlineData("not-a-uuid", false)]
    [InlineData("93bac548d2de4546b106880a5018460d", false)]
    [InlineData("{93bac548-d2de-4546-b106-880a5018460d}", false)]
    [Trait("Rule", "OB-HDR-1")]
    [Trait("Rule", "OB-HDR-2")]
    public async Task An_interaction_id_comes_back_only_where_it_is_one(string sent, bool isEchoed)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/open-banking/v4.0/aisp/accounts", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("x-fapi-interaction-id", sent);

        using var answer = await client.SendAsync(request);

        Assert.Equal(isEchoed, answer.Header("x-fapi-interaction-id") == sent);
        Assert.True(Guid.TryParseExact(answer.Header("x-fapi-interaction-id"), "D", out _));
    }

    /// <summary>Also where there is a body to read.</summary>
    [Fact]
    [Trait("Rule", "RS-09")]
    public async Task A_resource_is_read_by_get_as_json_in_utf8_with_its_date()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        var customer = await TestCustomer.CreateAsync(host);
        var tokens = await tpp.RedeemAsync(await tpp.AuthoriseAsync(customer));
        var answer = await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!);
        Assert.Equal((200, "application/json; charset=utf-8"), (answer.Status, answer.Header("Content-Type")));
        Assert.NotNull(answer.Header("Date"));
    }

    [Fact]
    [Trait("Rule", "HTTP-18")]
    [Trait("Rule", "OP-01")]
    public async Task What_an_address_carries_is_not_logged_at_any_level()
    {
        await using var talkative = await TestHost.StartAsync(options =>
        {
            foreach (var category in (string[])["Default", "Microsoft", "System", "Microsoft.EntityFrameworkCore", "Microsoft.AspNetCore.Hosting.Diagnostics"])
                options.Settings["Logging:LogLevel:" + category] = "Debug";
        });
        using var client = talkative.CreateClient();
        using var answer = await client.GetAsync(new Uri("/authorize?client_id=x&request_uri=canary-in-the-address", UriKind.Relative));

        Assert.NotEmpty(talkative.Log.Lines);
        Assert.DoesNotContain("canary-in-the-address", talkative.Log.Text, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "OP-11")]
    [InlineData("X-User", "C-100001")]
    [InlineData("X-Tenant", "other")]
    [InlineData("X-Original-URL", "/health/live")]
    [InlineData("X-Rewrite-URL", "/health/live")]
    [InlineData("X-HTTP-Method-Override", "GET")]
    [InlineData("X-Method-Override", "GET")]
    [InlineData("X-Forwarded-Prefix", "/health")]
    [InlineData("X-Forwarded-Proto", "http")]
    [InlineData("x-fapi-customer-id", "C-100001")]
    [InlineData("X-FAPI-Interaction-ID-2", "x")]
    [InlineData("x_fapi_interaction_id", "x")]
    public async Task Headers_that_others_use_inside_mean_nothing_from_outside(string header, string value)
    {
        using var client = host.CreateClient();
        foreach (var (method, path) in new[] { (HttpMethod.Post, "/token"), (HttpMethod.Get, "/open-banking/v4.0/aisp/accounts"), (HttpMethod.Get, "/connections") })
        {
            using var plain = await client.SendAsync(new HttpRequestMessage(method, path));
            using var request = new HttpRequestMessage(method, path);
            request.Headers.TryAddWithoutValidation(header, value);
            using var answer = await client.SendAsync(request);
            Assert.Equal(
                (plain.StatusCode, plain.Headers.Location, await plain.Content.ReadAsStringAsync()),
                (answer.StatusCode, answer.Headers.Location, await answer.Content.ReadAsStringAsync()));
        }
    }

    [Fact]
    [Trait("Rule", "OA-53")]
    public async Task A_forwarded_name_changes_nothing()
    {
        using var client = host.CreateClient();
        var plain = await client.GetStringAsync(new Uri("/.well-known/openid-configuration", UriKind.Relative));
        client.DefaultRequestHeaders.Add("X-Forwarded-Host", "evil.test");
        client.DefaultRequestHeaders.Add("X-Original-URL", "/token");

        Assert.Equal(plain, await client.GetStringAsync(new Uri("/.well-known/openid-configuration", UriKind.Relative)));
    }

    [Fact]
    [Trait("Rule", "HTTP-15")]
    [Trait("Rule", "OP-08")]
    public async Task Too_many_requests_of_one_address_are_429_with_the_time_to_wait()
    {
        await using var narrow = await TestHost.StartAsync(options =>
        {
            options.Settings["RateLimits:Requests"] = "5";
            options.Settings["RateLimits:WindowSeconds"] = "600";
        });
        using var client = narrow.CreateClient();
        for (var count = 0; count < 5; count++)
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri($"/jwks?{count}", UriKind.Relative))).StatusCode);

        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/open-banking/v4.0/aisp/accounts", UriKind.Relative));
        request.Headers.Add("X-Forwarded-For", "192.0.2.7");
        using var refused = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.True(int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.Empty(await refused.Content.ReadAsStringAsync());
        Assert.Equal("HTTP-15", narrow.Log.RefusalOf(refused.Header("x-fapi-interaction-id")!)?.Rule);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode);
    }

    [Theory]
    [InlineData("/open-banking/fault", "application/json")]
    [InlineData("/fault", null)]
    [Trait("Rule", "OP-03")]
    public async Task A_fault_is_500_logged_once_and_says_nothing(string path, string? contentType)
    {
        await using var broken = await TestHost.StartAsync(options => options.Replace = services =>
            services.AddSingleton<IStartupFilter>(new Fault(() => throw new InvalidOperationException("canary-of-the-inside"))));
        using var client = broken.CreateClient();

        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));

        var body = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.DoesNotContain("canary", body, StringComparison.Ordinal);
        Assert.Equal(contentType, answer.Content.Headers.ContentType?.MediaType);
        if (contentType is not null) Assert.Equal("U000", JsonDocument.Parse(body).RootElement.GetProperty("Errors")[0].GetProperty("ErrorCode").GetString());
        Assert.Single(broken.Log.Lines, line => line.Contains("canary-of-the-inside", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Rule", "REV-10")]
    [Trait("Rule", "OP-23")]
    public async Task While_the_database_is_away_the_answer_is_503_and_it_heals_by_itself()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var away = await TestHost.StartAsync(options => options.Database = database);
        using var client = away.CreateClient();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/health/ready"));
        await using var administrator = new NpgsqlConnection(await TestDatabase.AdministratorAsync());
        await administrator.OpenAsync();

        await RunAsync(administrator, $"ALTER DATABASE {database.Name} ALLOW_CONNECTIONS false");
        await RunAsync(administrator, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.Name}'");
        using (var refused = await PostUnknownTokenAsync(client))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("1", refused.Header("Retry-After"));
        }

        using (var mtls = away.CreateClient(mtls: true, away.IssueClientCertificate("CN=any")))
        {
            using var byCertificate = new FormUrlEncodedContent([new("token", "any"), new("client_id", "any")]);
            using var refused = await mtls.PostAsync(new Uri("/revoke", UriKind.Relative), byCertificate);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (refused.StatusCode, refused.Header("Retry-After")));
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(client, "/health/ready"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/health/live"));
        await RunAsync(administrator, $"ALTER DATABASE {database.Name} ALLOW_CONNECTIONS true");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/health/ready"));
        using var after = await PostUnknownTokenAsync(client);
        Assert.NotEqual(HttpStatusCode.ServiceUnavailable, after.StatusCode);
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task A_database_that_hangs_is_given_up_within_five_seconds()
    {
        await using var process = await HostProcess.StartAsync();
        using var client = process.CreateClient();
        await StatusAsync(client, "/.well-known/openid-configuration");
        var server = int.Parse(await File.ReadAllTextAsync(Path.Combine(process.DataPath, "postgres.pid")), System.Globalization.CultureInfo.InvariantCulture);
        var frozen = Children(server).Append(server).ToList();
        foreach (var one in frozen) Unix.Signal(one, 19); // SIGSTOP
        try
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            using var answer = await PostUnknownTokenAsync(client);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"took {watch.Elapsed}"); // 5 s on an idle machine; tests share theirs.
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/health/live"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/.well-known/openid-configuration"));
        }
        finally
        {
            foreach (var one in frozen) Unix.Signal(one, 18); // SIGCONT
        }

        await Eventually.HoldsAsync(async () => await StatusAsync(client, "/health/ready") == HttpStatusCode.OK, () => "The host does not recover.");
    }

    /// <summary>Asks for something that only the database can answer.</summary>
    private static Task<HttpResponseMessage> PostUnknownTokenAsync(HttpClient client)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/open-banking/v4.0/aisp/accounts", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer jbHyTN0HjZ0cF7yXlSCpBRXnTVHkdqlFFEA4XCbA3nE");
        return client.SendAsync(request);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static IEnumerable<int> Children(int process) =>
        File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(id => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>An endpoint that breaks, put behind everything that Host does for all of them.</summary>
    private sealed class Fault(Action happen) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            next(app);
            app.Use(async (HttpContext http, RequestDelegate _) =>
            {
                await Task.Yield();
                if (http.Request.Path.Value!.EndsWith("/fault", StringComparison.Ordinal)) happen();
                http.Response.StatusCode = StatusCodes.Status404NotFound;
            });
        };
    }

    public sealed class Running : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
