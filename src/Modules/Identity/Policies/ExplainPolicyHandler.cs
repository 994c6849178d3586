using System.Globalization;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Policies;

/// <summary>
/// Answers "what would happen if": the same rules and the same judgement as a real decision, on signals that are given. What is not
/// given is as on a quiet day, but the threat level is the present one.
/// </summary>
internal sealed class ExplainPolicyHandler(IdentityDb db, IOptions<PolicyRules> rules) : IRequestHandler<ExplainPolicy, PolicyExplanation>
{
    private static readonly (string Name, string Values, Func<Signals, string, Signals?> Set)[] Known =
    [
        ("at", "signin, approval or activation", (signals, text) => text switch
        {
            "signin" => signals with { At = Occasion.SignIn },
            "approval" => signals with { At = Occasion.Approval },
            "activation" => signals with { At = Occasion.Activation },
            _ => null,
        }),
        ("threat", "normal, raised or high", (signals, text) => Array.Find(Enum.GetValues<ThreatLevel>(), level => ThreatDescriptions.Name(level) == text) is var level && ThreatDescriptions.Name(level) == text
            ? signals with { Threat = level }
            : null),
        ("account-failures", "a whole number", (signals, text) => Number(text) is { } number ? signals with { AccountFailures = number } : null),
        ("address-failures", "a whole number", (signals, text) => Number(text) is { } number ? signals with { AddressFailures = number } : null),
        ("device", "new or known", (signals, text) => text is "new" or "known" ? signals with { IsNewDevice = text == "new" } : null),
        ("country", "two letters", (signals, text) => text.Length == 2 && text.All(char.IsAsciiLetterOrDigit) ? signals with { Country = text.ToUpperInvariant() } : null),
        ("country-is", "new or known", (signals, text) => text is "new" or "known" ? signals with { IsNewCountry = text == "new" } : null),
        ("network", "a text", (signals, text) => text.Length > 0 ? signals with { Network = text } : null),
        ("unused", "a time such as 90s, 10m, 3h or 200d", (signals, text) => Span(text) is { } span ? signals with { Unused = span } : null),
        ("confirmed", "yes or no", (signals, text) => text is "yes" or "no" ? signals with { HasConfirmed = text == "yes" } : null),
    ];

    public async Task<PolicyExplanation> Handle(ExplainPolicy request, CancellationToken cancellationToken)
    {
        var signals = new Signals { At = Occasion.SignIn, Threat = (await db.Threats.SingleAsync(cancellationToken)).Level };
        foreach (var given in request.Signals)
        {
            var (name, value) = given.Split('=', 2) is [var left, var right] ? (left, right.ToLowerInvariant()) : (given, null);
            var known = Array.Find(Known, one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase));
            if (known.Name is null || value is null)
                return new PolicyExplanation($"Signals are given as name=value; there are {string.Join(", ", Known.Select(one => one.Name))}.", []);
            if (known.Set(signals, value) is not { } changed) return new PolicyExplanation($"{known.Name} must be {known.Values}.", []);
            signals = changed;
        }

        return new PolicyExplanation(null, [.. Lines(signals)]);
    }

    private IEnumerable<string> Lines(Signals signals)
    {
        var decision = PolicyDecision.Of(
            signals, rules.Value.InOrder, rule => rule.WaitAfter(signals.AccountFailures),
            rule => rule.AccountFailures is not null || rule.AddressFailures is not null ? FailureCounts.Window : null);
        yield return $"Signals: at={signals.At.ToString().ToLowerInvariant()} {DecisionLog.Words(signals)}";
        yield return "";
        foreach (var rule in rules.Value.InOrder.Where(rule => rule.At.HasFlag(signals.At)))
        {
            var mark = rule == decision.Due ? "decides" : decision.Matched.Contains(rule) ? "matches" : "-";
            var conditions = rule.Conditions(signals).Select(condition => $"{condition.Words}: {(condition.Holds ? "yes" : "no")}");
            yield return $"{mark,-8} {rule.Name,-22} {rule.Verdict,-9} {string.Join(", ", conditions)}";
        }

        yield return "";
        yield return decision.Due is { } due
            ? $"Outcome: {Name(due.Verdict)}{(decision.RetryAfter is { } wait ? $" for {(due.Verdict == Verdict.Delay ? "" : "at most ")}{Spans.Words(wait)}" : "")}, by {due.Name}."
            : "Outcome: allow.";
        yield return $"The customer reads: {decision.Message}";
        yield return $"The history says: {decision.Reason}";
    }

    private static string Name(Verdict verdict) => verdict == Verdict.AskAgain ? "ask again" : verdict.ToString().ToLowerInvariant();

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static TimeSpan? Span(string text) => text.Length > 1 && Number(text[..^1]) is { } number
        ? text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' when number <= 100_000 => TimeSpan.FromDays(number),
            _ => null,
        }
        : null;
}
