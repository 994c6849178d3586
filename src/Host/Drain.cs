namespace OpenBanking.Host;

/// <summary>
/// How a host takes its leave: asked to stop, it says that it is not ready and ends every connection with the answer that it gives on
/// it, and only after a while does it stop listening. Else a connection that is kept alive could be closed just as a client sends.
/// </summary>
internal sealed class Drain(Health health, TimeSpan time) : IHostedLifecycleService
{
    public static void Add(IServiceCollection services, HostSettings settings) =>
        services.AddHostedService(provider => new Drain(provider.GetRequiredService<Health>(), settings.DrainTime));

    /// <summary>The first step in every request's way. Of HTTP/2 the server itself says farewell when it stops.</summary>
    public static Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.RequestServices.GetRequiredService<Health>().Stopping && HttpProtocol.IsHttp11(http.Request.Protocol)) http.Response.Headers.Connection = "close";
        return next(http);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        health.Stopping = true;
        await Task.Delay(time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
