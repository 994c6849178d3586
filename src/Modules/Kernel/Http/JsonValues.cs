using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// JSON compared as values: the order of members and white space between them say nothing, everything else does. Numbers are compared
/// as they are written, for 10.00 is not what somebody signed as 10.0 (OB-PIS-4, OB-IDM-8).
/// </summary>
public static class JsonValues
{
    private static readonly JsonWriterOptions OneSpelling = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>SHA-256 over the one spelling of a value: equal for equal values and for no others.</summary>
    public static byte[] Digest(JsonElement value)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, OneSpelling)) Write(writer, value);
        return SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    /// <summary>Where two values differ first, in the order of what was expected; null where they are equal.</summary>
    /// <param name="path">Where the two stand.</param>
    public static string? FirstDifference(JsonElement expected, JsonElement actual, string path)
    {
        if (expected.ValueKind != actual.ValueKind) return path;
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in expected.EnumerateObject())
                {
                    var inner = $"{path}.{member.Name}";
                    if (!actual.TryGetProperty(member.Name, out var other)) return inner;
                    if (FirstDifference(member.Value, other, inner) is { } difference) return difference;
                }

                // Absent is not empty: what was never said is a difference too (PY-08).
                foreach (var member in actual.EnumerateObject())
                {
                    if (!expected.TryGetProperty(member.Name, out _)) return $"{path}.{member.Name}";
                }

                return null;
            case JsonValueKind.Array:
                if (expected.GetArrayLength() != actual.GetArrayLength()) return path;
                return expected.EnumerateArray().Zip(actual.EnumerateArray())
                    .Select((pair, index) => FirstDifference(pair.First, pair.Second, $"{path}[{index}]"))
                    .FirstOrDefault(difference => difference is not null);
            case JsonValueKind.String:
                return expected.GetString() == actual.GetString() ? null : path;
            case JsonValueKind.Number:
                return expected.GetRawText() == actual.GetRawText() ? null : path;
            default:
                return null;
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Number:
                writer.WriteRawValue(value.GetRawText());
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
