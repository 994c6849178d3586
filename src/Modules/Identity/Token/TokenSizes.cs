using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Guards the size of what will travel in a header: proxies and servers on the way take 8 KB, proof included. A token that would not fit
/// is not issued, for whoever got it could do nothing with it (HTTP-14).
/// </summary>
internal sealed partial class TokenSizes(IMeterFactory meters, ILogger<TokenSizes> log)
{
    public const string Meter = "OpenBanking.Identity";

    /// <summary>As much as a resource server takes.</summary>
    public const int Most = 4096;

    /// <summary>From here on somebody should look before it is too much.</summary>
    public const int Warned = 2048;

    private readonly Histogram<int> sizes = meters.Create(Meter).CreateHistogram<int>("openbanking.token.size", "By", "Size of an access token as it is sent");

    /// <summary>Measures a token on its way out.</summary>
    /// <exception cref="InvalidOperationException">It is too large: nothing of the request is stored, and the alarm is ours.</exception>
    public void Check(string token)
    {
        sizes.Record(token.Length);
        if (token.Length > Most) throw new InvalidOperationException($"An access token of {token.Length} bytes was made; {Most} is the most that is issued.");
        if (token.Length > Warned) Log.Large(log, token.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "An access token of {Length} bytes was issued; above 4096 none would be")]
        public static partial void Large(ILogger logger, int length);
    }
}
