using System.Globalization;

namespace OpenBanking.Kernel.Tests;

public sealed class PeriodicLimitTests
{
    public static TheoryData<string, bool, string, string, string, string, string> Examples => new()
    {
        // type, calendar, start, day, first, last, limit of 300 (or of what the standard's example has)
        { "Day", false, "2026-06-06", "2026-06-08", "2026-06-08", "2026-06-08", "300.00" },
        { "Week", false, "2026-06-06", "2026-06-12", "2026-06-06", "2026-06-12", "300.00" },
        { "Week", false, "2026-06-06", "2026-06-13", "2026-06-13", "2026-06-19", "300.00" },
        { "Fortnight", false, "2026-05-03", "2026-05-16", "2026-05-03", "2026-05-16", "300.00" },
        { "Fortnight", false, "2026-05-03", "2026-05-17", "2026-05-17", "2026-05-30", "300.00" },
        { "Month", false, "2026-01-31", "2026-02-27", "2026-01-31", "2026-02-27", "300.00" },
        { "Month", false, "2026-01-31", "2026-02-28", "2026-02-28", "2026-03-30", "300.00" },
        { "Month", false, "2026-01-31", "2026-03-31", "2026-03-31", "2026-04-29", "300.00" },
        { "Month", false, "2028-01-30", "2028-02-29", "2028-02-29", "2028-03-29", "300.00" },
        { "Half-year", false, "2026-08-31", "2027-02-28", "2027-02-28", "2027-08-30", "300.00" },
        { "Year", false, "2028-02-29", "2029-02-28", "2029-02-28", "2030-02-27", "300.00" },
        { "Year", false, "2028-02-29", "2032-02-29", "2032-02-29", "2033-02-27", "300.00" },
        { "Day", true, "2026-06-06", "2026-06-06", "2026-06-06", "2026-06-06", "300.00" },
        { "Week", true, "2026-06-06", "2026-06-07", "2026-06-06", "2026-06-07", "85.71" },
        { "Week", true, "2026-06-06", "2026-06-08", "2026-06-08", "2026-06-14", "300.00" },
        { "Week", true, "2026-06-08", "2026-06-08", "2026-06-08", "2026-06-14", "300.00" },
        { "Month", true, "2021-06-06", "2021-06-06", "2021-06-06", "2021-06-30", "250.00" },
        { "Month", true, "2021-06-06", "2021-07-01", "2021-07-01", "2021-07-31", "300.00" },
        { "Month", true, "2021-06-01", "2021-06-30", "2021-06-01", "2021-06-30", "300.00" },
        { "Half-year", true, "2026-07-02", "2026-12-31", "2026-07-02", "2026-12-31", "298.37" },
        { "Half-year", true, "2026-07-02", "2027-06-30", "2027-01-01", "2027-06-30", "300.00" },
        { "Year", true, "2028-02-29", "2028-12-31", "2028-02-29", "2028-12-31", "251.64" },
    };

    [Theory]
    [Trait("Rule", "OB-VRP-3")]
    [Trait("Rule", "OB-VRP-5")]
    [Trait("Rule", "OB-VRP-8")]
    [MemberData(nameof(Examples))]
    public void A_day_lies_in_the_period_that_its_kind_has_for_it(string type, bool calendar, string start, string day, string first, string last, string most)
    {
        var period = Limit(type, calendar, 300m).At(Day(start), Day(day));
        Assert.Equal((first, last, most), (Text(period.First), Text(period.Last), period.Most.ToWire()));
        Assert.Equal(period.Most.Amount < 300m, period.IsPartial);
    }

    [Theory]
    [Trait("Rule", "OB-VRP-7")]
    [InlineData("Month", "300", "2021-06-06", "250.00")]
    [InlineData("Year", "500", "2021-06-06", "286.30")]
    [InlineData("Month", "31", "2021-10-15", "17.00")]
    [InlineData("Month", "0.31", "2021-10-31", "0.01")]
    [InlineData("Month", "0.30", "2021-06-16", "0.15")]
    [InlineData("Month", "0.01", "2021-06-16", "0.01")]
    [InlineData("Month", "0.01", "2021-06-17", "0.00")]
    public void What_begins_within_a_period_of_the_calendar_has_its_share_of_the_limit(string type, string amount, string start, string share) =>
        Assert.Equal(share, Limit(type, true, decimal.Parse(amount, CultureInfo.InvariantCulture)).At(Day(start), Day(start)).Most.ToWire());

