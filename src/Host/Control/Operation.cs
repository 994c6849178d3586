using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Host.Control;

/// <summary>Something that a tester can make happen: its name, what it takes, and who does it.</summary>
/// <param name="Effect">What happens, in a sentence.</param>
/// <param name="Run">Null where this build does not have it yet.</param>
internal sealed record Operation(string Name, string Effect, IReadOnlyList<Member> Members, Operation.Doing? Run = null)
{
    /// <summary>Does it: the answer for the tester, or what is wrong with the wish, and then nothing has changed.</summary>
    public delegate Task<Outcome<JsonObject, string>> Doing(IServiceProvider services, JsonElement given, CancellationToken ct);

    /// <summary>A row of a subject's table: its services come with the request.</summary>
    public static Operation Of<TSubject>(
        string name, string effect, IReadOnlyList<Member> members, Func<TSubject, JsonElement, CancellationToken, Task<Outcome<JsonObject, string>>> run)
        where TSubject : class =>
        new(name, effect, members, (services, given, ct) => run(ActivatorUtilities.GetServiceOrCreateInstance<TSubject>(services), given, ct));

    public JsonObject Schema()
    {
        var properties = new JsonObject { ["operation"] = new JsonObject { ["const"] = Name } };
        foreach (var member in Members) properties[member.Name] = member.Schema();
        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = new JsonArray([.. Members.Where(member => !member.Optional).Select(member => (JsonNode)member.Name).Prepend("operation")]),
            ["additionalProperties"] = false,
        };
    }

    public JsonObject Describe() => new() { ["operation"] = Name, ["effect"] = Effect, ["offered"] = Run is not null, ["schema"] = Schema() };

    public string? FirstProblem(JsonElement given)
    {
        foreach (var property in given.EnumerateObject())
        {
            if (property.Name != "operation" && Members.All(member => member.Name != property.Name)) return $"{Name} has no such member; GET lists them";
        }

        foreach (var member in Members)
        {
            var isThere = given.TryGetProperty(member.Name, out var value);
            if (!isThere && !member.Optional) return $"{member.Name} is missing";
            if (isThere && member.Problem(given, value) is { } problem) return $"{member.Name} {problem}";
        }

        return null;
    }
}

/// <summary>What a tester says with an operation.</summary>
/// <param name="Type">JSON's own name of its type; null where several will do.</param>
/// <param name="Values">All the texts there are.</param>
/// <param name="Hint">What it is, for whoever reads the list.</param>
/// <param name="Detail">The schema itself, as JSON, where a type does not say enough.</param>
internal sealed record Member(string Name, string? Type, bool Optional = false, string? Hint = null, string[]? Values = null, string? Detail = null)
{
    public JsonObject Schema()
    {
        var schema = Detail is not null ? JsonNode.Parse(Detail)!.AsObject() : [];
        if (Type is not null) schema["type"] = Type;
        if (Values is not null) schema["enum"] = new JsonArray([.. Values.Select(value => (JsonNode)value)]);
        if (Hint is not null) schema["description"] = Hint;
        return schema;
    }

    public string? Problem(JsonElement given, JsonElement value)
    {
        var fits = Type switch
        {
            "string" => Claims.Text(given, Name) is not null, // Half a surrogate pair is no text either.
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "array" => value.ValueKind == JsonValueKind.Array,
            "object" => value.ValueKind == JsonValueKind.Object,
            _ => true,
        };
        if (!fits) return $"must be of type {Type}";
        return Values is not null && !Values.Any(known => value.ValueEquals(known)) ? $"must be one of {string.Join(", ", Values)}" : null;
    }
}
