using System.Globalization;

namespace OpenBanking.Kernel;

/// <summary>
/// How often a standing order pays, as the standard's codes say it: a row a code, with the points within the period that it may name (OB-DSO-3).
/// Days are worked out from where the series began and never from the payment before, so a series of the 31st comes back to it after February.
/// </summary>
/// <param name="Code">Of the standard.</param>
/// <param name="Least">The lowest point that may be named; with <paramref name="Most"/>, and 0 apart, the whole range.</param>
/// <param name="Words">In the customer's words, of a point or of none.</param>
/// <param name="From">Every day of the series from a day on, in order, with no end.</param>
public sealed record Rhythm(string Code, int Least, int Most, Func<int?, string> Words, Func<DateOnly, int?, IEnumerable<DateOnly>> From)
{
    private static readonly string[] Weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    /// <summary>Every code by which a standing order can be set up. What names no rhythm (ADHO, INDA, NONE) and the texts of version 3 are not here (OB-DSO-5).</summary>
    public static IReadOnlyList<Rhythm> All { get; } =
    [
        new("DAIL", 1, 31, point => point is null or 1 ? "Every day" : $"Every {point} days", (from, point) => Days(from, point ?? 1)),
        new("WODL", 0, 0, _ => "Every working day", (from, _) => Days(from, 1).Where(WorkingDays.IsWorkingDay)),
        new("WEEK", 1, 7, point => "Every " + (point is { } day ? Weekdays[day - 1] : "week"), (from, point) => Days(OnWeekday(from, point), 7)),
        new("FRTN", 1, 14, point => "Every two weeks" + (point is { } day ? " on " + Weekdays[(day - 1) % 7] : ""), Fortnights),
        new("FOWK", 0, 0, _ => "Every four weeks", (from, _) => Days(from, 28)),
        new("MNTH", -5, 31, point => "Every month" + OfMonth(point), (from, point) => Months(from, 1, month => DayOf(month, point ?? from.Day))),
        new("LWMH", -5, -1, point => "Every month on " + Counted(point ?? -1, "working day"), (from, point) => Months(from, 1, month => WorkingDayBeforeEnd(month, point ?? -1))),
        new("LXMH", 1, 7, point => "Every month on the last " + (point is { } day ? Weekdays[day - 1] : "such weekday"), (from, point) => Months(from, 1, month => LastWeekday(month, point ?? Number(from)))),
        new("TWMH", 0, 0, _ => "Every two months", (from, _) => Months(from, 2)),
        new("ALMH", 0, 0, _ => "Every other month", (from, _) => Months(from, 2)),
        new("QURT", -9, -1, point => "Every three months" + (point is { } day ? " on " + Counted(day, "day") + " of the quarter" : ""), Quarters),
        new("FOMH", 0, 0, _ => "Every four months", (from, _) => Months(from, 4)),
        new("FIMH", 0, 0, _ => "Every five months", (from, _) => Months(from, 5)),
        new("MIAN", 0, 0, _ => "Every six months", (from, _) => Months(from, 6)),
        new("YEAR", 0, 0, _ => "Every year", (from, _) => Months(from, 12)),
        new("TWYR", 0, 0, _ => "Every two years", (from, _) => Months(from, 24)),
    ];

    public static Rhythm? Find(string code) => All.FirstOrDefault(row => row.Code == code);

    /// <summary>Whether a point may be named; 0 is the standard's own example of none.</summary>
    public bool Takes(int point) => point != 0 && point >= Least && point <= Most;

    /// <summary>The point that a text of two characters names; null for what names none.</summary>
    public static int? Point(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var point) ? point : null;

    private static IEnumerable<DateOnly> Days(DateOnly from, int step)
    {
        for (var day = from; ; day = day.AddDays(step)) yield return day;
    }

    // Days of the fortnight count from the Monday of the week in which the series begins.
    private static IEnumerable<DateOnly> Fortnights(DateOnly from, int? point) =>
        Days(point is { } day ? from.AddDays(day - Number(from)) : from, 14).SkipWhile(day => day < from);

