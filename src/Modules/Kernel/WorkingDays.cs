namespace OpenBanking.Kernel;

/// <summary>
/// Days on which payments settle, and what the time is at the bank. Days are London's, wherever a clock stands; holidays are those of England
/// and Wales, worked out and not listed, so that no year is forgotten.
/// </summary>
public static class WorkingDays
{
    public static readonly TimeZoneInfo London = TimeZoneInfo.FindSystemTimeZoneById("Europe/London");

    /// <summary>The day at the bank at a moment.</summary>
    public static DateOnly DayOf(DateTimeOffset moment) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, London).DateTime);

    /// <summary>The time of day at the bank at a moment.</summary>
    public static TimeOnly TimeOf(DateTimeOffset moment) => TimeOnly.FromDateTime(TimeZoneInfo.ConvertTime(moment, London).DateTime);

    /// <summary>The moment of a day and a time at the bank.</summary>
    public static DateTimeOffset At(DateOnly day, TimeOnly time)
    {
        var local = day.ToDateTime(time);
        return new DateTimeOffset(local, London.GetUtcOffset(local)).ToUniversalTime();
    }

    public static bool IsWorkingDay(DateOnly day) =>
        day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && !Holidays(day.Year).Contains(day);

    /// <summary>The day itself, or the next one on which payments settle.</summary>
    public static DateOnly OnOrAfter(DateOnly day)
    {
        while (!IsWorkingDay(day)) day = day.AddDays(1);
        return day;
    }

    public static DateOnly After(DateOnly day) => OnOrAfter(day.AddDays(1));

    private static IEnumerable<DateOnly> Holidays(int year)
    {
        var easter = EasterSunday(year);
        yield return OnWeekday(new DateOnly(year, 1, 1));
        yield return easter.AddDays(-2);
        yield return easter.AddDays(1);
        yield return FirstMonday(year, 5);
        yield return LastMonday(year, 5);
        yield return LastMonday(year, 8);

        // Two in a row: where one falls on a weekend, the days that stand in for them follow each other too.
        var christmas = OnWeekday(new DateOnly(year, 12, 25));
        yield return christmas;
        yield return OnWeekday(christmas == new DateOnly(year, 12, 25) ? new DateOnly(year, 12, 26) : christmas.AddDays(1));
    }

    private static DateOnly OnWeekday(DateOnly day) => day.DayOfWeek switch
    {
        DayOfWeek.Saturday => day.AddDays(2),
        DayOfWeek.Sunday => day.AddDays(1),
        _ => day,
    };

    private static DateOnly FirstMonday(int year, int month)
    {
        var day = new DateOnly(year, month, 1);
        return day.AddDays((DayOfWeek.Monday - day.DayOfWeek + 7) % 7);
    }

    private static DateOnly LastMonday(int year, int month) => FirstMonday(year, month).AddDays(21) is var fourth && fourth.AddDays(7).Month == month ? fourth.AddDays(7) : fourth;

    // The Gregorian computus: the first Sunday after the full moon that falls on the equinox or follows it.
    private static DateOnly EasterSunday(int year)
    {
        var golden = year % 19;
        var century = year / 100;
        var epact = (century - (century / 4) - (((8 * century) + 13) / 25) + (19 * golden) + 15) % 30;
        var moon = epact - (epact / 28 * (1 - (29 / (epact + 1) * ((21 - golden) / 11))));
        var weekday = (year + (year / 4) + moon + 2 - century + (century / 4)) % 7;
        var offset = moon - weekday;
        var month = 3 + ((offset + 40) / 44);
        return new DateOnly(year, month, offset + 28 - (31 * (month / 4)));
    }
}
