using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Identity.Policies;

namespace OpenBanking.Identity.Users;

/// <summary>
/// What <c>passkey.js</c> talks to: options and answer of the ceremonies. Only pages of our own may call, each with its
/// antiforgery token; whatever fails is answered alike.
/// </summary>
internal sealed class PasskeyEndpoints(PasskeyRegistration registration, PasskeyAssertion assertion, PasskeySignIn signIn, PasskeyApproval approval, SameOrigin origin)
{
    private const int LargestBody = 64 * 1024;
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web) { AllowDuplicateProperties = false, MaxDepth = 16 };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/passkeys/registration/options", (HttpContext http, PasskeyEndpoints endpoints, CancellationToken ct) => endpoints.RegistrationOptionsAsync(http, ct));
        routes.MapPost("/passkeys/registration", (HttpContext http, PasskeyEndpoints endpoints, CancellationToken ct) => endpoints.RegisterAsync(http, ct));
        routes.MapPost("/passkeys/assertion/options", (HttpContext http, PasskeyEndpoints endpoints, CancellationToken ct) => endpoints.AssertionOptionsAsync(http, ct));
        routes.MapPost("/passkeys/assertion", (HttpContext http, PasskeyEndpoints endpoints, CancellationToken ct) => endpoints.SignInAsync(http, ct));
        routes.MapPost("/passkeys/approval/options", (HttpContext http, PasskeyEndpoints endpoints, CancellationToken ct) => endpoints.ApprovalOptionsAsync(http, ct));
    }

    private async Task<IResult> RegistrationOptionsAsync(HttpContext http, CancellationToken ct)
    {
        if (await origin.RefusalAsync(http) is { } foreign) return foreign;
        if (await ReadAsync<RegistrationRequest>(http, ct) is not { } request) return new PasskeyRefusal("PK-08");
        if (!User.MayBeName(request.Username)) return new PasskeyRefusal("OP-09");
        if ((await registration.OptionsAsync(http, request, ct)).Failed(out var refusal, out var options)) return refusal;
        return options;
    }

    private async Task<IResult> RegisterAsync(HttpContext http, CancellationToken ct)
    {
        if (await origin.RefusalAsync(http) is { } foreign) return foreign;
        if (await ReadAsync<CeremonyAnswer>(http, ct) is not { } answer) return new PasskeyRefusal("PK-08");
        if (await registration.FinishAsync(http, answer, ct) is { } refusal) return refusal;
        return Results.Json(new { });
    }

    private async Task<IResult> AssertionOptionsAsync(HttpContext http, CancellationToken ct)
    {
        if (await origin.RefusalAsync(http) is { } foreign) return foreign;
        if (await ReadAsync<SignInRequest>(http, ct) is not { } request) return new PasskeyRefusal("PK-08");
        if (!User.MayBeName(request.Username)) return new PasskeyRefusal("OP-09");
        return await assertion.OptionsAsync(http, request, ct);
    }

    private async Task<IResult> SignInAsync(HttpContext http, CancellationToken ct)
    {
        if (await origin.RefusalAsync(http) is { } foreign) return foreign;
        if (await ReadAsync<CeremonyAnswer>(http, ct) is not { } answer) return new PasskeyRefusal("PK-08");
        if ((await assertion.FinishAsync(http, answer, ct)).Failed(out var refusal, out var passkey)) return refusal;
        var decision = await signIn.DecideAsync(http, passkey, ct);
        if (decision.Verdict != Verdict.Allow) await signIn.HoldAsync(http, passkey, decision, ct);
        if (decision.Verdict == Verdict.AskAgain) return await assertion.AskAgainAsync(http, passkey, decision.Message, ct);
        if (decision.Verdict != Verdict.Allow) return PasskeyRefusal.By(decision);
        if ((await signIn.CompleteAsync(http, passkey, decision, answer.Interaction, ct)).Failed(out refusal, out var done)) return refusal;
        return Results.Json(new { next = done.Next });
    }

    // The answer comes with the form of the page that is approved, so that both are judged in one step.
    private async Task<IResult> ApprovalOptionsAsync(HttpContext http, CancellationToken ct)
    {
        if (await origin.RefusalAsync(http) is { } foreign) return foreign;
        if (await ReadAsync<ApprovalRequest>(http, ct) is not { } request) return new PasskeyRefusal("PK-08");
        if ((await approval.OptionsAsync(http, request, ct)).Failed(out var refusal, out var options)) return refusal;
        return options;
    }

    // The body is read once and strictly: 64 KB, no duplicate names, nothing nested deeper than a credential is.
    private static async Task<T?> ReadAsync<T>(HttpContext http, CancellationToken ct)
        where T : class
    {
        if (!http.Request.HasJsonContentType() || http.Request.ContentLength is null or > LargestBody) return null;
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(http.Request.Body, Wire, ct);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal sealed record RegistrationRequest(string? Username, string? ActivationCode);

internal sealed record SignInRequest(string? Username, string? Interaction);

/// <summary>The browser's answer to a ceremony.</summary>
internal sealed record CeremonyAnswer(string? Ceremony, JsonElement Credential, string? Name, string? Interaction);

/// <summary>What the page is given: the ceremony's handle, and the options for <c>navigator.credentials</c>.</summary>
internal sealed record CeremonyOptions(string Ceremony, string PublicKeyJson) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        return httpContext.Response.WriteAsJsonAsync(ToJson());
    }

    public JsonObject ToJson() => new() { ["ceremony"] = Ceremony, ["publicKey"] = JsonNode.Parse(PublicKeyJson) };
}

/// <summary>The passkey was good, and is wanted once more: why, and the options of the ceremony that asks for it.</summary>
internal sealed record AskedAgain(CeremonyOptions Again, string Message) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        return httpContext.Response.WriteAsJsonAsync(new JsonObject { ["again"] = Again.ToJson(), ["message"] = Message });
    }
}

/// <summary>Lets only our own pages through: by the browser's word on where the request comes from, and by the antiforgery token (PO-01, PK-12).</summary>
internal sealed class SameOrigin(IAntiforgery antiforgery, RelyingParty us)
{
    public async Task<PasskeyRefusal?> RefusalAsync(HttpContext http)
    {
        var headers = http.Request.Headers;
        var isOurs = string.Equals(headers.Origin, us.Origin, StringComparison.Ordinal)
            && (headers["Sec-Fetch-Site"].Count == 0 || headers["Sec-Fetch-Site"] == "same-origin");

        // The token comes in a header; a form would be read for it, and not every form can be.
        return isOurs && !http.Request.HasFormContentType && await antiforgery.IsRequestValidAsync(http) ? null : new PasskeyRefusal("PO-01");
    }
}
