using System.Buffers;
using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpenBanking.Identity.Clients;

/// <summary>
/// A distinguished name as what it is: a sequence of sets of attributes, each an object identifier and a value (MTLS-04). As text the
/// same name has many spellings, and names that differ can be spelt alike (MT-05).
/// </summary>
internal sealed class DistinguishedName : IEquatable<DistinguishedName>
{
    private const int MaxLength = 2048;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CN"] = "2.5.4.3",
        ["SERIALNUMBER"] = "2.5.4.5",
        ["C"] = "2.5.4.6",
        ["L"] = "2.5.4.7",
        ["ST"] = "2.5.4.8",
        ["S"] = "2.5.4.8",
        ["STREET"] = "2.5.4.9",
        ["O"] = "2.5.4.10",
        ["OU"] = "2.5.4.11",
        ["businessCategory"] = "2.5.4.15",
        ["organizationIdentifier"] = "2.5.4.97",
        ["UID"] = "0.9.2342.19200300.100.1.1",
        ["DC"] = "0.9.2342.19200300.100.1.25",
        ["emailAddress"] = "1.2.840.113549.1.9.1",
        ["E"] = "1.2.840.113549.1.9.1",
        ["jurisdictionC"] = "1.3.6.1.4.1.311.60.2.1.3",
        ["jurisdictionCountryName"] = "1.3.6.1.4.1.311.60.2.1.3",
    };

    /// <summary>In the order of the encoded form, each set sorted, each attribute as <c>oid=value</c>.</summary>
    private readonly string[][] name;

    private DistinguishedName(IEnumerable<List<string>> sets) =>
        name = [.. sets.Select(set => set.Order(StringComparer.Ordinal).ToArray())];

    /// <summary>Reads the text form of RFC 4514; null for what is none.</summary>
    public static DistinguishedName? Parse(string text)
    {
        if (text.Length is 0 or > MaxLength) return null;
        var sets = new List<List<string>>();
        var at = 0;
        while (true)
        {
            var set = new List<string>();
            char? separator;
            do
            {
                if (Attribute(text, ref at) is not { } attribute) return null;
                set.Add(attribute);
                separator = at < text.Length ? text[at++] : null;
            }
            while (separator == '+');
            sets.Add(set);
            if (separator is null) break;
        }

        // RFC 4514 2.1: the text starts with the last set.
        sets.Reverse();
        return new DistinguishedName(sets);
    }

    /// <summary>Reads a certificate's name; null where a value is of no kind that can be compared.</summary>
    public static DistinguishedName? Of(X500DistinguishedName subject)
    {
        var sets = new List<List<string>>();
        var sequence = new AsnReader(subject.RawData, AsnEncodingRules.BER).ReadSequence();
        while (sequence.HasData)
        {
            var set = new List<string>();
            var members = sequence.ReadSetOf(skipSortOrderValidation: true);
            while (members.HasData)
            {
                var attribute = members.ReadSequence();
                var oid = attribute.ReadObjectIdentifier();
                if (Value(attribute.ReadEncodedValue().Span) is not { } value) return null;
                set.Add(oid + "=" + value);
            }

            sets.Add(set);
        }

        return new DistinguishedName(sets);
    }

    /// <summary>Each attribute, its value as it is compared.</summary>
    public IEnumerable<(string Oid, string Value)> Attributes => name.SelectMany(set => set).Select(attribute =>
    {
        var at = attribute.IndexOf('=', StringComparison.Ordinal);
        return (attribute[..at], attribute[(at + 1)..]);
    });

    /// <summary>A value as it is compared; null for what can be none.</summary>
    public static string? Fold(string value) => Folded(value);

    public bool Equals(DistinguishedName? other) =>
        other is not null
        && name.Length == other.name.Length
        && name.Zip(other.name).All(pair => pair.First.SequenceEqual(pair.Second, StringComparer.Ordinal));

    public override bool Equals(object? obj) => Equals(obj as DistinguishedName);

    public override int GetHashCode() => name.Length;

    /// <summary>Reads <c>type=value</c> and stops before the separator.</summary>
    private static string? Attribute(string text, ref int at)
    {
        var equals = text.IndexOf('=', at);
        if (equals < 0) return null;
        if (OidOf(text[at..equals].Trim(' ')) is not { } oid) return null;
        at = equals + 1;
        while (at < text.Length && text[at] == ' ') at++;

        var value = at < text.Length && text[at] == '#' ? HexValue(text, ref at) : StringValue(text, ref at);
        return value is null ? null : oid + "=" + value;
    }

    private static string? OidOf(string type)
    {
        if (Keywords.TryGetValue(type, out var oid)) return oid;
        var dotted = type.StartsWith("OID.", StringComparison.OrdinalIgnoreCase) ? type[4..] : type;
        return dotted.Contains('.', StringComparison.Ordinal)
            && dotted.Split('.').All(part => part.Length > 0 && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0'))
            ? dotted
            : null;
    }

    /// <summary>RFC 4514 2.4: <c>#</c> and the encoded value in hexadecimal.</summary>
    private static string? HexValue(string text, ref int at)
    {
        var end = text.AsSpan(at).IndexOfAny(",+;");
        var hex = text.AsSpan(at + 1, (end < 0 ? text.Length - at : end) - 1).TrimEnd(' ');
        at = end < 0 ? text.Length : at + end;
        if (hex.IsEmpty || hex.Length % 2 != 0 || hex.ContainsAnyExcept(HexDigits)) return null;
        try
        {
            return Value(Convert.FromHexString(hex));
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static string? StringValue(string text, ref int at)
    {
        // Bytes, because an escape may be one byte of a character.
        var bytes = new List<byte>();
        var kept = 0; // Spaces at the end count only where they were escaped.
        for (; at < text.Length && text[at] is not (',' or '+' or ';'); at++)
        {
            if (text[at] is '"' or '<' or '>' or '\0') return null;
            if (text[at] == '\\')
            {
                if (Escaped(text, ref at) is not { } escaped) return null;
                bytes.Add(escaped);
                kept = bytes.Count;
                continue;
            }

            var length = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
            bytes.AddRange(Encoding.UTF8.GetBytes(text, at, length));
            if (text[at] != ' ') kept = bytes.Count;
            at += length - 1;
        }

        return kept == 0 ? null : Folded(Encoding.UTF8.GetString([.. bytes[..kept]]));
    }

    private static byte? Escaped(string text, ref int at)
    {
        if (at + 1 >= text.Length) return null;
        if (text[at + 1] is ' ' or '"' or '#' or '+' or ',' or ';' or '<' or '=' or '>' or '\\') return (byte)text[++at];
        if (at + 2 >= text.Length || !byte.TryParse(text.AsSpan(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)) return null;
        at += 2;
        return value;
    }

    private static string? Value(ReadOnlySpan<byte> encoded)
    {
        var tag = Asn1Tag.Decode(encoded, out _);
        if (tag.TagClass != TagClass.Universal) return null;
        var kind = (UniversalTagNumber)tag.TagValue;
        if (kind is not (UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String
            or UniversalTagNumber.T61String or UniversalTagNumber.BMPString or UniversalTagNumber.NumericString or UniversalTagNumber.VisibleString))
        {
            return null;
        }

        return Folded(AsnDecoder.ReadCharacterString(encoded, AsnEncodingRules.BER, kind, out _));
    }

    /// <summary>RFC 4518 in what matters here: case and runs of spaces do not count. A NUL has no place in a name.</summary>
    private static string? Folded(string value)
    {
        if (value.Contains('\0', StringComparison.Ordinal)) return null;
        var folded = string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToUpperInvariant();
        return folded.Length == 0 ? null : folded;
    }
}