    private static IEnumerable<DateOnly> Quarters(DateOnly from, int? point) => point is { } day
        ? Months(new DateOnly(from.Year, (from.Month + 2) / 3 * 3, 1), 3, month => DayOf(month, day)).SkipWhile(found => found < from)
        : Months(from, 3);

    private static IEnumerable<DateOnly> Months(DateOnly from, int step) => Months(from, step, month => DayOf(month, from.Day));

    private static IEnumerable<DateOnly> Months(DateOnly from, int step, Func<DateOnly, DateOnly> dayOf)
    {
        var first = new DateOnly(from.Year, from.Month, 1);
        for (var months = 0; ; months += step)
        {
            if (dayOf(first.AddMonths(months)) is var day && day >= from) yield return day;
        }
    }

    // A day that a month does not have is its last.
    private static DateOnly DayOf(DateOnly month, int point)
    {
        var days = DateTime.DaysInMonth(month.Year, month.Month);
        return new DateOnly(month.Year, month.Month, point > 0 ? Math.Min(point, days) : days + point + 1);
    }

    private static DateOnly WorkingDayBeforeEnd(DateOnly month, int point)
    {
        var day = DayOf(month, -1);
        for (var left = -point; ; day = day.AddDays(-1))
        {
            if (WorkingDays.IsWorkingDay(day) && --left == 0) return day;
        }
    }

    private static DateOnly LastWeekday(DateOnly month, int weekday)
    {
        var last = DayOf(month, -1);
        return last.AddDays(-((Number(last) - weekday + 7) % 7));
    }

    private static DateOnly OnWeekday(DateOnly from, int? weekday) => weekday is { } day ? from.AddDays((day - Number(from) + 7) % 7) : from;

    // Monday is 1.
    private static int Number(DateOnly day) => (((int)day.DayOfWeek + 6) % 7) + 1;

    private static string OfMonth(int? point) => point switch
    {
        null => "",
        > 0 => " on the " + Ordinal(point.Value),
        _ => " on " + Counted(point.Value, "day"),
    };

    private static string Counted(int point, string what) => point == -1 ? $"the last {what}" : $"the {Ordinal(-point)} last {what}";

    private static string Ordinal(int number) => number + (number % 100 is 11 or 12 or 13 ? "th" : (number % 10) switch
    {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    });
}

/// <summary>A series of payments: when it begins, in which rhythm it goes on, and when it ends.</summary>
/// <param name="First">The first payment's day, whatever the rhythm says.</param>
/// <param name="Recurring">Where the rhythm begins, when it does not begin with the first payment (OB-DSO-2).</param>
/// <param name="Final">The last day on which a payment is made; null where there is none.</param>
/// <param name="Count">How many payments there are; null where their number is not said.</param>
public sealed record PaymentSeries(Rhythm Rhythm, int? Point, DateOnly First, DateOnly? Recurring, DateOnly? Final, int? Count)
{
    public bool HasEnd => Final is not null || Count is not null;

    /// <summary>
    /// The days for which payments are due, in order; with no end where there is none. A payment that is due on a day on which payments do not
    /// settle is made on the next one that is.
    /// </summary>
    public IEnumerable<DateOnly> Days()
    {
        var following = Recurring is { } from && from > First ? Rhythm.From(from, Point) : Rhythm.From(First, Point).SkipWhile(day => day <= First);
        var days = following.Prepend(First);
        if (Final is { } final) days = days.TakeWhile(day => day <= final);
        return Count is { } count ? days.Take(count) : days;
    }

    /// <summary>The due day of a payment by its number, the first being 0; null where the series has no such payment.</summary>
    public DateOnly? Day(int number) => Days().Skip(number).Select(day => (DateOnly?)day).FirstOrDefault();

    /// <summary>Whether a payment is the last one.</summary>
    public bool IsLast(int number) => HasEnd && Day(number + 1) is null;
}
