using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Users;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Policies;

/// <summary>What is about to happen and to whom; the rest of the signals is looked up.</summary>
/// <param name="Account">The normalized name: typed at an activation, of the passkey's owner afterwards.</param>
/// <param name="UserId">Whose passkey it was; null at an activation, where nobody has proved anything.</param>
/// <param name="UsedAt">When the passkey was used last: at sign-in before this time, at an approval for this very request.</param>
/// <param name="HasConfirmed">The customer was asked again for this step and has answered.</param>
internal sealed record Attempt(Occasion At, string Account, Guid? UserId = null, DateTimeOffset? UsedAt = null, bool HasConfirmed = false);

/// <summary>
/// Decides each activation, sign-in and approval: gathers the signals, has the rules judge them, and says so in the security log.
/// Nothing is kept in memory, so that every host decides alike.
/// </summary>
internal sealed class AuthenticationPolicy(
    IdentityDb db, IOptions<PolicyRules> rules, FailureCounts failures, KnownDevices devices, PolicyWaits waits, TimeProvider clock, ILoggerFactory logs)
{
    /// <summary>A device that was first used for a sign-in just now is no old acquaintance at the approval that follows.</summary>
    private static readonly TimeSpan NewAtApprovalFor = TimeSpan.FromHours(1);

    private const int LongestNetwork = 64;

    /// <param name="http">The request; null where a program of our own acts for the customer.</param>
    public async Task<PolicyDecision> DecideAsync(HttpContext? http, Attempt attempt, CancellationToken ct)
    {
        var address = http?.Connection.RemoteIpAddress;
        if (attempt.At == Occasion.Activation) await failures.TakeTurnAsync(attempt.Account, ct);
        var (ofAccount, ofAddress) = await failures.FindAsync(attempt.Account, address, ct);
        var signals = await SignalsAsync(http, attempt, ofAccount, ofAddress, ct);
        var left = await WaitsAsync(http, attempt, signals, ofAccount, ofAddress, ct);
        var decision = PolicyDecision.Of(signals, rules.Value.InOrder, rule => left[rule.Name], rule => UntilForgotten(rule, ofAccount, ofAddress));
        DecisionLog.Write(logs, decision, attempt.UserId, address?.ToString(), http?.InteractionIdentifier() ?? "-");
        return decision;
    }

    private async Task<Signals> SignalsAsync(HttpContext? http, Attempt attempt, FailureCount? ofAccount, FailureCount? ofAddress, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var country = Country(http);
        return new Signals
        {
            At = attempt.At,
            Threat = (await db.Threats.SingleAsync(ct)).Level,
            AccountFailures = ofAccount?.Failures ?? 0,
            AddressFailures = ofAddress?.Failures ?? 0,
            IsNewDevice = http is not null && attempt.UserId is { } user && await IsNewDeviceAsync(http, attempt.At, user, now, ct),
            Country = country,
            IsNewCountry = country is not null && attempt.UserId is { } customer && await IsNewCountryAsync(customer, country, attempt.At, now, ct),
            Network = Said(http, rules.Value.NetworkHeader, value => value.Length <= LongestNetwork),
            Unused = now - attempt.UsedAt,
            HasConfirmed = attempt.HasConfirmed,
        };
    }

    /// <summary>The country of a request, where a listed proxy says one.</summary>
    public string? Country(HttpContext? http) =>
        Said(http, rules.Value.CountryHeader, value => value.Length == 2 && value.All(char.IsAsciiLetterOrDigit))?.ToUpperInvariant();

    private static string? Said(HttpContext? http, string? header, Func<string, bool> isGood) =>
        http is not null && header is not null && ForwardedFrom.ProxyOf(http) is not null
        && http.Request.Headers[header] is { Count: 1 } values && values[0]?.Trim() is { Length: > 0 } value
        && value.All(character => character is >= ' ' and <= '~') && isGood(value)
            ? value
            : null;

    private async Task<bool> IsNewDeviceAsync(HttpContext http, Occasion at, Guid userId, DateTimeOffset now, CancellationToken ct)
    {
        var device = await devices.FindAsync(http, userId, ct);
        return device is null || (at == Occasion.Approval && device.FirstSeenAt > now - NewAtApprovalFor);
    }

    private async Task<bool> IsNewCountryAsync(Guid userId, string country, Occasion at, DateTimeOffset now, CancellationToken ct)
    {
        var before = at == Occasion.Approval ? now - NewAtApprovalFor : now;
        var known = await db.SignIns
            .Where(row => row.UserId == userId && row.Outcome == SignInOutcome.SignedIn && row.Country != null && row.At < before)
            .Select(row => row.Country)
            .Distinct()
            .ToListAsync(ct);
        return known.Count > 0 && !known.Contains(country);
    }

    // At an activation the wait runs from the last attempt that was judged, so it can grow; those that came during a wait were not
    // judged and do not count. Whoever has used a passkey waits from the first try at this device, whatever others do meanwhile.
    private async Task<Dictionary<string, TimeSpan>> WaitsAsync(
        HttpContext? http, Attempt attempt, Signals signals, FailureCount? ofAccount, FailureCount? ofAddress, CancellationToken ct)
    {
        var left = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        var matched = rules.Value.InOrder.Where(rule => rule.Matches(signals)).ToList();
        var isRefused = matched.Exists(rule => rule.Verdict == Verdict.Refuse);
        foreach (var rule in matched.Where(rule => rule.Verdict == Verdict.Delay))
        {
            var wait = rule.WaitAfter(signals.AccountFailures);
            if (isRefused || http is null) left[rule.Name] = wait;
            else if (attempt.UserId is { } user) left[rule.Name] = await waits.LeftAsync(rule, KnownDevices.HashOf(http, user), wait, ct);
            else left[rule.Name] = Counting(rule, ofAccount, ofAddress) is { } count ? count.LastAt + wait - clock.GetUtcNow() : wait;
        }

        return left;
    }

    private TimeSpan? UntilForgotten(PolicyRule rule, FailureCount? ofAccount, FailureCount? ofAddress) =>
        Counting(rule, ofAccount, ofAddress) is { } count ? count.Since + FailureCounts.Window - clock.GetUtcNow() : null;

    private static FailureCount? Counting(PolicyRule rule, FailureCount? ofAccount, FailureCount? ofAddress) =>
        rule.AccountFailures is not null ? ofAccount : rule.AddressFailures is not null ? ofAddress : null;
}
