using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Identity.Clients;

/// <summary>What cannot stand in a client's metadata.</summary>
/// <param name="Code">RFC 7591's error code (DCR-03).</param>
/// <param name="Rule">The line of the requirement list that was broken: the log's reason.</param>
/// <param name="What">The rest of a sentence that begins with the client: names the member, quotes no value.</param>
internal sealed record MetadataFault(string Code, string Rule, string What)
{
    public const string InvalidMetadata = "invalid_client_metadata";
    public const string InvalidRedirectUri = "invalid_redirect_uri";
}

/// <summary>
/// Reads the members of a client's metadata by their types and keeps what was taken of them, so that an answer can say so (DCR-04).
/// It goes on after a fault with harmless values; the first fault counts.
/// </summary>
internal sealed class MetadataReader(JsonElement json)
{
    private const int MaxNameLength = 100;

    public MetadataFault? Fault { get; private set; }

    /// <summary>Each member that was looked at and has a value, as it will hold.</summary>
    public JsonObject Taken { get; } = [];

    /// <summary>Words that are known but not offered here, with their member.</summary>
    public List<string> LeftOut { get; } = [];

    public void Refuse(string rule, string what, string code = MetadataFault.InvalidMetadata) => Fault ??= new MetadataFault(code, rule, what);

    public bool Has(string name) => json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The member as it was sent; undefined where it was not.</summary>
    public JsonElement Raw(string name) => Has(name) ? json.GetProperty(name) : default;

    public IEnumerable<string> Names => json.EnumerateObject().Select(member => member.Name);

    public string? Text(string name)
    {
        if (!Has(name)) return null;
        var value = json.GetProperty(name);
        if (value.ValueKind != JsonValueKind.String || value.GetString() is not { Length: > 0 } text || text.Contains('\0', StringComparison.Ordinal))
        {
            Refuse("DCR-01", $"has a {name} that is no text");
            return null;
        }

        Taken[name] = text;
        return text;
    }

    /// <summary>The text; empty after a fault.</summary>
    public string Needed(string name, string rule)
    {
        if (Text(name) is { } text) return text;
        Refuse(rule, $"has no {name}");
        return "";
    }

    public bool? Flag(string name)
    {
        if (!Has(name)) return null;
        if (json.GetProperty(name).ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Refuse("DCR-01", $"has a {name} that is neither true nor false");
            return null;
        }

        Taken[name] = json.GetProperty(name).GetBoolean();
        return json.GetProperty(name).GetBoolean();
    }

    public string[] List(string name)
    {
        if (!Has(name)) return [];
        var value = json.GetProperty(name);
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String || item.GetString()!.Contains('\0', StringComparison.Ordinal)))
        {
            Refuse("DCR-01", $"has a {name} that is no list of texts");
            return [];
        }

        string[] items = [.. value.EnumerateArray().Select(item => item.GetString()!)];
        Keep(name, items);
        return items;
    }

    /// <summary>The words of a text between spaces.</summary>
    public string[] Words(string name) => Text(name)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>One of the words there are; where the member is missing, what holds then.</summary>
    public string OneOf(string name, IReadOnlyList<string> words, string otherwise, string rule)
    {
        var text = Has(name) ? Text(name) ?? "" : otherwise;
        if (!words.Contains(text, StringComparer.Ordinal)) Refuse(rule, $"has an unknown word in {name}");
        Taken[name] = text;
        return text;
    }

    /// <summary>Of words each of which is known, those that are offered here. The others are left out, and the answer shows it.</summary>
    public string[] Offered(string name, IReadOnlyDictionary<string, bool> words, string[] given, string[] otherwise, string rule)
    {
        if (!Has(name)) return otherwise;
        if (given.Any(word => !words.ContainsKey(word))) Refuse(rule, $"has an unknown word in {name}");
        LeftOut.AddRange(given.Where(word => words.TryGetValue(word, out var offered) && !offered).Select(word => $"{word} in {name}"));
        return [.. given.Where(word => words.GetValueOrDefault(word)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>An address that a page may link to, <c>https</c> and nothing else; the server never calls it (DC-16).</summary>
    public string? Link(string name)
    {
        if (Text(name) is not { } text) return null;
        if (text.Length <= 2000 && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.UserInfo.Length == 0) return text;
        Refuse("DCR-14", $"has a {name} that is not https");
        return null;
    }

    /// <summary>A name that customers read: no control characters, nothing that turns the direction of reading (DC-17).</summary>
    public string? Name(string name, int most = MaxNameLength)
    {
        if (Text(name) is not { } text) return null;
        var isPlain = text.Length <= most && text.EnumerateRunes().All(rune => Rune.GetUnicodeCategory(rune)
            is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));
        if (isPlain) return text;
        Refuse("DC-17", $"has a {name} that is too long or has characters that cannot be shown");
        return null;
    }

    /// <summary>Notes what a member has come to.</summary>
    public void Keep(string name, IEnumerable<string> items) => Taken[name] = new JsonArray([.. items.Select(item => (JsonNode)item)]);
}
