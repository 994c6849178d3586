using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Protocol;

/// <summary>
/// The parameters of an OAuth request. It is read strictly, since two readers who understand one body differently are an attack:
/// every name once, no bytes that are not UTF-8, nothing from the query string.
/// </summary>
internal sealed class OAuthForm
{
    private const int MaxBytes = 64 * 1024;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    private OAuthForm()
    {
    }

    /// <summary>A parameter's value; one that was sent empty counts as not sent (HTTP-02).</summary>
    public string? this[string name] => values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    /// <summary>Whether the name was there at all, were it empty.</summary>
    public bool WasSent(string name) => values.ContainsKey(name);

    /// <summary>Reads the form of a back-channel request. Other methods than POST are not routed here.</summary>
    public static async Task<Outcome<OAuthForm, OAuthError>> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        // Parameters in an address end up in logs; and which of the two would count?
        if (request.QueryString.HasValue) return OAuthError.InvalidRequest("OA-38", "parameters belong into the body");

        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            return OAuthError.InvalidRequest("HTTP-01", "the body must be application/x-www-form-urlencoded");
        }

        if (request.ContentLength > MaxBytes) return TooLarge();

        // One byte more than is expected, so that the end is seen in the same read.
        var most = (int)(request.ContentLength ?? MaxBytes) + 1;
        var buffer = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            var length = await request.Body.ReadAtLeastAsync(buffer.AsMemory(0, most), most, throwOnEndOfStream: false, ct);
            return length > MaxBytes ? TooLarge() : Parse(buffer.AsSpan(0, length));
        }
        finally
        {
            buffer.AsSpan(0, most).Clear(); // It held an assertion, a code or a token.
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads parameters from a query string, without its question mark.</summary>
    public static Outcome<OAuthForm, OAuthError> Parse(string query) => Parse(Encoding.UTF8.GetBytes(query));

    private static Outcome<OAuthForm, OAuthError> Parse(ReadOnlySpan<byte> text)
    {
        var form = new OAuthForm();
        foreach (var range in text.Split((byte)'&'))
        {
            var pair = text[range];
            if (pair.IsEmpty) continue;
            var equals = pair.IndexOf((byte)'=');
            var name = Decoded(equals < 0 ? pair : pair[..equals]);
            var value = equals < 0 ? "" : Decoded(pair[(equals + 1)..]);
            if (name is null || value is null) return OAuthError.InvalidRequest("HTTP-01", "the parameters are not well encoded");
            if (!form.values.TryAdd(name, value)) return OAuthError.InvalidRequest("HTTP-02", "a parameter was sent more than once");
        }

        return form;
    }

    private static string? Decoded(ReadOnlySpan<byte> text)
    {
        var bytes = new byte[text.Length];
        var length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == (byte)'%')
            {
                if (at + 2 >= text.Length || !Hex(text[at + 1], out var high) || !Hex(text[at + 2], out var low)) return null;
                bytes[length++] = (byte)((high << 4) | low);
                at += 2;
            }
            else
            {
                bytes[length++] = text[at] == (byte)'+' ? (byte)' ' : text[at];
            }
        }

        try
        {
            return StrictUtf8.GetString(bytes, 0, length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static bool Hex(byte digit, out int value)
    {
        value = char.IsAsciiHexDigit((char)digit) ? Convert.ToInt32(((char)digit).ToString(), 16) : -1;
        return value >= 0;
    }

    private static OAuthError TooLarge() =>
        new("invalid_request", "HTTP-14", "the body is larger than 64 KB", StatusCodes.Status413PayloadTooLarge);
}
