using System.Globalization;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>Times as customers read them.</summary>
internal static class Clock
{
    public static string Date(DateTimeOffset at, PortalOptions options) => Local(at, options).ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    public static string DateAndTime(DateTimeOffset at, PortalOptions options) => Local(at, options).ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset at, PortalOptions options) => Local(at, options).ToString("HH:mm", CultureInfo.InvariantCulture);

    /// <summary>Whole days between two moments, as the calendar of the bank's zone counts them.</summary>
    public static int DaysBetween(DateTimeOffset from, DateTimeOffset to, PortalOptions options) =>
        (Local(to, options).Date - Local(from, options).Date).Days;

    private static DateTimeOffset Local(DateTimeOffset at, PortalOptions options) =>
        TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById(options.TimeZone));
}
