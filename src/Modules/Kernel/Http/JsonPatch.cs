using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Kernel.Http;

/// <summary>Changes to a JSON document as a list of operations (RFC 6902). All of them are made, or none: the document that is given stays as it is.</summary>
public static class JsonPatch
{
    /// <summary>More than any resource of the standard has members.</summary>
    private const int MostOperations = 100;

    /// <summary>The document with all changes, or what is wrong with the first that cannot be made.</summary>
    public static Outcome<JsonNode, ApiFault> Apply(JsonNode document, JsonElement operations)
    {
        ArgumentNullException.ThrowIfNull(document);
        var changed = document.DeepClone();
        if (operations.GetArrayLength() is 0 or > MostOperations) return Fault("U002", $"There must be 1 to {MostOperations} operations.", null);
        var number = 0;
        foreach (var operation in operations.EnumerateArray())
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"[{number++}]");
            if (Read(operation) is not { } read) return Fault("U010", "Must be an operation with its members.", place);
            if (!TryMake(read, ref changed)) return Fault("U002", "Cannot be made here.", place);
        }

        return changed;
    }

    private static ApiFault Fault(string code, string message, string? path) => new(code, "OB-V401-19", message, path);

    private static Operation? Read(JsonElement operation)
    {
        if (operation.ValueKind != JsonValueKind.Object) return null;
        string? Text(string name) => operation.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
        if (operation.EnumerateObject().Any(member => member.Name is not ("op" or "path" or "from" or "value"))) return null;
        if (Text("op") is not ("add" or "remove" or "replace" or "move" or "copy" or "test") || Pointer(Text("path")) is not { } path) return null;
        var op = Text("op")!;
        var from = Pointer(Text("from"));
        if (op is "move" or "copy" && from is null) return null;
        if (op is "add" or "replace" or "test" && !operation.TryGetProperty("value", out _)) return null;
        return new Operation(op, path, from ?? [], operation.TryGetProperty("value", out var value) ? JsonNode.Parse(value.GetRawText()) : null);
    }

    /// <summary>The steps of a JSON Pointer (RFC 6901); null for what is none.</summary>
    private static string[]? Pointer(string? text) => text switch
    {
        null => null,
        "" => [],
        ['/', ..] => [.. text[1..].Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))],
        _ => null,
    };

    private static bool TryMake(Operation operation, ref JsonNode document)
    {
        switch (operation.Op)
        {
            case "add": return TryAdd(ref document, operation.Path, operation.Value?.DeepClone());
            case "remove": return TryRemove(document, operation.Path);
            case "replace":
                if (!TryFind(document, operation.Path, out _)) return false;
                if (operation.Path.Length > 0 && !TryRemove(document, operation.Path)) return false;
                return TryAdd(ref document, operation.Path, operation.Value?.DeepClone());
            case "test":
                return TryFind(document, operation.Path, out var tested) && JsonNode.DeepEquals(tested, operation.Value);
            case "copy":
                return TryFind(document, operation.From, out var copied) && TryAdd(ref document, operation.Path, copied?.DeepClone());
            default:
                // Nothing is moved into itself.
                if (operation.Path.Length > operation.From.Length && operation.Path.Take(operation.From.Length).SequenceEqual(operation.From, StringComparer.Ordinal)) return false;
                return TryFind(document, operation.From, out var moved) && TryRemove(document, operation.From) && TryAdd(ref document, operation.Path, moved?.DeepClone());
        }
    }

    private static bool TryFind(JsonNode document, ReadOnlySpan<string> path, out JsonNode? found)
    {
        found = document;
        foreach (var step in path)
        {
            switch (found)
            {
                case JsonObject members when members.ContainsKey(step): found = members[step]; break;
                case JsonArray items when Index(step, items.Count - 1) is { } index: found = items[index]; break;
                default: return false;
            }
        }

        return true;
    }

    private static bool TryAdd(ref JsonNode document, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            if (value is null) return false;
            document = value;
            return true;
        }

        if (!TryFind(document, path.AsSpan(0, path.Length - 1), out var parent)) return false;
        switch (parent)
        {
            case JsonObject members: members[path[^1]] = value; return true;
            case JsonArray items when path[^1] == "-": items.Add(value); return true;
            case JsonArray items when Index(path[^1], items.Count) is { } index: items.Insert(index, value); return true;
            default: return false;
        }
    }

    private static bool TryRemove(JsonNode document, string[] path)
    {
        if (path.Length == 0 || !TryFind(document, path.AsSpan(0, path.Length - 1), out var parent)) return false;
        switch (parent)
        {
            case JsonObject members: return members.Remove(path[^1]);
            case JsonArray items when Index(path[^1], items.Count - 1) is { } index: items.RemoveAt(index); return true;
            default: return false;
        }
    }

    private static int? Index(string step, int most) =>
        step.All(char.IsAsciiDigit) && (step.Length == 1 || step is not ['0', ..]) && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= most ? index : null;

    private sealed record Operation(string Op, string[] Path, string[] From, JsonNode? Value);
}
