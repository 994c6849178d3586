using System.Collections.Concurrent;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host.Reports;

/// <summary>Measures every request from its last byte to that of its answer; it stands before everything that may fail.</summary>
internal sealed class Measurement(RequestDelegate next, Measures measures, TimeProvider clock)
{
    private readonly ConcurrentDictionary<(Endpoint Endpoint, string Method), MeasuredEndpoint?> endpoints = new();

    public async Task InvokeAsync(HttpContext http)
    {
        var request = new MeasuredRequest(clock);
        http.Features.Set(request);
        var ended = false;
        try
        {
            await next(http);
            ended = true;
        }
        finally
        {
            // Of who has left before an answer came nobody knows what it would have been, unless it was due long ago.
            var left = http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted && request.Took <= Availability.Window;
            if (!left && Find(http) is { } endpoint)
                measures.Add(endpoint, RefusalLog.ClientOf(http), request.ReceivedAt, request.Took - LongPoll.TimeOf(http), ended ? http.Response.StatusCode : StatusCodes.Status500InternalServerError);
        }
    }

    // Only what is routed: anybody can think up paths.
    private MeasuredEndpoint? Find(HttpContext http) => http.GetEndpoint() is RouteEndpoint endpoint
        ? endpoints.GetOrAdd((endpoint, http.Request.Method), static at => MeasuredEndpoint.Of(at.Method, ((RouteEndpoint)at.Endpoint).RoutePattern.RawText))
        : null;
}

/// <summary>When a request came.</summary>
internal sealed class MeasuredRequest(TimeProvider clock)
{
    // The machine's time, not the product's: a tester who moves the clock has not waited.
    private long started = Server.RealTime.GetTimestamp();

    public DateTimeOffset ReceivedAt { get; private set; } = clock.GetUtcNow();

    public TimeSpan Took => Server.RealTime.GetElapsedTime(started);

    /// <summary>It has arrived whole only now: how long its sender took is not our time (OB-OPS-3).</summary>
    public static void ArrivedWhole(HttpContext http)
    {
        if (http.Features.Get<MeasuredRequest>() is { } request) request.Start();
    }

    private void Start()
    {
        started = Server.RealTime.GetTimestamp();
        ReceivedAt = clock.GetUtcNow();
    }
}
