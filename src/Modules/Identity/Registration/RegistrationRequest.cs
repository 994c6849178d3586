using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Registration;

/// <summary>What a third party sends to register or to change its registration (DCR-01).</summary>
/// <param name="Metadata">The members, or the claims of the signed form.</param>
/// <param name="Signed">The signed form of the UK (OB-DCR-2); null for plain JSON.</param>
internal sealed record RegistrationRequest(JsonElement Metadata, Jws? Signed)
{
    private const int MaxBytes = 64 * 1024;

    public string? Statement => Claims.Text(Metadata, "software_statement");

    public static async Task<Outcome<RegistrationRequest, OAuthError>> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength > MaxBytes) return RegistrationError.TooLarge;
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed.MediaType.Value : null;
        var buffer = new byte[MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        if (length > MaxBytes) return RegistrationError.TooLarge;
        var body = buffer.AsMemory(0, length);
        return type?.ToLowerInvariant() switch
        {
            "application/json" => OfJson(body),
            "application/jose" or "application/jwt" => OfJwt(body),
            _ => RegistrationError.InvalidMetadata("DCR-01", "the body must be application/json or application/jose"),
        };
    }

    private static Outcome<RegistrationRequest, OAuthError> OfJson(ReadOnlyMemory<byte> body) => StrictJson.TryParseObject(body.Span, out var json)
        ? new RegistrationRequest(json, null)
        : RegistrationError.InvalidMetadata("DCR-01", "the body is not one JSON object");

    private static Outcome<RegistrationRequest, OAuthError> OfJwt(ReadOnlyMemory<byte> body)
    {
        if (Jws.Parse(Encoding.ASCII.GetString(body.Span), MaxBytes).Failed(out var fault, out var jws))
            return RegistrationError.InvalidMetadata(fault.Rule == "KEY-10" ? "OB-DCR-10" : "SSA-10", "the body is not a signed JWT");
        return new RegistrationRequest(jws.Payload, jws);
    }
}
