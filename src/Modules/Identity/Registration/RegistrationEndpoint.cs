using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// Makes a client of a third party that its directory vouches for (RFC 7591, OB-DCR-2). There is no other proof asked for than the
/// software statement, the transport certificate, and for the signed form a key of the software; there are no secrets to give out.
/// </summary>
internal sealed class RegistrationEndpoint(
    EcosystemCertificate callers,
    RegistrationChecks checks,
    Registrations registrations,
    IOptions<AuthorizationServerOptions> options,
    TimeProvider time)
{
    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if (callers.Of(http).Failed(out var error, out var certificate)) return error;
        if ((await RegistrationRequest.ReadAsync(http.Request, ct)).Failed(out error, out var request)) return error;
        if (request.Metadata.TryGetProperty("client_id", out _)) return RegistrationError.InvalidMetadata("DC-07", "client_id is not the client's to choose");

        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N"); // F2-GEN-12: a customer is a pairwise name of 43 characters
        if ((await checks.JudgeAsync(id, request, certificate, now, ct)).Failed(out error, out var accepted)) return error;

        var accessToken = Handle.New();
        if (await registrations.AddAsync(accepted, accessToken, ct) is { } refusal) return refusal;
        return Answer(http, accepted.Metadata, accessToken.Value, options.Value, StatusCodes.Status201Created);
    }

    /// <summary>What was registered, and by what it can be changed (DCR-02, DCM-08).</summary>
    /// <param name="accessToken">Null where the caller is known by another token.</param>
    public static IResult Answer(HttpContext http, JsonObject metadata, string? accessToken, AuthorizationServerOptions options, int status)
    {
        var answer = metadata.DeepClone().AsObject();
        answer["registration_client_uri"] = Address(options) + "/" + answer["client_id"]!.GetValue<string>();
        if (accessToken is not null) answer["registration_access_token"] = accessToken;
        http.Response.Headers.CacheControl = "no-store";
        return Results.Json(answer, statusCode: status);
    }

    /// <summary>One address for all methods (OB-DCR-1), where certificates can be shown.</summary>
    public static string Address(AuthorizationServerOptions options) => options.MtlsEndpoint("/register") ?? options.Endpoint("/register");
}
