using Microsoft.Extensions.Logging;

namespace OpenBanking.Identity.Policies;

/// <summary>The security log's lines on decisions: one category, one line a decision, with all that it was made of and no secret.</summary>
internal static partial class DecisionLog
{
    public const string Category = "OpenBanking.Decisions";

    public static void Write(ILoggerFactory logs, PolicyDecision decision, Guid? userId, string? address, string interactionId)
    {
        var signals = decision.Signals;
        Decided(
            logs.CreateLogger(Category),
            decision.Verdict == Verdict.Allow ? LogLevel.Information : LogLevel.Warning,
            decision.Verdict, signals.At, decision.Due?.Name ?? "-", decision.Matched.Count == 0 ? "-" : string.Join(' ', decision.Matched.Select(rule => rule.Name)),
            userId?.ToString("D") ?? "-", address ?? "-", Words(signals), interactionId);
    }

    public static void ThreatChanged(ILoggerFactory logs, ThreatLevel from, ThreatLevel to, string by, string why) =>
        Changed(logs.CreateLogger(Category), from, to, by, why);

    /// <summary>The signals in one text.</summary>
    public static string Words(Signals signals) => FormattableString.Invariant(
        $"threat={signals.Threat} account-failures={signals.AccountFailures} address-failures={signals.AddressFailures} device={(signals.IsNewDevice ? "new" : "known")} country={signals.Country ?? "-"}{(signals.IsNewCountry ? " (new)" : "")} network={signals.Network ?? "-"} unused={signals.Unused?.ToString("c") ?? "-"} confirmed={signals.HasConfirmed}");

    [LoggerMessage(Message = "Decided {Verdict} at {Occasion} by {Rule} of {Matched}, user {UserId}, address {Address}, signals {Signals}, interaction {InteractionId}")]
    private static partial void Decided(
        ILogger logger, LogLevel level, Verdict verdict, Occasion occasion, string rule, string matched, string userId, string address, string signals, string interactionId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Threat level changed from {From} to {To} by {By}, because: {Why}")]
    private static partial void Changed(ILogger logger, ThreatLevel from, ThreatLevel to, string by, string why);
}
