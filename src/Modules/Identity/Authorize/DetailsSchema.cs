using System.Text.Json;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// A JSON Schema that judges by itself: the document that developers read is the one that is enforced (RAR-15). It knows the keywords
/// that our schemas use; a document with another keyword is not taken, since a rule that is published and not kept is worse than none.
/// </summary>
internal sealed class DetailsSchema
{
    /// <summary>Keywords that say something to readers and judge nothing.</summary>
    private static readonly string[] Annotations = ["$schema", "$id", "$defs", "title", "description"];

    private readonly Rules root;

    private DetailsSchema(string document, Rules root)
    {
        Document = document;
        this.root = root;
    }

    /// <summary>The schema as it is published.</summary>
    public string Document { get; }

    /// <exception cref="InvalidOperationException">The document has a keyword that would not be enforced.</exception>
    public static DetailsSchema Of(string document) => new(document, Read(JsonElement.Parse(document)));

    /// <summary>What is wrong with a value, in words that quote nothing of it; null where it is as the schema says.</summary>
    public string? Problem(JsonElement value) => Problem(root, value, "it");

    private static Rules Read(JsonElement schema)
    {
        var rules = new Rules();
        foreach (var keyword in schema.EnumerateObject())
        {
            rules = keyword.Name switch
            {
                "type" => rules with { Type = keyword.Value.GetString() },
                "enum" => rules with { Words = [.. keyword.Value.EnumerateArray().Select(word => word.GetString()!)] },
                "minLength" => rules with { MinLength = keyword.Value.GetInt32() },
                "maxLength" => rules with { MaxLength = keyword.Value.GetInt32() },
                "required" => rules with { Required = [.. keyword.Value.EnumerateArray().Select(name => name.GetString()!)] },
                "properties" => rules with { Properties = keyword.Value.EnumerateObject().ToDictionary(member => member.Name, member => Read(member.Value), StringComparer.Ordinal) },
                "additionalProperties" when keyword.Value.ValueKind == JsonValueKind.False => rules with { IsClosed = true },
                _ when Annotations.Contains(keyword.Name) => rules,
                _ => throw new InvalidOperationException($"A schema of authorization details has the keyword {keyword.Name}, which is not enforced."),
            };
        }

        return rules;
    }

    private static string? Problem(Rules rules, JsonElement value, string where)
    {
        if (rules.Type == "object" && value.ValueKind != JsonValueKind.Object) return $"{where} must be an object";
        if (rules.Type == "string" && value.ValueKind != JsonValueKind.String) return $"{where} must be a string";
        if (rules.Words is { } words && !words.Contains(value.GetString())) return $"{where} must be {string.Join(" or ", words)}";
        if (value.ValueKind == JsonValueKind.String)
        {
            // Counted as JSON Schema counts: characters, not the pieces that they are stored in.
            var length = value.GetString()!.EnumerateRunes().Count();
            if (length < rules.MinLength || length > rules.MaxLength) return $"{where} is too short or too long";
        }

        return value.ValueKind == JsonValueKind.Object ? MembersProblem(rules, value) : null;
    }

    private static string? MembersProblem(Rules rules, JsonElement value)
    {
        if (rules.Required.FirstOrDefault(name => !value.TryGetProperty(name, out _)) is { } missing) return $"{missing} is missing";
        foreach (var member in value.EnumerateObject())
        {
            if (!rules.Properties.TryGetValue(member.Name, out var of))
            {
                if (rules.IsClosed) return "it has an unknown field";
                continue;
            }

            if (Problem(of, member.Value, member.Name) is { } problem) return problem;
        }

        return null;
    }

    private sealed record Rules
    {
        public string? Type { get; init; }

        /// <summary>Of texts only.</summary>
        public string[]? Words { get; init; }

        public int MinLength { get; init; }

        public int MaxLength { get; init; } = int.MaxValue;

        public string[] Required { get; init; } = [];

        public Dictionary<string, Rules> Properties { get; init; } = [];

        public bool IsClosed { get; init; }
    }
}
