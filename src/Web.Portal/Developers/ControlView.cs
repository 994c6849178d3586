namespace OpenBanking.Web.Portal.Developers;

/// <summary>The sandbox's control as a page shows it; null instead of subjects where it is still closed.</summary>
/// <param name="Problem">Why it was not opened.</param>
public sealed record ControlView(IReadOnlyList<ControlSubject>? Subjects, ControlResult? Result = null, string? Problem = null);

/// <summary>Operations that belong together.</summary>
public sealed record ControlSubject(string Name, IReadOnlyList<ControlOperation> Operations);

/// <summary>An operation with the fields of its form; none is offered that this build does not have.</summary>
public sealed record ControlOperation(string Name, string Effect, bool IsOffered, IReadOnlyList<ControlField> Fields);

/// <summary>One field.</summary>
/// <param name="Kind">string, integer or boolean; anything else is written as JSON.</param>
/// <param name="Values">All that may be said; null where it is free.</param>
/// <param name="Suggestions">What a tester may want to say.</param>
/// <param name="Given">What was said before.</param>
public sealed record ControlField(
    string Name, string? Kind, bool IsOptional, string? Hint, IReadOnlyList<string>? Values, IReadOnlyList<string> Suggestions, string? Given);

/// <summary>What became of the last form.</summary>
public sealed record ControlResult(string Operation, bool IsDone, string Answer);
