using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

internal sealed class ChoiceOperations(SandboxState state)
{
    private const string Wanted =
        """
        region: UK or EU; cutOff: {"type":"domestic-payments","strategy":"reject","at":"17:30"}; holidays: ["2026-12-25"]; initialOrderStatus: RCVD or PDNG; allowPastVrpStart: true or false. null puts the choice back.
        """;

    public static readonly IReadOnlyList<Operation> All =
    [
        Operation.Of<ChoiceOperations>(
            "setting",
            "One of the bank's documented choices; null puts it back.",
            [
                new("name", "string", Values: [.. BankChoices.Schemas.Keys]),
                new("value", null, Hint: Wanted, Detail: $$"""{"anyOf":[{{string.Join(',', BankChoices.Schemas.Select(Titled))}},{"type":"null"}]}"""),
            ],
            (subject, given, ct) => subject.ChooseAsync(given, ct)),
    ];

    private static string Titled(KeyValuePair<string, string> choice)
    {
        var schema = JsonNode.Parse(choice.Value)!.AsObject();
        schema.Insert(0, "title", choice.Key);
        return schema.ToJsonString();
    }

    private async Task<Outcome<JsonObject, string>> ChooseAsync(JsonElement given, CancellationToken ct)
    {
        var (name, value) = (given.GetProperty("name").GetString()!, given.GetProperty("value"));
        if ((await state.ChooseAsync(name, value, ct)) is { } problem) return problem;
        return new JsonObject { ["name"] = name, ["value"] = JsonNode.Parse(value.GetRawText()) };
    }
}
