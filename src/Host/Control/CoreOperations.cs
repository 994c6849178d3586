using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

/// <summary>How the bank's own system behaves, whichever it is: the built-in ledger or one that is connected.</summary>
internal sealed class CoreOperations(SandboxState state)
{
    public static readonly IReadOnlyList<Operation> All =
    [
        Operation.Of<CoreOperations>(
            "down",
            "The core does not answer; with a delay it answers, but slowly.",
            [
                new("on", "boolean"),
                new("delayMilliseconds", "integer", Optional: true, Hint: "How long each answer takes, at most 60000; without it there is no answer."),
            ],
            (subject, given, ct) => subject.TakeDownAsync(given, ct)),
        Operation.Of<CoreOperations>(
            "fields",
            "The core answers with members that nobody has asked for.",
            [new("on", "boolean")],
            (subject, given, ct) => subject.SayTooMuchAsync(given, ct)),
    ];

    private async Task<Outcome<JsonObject, string>> TakeDownAsync(JsonElement given, CancellationToken ct)
    {
        var on = given.GetProperty("on").GetBoolean();
        var delay = given.TryGetProperty("delayMilliseconds", out var milliseconds) ? milliseconds.GetInt64() : 0;
        if (delay < 0 || delay > CoreConduct.LongestDelay.TotalMilliseconds) return "delayMilliseconds must be from 0 to 60000";
        await state.TakeDownAsync(on && delay == 0, TimeSpan.FromMilliseconds(on ? delay : 0), ct);
        return new JsonObject { ["on"] = on, ["delayMilliseconds"] = on ? delay : 0 };
    }

    private async Task<Outcome<JsonObject, string>> SayTooMuchAsync(JsonElement given, CancellationToken ct)
    {
        var on = given.GetProperty("on").GetBoolean();
        await state.SayTooMuchAsync(on, ct);
        return new JsonObject { ["on"] = on };
    }
}
