using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

internal sealed class ClockOperations(SandboxClock clock, HostDatabase database)
{
    public static readonly IReadOnlyList<Operation> All =
    [
        Operation.Of<ClockOperations>(
            "clock",
            "The product's clock against the real one, tokens and consents included; 0 puts it back.",
            [new("offsetMilliseconds", "integer", Hint: "Positive is into the future; at most ten years.")],
            (subject, given, ct) => subject.MoveAsync(given, ct)),
    ];

    private async Task<Outcome<JsonObject, string>> MoveAsync(JsonElement given, CancellationToken ct)
    {
        var offset = given.GetProperty("offsetMilliseconds").GetInt64();
        if (Math.Abs((double)offset) > SandboxClock.Furthest.TotalMilliseconds) return "offsetMilliseconds must be within ten years";
        await database.WriteAsync(SandboxClock.Setting, offset.ToString(CultureInfo.InvariantCulture), ct);
        clock.OffsetMilliseconds = offset;
        return new JsonObject { ["offsetMilliseconds"] = offset, ["now"] = clock.GetUtcNow() };
    }
}
