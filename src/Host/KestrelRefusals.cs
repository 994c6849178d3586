using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>
/// Writes into the security log what Kestrel refuses for its size before anything of ours runs (HTTP-14). There is no interaction yet,
/// and nobody has said who calls.
/// </summary>
internal sealed class KestrelRefusals(ILoggerFactory logs) : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public static void Follow(WebApplication app)
    {
        var following = app.Services.GetRequiredService<DiagnosticListener>()
            .Subscribe(new KestrelRefusals(app.Services.GetRequiredService<ILoggerFactory>()), (name, _, _) => name == BadRequest);
        app.Lifetime.ApplicationStopped.Register(following.Dispose);
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != BadRequest || value.Value is not IFeatureCollection features) return;
        if (features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException
            {
                StatusCode: StatusCodes.Status414UriTooLong or StatusCodes.Status431RequestHeaderFieldsTooLarge,
            } refused)
        {
            RefusalLog.WriteUnheard(logs, refused.StatusCode.ToString(CultureInfo.InvariantCulture), "HTTP-14");
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
