using System.Diagnostics.Metrics;
using System.Net;
using OpenBanking.Host;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>How long a header, a request line and all headers may be, from both sides of each edge.</summary>
public sealed class HeaderSizesTests(TransportTests.Running running) : IClassFixture<TransportTests.Running>
{
    private readonly TestHost host = running.Host;

    [Theory]
    [Trait("Rule", "HTTP-14")]
    [InlineData(8 * 1024, 200)]
    [InlineData((8 * 1024) + 1, 431)]
    public async Task A_header_is_at_most_8_kilobytes_and_the_log_names_it_and_not_its_value(int length, int status)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        request.Headers.TryAddWithoutValidation("X-Long", new string('z', length));

        using var answer = await client.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        var id = answer.Header("x-fapi-interaction-id")!;
        Assert.Equal(status == 200 ? null : "HTTP-14", host.Log.RefusalOf(id)?.Rule);
        Assert.Equal(status == 431, host.Log.Lines.Any(line => line.Contains($"Too large: X-Long has {length} bytes, interaction {id}", StringComparison.Ordinal)));
        Assert.DoesNotContain("zzzz", host.Log.Text, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "HTTP-14")]
    [InlineData("/jwks", false, 8 * 1024, 200)]
    [InlineData("/jwks", false, (8 * 1024) + 1, 414)]
    [InlineData("/jwks", true, (8 * 1024) + 1, 414)]
    [InlineData("/authorize", false, (8 * 1024) + 1, 400)]
    [InlineData("/authorize", false, 31 * 1024, 400)]
    [InlineData("/authorize", true, 8 * 1024, 400)]
    [InlineData("/authorize", true, (8 * 1024) + 1, 414)]
    [InlineData("/authorize", false, (32 * 1024) + 10, 414)]
    public async Task A_request_line_is_longer_than_8_kilobytes_only_where_browsers_bring_request_objects(string path, bool mtls, int length, int status)
    {
        using var client = host.CreateClient(mtls);
        var address = path + "?x=";
        using var request = new HttpRequestMessage(HttpMethod.Get, address + new string('a', length - "GET  HTTP/1.1".Length - address.Length));

        using var answer = await client.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 414 && length < 32 * 1024) Assert.Equal("HTTP-14", host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule);
        if (length > 32 * 1024) Assert.Contains(host.Log.Refusals, refusal => refusal is { Code: "414", Rule: "HTTP-14", InteractionId: "-" });
    }

    /// <summary>What Kestrel refuses by itself is in the security log too.</summary>
    [Theory]
    [Trait("Rule", "HTTP-14")]
    [InlineData(4, 200)]
    [InlineData(5, 431)]
    public async Task All_headers_together_have_32_kilobytes(int headers, int status)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        for (var header = 0; header < headers; header++) request.Headers.TryAddWithoutValidation($"X-Long-{header}", new string('z', 7 * 1024));

        using var answer = await client.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        if (status == 431) Assert.Contains(host.Log.Refusals, refusal => refusal is { Code: "431", Rule: "HTTP-14", InteractionId: "-" });
    }

    [Fact]
    [Trait("Rule", "HTTP-14")]
    public async Task All_headers_together_are_measured()
    {
        var sizes = new System.Collections.Concurrent.ConcurrentBag<int>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == HeaderSizes.Meter && instrument.Name == "openbanking.http.request.headers") listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((_, size, _, _) => sizes.Add(size));
        listener.Start();

        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        request.Headers.TryAddWithoutValidation("X-Long", new string('z', 5000));
        using var answer = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(sizes, size => size is > 5006 and < 5200);
    }
}
