using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Contracts;

/// <summary>
/// How an endpoint's messages are signed, said where it is routed (OB-JWS-13). Requests are verified over the bytes that came, before the
/// endpoint looks at them; answers are signed over the bytes that leave, refusals included (OB-JWS-16, PY-31).
/// </summary>
public static class MessageSigning
{
    public const string Header = "x-jws-signature";

    /// <summary>Every answer with a body is signed. For reading; what creates is <see cref="TakesSignedRequests"/>.</summary>
    public static TBuilder SignsAnswers<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(SignedAnswers.Instance);

    /// <summary>Only requests that their client has signed are let through, and every answer with a body is signed.</summary>
    public static RouteHandlerBuilder TakesSignedRequests(this RouteHandlerBuilder builder) => builder.SignsAnswers().AddEndpointFilter(
        async (context, next) => await FirstRefusalAsync(context.HttpContext).ConfigureAwait(false) ?? await next(context).ConfigureAwait(false));

    /// <summary>
    /// Only files that their client has signed are let through, as the media type that they are (OB-JWS-6). They are kept on disk while they are
    /// looked at, and one that is too large is turned away while it comes (OB-FIL-10).
    /// </summary>
    public static RouteHandlerBuilder TakesSignedFiles(this RouteHandlerBuilder builder, long most) => builder.SignsAnswers().WithMetadata(new TakesFiles()).AddEndpointFilter(
        async (context, next) => await FirstRefusalOfFileAsync(context.HttpContext, most).ConfigureAwait(false) ?? await next(context).ConfigureAwait(false));

    /// <summary>The step in every request's way that signs the answers of those endpoints; a signature that comes where none is needed is not even read (OB-JWS-15).</summary>
    public static async Task AnswerAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<SignedAnswers>() is null)
        {
            await next(http).ConfigureAwait(false);
            return;
        }

        var outside = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var held = new MemoryStream();
        var body = new StreamResponseBodyFeature(held, outside);
        http.Features.Set<IHttpResponseBodyFeature>(body);
        try
        {
            await next(http).ConfigureAwait(false);
            await body.CompleteAsync().ConfigureAwait(false);
        }
        finally
        {
            http.Features.Set(outside);
            body.Dispose();
        }

        if (held.Length == 0) return;
        var bytes = held.GetBuffer().AsMemory(0, (int)held.Length);
        var answer = new SignMessage(bytes, UkApi.MediaTypeOf(http.Response.ContentType));
        http.Response.Headers[Header] = await http.RequestServices.GetRequiredService<IMediator>().Send(answer, http.RequestAborted).ConfigureAwait(false);
        await outside.Writer.WriteAsync(bytes, http.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<ApiError?> FirstRefusalAsync(HttpContext http)
    {
        if (http.Request.ContentLength > JsonBody.MaxBytes) return ApiError.Bare(StatusCodes.Status413PayloadTooLarge, "HTTP-14");
        using var received = new MemoryStream();
        await http.Request.Body.CopyToAsync(received, http.RequestAborted).ConfigureAwait(false);
        var bytes = received.GetBuffer().AsMemory(0, (int)received.Length);
        var asked = new VerifyMessage(http.Caller().ClientId, [.. http.Request.Headers[Header]], bytes);
        if (await http.RequestServices.GetRequiredService<IMediator>().Send(asked, http.RequestAborted).ConfigureAwait(false) is MessageVerdict.Wrong wrong)
            return ApiError.BadRequest([wrong.Fault]);

        // The endpoint reads the very bytes that were verified.
        http.Request.Body = new MemoryStream(received.ToArray(), writable: false);
        return null;
    }

    private static async Task<ApiError?> FirstRefusalOfFileAsync(HttpContext http, long most)
    {
        if (http.Request.ContentLength > most) return ApiError.Bare(StatusCodes.Status413PayloadTooLarge, "OB-FIL-10");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = most + 1;
        var file = new FileStream(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
        http.Response.RegisterForDisposeAsync(file);
        if (http.Request.Body.CanSeek) http.Request.Body.Position = 0;
        var part = new byte[64 * 1024];
        for (int length; (length = await http.Request.Body.ReadAsync(part, http.RequestAborted).ConfigureAwait(false)) > 0;)
        {
            if (file.Length + length > most) return ApiError.Bare(StatusCodes.Status413PayloadTooLarge, "OB-FIL-10");
            await file.WriteAsync(part.AsMemory(0, length), http.RequestAborted).ConfigureAwait(false);
        }

        file.Position = 0;
        var asked = new VerifyMessage(http.Caller().ClientId, [.. http.Request.Headers[Header]], default, UkApi.MediaTypeOf(http.Request.ContentType)) { File = file };
        if (await http.RequestServices.GetRequiredService<IMediator>().Send(asked, http.RequestAborted).ConfigureAwait(false) is MessageVerdict.Wrong wrong)
            return ApiError.BadRequest([wrong.Fault]);
        file.Position = 0;
        http.Request.Body = file;
        return null;
    }

    private sealed class SignedAnswers
    {
        public static readonly SignedAnswers Instance = new();
    }
}
