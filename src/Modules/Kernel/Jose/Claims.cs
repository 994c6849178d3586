using System.Text.Json;

namespace OpenBanking.Kernel.Jose;

/// <summary>Readers of a JWT's claims: a claim of another JSON type counts as not there, and nothing throws (JO-24).</summary>
public static class Claims
{
    /// <summary>The last second that a date can name, 9999-12-31T23:59:59Z: beyond it, arithmetic with dates throws.</summary>
    private const long LastSecond = 253_402_300_799;

    /// <summary>The string, or null when it is absent or not a string.</summary>
    public static string? Text(JsonElement claims, string name)
    {
        if (Find(claims, name) is not { ValueKind: JsonValueKind.String } value) return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // Half of a surrogate pair, in JSON that did not come through StrictJson.
        }
    }

    /// <summary>Whether the member is there, whatever its value, <c>null</c> included.</summary>
    public static bool Has(JsonElement claims, string name) => Find(claims, name) is not null;

    /// <summary>Whole seconds since 1970 within what a date can hold, or null when absent or anything else (a string, 1.5, −1, 1e400).</summary>
    public static long? Seconds(JsonElement claims, string name) =>
        Find(claims, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var seconds) && seconds is >= 0 and <= LastSecond
            ? seconds
            : null;

    /// <summary>Whether the claim is this text, or an array of texts with it in it, as <c>aud</c> may be.</summary>
    public static bool Holds(JsonElement claims, string name, string text) => Find(claims, name) switch
    {
        { ValueKind: JsonValueKind.Array } values =>
            values.EnumerateArray().All(value => value.ValueKind == JsonValueKind.String) && values.EnumerateArray().Any(value => value.ValueEquals(text)),
        { ValueKind: JsonValueKind.String } value => value.ValueEquals(text),
        _ => false,
    };

    private static JsonElement? Find(JsonElement claims, string name) =>
        claims.ValueKind == JsonValueKind.Object && claims.TryGetProperty(name, out var value) ? value : null;
}
