using System.Net.Sockets;
using Npgsql;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>
/// The one place where an exception becomes an answer: 503 with <c>Retry-After</c> while the database is away (OP-23), 500 for
/// everything else, logged once, nothing said (OP-03). And the one place that gives an error without a body a page, where a person
/// looks at it.
/// </summary>
internal sealed partial class Faults(RequestDelegate next, ILogger<Faults> log, ErrorPage? page = null)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
        }
        catch (Exception) when (http.Response.HasStarted)
        {
            http.Abort(); // Half an answer must not look like a whole one.
            throw;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return; // Nobody listens any more.
        }
        catch (BadHttpRequestException broken)
        {
            // Kestrel's own verdict on what it was sent, such as 413 for a body over the limit (HTTP-14).
            Answer(http, broken.StatusCode);
            RefusalLog.Write(http, "-", broken.StatusCode == StatusCodes.Status413PayloadTooLarge ? "HTTP-14" : "OP-10");
        }
        catch (Exception fault) when (IsDatabaseAway(fault))
        {
            Log.DatabaseAway(log, fault.GetBaseException().Message, http.InteractionIdentifier());
            Answer(http, StatusCodes.Status503ServiceUnavailable);
            http.Response.Headers.RetryAfter = "1";
        }
        catch (Exception fault)
        {
            Log.Fault(log, fault, http.Request.Method, http.GetEndpoint()?.DisplayName ?? "-", http.InteractionIdentifier());
            Answer(http, StatusCodes.Status500InternalServerError);
        }

        await CompleteAsync(http);
    }

    /// <summary>Whether an exception means that the database cannot be had just now, and the same request may succeed later.</summary>
    internal static bool IsDatabaseAway(Exception? fault)
    {
        for (; fault is not null; fault = fault.InnerException)
        {
            switch (fault)
            {
                // Shut down, starting, too many connections, deadlocks and the like.
                case PostgresException { SqlState: ['5', '7' or '3', ..] or ['0', '8', ..] }:
                case NpgsqlException { IsTransient: true }:
                case NpgsqlException { InnerException: SocketException or IOException or TimeoutException }:
                    return true;
                default:
                    break;
            }
        }

        return false;
    }

    private static void Answer(HttpContext http, int status)
    {
        http.Response.Clear();
        http.Response.StatusCode = status;
    }

    private async Task CompleteAsync(HttpContext http)
    {
        var response = http.Response;
        if (response.HasStarted || response.StatusCode < 400 || response.ContentType is not null || response.ContentLength > 0) return;
        if (response.StatusCode >= 500 && Paths.IsOpenBanking(http.Request.Path))
        {
            await response.WriteAsJsonAsync(
                new { Id = http.InteractionIdentifier(), Errors = new[] { new { ErrorCode = "U000", Message = "The bank cannot answer this just now" } } },
                options: null,
                "application/json; charset=utf-8");
        }
        else if (!Paths.IsForPrograms(http.Request.Path) && !HttpMethods.IsHead(http.Request.Method))
        {
            await (page ?? PlainPage)(http, response.StatusCode);
        }
    }

    private static Task PlainPage(HttpContext http, int status)
    {
        var text = status switch
        {
            StatusCodes.Status404NotFound => "There is no such page.",
            >= 500 => "The bank cannot answer this just now. Please try again in a moment.",
            _ => "This request cannot be answered.",
        };
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(
            $"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{text}</title></head><body><main><h1>{text}</h1></main></body></html>");
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The database is away ({Cause}), interaction {InteractionId}")]
        public static partial void DatabaseAway(ILogger logger, string cause, string interactionId);

        [LoggerMessage(Level = LogLevel.Error, Message = "A fault while answering {Method} {Endpoint}, interaction {InteractionId}")]
        public static partial void Fault(ILogger logger, Exception fault, string method, string endpoint, string interactionId);
    }
}
