using System.Globalization;
using System.Text.Json;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

/// <summary>
/// What testers have set, as far as it lasts: the bank's choices and how its core behaves. It is in the database, a row each, so that all
/// hosts follow and a restart forgets nothing; each host looks several times a second.
/// </summary>
internal sealed class SandboxState(HostDatabase database, CurrentChoices choices, SandboxCore core)
{
    private const string Prefix = "control-";
    private const string Choice = Prefix + "choice-";
    private const string CutOffs = Choice + "cutOff-";
    private const string Down = Prefix + "core-down";
    private const string Fields = Prefix + "core-fields";
    private const string Away = "away";

    /// <summary>Changes one of the bank's choices everywhere; answers what is wrong with the wish, if anything.</summary>
    public async Task<string?> ChooseAsync(string name, JsonElement value, CancellationToken ct)
    {
        if (choices.Now.With(name, value).Failed(out var problem, out _)) return problem;
        var isCutOff = Choice + name + '-' == CutOffs;
        if (value.ValueKind == JsonValueKind.Null) await database.RemoveAsync(isCutOff ? CutOffs : Choice + name, ct);
        else await database.WriteAsync(isCutOff ? CutOffs + value.GetProperty("type").GetString() : Choice + name, value.GetRawText(), ct);
        await FollowAsync(ct);
        return null;
    }

    /// <summary>Has the core be away, or slow, or well again.</summary>
    public async Task TakeDownAsync(bool isAway, TimeSpan delay, CancellationToken ct)
    {
        await database.WriteAsync(Down, isAway ? Away : delay.TotalMilliseconds.ToString(CultureInfo.InvariantCulture), ct);
        await FollowAsync(ct);
    }

    /// <summary>Has the core say more than it was asked, or not.</summary>
    public async Task SayTooMuchAsync(bool on, CancellationToken ct)
    {
        await database.WriteAsync(Fields, on ? "on" : "off", ct);
        await FollowAsync(ct);
    }

    /// <summary>Takes over what a host has stored.</summary>
    public async Task FollowAsync(CancellationToken ct)
    {
        var stored = await database.ReadAllAsync(Prefix, ct);
        var chosen = new BankChoices();
        foreach (var (name, value) in stored)
        {
            if (!name.StartsWith(Choice, StringComparison.Ordinal)) continue;
            var known = name.StartsWith(CutOffs, StringComparison.Ordinal) ? "cutOff" : name[Choice.Length..];
            using var json = JsonDocument.Parse(value);

            // What another version has stored and this one does not know stays as it is without it.
            if (!chosen.With(known, json.RootElement).Failed(out _, out var with)) chosen = with;
        }

        choices.Now = chosen;
        var down = stored.GetValueOrDefault(Down);
        var delay = double.TryParse(down, CultureInfo.InvariantCulture, out var milliseconds) ? TimeSpan.FromMilliseconds(milliseconds) : TimeSpan.Zero;
        core.Now = new CoreConduct(down == Away, delay, stored.GetValueOrDefault(Fields) == "on");
    }
}
