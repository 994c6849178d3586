using System.Globalization;

namespace OpenBanking.Kernel;

/// <summary>
/// The most that may be paid in all within each period of one kind, as variable recurring payments are limited. Days are those of the bank,
/// whatever the hour: a period has whole days, and so has what is left of the first one.
/// </summary>
/// <param name="IsCalendar">Periods are those of the calendar; otherwise they are counted from the day on which the payments begin.</param>
public sealed record PeriodicLimit(PeriodType Type, bool IsCalendar, Money Most)
{
    /// <summary>The period that a day lies in (OB-VRP-5).</summary>
    /// <param name="start">The day on which the payments begin; no day before it has a period.</param>
    public LimitPeriod At(DateOnly start, DateOnly day)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(day, start);
        var (first, next) = IsCalendar ? Type.OfCalendar(day) : Type.From(start, day);
        if (first >= start) return new LimitPeriod(first, next.AddDays(-1), Most, IsPartial: false);

        // What begins within a period of the calendar has the share of its limit that the days left have in it (OB-VRP-7), rounded once and half up (OB-VRP-8).
        var share = Most.Amount * (next.DayNumber - start.DayNumber) / (next.DayNumber - first.DayNumber);
        return new LimitPeriod(start, next.AddDays(-1), Most with { Amount = decimal.Round(share, Money.ScaleOf(Most.Currency), MidpointRounding.AwayFromZero) }, IsPartial: true);
    }

    /// <summary>How often, in the customer's words.</summary>
    /// <param name="start">From where periods are counted that are not those of the calendar.</param>
    public string Words(DateOnly start) => IsCalendar
        ? $"per calendar {Type.Noun}"
        : $"{Type.Every} from {start.ToString("d MMMM yyyy", CultureInfo.InvariantCulture)}";
}

/// <summary>One period with what may be paid in it.</summary>
/// <param name="Last">Belongs to it.</param>
/// <param name="IsPartial">It began before the payments did.</param>
public sealed record LimitPeriod(DateOnly First, DateOnly Last, Money Most, bool IsPartial)
{
    /// <summary>From this moment on.</summary>
    public DateTimeOffset From => WorkingDays.At(First, TimeOnly.MinValue);

    /// <summary>Until just before this one; where the clocks change within it, it is an hour longer or shorter.</summary>
    public DateTimeOffset Until => WorkingDays.At(Last.AddDays(1), TimeOnly.MinValue);
}

/// <summary>
/// A kind of period, as a row (OB-VRP-3). Periods of months are worked out from where they began and never from the one before, so those from
/// the 31st come back to it after February (OB-VRP-8).
/// </summary>
/// <param name="Code">Of the standard.</param>
/// <param name="Noun">In the customer's words, after "per".</param>
/// <param name="Every">In the customer's words, where it is counted from a day.</param>
/// <param name="Days">Its length where it is one of days; 0 for months.</param>
/// <param name="Months">Its length where it is one of months; 0 for days.</param>
/// <param name="FirstOf">The first day of the calendar's period; null where the calendar has no such period.</param>
public sealed record PeriodType(string Code, string Noun, string Every, int Days, int Months, Func<DateOnly, DateOnly>? FirstOf)
{
    public static IReadOnlyList<PeriodType> All { get; } =
    [
        new("Day", "day", "every day", 1, 0, day => day),
        new("Week", "week, Monday to Sunday", "every 7 days", 7, 0, day => day.AddDays(-((int)day.DayOfWeek + 6) % 7)),
        new("Fortnight", "fortnight", "every 14 days", 14, 0, null),
        new("Month", "month", "every month", 0, 1, day => new DateOnly(day.Year, day.Month, 1)),
        new("Half-year", "half-year", "every 6 months", 0, 6, day => new DateOnly(day.Year, day.Month < 7 ? 1 : 7, 1)),
        new("Year", "year", "every year", 0, 12, day => new DateOnly(day.Year, 1, 1)),
    ];

    public static PeriodType? Find(string code) => All.FirstOrDefault(type => type.Code == code);

    /// <summary>The calendar's period with this day, and the first day of the next one.</summary>
    public (DateOnly First, DateOnly Next) OfCalendar(DateOnly day)
    {
        var first = FirstOf is { } of ? of(day) : throw new InvalidOperationException("The calendar has no such period.");
        return (first, Days > 0 ? first.AddDays(Days) : first.AddMonths(Months));
    }

    /// <summary>The period with this day, counted from a start, and the first day of the next one.</summary>
    public (DateOnly First, DateOnly Next) From(DateOnly start, DateOnly day)
    {
        if (Days > 0)
        {
            var first = day.AddDays(-((day.DayNumber - start.DayNumber) % Days));
            return (first, first.AddDays(Days));
        }

        // The month says how many periods have begun, unless the day in it is yet to come.
        var begun = (((day.Year - start.Year) * 12) + day.Month - start.Month) / Months;
        if (start.AddMonths(begun * Months) > day) begun--;
        return (start.AddMonths(begun * Months), start.AddMonths((begun + 1) * Months));
    }
}
