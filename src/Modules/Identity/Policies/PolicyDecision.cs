namespace OpenBanking.Identity.Policies;

/// <summary>What was decided, of what, and by which rules.</summary>
/// <param name="Matched">Every rule whose conditions hold, in order; also those that gave nothing to do any more.</param>
/// <param name="Due">The rule that decided; null where nothing stands in the way.</param>
/// <param name="RetryAfter">When to try again, where that is known.</param>
internal sealed record PolicyDecision(Signals Signals, IReadOnlyList<PolicyRule> Matched, PolicyRule? Due, TimeSpan? RetryAfter)
{
    public const string UsualAdvice = "Please try again later, or call us.";

    private const string NothingUnusual = "Nothing was unusual.";

    public Verdict Verdict => Due?.Verdict ?? Verdict.Allow;

    /// <summary>Why, for the sign-in history. Where all was allowed in the end, what was unusual about it.</summary>
    public string Reason
    {
        get
        {
            if (Due is { } due) return due.Reason;
            if (Matched.Count == 0) return NothingUnusual;
            var reason = Matched.MaxBy(rule => rule.Verdict)!.Reason; // the first of the strongest
            return Signals.HasConfirmed && Matched.Any(rule => rule.Verdict == Verdict.AskAgain) ? reason + " You confirmed it with your passkey." : reason;
        }
    }

    /// <summary>What the customer reads at this moment: why, and what to do.</summary>
    public string Message => Verdict switch
    {
        Verdict.Allow => Reason,
        Verdict.AskAgain => $"{Reason} Please use your passkey once more.",
        Verdict.Delay => $"{Reason} Please try again in {Spans.Words(RetryAfter ?? TimeSpan.FromSeconds(1))}.",
        Verdict.Refuse => $"{Reason} {Due!.Advice ?? UsualAdvice}",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Whole seconds, for <c>Retry-After</c>: never 0, which a program would take for now.</summary>
    public int? RetryAfterSeconds => RetryAfter is { } wait ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : null;

    /// <summary>Judges signals by rules. A wait that is over and a confirmation that was given leave nothing due of their rules.</summary>
    /// <param name="waitLeft">How much of a delay is left, for the rules that match; zero or less where it is over.</param>
    /// <param name="refusalLeft">How long a refusal will hold, where that is known.</param>
    public static PolicyDecision Of(
        Signals signals, IEnumerable<PolicyRule> rules, Func<PolicyRule, TimeSpan> waitLeft, Func<PolicyRule, TimeSpan?> refusalLeft)
    {
        var matched = rules.Where(rule => rule.Matches(signals)).ToList();
        PolicyRule? due = null;
        TimeSpan? wait = null;
        foreach (var rule in matched.Where(rule => rule.Verdict > Verdict.Allow))
        {
            if (due is not null && rule.Verdict <= due.Verdict) continue;
            if (rule.Verdict == Verdict.AskAgain && signals.HasConfirmed) continue;
            var left = rule.Verdict switch
            {
                Verdict.Delay => waitLeft(rule),
                Verdict.Refuse => refusalLeft(rule),
                _ => null,
            };
            if (rule.Verdict == Verdict.Delay && left <= TimeSpan.Zero) continue;
            (due, wait) = (rule, left);
        }

        return new PolicyDecision(signals, matched, due, wait);
    }
}
