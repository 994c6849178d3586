using Microsoft.AspNetCore.Http.Features;
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
        var unit = http.RequestServices.GetRequiredService<UnitOfWork>();
        var outside = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        unit.Presuming = true;
        using var held = new MemoryStream();
        if (!await TryAnswerAsync(http, received, unit, held))
        {
            unit.Presuming = false;
            http.Response.Clear();
            held.SetLength(0);
            await TryAnswerAsync(http, received, unit, held);
        }

        if (held.Length == 0) return;
        if (!HttpMethods.IsHead(http.Request.Method)) http.Response.ContentLength = held.Length;
        await outside.Writer.WriteAsync(held.GetBuffer().AsMemory(0, (int)held.Length), http.RequestAborted);
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
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true || request.ContentLength > LargestBody) return null;
        var received = new MemoryStream((int)(request.ContentLength ?? 0));
        await request.Body.CopyToAsync(received, http.RequestAborted);
        return received;
    }
}
