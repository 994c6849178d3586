using System.Globalization;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Policies;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Users;

/// <summary>
/// Why a passkey ceremony failed. The browser is told the same whatever the cause, so that nobody learns from it whether a
/// customer, a code or a credential exists (PO-12); the rule is for the log. Only what the policy holds back is said: it depends on the
/// name as it was typed, or is said to the passkey's owner.
/// </summary>
internal sealed record PasskeyRefusal(string Rule) : IResult
{
    private const string Code = "passkey_failed";

    /// <summary>What the policy decided, where that is the cause.</summary>
    public PolicyDecision? Held { get; private init; }

    /// <summary>Held back by the policy: limits to guessing are PO-13, any other rule goes by its own name.</summary>
    public static PasskeyRefusal By(PolicyDecision decision) =>
        new(decision.Signals.At == Occasion.Activation ? "PO-13" : $"policy {decision.Due!.Name}") { Held = decision };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (status, code) = Held?.Verdict switch
        {
            Verdict.Delay => (StatusCodes.Status429TooManyRequests, "try_later"),
            Verdict.Refuse => (StatusCodes.Status403Forbidden, "not_now"),
            _ => (StatusCodes.Status400BadRequest, Code),
        };
        RefusalLog.Write(httpContext, code, Rule);
        httpContext.Response.StatusCode = status;
        httpContext.Response.Headers.CacheControl = "no-store";
        if (Held?.RetryAfterSeconds is { } seconds) httpContext.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        var body = new Dictionary<string, string>(StringComparer.Ordinal) { ["error"] = code };
        if (Held is { } held) body["message"] = held.Message;
        return httpContext.Response.WriteAsJsonAsync(body);
    }
}
