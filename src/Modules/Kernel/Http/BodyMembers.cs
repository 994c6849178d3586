using System.Text.Json;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// Reads the members of a body and keeps account of what cannot be read as the schema says (U010). Null is a wrong type too: a member
/// without a value is left out (OB-GEN-5).
/// </summary>
public sealed class BodyMembers
{
    /// <summary>Everything that was wrong so far, in the order of reading (OB-ERR-5).</summary>
    public List<ApiFault> Faults { get; } = [];

    /// <param name="at">Where the parent stands; empty for the body itself.</param>
    public JsonElement? Object(JsonElement parent, string name, string at = "") => Of(parent, name, at, "an object", value => value.ValueKind == JsonValueKind.Object);

    public string? Text(JsonElement parent, string name, string at = "") => Of(parent, name, at, "a string", value => value.ValueKind == JsonValueKind.String)?.GetString();

    public bool? Flag(JsonElement parent, string name, string at = "") =>
        Of(parent, name, at, "true or false", value => value.ValueKind is JsonValueKind.True or JsonValueKind.False)?.GetBoolean();

    public int? Integer(JsonElement parent, string name, string at = "") =>
        Of(parent, name, at, "an integer", value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _))?.GetInt32();

    public IReadOnlyList<string>? Texts(JsonElement parent, string name, string at = "")
    {
        if (Of(parent, name, at, "an array", value => value.ValueKind == JsonValueKind.Array) is not { } array) return null;
        var texts = new List<string>();
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String) texts.Add(item.GetString()!);
            else Wrong("a string", $"{Inside(at, name)}[{texts.Count}]");
        }

        return texts;
    }

    /// <summary>Where the schema closes an object, nothing else may be in it (OB-GEN-16).</summary>
    public void Only(JsonElement parent, string at, params ReadOnlySpan<string> names)
    {
        foreach (var member in parent.EnumerateObject())
        {
            if (!names.Contains(member.Name))
                Faults.Add(new ApiFault("U010", "OB-GEN-16", "There is no such member here.", Shortened.To(500, Inside(at, member.Name)) is { Length: > 0 } path ? path : null));
        }
    }

    private JsonElement? Of(JsonElement parent, string name, string at, string what, Predicate<JsonElement> fits)
    {
        if (!parent.TryGetProperty(name, out var member)) return null;
        if (fits(member)) return member;
        Wrong(what, Inside(at, name));
        return null;
    }

    private void Wrong(string what, string path) => Faults.Add(new ApiFault("U010", "OB-GEN-5", $"Must be {what}.", path));

    private static string Inside(string at, string name) => at.Length == 0 ? name : $"{at}.{name}";
}
