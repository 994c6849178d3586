using System.Security.Claims;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using OpenBanking.Host.Reports;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host;

/// <summary>
/// One transaction a request: the answer is held back until the commit has succeeded, so nobody is ever told of a thing that is not
/// stored, and a failed commit is an honest 503 and not a torn answer. An exception rolls back. The request is received whole before
/// the database is asked anything, or a few slow senders would hold all its connections (OP-12).
/// <para>
/// What was presumed on the way and turns out false at the commit, such as that an assertion is shown for the first time, undoes all:
/// the request is then judged once more from the start with nothing presumed, and so gets the refusal that is its due.
/// </para>
/// </summary>
internal sealed class OneTransaction(RequestDelegate next)
{
    /// <summary>Kestrel's limit too.</summary>
    public const int LargestBody = 64 * 1024;

    public async Task InvokeAsync(HttpContext http)
    {
        var received = await ReceiveAsync(http);
        MeasuredRequest.ArrivedWhole(http);
        var unit = http.RequestServices.GetRequiredService<UnitOfWork>();
        var outside = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        unit.Presuming = true;
        var start = Start.Of(http);
        using var held = new MemoryStream();
        if (!await TryAnswerAsync(http, received, unit, held))
        {
            held.SetLength(0);
            await AnswerAgainAsync(http, received, start, held);
        }

        if (held.Length == 0) return;
        if (!HttpMethods.IsHead(http.Request.Method)) http.Response.ContentLength = held.Length;
        await outside.Writer.WriteAsync(held.GetBuffer().AsMemory(0, (int)held.Length), http.RequestAborted);
    }

    /// <summary>
    /// With services of its own, because those of the first time remember what was undone: rows that a context holds, a client that was
    /// found. A unit of work that is new presumes nothing.
    /// </summary>
    private async Task AnswerAgainAsync(HttpContext http, MemoryStream? received, Start start, MemoryStream held)
    {
        var services = http.RequestServices;
        await using var fresh = services.CreateAsyncScope();
        start.Restore(http);
        http.RequestServices = fresh.ServiceProvider;
        try
        {
            await TryAnswerAsync(http, received, fresh.ServiceProvider.GetRequiredService<UnitOfWork>(), held);
        }
        finally
        {
            http.RequestServices = services;
        }
    }

    /// <summary>False where nothing was done, because something presumed does not hold.</summary>
    private async Task<bool> TryAnswerAsync(HttpContext http, MemoryStream? received, UnitOfWork unit, MemoryStream held)
    {
        if (received is not null) http.Request.Body = new MemoryStream(received.GetBuffer(), 0, (int)received.Length, writable: false);
        var outside = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var body = new StreamResponseBodyFeature(held, outside);
        http.Features.Set<IHttpResponseBodyFeature>(body);
        var stands = true;
        RefusalLog.Hold(http);
        try
        {
            await next(http);
            await body.CompleteAsync();
            return stands = await unit.CommitAsync(CancellationToken.None);
        }
        catch
        {
            await unit.RollbackAsync();
            throw;
        }
        finally
        {
            http.Features.Set(outside);
            body.Dispose();
            RefusalLog.Settle(http, stands);
        }
    }

    /// <summary>Kestrel bounds the size and the slowness. What says that it is too large is left unread, so that its endpoint may refuse it in its own words.</summary>
    private static async Task<MemoryStream?> ReceiveAsync(HttpContext http)
    {
        var request = http.Request;

        // A file goes along to disk, and its endpoint says how large it may be, however its length is said (OB-FIL-10).
        if (http.GetEndpoint()?.Metadata.GetMetadata<TakesFiles>() is not null) return null;
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true || request.ContentLength > LargestBody) return null;
        var received = new MemoryStream((int)(request.ContentLength ?? 0));
        try
        {
            await request.Body.CopyToAsync(received, http.RequestAborted);
        }
        catch (IOException broken) when (broken is not (BadHttpRequestException or ConnectionResetException))
        {
            // Of some bodies that are none, such as a chunk of 2^64 bytes, Kestrel says only that they cannot be read (OP-10).
            throw new BadHttpRequestException("the body cannot be read", StatusCodes.Status400BadRequest, broken);
        }

        return received;
    }

    /// <summary>What the steps before this one have left on a request, to which it returns before it is judged again.</summary>
    private readonly record struct Start(KeyValuePair<string, StringValues>[] Headers, KeyValuePair<object, object?>[] Items)
    {
        private static readonly string[] Remembering = ["Microsoft.AspNetCore.Antiforgery", "Microsoft.AspNetCore.Authentication"];

        public static Start Of(HttpContext http) => new([.. http.Response.Headers], [.. http.Items]);

        public void Restore(HttpContext http)
        {
            http.Response.Clear();
            foreach (var (name, value) in Headers) http.Response.Headers[name] = value;
            http.Items.Clear();
            foreach (var (name, value) in Items) http.Items[name] = value;
            http.User = new ClaimsPrincipal();

            // What the framework remembers of its first answer: antiforgery would not set its cookie again.
            foreach (var (type, _) in http.Features.ToList())
            {
                if (Array.Exists(Remembering, name => type.Namespace?.StartsWith(name, StringComparison.Ordinal) == true)) http.Features[type] = null;
            }
        }
    }
}
