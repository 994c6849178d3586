using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// The JSON object that a request carries, read strictly: what two readers could understand differently (a member twice, also in
/// other case), what is too large or too deep, and what is no UTF-8 is refused before anybody looks at a value.
/// </summary>
public static class JsonBody
{
    /// <summary>No resource of the standard that is sent here comes near it.</summary>
    public const int MaxBytes = 64 * 1024;

    private static readonly JsonDocumentOptions Strict = new()
    {
        MaxDepth = 16,
        CommentHandling = JsonCommentHandling.Disallow,
        AllowTrailingCommas = false,
    };

    /// <summary>Reads the whole body; 413 where it is too large, 400 U010 where it is not one well-formed JSON object.</summary>
    public static Task<Outcome<JsonDocument, ApiError>> ReadAsync(HttpRequest request, CancellationToken ct) => ReadAsync(request, JsonValueKind.Object, ct);

    /// <summary>The same where the body is a list.</summary>
    public static Task<Outcome<JsonDocument, ApiError>> ReadListAsync(HttpRequest request, CancellationToken ct) => ReadAsync(request, JsonValueKind.Array, ct);

    private static async Task<Outcome<JsonDocument, ApiError>> ReadAsync(HttpRequest request, JsonValueKind kind, CancellationToken ct)
    {
        if (request.ContentLength > MaxBytes) return TooLarge();
        var buffer = new byte[MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false);
        if (length > MaxBytes) return TooLarge();

        return Parse(buffer.AsMemory(0, length), kind);
    }

    private static ApiError TooLarge() => ApiError.Bare(StatusCodes.Status413PayloadTooLarge, "HTTP-14");

    private static ApiError NotReadable(string rule) =>
        ApiError.BadRequest("U010", rule, "The body must be one JSON value of the kind that belongs here, in UTF-8, with no member named twice.");

    private static Outcome<JsonDocument, ApiError> Parse(ReadOnlyMemory<byte> utf8, JsonValueKind kind)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(utf8, Strict);
            if (document.RootElement.ValueKind == kind)
            {
                if (IsUnambiguous(document.RootElement)) return document;
                document.Dispose();
                return NotReadable("PY-20");
            }
        }
        catch (JsonException)
        {
            // Not JSON at all; said below.
        }
        catch (InvalidOperationException)
        {
            // The parser lets half a surrogate pair in an escape and bytes that are no UTF-8 pass; reading the text finds out.
        }

        document?.Dispose();
        return NotReadable("OB-GEN-4");
    }

    private static bool IsUnambiguous(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
                foreach (var member in element.EnumerateObject())
                {
                    if (!names.Add(member.Name) || !IsUnambiguous(member.Value)) return false;
                }

                return true;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    if (!IsUnambiguous(item)) return false;
                }

                return true;
            case JsonValueKind.String:
                return element.GetString() is not null;
            default:
                return true;
        }
    }
}
