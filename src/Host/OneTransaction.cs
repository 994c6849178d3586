using Microsoft.AspNetCore.Http.Features;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host;

/// <summary>
/// One transaction a request: the answer is held back until the commit has succeeded, so nobody is ever told of a thing that is not
/// stored, and a failed commit is an honest 503 and not a torn answer. An exception rolls back. The request is received whole before
/// the database is asked anything, or a few slow senders would hold all its connections (OP-12).
/// </summary>
internal sealed class OneTransaction(RequestDelegate next)
{
    /// <summary>Kestrel's limit too.</summary>
    public const int LargestBody = 64 * 1024;

    public async Task InvokeAsync(HttpContext http)
    {
        await ReceiveAsync(http);
        var unit = http.RequestServices.GetRequiredService<UnitOfWork>();
        var outside = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var held = new MemoryStream();
        var body = new StreamResponseBodyFeature(held, outside);
        http.Features.Set<IHttpResponseBodyFeature>(body);
        try
        {
            await next(http);
            await body.CompleteAsync();
            await unit.CommitAsync(CancellationToken.None);
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
        }

        if (held.Length == 0) return;
        if (!HttpMethods.IsHead(http.Request.Method)) http.Response.ContentLength = held.Length;
        await outside.Writer.WriteAsync(held.GetBuffer().AsMemory(0, (int)held.Length), http.RequestAborted);
    }

    /// <summary>Kestrel bounds the size and the slowness. What says that it is too large is left unread, so that its endpoint may refuse it in its own words.</summary>
    private static async Task ReceiveAsync(HttpContext http)
    {
        var request = http.Request;
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true || request.ContentLength > LargestBody) return;
        var received = new MemoryStream((int)(request.ContentLength ?? 0));
        await request.Body.CopyToAsync(received, http.RequestAborted);
        received.Position = 0;
        request.Body = received;
    }
}
