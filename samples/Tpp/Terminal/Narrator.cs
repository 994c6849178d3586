using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using OpenBanking.Kernel.Jose;
using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Terminal;

/// <summary>Prints each request and answer as it passes, secrets included: this is for a developer with a sandbox.</summary>
internal sealed class Narrator(HttpMessageHandler inner, Paper paper, TimeProvider time) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await TellAsync(request, cancellationToken);
        var start = time.GetTimestamp();
        var response = await base.SendAsync(request, cancellationToken);
        var took = time.GetElapsedTime(start);
        await TellAsync(response, took, cancellationToken);
        return response;
    }

    private async Task TellAsync(HttpRequestMessage request, CancellationToken ct)
    {
        paper.Strong(paper.Paint("33", $"--> {request.Method} {request.RequestUri}"));
        Headers(request.Headers);
        if (request.Content is null)
        {
            paper.Line();
            return;
        }

        Headers(request.Content.Headers);
        var body = await request.Content.ReadAsStringAsync(ct);
        paper.Line();
        if (request.Content is FormUrlEncodedContent) Form(body);
        else paper.Body(body);
        paper.Line();
    }

    private async Task TellAsync(HttpResponseMessage response, TimeSpan took, CancellationToken ct)
    {
        var milliseconds = took.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
        var status = (int)response.StatusCode;
        paper.Strong(paper.Paint(status < 400 ? "32" : "31", $"<-- {status} {response.StatusCode} after {milliseconds} ms"));
        Headers(response.Headers);
        Headers(response.Content.Headers);

        // Read into the message itself, so that the caller reads it again.
        await response.Content.LoadIntoBufferAsync(ct);
        var body = await response.Content.ReadAsStringAsync(ct);
        paper.Line();
        paper.Body(body);
        if (response.Content.Headers.ContentType?.MediaType == "application/json" && IdTokenIn(body) is { } idToken) paper.Jwt("ID token", idToken);
        paper.Line();
    }

    private void Headers(System.Net.Http.Headers.HttpHeaders headers)
    {
        foreach (var (name, values) in headers)
        {
            var value = string.Join(", ", values);
            paper.Header(name, value);
            if (name == "DPoP") paper.Jwt("DPoP proof", value);
            if (name == MessageSignature.Header) paper.Detached("message signature", value);
        }
    }

    private void Form(string body)
    {
        foreach (var (name, values) in QueryHelpers.ParseQuery(body))
        {
            var value = values.ToString();
            paper.Parameter(name, value);
            if (name == "client_assertion") paper.Jwt("client assertion", value);
        }
    }

    private static string? IdTokenIn(string body)
    {
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(body);
            return Claims.Text(document.RootElement, "id_token");
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
