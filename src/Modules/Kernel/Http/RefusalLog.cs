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

    /// <summary>Remembers which client calls, once it is known, for the line that a later refusal writes.</summary>
    public static void NameClient(HttpContext http, string clientId) => http.Items[ClientKey] = clientId;

    /// <summary>Writes the line.</summary>
    /// <param name="code">What the caller is told.</param>
    /// <param name="rule">The id of the requirement that was not met.</param>
    public static void Write(HttpContext http, string code, string rule)
    {
        var logger = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(Category);
        Refused(logger, code, rule, http.Items[ClientKey] as string ?? "-", http.InteractionIdentifier());
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused with {Code}, reason={Rule}, client {ClientId}, interaction {InteractionId}")]
    private static partial void Refused(ILogger logger, string code, string rule, string clientId, string interactionId);
}
