using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// One resource that is written member by member, because most of it stands as its third party has sent it (OB-GEN-7), with the links and
/// the one page that every answer ends with (OB-PAG-1, OB-PAG-8).
/// </summary>
/// <param name="write">Writes what stands before them: <c>Data</c>, and <c>Risk</c> where there is one.</param>
/// <param name="self">The resource's absolute address.</param>
public sealed class WrittenAnswer(int status, Action<Utf8JsonWriter> write, string self) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        httpContext.Response.StatusCode = status;
        httpContext.Response.ContentType = UkApi.Json;
        var json = new Utf8JsonWriter(httpContext.Response.BodyWriter);
        await using var closing = json.ConfigureAwait(false);
        json.WriteStartObject();
        write(json);
        json.WriteStartObject("Links");
        json.WriteString("Self", self);
        json.WriteEndObject();
        json.WriteStartObject("Meta");
        json.WriteNumber("TotalPages", 1);
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(httpContext.RequestAborted).ConfigureAwait(false);
    }
}
