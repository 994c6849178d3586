using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OpenBanking.Kernel.Http.Requests;

/// <summary>
/// What the standard's files say of a request body, read from <c>schemas.json</c>: every schema that a request of payments or of VRP
/// can reach, as version 4.0.1 has it and wide enough for 4.0. What the files leave open (supported schemes, currencies, limits) is for the
/// rules of each resource. All that is wrong is said at once, in document order (OB-ERR-5).
/// </summary>
public sealed class RequestSchema
{
    private static readonly Lazy<JsonElement> All = new(Load);
    private static readonly ConcurrentDictionary<(string Family, string Name), RequestSchema> Known = new();
    private static readonly ConcurrentDictionary<string, Regex> Patterns = new(StringComparer.Ordinal);
    private readonly JsonElement definitions;
    private readonly JsonElement root;

    private RequestSchema(string family, string name)
    {
        definitions = All.Value.GetProperty(family);
        root = definitions.GetProperty(name);
    }

    /// <summary>A schema by the file it stands in and its name there.</summary>
    /// <param name="family"><c>payment-initiation</c> or <c>vrp</c>.</param>
    public static RequestSchema Of(string family, string name) => Known.GetOrAdd((family, name), key => new RequestSchema(key.Family, key.Name));

    /// <summary>Everything in a body that is not as the schema says.</summary>
    public IReadOnlyList<ApiFault> Faults(JsonElement body)
    {
        var faults = new List<ApiFault>();
        Judge(root, body, "", faults);
        return faults;
    }

    /// <summary>Whether statements and schemes of this bank can carry a text: printable letters and signs of European scripts, no pictures, no controls.</summary>
    public static bool CanCarry(string text) =>
        text.All(character => character is >= ' ' and < '\u007f' or >= '\u00a0' and <= '\u024f' or '\u20ac' or '\u2013' or '\u2019');

    private void Judge(JsonElement schema, JsonElement value, string path, List<ApiFault> faults)
    {
        if (schema.TryGetProperty("$ref", out var reference)) schema = definitions.GetProperty(reference.GetString()!);
        if (schema.TryGetProperty("allOf", out var all))
        {
            foreach (var one in all.EnumerateArray()) Judge(one, value, path, faults);
        }

        if (schema.TryGetProperty("oneOf", out var some)) JudgeAny(some, value, path, faults);
        if (schema.TryGetProperty("type", out var type) && !IsOf(type, value))
        {
            // Null is a wrong type too: a member without a value is left out.
            faults.Add(new ApiFault("U010", "OB-GEN-5", $"Must be of type {type.ToString().Trim('[', ']').Replace("\"", "", StringComparison.Ordinal)}.", NullIfEmpty(path)));
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Object: JudgeObject(schema, value, path, faults); break;
            case JsonValueKind.Array: JudgeArray(schema, value, path, faults); break;
            case JsonValueKind.String: JudgeText(schema, value.GetString()!, path, faults); break;
        }
    }

    private void JudgeAny(JsonElement some, JsonElement value, string path, List<ApiFault> faults)
    {
        List<ApiFault>? first = null;
        foreach (var one in some.EnumerateArray())
        {
            var found = new List<ApiFault>();
            Judge(one, value, path, found);
            if (found.Count == 0) return;
            first ??= found;
        }

        if (first is not null) faults.AddRange(first);
    }

    private void JudgeObject(JsonElement schema, JsonElement value, string path, List<ApiFault> faults)
    {
        var hasMembers = schema.TryGetProperty("properties", out var members);
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!).ToList() : [];

        // In the order of the schema, which is that of the documentation.
        if (hasMembers)
        {
            foreach (var member in members.EnumerateObject())
            {
                if (value.TryGetProperty(member.Name, out var given)) Judge(member.Value, given, Inside(path, member.Name), faults);
                else if (required.Contains(member.Name)) faults.Add(new ApiFault("U004", "PY-21", $"{member.Name} is missing.", Inside(path, member.Name)));
            }
        }

        // The schema decides where unknown members are refused; elsewhere they are let be (OB-GEN-16).
        if (!schema.TryGetProperty("additionalProperties", out var additional) || additional.ValueKind != JsonValueKind.False) return;
        foreach (var member in value.EnumerateObject().Where(member => !hasMembers || !members.TryGetProperty(member.Name, out _)))
            faults.Add(new ApiFault("U010", "OB-GEN-16", "There is no such member here.", Shortened.To(500, Inside(path, member.Name))));
    }

    private void JudgeArray(JsonElement schema, JsonElement value, string path, List<ApiFault> faults)
    {
        var count = value.GetArrayLength();
        if (Number(schema, "minItems") is { } least && count < least) faults.Add(Invalid($"Must have {least} items or more.", path));
        if (Number(schema, "maxItems") is { } most && count > most) faults.Add(Invalid($"Must have {most} items at most.", path));
        if (!schema.TryGetProperty("items", out var items)) return;
        var index = 0;
        foreach (var item in value.EnumerateArray()) Judge(items, item, $"{path}[{index++}]", faults);
    }

    private static void JudgeText(JsonElement schema, string text, string path, List<ApiFault> faults)
    {
        if (!CanCarry(text)) faults.Add(new ApiFault("U002", "OB-GEN-4", "Has a character that payments cannot carry.", path));
        else if (Number(schema, "minLength") is { } least && text.Length < least) faults.Add(Invalid($"Must have {least} characters or more.", path));
        else if (Number(schema, "maxLength") is { } most && text.Length > most) faults.Add(Invalid($"Must have {most} characters at most.", path));
        else if (schema.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(value => value.ValueEquals(text))) faults.Add(Invalid("Is none of the values that there are.", path));
        else if (schema.TryGetProperty("pattern", out var pattern) && !PatternOf(pattern.GetString()!).IsMatch(text)) faults.Add(Invalid("Is not written as it must be.", path));
        else if (schema.TryGetProperty("format", out var format) && format.ValueEquals("date-time") && IsoDateTime.Parse(text) is null)
            faults.Add(new ApiFault("U003", "OB-DAT-8", "Must be an ISO 8601 date and time.", path));
    }

    // A value that cannot be supported is an error, never passed over.
    private static ApiFault Invalid(string message, string path) => new("U002", "OB-GEN-8", message, path);

    private static bool IsOf(JsonElement type, JsonElement value) => type.ValueKind == JsonValueKind.Array
        ? type.EnumerateArray().Any(one => IsOf(one, value))
        : type.GetString() switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            _ => value.ValueKind == JsonValueKind.Number,
        };

    private static int? Number(JsonElement schema, string name) => schema.TryGetProperty(name, out var value) ? value.GetInt32() : null;

    private static string Inside(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string? NullIfEmpty(string path) => path.Length == 0 ? null : path;

    // ECMAScript's digits are ASCII, and its end is the very end, where .NET's $ lets a line break stand behind it.
    private static Regex PatternOf(string pattern) => Patterns.GetOrAdd(
        pattern, static text => new Regex(text.Replace("$", @"\z", StringComparison.Ordinal), RegexOptions.ECMAScript, TimeSpan.FromMilliseconds(100)));

    private static JsonElement Load()
    {
        using var file = typeof(RequestSchema).Assembly.GetManifestResourceStream("requests.json") ?? throw new InvalidOperationException("The schemas of requests are missing.");
        return JsonDocument.Parse(file).RootElement;
    }
}
