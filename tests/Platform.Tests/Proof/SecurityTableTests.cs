using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Platform.Tests.Architecture;
using OpenBanking.ResourceServer;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// No endpoint without a word on who may use it, and the word is true. A new route fails here until <c>security-table.txt</c> has its line.
/// </summary>
[Trait("Reliability", "R25")]
public sealed class SecurityTableTests(SecurityTableTests.Running running) : IClassFixture<SecurityTableTests.Running>
{
    private readonly TestHost host = running.Host;

    private sealed record Line(string Method, string Route, string Who, string Checks);

    private static List<Line> Table { get; } =
    [
        .. File.ReadLines(Path.Combine(Checkout.Root, "tests", "Platform.Tests", "Proof", "security-table.txt"))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(parts => new Line(parts[0], parts[1], parts[2], parts[3])),
    ];

    private IEnumerable<(string Method, RouteEndpoint Endpoint)> Endpoints =>
        from source in host.Services.GetServices<EndpointDataSource>()
        from endpoint in source.Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["any"]
        select (method, endpoint);

    [Fact]
    public void Every_endpoint_of_the_running_host_is_in_the_table_and_nothing_else()
    {
        var there = Endpoints.Select(at => $"{at.Method} {Route(at.Endpoint)}").Order(StringComparer.Ordinal).ToList();
        var written = Table.Select(line => $"{line.Method} {line.Route}").Order(StringComparer.Ordinal).ToList();

        Assert.True(there.SequenceEqual(written), $"""
            Only in the host: {string.Join(", ", there.Except(written))}
            Only in the table: {string.Join(", ", written.Except(there))}
            Twice: {string.Join(", ", there.GroupBy(route => route).Where(group => group.Count() > 1).Select(group => group.Key))}
            """);
        Assert.All(Table, line => Assert.NotEmpty(line.Checks));
    }

    [Fact]
    public void Whoever_asks_for_a_token_asks_for_the_one_in_the_table()
    {
        foreach (var (method, endpoint) in Endpoints)
        {
            var needed = endpoint.Metadata.GetMetadata<AccessRequirement>() is { } requirement
                ? $"{(requirement.Kind == TokenKind.Client ? "client" : "customer")}-token {requirement.Scope}"
                : null;
            var who = Table.Single(line => line.Method == method && line.Route == Route(endpoint)).Who;
            Assert.Equal(needed, who.Contains("-token ", StringComparison.Ordinal) ? who : null);
        }
    }

    [Fact]
    [Trait("Rule", "PO-01")]
    [Trait("Rule", "RS-01")]
    public async Task A_stranger_gets_nowhere()
    {
        using var client = host.CreateClient();
        foreach (var line in Table)
        {
            var path = line.Route.Replace("{id:guid}", Guid.NewGuid().ToString(), StringComparison.Ordinal).Replace("{consentId}", "x", StringComparison.Ordinal).Replace("{clientId}", "x", StringComparison.Ordinal).Replace("{softwareId}", "x", StringComparison.Ordinal).Replace("{subscriptionId}", "x", StringComparison.Ordinal)
                .Replace("{accountId}", "x", StringComparison.Ordinal).Replace("{**name}", "x", StringComparison.Ordinal);
            using var request = new HttpRequestMessage(new HttpMethod(line.Method), new Uri(path, UriKind.Relative));
            if (line.Method == "POST") request.Content = line.Who == "own-page" ? TestHttp.Json("{}") : Stranger.Content();
            var answer = await Answer.OfAsync(await client.SendAsync(request));
            var rule = host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule;
            var what = $"{line.Method} {path}: {answer.Status} {rule} {answer.Body}";
            switch (line.Who.Split(' ')[0])
            {
                case "anyone":
                    Assert.True(answer.Status is 200 or 400 or 404, what);
                    break;
                case "client":
                    Assert.True((answer.Status, answer.Error) == (401, "invalid_client"), what);
                    break;
                case "certificate":
                    Assert.True((answer.Status, answer.Error, rule) == (401, "invalid_client", "DCR-11"), what);
                    break;
                case "manager":
                    Assert.True((answer.Status, answer.Error, rule) == (401, "invalid_token", "DCM-09"), what);
                    break;
                case "client-token" or "customer-token":
                    Assert.True((answer.Status, rule) == (401, "RS-01"), what);
                    break;
                case "interaction":
                    Assert.True((answer.Status, rule) == (400, "OA-47"), what);
                    break;
                case "session":
                    Assert.True(answer.Status == 303 && answer.Location?.OriginalString.StartsWith("/signin?returnUrl=", StringComparison.Ordinal) == true, what);
                    break;
                case "session-form" or "own-page":
                    Assert.True((answer.Status, rule) == (400, "PO-01"), what);
                    break;
                case "control" or "directory" or "core":
                    Assert.True(answer.Status == 401, what);
                    break;
                default:
                    Assert.Fail($"The table does not know '{line.Who}'.");
                    break;
            }
        }
    }

    private static Form Stranger { get; } = Form.Empty
        .With("client_id", "stranger").With("client_assertion_type", TestTpp.JwtBearer).With("client_assertion", "eyJhbGciOiJFUzI1NiJ9.e30.AA")
        .With("grant_type", "client_credentials").With("token", "x").With("response_type", "code");

    private static string Route(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.Trim('/');

    public sealed class Running : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
