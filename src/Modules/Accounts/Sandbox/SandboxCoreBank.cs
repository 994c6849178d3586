using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>
/// Stands before the core bank, whichever it is, and has it behave as a tester wants: away, slow, or with members in its answers that
/// nobody has asked for. It knows no question by name, so that whatever the core can be asked passes here.
/// </summary>
internal class SandboxCoreBank : DispatchProxy
{
    private const string Unasked = "unaskedByAnybody";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(5);
    private static readonly MethodInfo Asking = typeof(SandboxCoreBank).GetMethod(nameof(AskAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private ICoreBank bank = null!;
    private SandboxCore core = null!;
    private UnitOfWork unit = null!;
    private TimeProvider time = null!;

    public static ICoreBank Before(ICoreBank bank, SandboxCore core, UnitOfWork unit, TimeProvider time)
    {
        var proxy = Create<ICoreBank, SandboxCoreBank>();
        var self = (SandboxCoreBank)(object)proxy;
        (self.bank, self.core, self.unit, self.time) = (bank, core, unit, time);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (core.Now == CoreConduct.Usual) return targetMethod!.Invoke(bank, BindingFlags.DoNotWrapExceptions, null, args, null);
        var answer = targetMethod!.ReturnType.GetGenericArguments()[0];
        return Asking.MakeGenericMethod(answer).Invoke(this, BindingFlags.DoNotWrapExceptions, null, [targetMethod, args], null);
    }

    private async Task<T> AskAsync<T>(MethodInfo question, object?[]? args)
    {
        var conduct = core.Now;
        var ct = args?.OfType<CancellationToken>().LastOrDefault() ?? CancellationToken.None;
        if (conduct.IsAway) throw new CoreBankAwayException("the sandbox's core is down", SoonAgain);
        if (conduct.Delay > TimeSpan.Zero) await WaitAsync(conduct.Delay, ct);
        var answer = await (Task<T>)question.Invoke(bank, BindingFlags.DoNotWrapExceptions, null, args, null)!;
        return conduct.SaysTooMuch ? SaidWithMore(answer) : answer;
    }

    /// <summary>No longer than a question may take, and without a connection to the database.</summary>
    private async Task WaitAsync(TimeSpan delay, CancellationToken ct)
    {
        await unit.RestAsync();
        await Task.Delay(delay < Patience ? delay : Patience, time, ct);
        if (delay >= Patience) throw new CoreBankAwayException("the sandbox's core is slow", SoonAgain);
    }

    /// <summary>The answer as it would travel, with more in every object, read as a connected core's is.</summary>
    private static T SaidWithMore<T>(T answer)
    {
        var said = JsonNode.Parse(CoreJson.Write(answer));
        if (said is not (JsonObject or JsonArray)) return answer;
        Add(said);
        return CoreJson.Read<T>(Encoding.UTF8.GetBytes(said.ToJsonString()));
    }

    private static void Add(JsonNode? node)
    {
        if (node is JsonArray items)
        {
            foreach (var item in items) Add(item);
        }
        else if (node is JsonObject members)
        {
            foreach (var (_, member) in members.ToList()) Add(member);
            members[Unasked] = "The customer's dossier";
            members[Unasked + "More"] = new JsonObject { ["score"] = 7, ["notes"] = new JsonArray("private") };
        }
    }
}
