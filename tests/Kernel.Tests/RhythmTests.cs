using System.Globalization;

namespace OpenBanking.Kernel.Tests;

public sealed class RhythmTests
{
    private static readonly DateOnly Start = new(2026, 1, 1);

    public static TheoryData<string, string, string, string, string> Examples => new()
    {
        // code, point, first payment, the days of the first payments, in words
        { "DAIL", "", "2026-11-20", "20/11 21/11 22/11 23/11", "Every day" },
        { "DAIL", "3", "2026-11-20", "20/11 23/11 26/11 29/11", "Every 3 days" },
        { "WODL", "", "2026-12-24", "24/12 29/12 30/12 31/12 04/01", "Every working day" },
        { "WEEK", "", "2026-11-20", "20/11 27/11 04/12", "Every week" },
        { "WEEK", "1", "2026-11-20", "20/11 23/11 30/11", "Every Monday" },
        { "WEEK", "7", "2026-11-20", "20/11 22/11 29/11", "Every Sunday" },
        { "FRTN", "", "2026-11-20", "20/11 04/12 18/12", "Every two weeks" },
        { "FRTN", "05", "2026-11-20", "20/11 04/12 18/12", "Every two weeks on Friday" },
        { "FRTN", "14", "2026-11-20", "20/11 29/11 13/12", "Every two weeks on Sunday" },
        { "FRTN", "01", "2026-11-20", "20/11 30/11 14/12", "Every two weeks on Monday" },
        { "FOWK", "", "2026-11-20", "20/11 18/12 15/01", "Every four weeks" },
        { "MNTH", "", "2026-01-31", "31/01 28/02 31/03 30/04", "Every month" },
        { "MNTH", "31", "2027-12-31", "31/12 31/01 29/02 31/03", "Every month on the 31st" },
        { "MNTH", "15", "2026-11-20", "20/11 15/12 15/01", "Every month on the 15th" },
        { "MNTH", "-1", "2026-01-31", "31/01 28/02 31/03", "Every month on the last day" },
        { "MNTH", "-5", "2026-01-27", "27/01 24/02 27/03", "Every month on the 5th last day" },
        { "LWMH", "-1", "2026-01-30", "30/01 27/02 31/03", "Every month on the last working day" },
        { "LWMH", "-2", "2026-11-27", "27/11 30/12 28/01", "Every month on the 2nd last working day" },
        { "LXMH", "5", "2026-11-27", "27/11 25/12 29/01", "Every month on the last Friday" },
        { "LXMH", "", "2026-11-24", "24/11 29/12 26/01", "Every month on the last such weekday" },
        { "TWMH", "", "2026-12-31", "31/12 28/02 30/04", "Every two months" },
        { "ALMH", "", "2026-11-20", "20/11 20/01 20/03", "Every other month" },
        { "QURT", "", "2026-11-20", "20/11 20/02 20/05", "Every three months" },
        { "QURT", "-1", "2026-11-20", "20/11 31/12 31/03 30/06", "Every three months on the last day of the quarter" },
        { "QURT", "-3", "2026-12-31", "31/12 29/03 28/06", "Every three months on the 3rd last day of the quarter" },
        { "FOMH", "", "2026-10-31", "31/10 28/02 30/06", "Every four months" },
        { "FIMH", "", "2026-09-30", "30/09 28/02 30/07", "Every five months" },
        { "MIAN", "", "2026-08-31", "31/08 28/02 31/08", "Every six months" },
        { "YEAR", "", "2028-02-29", "29/02 28/02 28/02 28/02 29/02", "Every year" },
        { "TWYR", "", "2026-11-20", "20/11 20/11 20/11", "Every two years" },
    };

    [Theory]
    [Trait("Rule", "OB-DSO-3")]
    [MemberData(nameof(Examples))]
    public void Pays_on_the_days_of_its_rhythm(string code, string point, string first, string days, string words)
    {
        var (rhythm, at) = (Rhythm.Find(code)!, Rhythm.Point(point));
        var series = new PaymentSeries(rhythm, at, Day(first), null, null, null);
        var expected = days.Split(' ');
        Assert.Equal(expected, series.Days().Take(expected.Length).Select(day => day.ToString("dd/MM", CultureInfo.InvariantCulture)));
        Assert.Equal(words, rhythm.Words(at));
    }

