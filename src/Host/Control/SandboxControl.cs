using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Mvc;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Host.Control;

/// <summary>
/// What a tester can make happen, at <c>/sandbox/control</c>: only in the sandbox (elsewhere nothing is routed and the answer is 404),
/// only with the secret from <c>sandbox.json</c>.
/// </summary>
internal sealed class SandboxControl(SandboxSecret secret, IServiceProvider services)
{
    public const string Path = "/sandbox/control";

    /// <summary>A thousand bookings with all that a transaction has.</summary>
    private const long LargestBody = 1024 * 1024;

    public static void Map(WebApplication app)
    {
        app.MapGet(Path, (HttpContext http, SandboxControl control, SandboxControlPage page) =>
            SandboxControlPage.IsWanted(http.Request) ? page.Show(http) : control.List(http));
        app.MapPost(Path, (HttpContext http, SandboxControl control, SandboxControlPage page) =>
            SandboxControlPage.IsWanted(http.Request) ? page.PostAsync(http, http.RequestAborted) : control.PostAsync(http, http.RequestAborted))
            .WithMetadata(new RequestSizeLimitAttribute(LargestBody));
    }

    /// <summary>Does what was wished for; the status says how that went, and the object is for the tester.</summary>
    public async Task<(int Status, JsonObject Answer)> DoAsync(JsonElement given, CancellationToken ct)
    {
        if (!given.TryGetProperty("operation", out var name) || name.ValueKind != JsonValueKind.String)
            return Problem("the body must be an object with the text \"operation\"");
        if (Operations.All.FirstOrDefault(operation => name.ValueEquals(operation.Name)) is not { } wanted)
            return Problem("there is no such operation; GET lists them");
        if (wanted.FirstProblem(given) is { } problem) return Problem(problem);
        if (wanted.Run is not { } run) return Problem($"the operation {wanted.Name} is not in this build", StatusCodes.Status501NotImplemented);
        return (await run(services, given, ct)).Failed(out problem, out var done) ? Problem(problem) : (StatusCodes.Status200OK, done);
    }

    private IResult List(HttpContext http) => IsAllowed(http)
        ? Results.Json(new JsonObject { ["operations"] = new JsonArray([.. Operations.All.Select(operation => (JsonNode)operation.Describe())]) })
        : NotAllowed(http);

    private async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if (!IsAllowed(http)) return NotAllowed(http);
        var (status, answer) = await ReadAsync(http.Request, ct) is { } given ? await DoAsync(given, ct) : Problem("the body must be one JSON object, of type application/json");
        return Results.Json(answer, statusCode: status);
    }

    private static async Task<JsonElement?> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasJsonContentType()) return null;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, ct);
        return StrictJson.TryParseObject(body.GetBuffer().AsSpan(0, (int)body.Length), out var given) ? given : null;
    }

    private bool IsAllowed(HttpContext http)
    {
        const string Scheme = "Sandbox ";
        var header = http.Request.Headers.Authorization;
        return header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && secret.Is(value[Scheme.Length..]);
    }

    private static IResult NotAllowed(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = "Sandbox";
        return Results.StatusCode(StatusCodes.Status401Unauthorized);
    }

    private static (int Status, JsonObject Answer) Problem(string what, int status = StatusCodes.Status400BadRequest) =>
        (status, new JsonObject { ["error"] = what });
}
