using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Npgsql;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>
/// The one place where an exception becomes an answer: 503 with <c>Retry-After</c> while the database or the bank's own system is
/// away (OP-23, REV-10), 500 for everything else, logged once, nothing said (OP-03).
/// </summary>
internal sealed partial class Faults(RequestDelegate next, ILogger<Faults> log)
{
    // The UK standard writes its members as they are.
    private static readonly JsonSerializerOptions Wire = new();

    public async Task InvokeAsync(HttpContext http)
    {
        string? message = null;
        try
        {
            await next(http);
        }
        catch (Exception) when (http.Response.HasStarted)
        {
            http.Abort(); // Half an answer must not look like a whole one.
            throw;
        }
        catch (Exception gone) when (gone is ConnectionResetException || (gone is OperationCanceledException && http.RequestAborted.IsCancellationRequested))
        {
            return; // Nobody listens any more, and whoever hangs up while sending is no fault of ours.
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
        catch (CoreBankAwayException away)
        {
            Log.CoreBankAway(log, away.Message, http.InteractionIdentifier());
            Answer(http, StatusCodes.Status503ServiceUnavailable);
            http.Response.Headers.RetryAfter = ((long)Math.Ceiling(away.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            http.SetBrowserErrorCode("accounts_unavailable"); // A page for people; programs get none.
            message = "The bank's accounts cannot be asked just now; try again later.";
        }
        catch (Exception fault)
        {
            Log.Fault(log, fault, http.Request.Method, http.GetEndpoint()?.DisplayName ?? "-", http.InteractionIdentifier());
            Answer(http, StatusCodes.Status500InternalServerError);
            message = "The bank cannot answer this just now";
        }

        await CompleteAsync(http, message);
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

    /// <param name="message">What programs read in the standard's error object (OB-ERR-3); null where the status says all.</param>
    private static Task CompleteAsync(HttpContext http, string? message)
    {
        var response = http.Response;
        if (response.StatusCode < 400 || !Paths.IsForPrograms(http.Request.Path)) return Task.CompletedTask;

        // Programs get the status alone, whatever they accept: no page (OB-GEN-10).
        if (http.Features.Get<IStatusCodePagesFeature>() is { } pages) pages.Enabled = false;
        var isBare = !response.HasStarted && response.ContentType is null && response.ContentLength is null or 0;
        return isBare && message is not null && Paths.IsOpenBanking(http.Request.Path)
            ? response.WriteAsJsonAsync(
                new { Id = http.InteractionIdentifier(), Errors = new[] { new { ErrorCode = "U000", Message = message } } },
                Wire,
                "application/json; charset=utf-8")
            : Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The database is away ({Cause}), interaction {InteractionId}")]
        public static partial void DatabaseAway(ILogger logger, string cause, string interactionId);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The core bank is away ({Cause}), interaction {InteractionId}")]
        public static partial void CoreBankAway(ILogger logger, string cause, string interactionId);

        [LoggerMessage(Level = LogLevel.Error, Message = "A fault while answering {Method} {Endpoint}, interaction {InteractionId}")]
        public static partial void Fault(ILogger logger, Exception fault, string method, string endpoint, string interactionId);
    }
}