    [Theory]
    [Trait("Rule", "OB-DSO-3")]
    [InlineData("DAIL", "1 31", "0 32 -1")]
    [InlineData("WODL", "", "0 1 -1")]
    [InlineData("WEEK", "1 7", "0 8 -1")]
    [InlineData("FRTN", "1 14", "0 15 -1")]
    [InlineData("MNTH", "1 31 -1 -5", "0 32 -6")]
    [InlineData("LWMH", "-1 -5", "0 1 -6")]
    [InlineData("LXMH", "1 7", "0 8 -1")]
    [InlineData("QURT", "-1 -9", "0 1")]
    [InlineData("YEAR", "", "0 1 -1")]
    public void Takes_the_points_that_its_period_has(string code, string taken, string refused)
    {
        var rhythm = Rhythm.Find(code)!;
        Assert.All(taken.Split(' ', StringSplitOptions.RemoveEmptyEntries), point => Assert.True(rhythm.Takes(Rhythm.Point(point)!.Value)));
        Assert.All(refused.Split(' '), point => Assert.False(rhythm.Takes(Rhythm.Point(point)!.Value)));
    }

    [Theory]
    [Trait("Rule", "OB-DSO-5")]
    [InlineData("ADHO")]
    [InlineData("INDA")]
    [InlineData("NONE")]
    [InlineData("EvryDay")]
    public void Knows_no_rhythm_where_a_code_names_none(string code) => Assert.Null(Rhythm.Find(code));

    [Fact]
    [Trait("Rule", "OB-DSO-2")]
    public void Begins_and_ends_as_it_says()
    {
        var monthly = Rhythm.Find("MNTH")!;
        var series = new PaymentSeries(monthly, null, Day("2026-11-20"), Day("2026-12-05"), null, 3);
        Assert.Equal([Day("2026-11-20"), Day("2026-12-05"), Day("2027-01-05")], series.Days());
        Assert.Equal((false, true, (DateOnly?)null), (series.IsLast(1), series.IsLast(2), series.Day(3)));

        // The final day is one on which a payment may still be made, and the day after is not.
        var dated = new PaymentSeries(monthly, null, Day("2026-11-20"), null, Day("2027-01-20"), null);
        Assert.Equal(3, dated.Days().Count());
        Assert.Equal(2, (dated with { Final = Day("2027-01-19") }).Days().Count());
        Assert.False(new PaymentSeries(monthly, null, Day("2026-11-20"), null, null, null).IsLast(1000));
    }

    public static TheoryData<string> Codes => [.. Rhythm.All.Select(row => row.Code)];

    /// <summary>Of every rhythm, with every point, from each day of four years: what must hold of any series.</summary>
    [Theory]
    [Trait("Rule", "OB-DSO-3")]
    [Trait("Rule", "PY-28")]
    [MemberData(nameof(Codes))]
    public void Any_series_rises_never_drifts_and_begins_no_earlier_than_its_first_day(string code)
    {
        var rhythm = Rhythm.Find(code)!;
        var points = Enumerable.Range(rhythm.Least, rhythm.Most - rhythm.Least + 1).Where(rhythm.Takes).Select(point => (int?)point).Append(null).ToList();
        for (var offset = 0; offset < 1461; offset += 3)
        {
            var first = Start.AddDays(offset);
            var point = points[offset % points.Count];
            var series = new PaymentSeries(rhythm, point, first, null, null, null);
            var days = series.Days().Take(20).ToList();
            Assert.Equal(first, days[0]);
            Assert.Equal(days.Order().Distinct(), days);
            Assert.Equal(days, series.Days().Take(20));

            // Worked out from another day of the same series, its rest is the same, unless a month cut a day off.
            if (point is not null && code is not ("DAIL" or "FRTN")) Assert.Equal(days.Skip(2), rhythm.From(days[2], point).Take(18));

            // By count and by date the same series ends at the same payment.
            Assert.Equal(days.Take(7), (series with { Count = 7 }).Days());
            Assert.Equal(days.Take(7), (series with { Final = days[6] }).Days());
            Assert.True((series with { Final = days[7].AddDays(-1) }).IsLast(6));
        }
    }

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
