using Microsoft.AspNetCore.Http.Features;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host;

/// <summary>
/// One transaction a request: the answer is held back until the commit has succeeded, so nobody is ever told of a thing that is not
/// stored, and a failed commit is an honest 503 and not a torn answer. An exception rolls back.
/// </summary>
internal sealed class OneTransaction(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext http)
    {
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
}