    [Fact]
    [Trait("Rule", "OB-VRP-8")]
    public void A_period_is_one_of_the_banks_days_where_the_clocks_change_too()
    {
        var day = Limit("Day", true, 1m);
        foreach (var (date, hours) in new[] { ("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24) })
        {
            var period = day.At(Day(date), Day(date));
            Assert.Equal(TimeSpan.FromHours(hours), period.Until - period.From);
            Assert.Equal((Day(date), Day(date), Day(date).AddDays(1)), (WorkingDays.DayOf(period.From), WorkingDays.DayOf(period.Until.AddTicks(-1)), WorkingDays.DayOf(period.Until)));
        }

        Assert.Equal(new DateTimeOffset(2026, 5, 31, 23, 0, 0, TimeSpan.Zero), day.At(Day("2026-06-01"), Day("2026-06-01")).From);
    }

    /// <summary>Against a model that knows nothing but how to walk from day to day until a period begins.</summary>
    [Fact]
    [Trait("Rule", "OB-VRP-5")]
    [Trait("Rule", "OB-VRP-7")]
    [Trait("Rule", "OB-VRP-8")]
    public void Every_day_has_the_period_that_walking_finds()
    {
        var random = new Random(20261120);
        for (var run = 0; run < 3000; run++)
        {
            // Often about the ends of months and about leap days.
            var start = new DateOnly(2023 + random.Next(6), 1 + random.Next(12), 1).AddDays(random.Next(3) == 0 ? 26 + random.Next(5) : random.Next(31));
            var day = start.AddDays(random.Next(3) == 0 ? random.Next(40) : random.Next(1500));
            var type = PeriodType.All[random.Next(PeriodType.All.Count)];
            var calendar = type.FirstOf is not null && random.Next(2) == 0;
            var most = random.Next(1, 1_000_000) / 100m;
            var said = $"{type.Code}, calendar {calendar}, {most} from {start} on {day}";

            var begin = day;
            while (!Begins(type.Code, calendar, start, begin)) begin = begin.AddDays(-1);
            var next = day.AddDays(1);
            while (!Begins(type.Code, calendar, start, next)) next = next.AddDays(1);
            var first = begin < start ? start : begin;
            var share = Math.Floor((most * 100m * (next.DayNumber - first.DayNumber) / (next.DayNumber - begin.DayNumber)) + 0.5m) / 100m;

            var period = new PeriodicLimit(type, calendar, new Money(most, "GBP")).At(start, day);
            Assert.True((period.First, period.Last, period.Most.Amount) == (first, next.AddDays(-1), share), $"{said}: {period} and not {first} to {next}, {share}");
        }
    }

    [Fact]
    [Trait("Rule", "OB-VRP-3")]
    public void Speaks_of_periods_as_people_do_and_has_no_fortnight_of_the_calendar()
    {
        Assert.Equal("per calendar month", Limit("Month", true, 1m).Words(Day("2026-05-03")));
        Assert.Equal("every 14 days from 3 May 2026", Limit("Fortnight", false, 1m).Words(Day("2026-05-03")));
        Assert.Null(PeriodType.Find("Fortnight")!.FirstOf);
        Assert.Null(PeriodType.Find("Quarter"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Limit("Day", true, 1m).At(Day("2026-05-03"), Day("2026-05-02")));
    }

    private static bool Begins(string type, bool calendar, DateOnly start, DateOnly day)
    {
        var months = ((day.Year - start.Year) * 12) + day.Month - start.Month;
        var isAnniversary = day.Day == Math.Min(start.Day, DateTime.DaysInMonth(day.Year, day.Month));
        return (type, calendar) switch
        {
            ("Day", _) => true,
            ("Week", true) => day.DayOfWeek == DayOfWeek.Monday,
            ("Week", _) => (day.DayNumber - start.DayNumber) % 7 == 0,
            ("Fortnight", _) => (day.DayNumber - start.DayNumber) % 14 == 0,
            ("Month", true) => day.Day == 1,
            ("Half-year", true) => day is { Day: 1, Month: 1 or 7 },
            ("Year", true) => day is { Day: 1, Month: 1 },
            ("Month", _) => isAnniversary,
            ("Half-year", _) => isAnniversary && months % 6 == 0,
            _ => isAnniversary && months % 12 == 0,
        };
    }

    private static PeriodicLimit Limit(string type, bool calendar, decimal most) => new(PeriodType.Find(type)!, calendar, new Money(most, "GBP"));

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
