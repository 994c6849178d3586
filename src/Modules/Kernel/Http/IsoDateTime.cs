using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// Dates as third parties write them: the standard wants every calendar form of ISO 8601 understood, with or without seconds,
/// fraction and zone, basic or extended (OB-DAT-1). What carries no zone is UTC.
/// </summary>
public static partial class IsoDateTime
{
    /// <summary>The moment a text names, in UTC; null where it names none.</summary>
    public static DateTimeOffset? Parse(string text) => Read(text, zoneCounts: true);

    /// <summary>The moment a filter names. Filters are in the zone of the resource, so a zone that comes along is ignored (OB-DAT-3, OB-V401-14).</summary>
    public static DateTimeOffset? ParseFilter(string text)
    {
        // An unescaped plus sign arrives from a query as a blank (OB-DAT-10).
        var blank = text.LastIndexOf(' ');
        return Read(blank < 0 ? text : string.Concat(text.AsSpan(0, blank), "+", text.AsSpan(blank + 1)), zoneCounts: false);
    }

    /// <summary>
    /// How a date of the third party is written back: just as it came (OB-GEN-7), unless it came in a form that a response must
    /// not have because it lacks a zone or is no RFC 3339 (OB-DAT-2).
    /// </summary>
    public static string Echo(string asSent, DateTimeOffset value) => Rfc3339().IsMatch(asSent) ? asSent : ToWire(value);

    public static string ToWire(DateTimeOffset value) => value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Read(string text, bool zoneCounts)
    {
        if (text.Length > 40 || Form().Match(text) is not { Success: true } match) return null;

        int Number(string part) => match.Groups[part] is { Success: true } group ? int.Parse(group.ValueSpan, CultureInfo.InvariantCulture) : 0;
        var (year, month, day) = (Number("year"), Number("month"), Number("day"));
        var (hour, minute, second) = (Number("hour"), Number("minute"), Number("second"));
        var (zoneHours, zoneMinutes) = (Number("zh"), Number("zm"));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return null;
        if (hour > 23 || minute > 59 || second > 59 || zoneHours > 14 || zoneMinutes > 59) return null;

        // Seven digits are all that a tick can hold; what is finer is cut off, not rounded into the next second.
        var fraction = match.Groups["fraction"].Value.PadRight(7, '0')[..7];
        var local = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Unspecified)
            .AddTicks(long.Parse(fraction, CultureInfo.InvariantCulture));
        var offset = zoneCounts ? new TimeSpan(zoneHours, zoneMinutes, 0) : TimeSpan.Zero;
        if (match.Groups["sign"].ValueSpan is "-") offset = -offset;

        var ticks = local.Ticks - offset.Ticks;
        return ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
    }

    [GeneratedRegex(
        @"\A(?<year>[0-9]{4})-?(?<month>[0-9]{2})-?(?<day>[0-9]{2})(T(?<hour>[0-9]{2})(:?(?<minute>[0-9]{2})(:?(?<second>[0-9]{2})([.,](?<fraction>[0-9]{1,12}))?)?)?(Z|(?<sign>[+-])(?<zh>[0-9]{2})(:?(?<zm>[0-9]{2}))?)?)?\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex Form();

    [GeneratedRegex(
        @"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 100)]
    private static partial Regex Rfc3339();
}
