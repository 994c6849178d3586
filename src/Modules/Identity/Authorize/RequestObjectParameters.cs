using System.Text.Json;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// The authorization parameters inside a request object, as the text that they would be in a form. JSON has types and a form has not,
/// so a parameter of another type than its own is a mistake and no value (JAR-13).
/// </summary>
internal static class RequestObjectParameters
{
    private static readonly (string Name, JsonValueKind Kind, string Rule)[] All =
    [
        ("response_type", JsonValueKind.String, "JAR-13"),
        ("response_mode", JsonValueKind.String, "JAR-13"),
        ("redirect_uri", JsonValueKind.String, "JAR-13"),
        ("scope", JsonValueKind.String, "JAR-13"),
        ("state", JsonValueKind.String, "JAR-13"),
        ("nonce", JsonValueKind.String, "JAR-13"),
        ("code_challenge", JsonValueKind.String, "JAR-13"),
        ("code_challenge_method", JsonValueKind.String, "JAR-13"),
        ("dpop_jkt", JsonValueKind.String, "JAR-13"),
        ("authorization_details", JsonValueKind.Array, "RAR-04"),
        ("claims", JsonValueKind.Object, "JAR-13"),
        ("prompt", JsonValueKind.String, "JAR-13"),
        ("max_age", JsonValueKind.Number, "JAR-13"),
        ("acr_values", JsonValueKind.String, "JAR-13"),
        ("id_token_hint", JsonValueKind.String, "JAR-13"),
        ("registration", JsonValueKind.Object, "JAR-13"),
    ];

    /// <summary>Names and texts; what is not known here is ignored.</summary>
    public static Outcome<IReadOnlyDictionary<string, string>, OAuthError> Of(JsonElement claims)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, kind, rule) in All)
        {
            if (!claims.TryGetProperty(name, out var value)) continue;
            if (value.ValueKind != kind) return new OAuthError("invalid_request_object", rule, $"{name} of the request object has the wrong JSON type");
            parameters[name] = kind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        }

        return parameters;
    }
}
