using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace OpenBanking.Accounts.CoreBank;

/// <summary>
/// The language of <c>docs/core-bank/openapi.yaml</c>. Reading is an allow-list: a member that these types do not have is dropped where it
/// stands (OB-PERM-4), and a member that is missing, doubled, of another type or absurdly long makes the whole answer worthless.
/// </summary>
internal static class CoreJson
{
    /// <summary>No text of a bank is longer; the contract says the same.</summary>
    public const int LongestText = 1000;

    /// <summary>How it is written and read; a test holds the contract against it.</summary>
    internal static readonly JsonSerializerOptions Options = new()
    {
        AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 16,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        Converters = { new TextConverter(), new AmountConverter(), new MomentConverter(), new JsonStringEnumConverter(allowIntegerValues: false) },
    };

    public static byte[] Write<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Options);

    /// <summary>What was said, or where in it something is wrong; what is wrong is not repeated, for it goes to a log.</summary>
    /// <exception cref="JsonException">It is not as these types say.</exception>
    public static T Read<T>(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize<T>(utf8, Options) ?? throw new JsonException("null");

    /// <summary>No NUL, which PostgreSQL cannot store, and no half character.</summary>
    private sealed class TextConverter : JsonConverter<string>
    {
        public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String) throw new JsonException();
            try
            {
                var text = reader.GetString()!;
                return text.Length <= LongestText && !text.Contains('\0', StringComparison.Ordinal) ? text : throw new JsonException();
            }
            catch (InvalidOperationException half)
            {
                throw new JsonException(null, half);
            }
        }

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    /// <summary>Amounts are texts: a JSON number may have passed through binary fractions on its way.</summary>
    private sealed class AmountConverter : JsonConverter<decimal>
    {
        private const decimal Limit = 10_000_000_000_000m;

        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
            if (reader.TokenType != JsonTokenType.String) throw new JsonException();
            var text = reader.GetString()!;
            return text.Length is > 0 and <= 24 && text.All(character => char.IsAsciiDigit(character) || character is '-' or '.')
                && decimal.TryParse(text, Plain, CultureInfo.InvariantCulture, out var amount) && Math.Abs(amount) < Limit && amount.Scale <= 8
                ? amount
                : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>A moment says its distance from UTC, or two sides in two zones would read two moments.</summary>
    private sealed class MomentConverter : JsonConverter<DateTimeOffset>
    {
        private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK"];

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { Length: >= 20 and <= 33 } text || !(text[^1] == 'Z' || text[^6] is '+' or '-'))
                throw new JsonException();
            return DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) && moment.Year is > 1800 and < 9000
                ? moment.ToUniversalTime()
                : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
    }
}
