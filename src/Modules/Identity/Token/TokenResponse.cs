using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.Identity.Token;

/// <summary>What the token endpoint answers; it is its own HTTP response (TOK-05), always with the scope that was granted (F1-22).</summary>
internal sealed record TokenResponse(string AccessToken, string TokenType, long ExpiresIn, string Scope, string? AuthorizationDetails) : IResult
{
    public string? RefreshToken { get; init; }

    public string? IdToken { get; init; }

    /// <summary>Where the request had an action of grant management (GM-04).</summary>
    public string? GrantId { get; init; }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(httpContext.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("access_token"u8, AccessToken);
            json.WriteString("token_type"u8, TokenType);
            json.WriteNumber("expires_in"u8, ExpiresIn); // OB-SEC-7
            json.WriteString("scope"u8, Scope);
            if (RefreshToken is not null) json.WriteString("refresh_token"u8, RefreshToken);
            if (IdToken is not null) json.WriteString("id_token"u8, IdToken);
            if (GrantId is not null) json.WriteString("grant_id"u8, GrantId);
            if (AuthorizationDetails is not null)
            {
                json.WritePropertyName("authorization_details"u8);
                json.WriteRawValue(AuthorizationDetails);
            }

            json.WriteEndObject();
        }

        await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted);
    }
}
