using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// The security log's line for a refusal: exactly one a refusal, with the rule that was broken, the client and the interaction id,
/// and never a secret. Whatever refuses writes it here, so that a test can ask for the reason.
/// </summary>
public static partial class RefusalLog
{
    public const string Category = "OpenBanking.Refusals";
    private static readonly object ClientKey = new();
    private static readonly object HeldKey = new();

    /// <summary>From here on lines wait for <see cref="Settle"/>, because an answer may yet be taken back and another given.</summary>
    public static void Hold(HttpContext http) => http.Items[HeldKey] = new List<(string Code, string Rule)>(capacity: 0);

    /// <summary>Writes the lines that have waited, unless their answers do not stand.</summary>
    public static void Settle(HttpContext http, bool stands)
    {
        if (!http.Items.Remove(HeldKey, out var held) || !stands) return;
        foreach (var (code, rule) in (List<(string Code, string Rule)>)held!) Write(http, code, rule);
    }

    /// <summary>Remembers which client calls, once it is known, for the line that a later refusal writes.</summary>
    public static void NameClient(HttpContext http, string clientId) => http.Items[ClientKey] = clientId;

    /// <summary>The client that was named; null where none was.</summary>
    public static string? ClientOf(HttpContext http) => http.Items[ClientKey] as string;

    /// <summary>Writes the line.</summary>
    /// <param name="code">What the caller is told.</param>
    /// <param name="rule">The id of the requirement that was not met.</param>
    public static void Write(HttpContext http, string code, string rule)
    {
        if (http.Items.TryGetValue(HeldKey, out var held))
        {
            ((List<(string, string)>)held!).Add((code, rule));
            return;
        }

        var logger = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(Category);
        Refused(logger, code, rule, ClientOf(http) ?? "-", http.InteractionIdentifier());
    }

    /// <summary>The same for a request that no step of ours has seen.</summary>
    public static void WriteUnheard(ILoggerFactory logs, string code, string rule) => Refused(logs.CreateLogger(Category), code, rule, "-", "-");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused with {Code}, reason={Rule}, client {ClientId}, interaction {InteractionId}")]
    private static partial void Refused(ILogger logger, string code, string rule, string clientId, string interactionId);
}
