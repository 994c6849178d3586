using System.Text.Json;
using System.Text.Unicode;

namespace OpenBanking.Kernel.Jose;

/// <summary>
/// JSON that every parser reads alike (KEY-09): one value, valid Unicode, no member twice at any level, nothing before or behind it.
/// What came through here can be read without an exception. How long the text may be is the caller's to say.
/// </summary>
public static class StrictJson
{
    /// <summary>Deep enough for any claim in use, far from what a stack could mind (JO-22).</summary>
    private const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <summary>Reads one object, in which also no two members at the top differ by case only.</summary>
    public static bool TryParseObject(ReadOnlySpan<byte> utf8, out JsonElement json) =>
        TryParse(utf8, out json) && json.ValueKind == JsonValueKind.Object && NoTwoNamesDifferByCaseOnly(json);

    /// <summary>Reads one value of any kind.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out JsonElement json)
    {
        json = default;
        if (!Utf8.IsValid(utf8) || !SurrogatesPair(utf8)) return false;
        try
        {
            json = JsonElement.Parse(utf8, Strict);
            return true;
        }
        catch (JsonException)
        {
            return false; // The framework has no parser that answers without an exception.
        }
    }

    /// <summary>"alg" beside "ALG" is a message that a parser which does not mind case reads differently from us.</summary>
    internal static bool NoTwoNamesDifferByCaseOnly(JsonElement json)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var member in json.EnumerateObject())
        {
            if (!names.Add(member.Name)) return false;
        }

        return true;
    }

    // "\ud800" alone passes the parser and throws only when somebody reads the string. It is rare, so only then are all strings read here.
    private static bool SurrogatesPair(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOf("\\ud"u8) < 0 && utf8.IndexOf("\\uD"u8) < 0) return true;
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName) _ = reader.GetString();
            }

            return true;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
