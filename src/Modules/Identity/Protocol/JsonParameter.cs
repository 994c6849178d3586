using System.Text.Json;

namespace OpenBanking.Identity.Protocol;

/// <summary>Reads a parameter whose value is JSON, as strictly as every JSON that decides something (KEY-09).</summary>
internal static class JsonParameter
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>The value; null for what is not JSON, or could not be stored.</summary>
    public static JsonElement? Parse(string text)
    {
        // The database has no place for a NUL, and half a character cannot be read.
        if (text.Contains("\\u0000", StringComparison.OrdinalIgnoreCase) || text.Contains("\\ud", StringComparison.OrdinalIgnoreCase)) return null;
        try
        {
            return JsonElement.Parse(text, Strict);
        }
        catch (JsonException)
        {
            return null; // The framework has no parser that answers without an exception.
        }
    }
}
