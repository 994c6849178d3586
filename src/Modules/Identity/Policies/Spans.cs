using System.Globalization;

namespace OpenBanking.Identity.Policies;

/// <summary>Spans of time for people.</summary>
internal static class Spans
{
    /// <summary>In the largest unit that says it without much loss: 45 seconds, 5 minutes, 3 hours, 180 days.</summary>
    public static string Words(TimeSpan span)
    {
        var (number, unit) = span switch
        {
            { TotalSeconds: < 120 } => (span.TotalSeconds, "second"),
            { TotalMinutes: < 120 } => (span.TotalMinutes, "minute"),
            { TotalHours: < 48 } => (span.TotalHours, "hour"),
            _ => (span.TotalDays, "day"),
        };
        var whole = (long)Math.Ceiling(number);
        return string.Create(CultureInfo.InvariantCulture, $"{whole} {unit}{(whole == 1 ? "" : "s")}");
    }
}
