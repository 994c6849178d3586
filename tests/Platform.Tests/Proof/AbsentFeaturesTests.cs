using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Platform.Tests.Architecture;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>What the catalogue attacks and this bank does not have: it is not there, under no name.</summary>
public sealed partial class AbsentFeaturesTests(AbsentFeaturesTests.Running running) : IClassFixture<AbsentFeaturesTests.Running>
{
    private readonly TestHost host = running.Host;

    [Theory]
    [Trait("Rule", "PO-09")]
    [Trait("Rule", "PO-10")]
    [InlineData("/")]
    [InlineData("/signin")]
    [InlineData("/connections")]
    [InlineData("/_blazor")]
    [InlineData("/_blazor/negotiate")]
    [InlineData("/_framework/blazor.web.js")]
    public async Task No_page_has_a_connection_that_stays_open(string path)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)) { Version = HttpVersion.Version11 };
        request.Headers.TryAddWithoutValidation("Origin", "https://evil.test");
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");

        using var answer = await client.SendAsync(request);

        Assert.NotEqual(HttpStatusCode.SwitchingProtocols, answer.StatusCode);
        if (path.StartsWith("/_", StringComparison.Ordinal)) Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    [Trait("Rule", "PO-17")]
    public void No_text_that_somebody_wrote_is_exported_as_a_table()
    {
        // The performance report's cells are days, numbers and the names of our own addresses; no cell can be a formula.
        string[] own = ["/performance/days.csv", "/performance/endpoints.csv"];
        Assert.Equal(own, Routes().Where(path => path.Contains("export", StringComparison.OrdinalIgnoreCase) || path.Contains("csv", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["PerformanceEndpoints.cs"],
            Checkout.Sources("src").Where(file => File.ReadAllText(file).Contains("text/csv", StringComparison.OrdinalIgnoreCase)).Select(file => Path.GetFileName(file)));
    }

    [Theory]
    [Trait("Rule", "PO-19")]
    [Trait("Rule", "OP-16")]
    [InlineData("/admin")]
    [InlineData("/operator")]
    [InlineData("/metrics")]
    [InlineData("/health")]
    [InlineData("/debug")]
    [InlineData("/actuator")]
    [InlineData("/swagger")]
    public async Task Employees_and_operators_have_no_door_here(string path)
    {
        using var client = host.CreateClient();
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri(path, UriKind.Relative))).StatusCode);
    }

    [Fact]
    [Trait("Rule", "OP-16")]
    public async Task Health_says_one_word()
    {
        using var client = host.CreateClient();
        Assert.Equal("live", await client.GetStringAsync(new Uri("/health/live", UriKind.Relative)));
        Assert.Equal("ready", await client.GetStringAsync(new Uri("/health/ready", UriKind.Relative)));
        Assert.Equal(2, Routes().Count(path => path.StartsWith("/health", StringComparison.Ordinal)));
    }

    [Fact]
    [Trait("Rule", "OP-21")]
    public async Task A_package_with_a_known_advisory_breaks_the_build()
    {
        var settings = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "Directory.Build.props"), TestContext.Current.CancellationToken);
        foreach (var setting in new[]
        {
            "<NuGetAudit>true</NuGetAudit>", "<NuGetAuditMode>all</NuGetAuditMode>", "<NuGetAuditLevel>low</NuGetAuditLevel>", "<TreatWarningsAsErrors>true</TreatWarningsAsErrors>",
        })
        {
            Assert.Contains(setting, settings, StringComparison.Ordinal);
        }

        // A file nearer to a project could say otherwise.
        var nearer = ((IEnumerable<string>)["src", "tests", "samples", "bench", "tools"])
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Checkout.Root, folder), "*.*proj", SearchOption.AllDirectories));
        Assert.DoesNotContain(nearer, file => File.ReadAllText(file).Contains("NuGetAudit", StringComparison.Ordinal));
    }

    [Theory]
    [Trait("Rule", "OP-22")]
    [InlineData("/")]
    [InlineData("/signin")]
    [InlineData("/activate")]
    [InlineData("/authorize")]
    public async Task Pages_have_scripts_and_styles_of_their_own_origin_only(string path)
    {
        using var client = host.CreateClient();
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        var page = await answer.Content.ReadAsStringAsync();
        foreach (Match resource in Resource().Matches(page))
            Assert.Matches("^/(?!/)", resource.Groups["address"].Value);
        Assert.DoesNotMatch("<script(?![^>]*src=)", page);
        var policy = answer.Header("Content-Security-Policy")!;
        Assert.DoesNotContain("http", policy.Replace("https://tpp.example", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }

    private IEnumerable<string> Routes() => host.Services.GetServices<EndpointDataSource>()
        .SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(route => route.RoutePattern.RawText ?? "").Distinct(StringComparer.Ordinal);

    [GeneratedRegex("""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)="(?<address>[^"]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Resource();

    public sealed class Running : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
