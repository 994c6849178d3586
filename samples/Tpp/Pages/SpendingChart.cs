using System.Globalization;
using OpenBanking.Samples.Tpp.Budget;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>Spending as a picture: a column a month, a layer a category. A table beside it says the same in words.</summary>
internal static class SpendingChart
{
    private const decimal Left = 46, Right = 8, Top = 12, Bottom = 30;

    /// <summary>A year for wide screens and half of one for narrow; style shows the one that fits.</summary>
    public static Html Draw(Spending spending) => Html.Of($"""
        <div class="chart wide">{Picture(spending, 640, 330, "wide")}</div>
        <div class="chart narrow">{Picture(spending.Last(6), 340, 250, "narrow")}</div>
        """);

    /// <summary>The same figures for those who read rather than look.</summary>
    public static Html Table(Spending spending) => Html.Of($"""
        <div class="scroll" tabindex="0" role="region" aria-label="Spending by month as a table">
        <table>
          <caption>Spending by month and kind, in {spending.Currency}</caption>
          <thead><tr><th scope="col">Month</th>{spending.Stacks.Select(stack => Html.Of($"""<th scope="col" class="num">{stack.Name}</th>"""))}<th scope="col" class="num">In all</th></tr></thead>
          <tbody>{Enumerable.Range(0, spending.Months.Count).Reverse().Select(month => Html.Of($"""
            <tr><th scope="row">{LongName(spending.Months[month])}</th>{spending.Stacks.Select(stack => Html.Of($"""<td class="num">{MoneyText.Round(stack.Amounts[month], spending.Currency)}</td>"""))}<td class="num">{MoneyText.Round(spending.TotalOf(month), spending.Currency)}</td></tr>
            """))}</tbody>
        </table>
        </div>
        """);

    /// <summary>Steps of 1, 2, 2.5 or 5 times a power of ten, at most five of them, of which the last is not below the highest column.</summary>
    internal static IReadOnlyList<decimal> Ticks(decimal highest)
    {
        if (highest <= 0) return [0, 100];
        decimal power = 0.01m;
        while (true)
        {
            foreach (var factor in (ReadOnlySpan<decimal>)[1, 2, 2.5m, 5])
            {
                var step = power * factor;
                var count = (int)Math.Min(Math.Ceiling(highest / step), 100);
                if (count <= 5) return [.. Enumerable.Range(0, count + 1).Select(index => index * step)];
            }

            power *= 10;
        }
    }

    private static Html Picture(Spending spending, decimal width, decimal height, string id)
    {
        var columns = spending.Months.Count;
        var ticks = Ticks(Enumerable.Range(0, columns).Max(spending.TotalOf));
        var top = ticks[^1];
        var plot = height - Top - Bottom;
        var slot = (width - Left - Right) / columns;
        var bar = slot * 0.62m;
        var current = columns - 1;
        return Html.Of($"""
            <svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-title {id}-words">
              <title id="{id}-title">Spending by month</title>
              <desc id="{id}-words">{Summary(spending)}</desc>
              {ticks.Select(tick => Html.Of($"""
                <line class="{(tick == 0 ? "base" : "grid")}" x1="{Left}" x2="{width - Right}" y1="{Y(tick)}" y2="{Y(tick)}"/><text class="tick" x="{Left - 8}" y="{Y(tick) + 4}" text-anchor="end">{MoneyText.Short(tick, spending.Currency)}</text>
                """))}
              {Enumerable.Range(0, columns).Select(Column)}
              {(spending.UsualMonth is { } usual && usual <= top ? Html.Of($"""
                <line class="usual" x1="{Left}" x2="{width - Right}" y1="{Y(usual)}" y2="{Y(usual)}"/>
                """) : default)}
            </svg>
            """);

        decimal Y(decimal amount) => Top + (plot * (1 - (amount / top)));

        Html Column(int month)
        {
            var x = Left + (slot * month) + ((slot - bar) / 2);
            var below = 0m;
            var layers = new List<Html>();
            var highest = spending.Stacks.Select((stack, index) => (stack, index)).LastOrDefault(one => one.stack.Amounts[month] > 0).index;
            for (var index = 0; index < spending.Stacks.Count; index++)
            {
                var amount = spending.Stacks[index].Amounts[month];
                if (amount <= 0) continue;
                var y = Y(below + amount);
                var tall = Math.Max(Y(below) - y, 0.5m);
                var hover = $"{spending.Stacks[index].Name}, {LongName(spending.Months[month])}: {MoneyText.Round(amount, spending.Currency)}";
                layers.Add(index == highest
                    ? Html.Of($"""<path class="s{index + 1}" d="{Rounded(x, y, bar, tall)}"><title>{hover}</title></path>""")
                    : Html.Of($"""<rect class="s{index + 1}" x="{x}" y="{y}" width="{bar}" height="{tall}"><title>{hover}</title></rect>"""));
                below += amount;
            }

            return Html.Of($"""
                <g class="{(month == current ? "month now" : "month")}">{layers}<text class="label" x="{x + (bar / 2)}" y="{height - 10}" text-anchor="middle">{ShortName(spending.Months[month])}</text></g>
                """);
        }
    }

    /// <summary>What the picture says, in a sentence or two.</summary>
    internal static string Summary(Spending spending)
    {
        var current = spending.Months.Count - 1;
        var highest = Enumerable.Range(0, current + 1).MaxBy(spending.TotalOf);
        return $"{LongName(spending.Months[0])} to {LongName(spending.Months[current])}. "
            + $"{LongName(spending.Months[current])} so far: {MoneyText.Round(spending.TotalOf(current), spending.Currency)}. "
            + (spending.UsualMonth is { } usual ? $"A usual month: {MoneyText.Round(usual, spending.Currency)}. " : "")
            + $"Highest: {LongName(spending.Months[highest])} with {MoneyText.Round(spending.TotalOf(highest), spending.Currency)}.";
    }

    internal static string LongName(DateOnly month) => month.ToString("MMMM yyyy", CultureInfo.InvariantCulture);

    private static string ShortName(DateOnly month) => month.ToString("MMM", CultureInfo.InvariantCulture);

    private static string Rounded(decimal x, decimal y, decimal width, decimal height)
    {
        var radius = Math.Min(4, Math.Min(height, width / 2));
        return string.Create(CultureInfo.InvariantCulture,
            $"M{x:0.#} {y + height:0.#}V{y + radius:0.#}Q{x:0.#} {y:0.#} {x + radius:0.#} {y:0.#}H{x + width - radius:0.#}Q{x + width:0.#} {y:0.#} {x + width:0.#} {y + radius:0.#}V{y + height:0.#}Z");
    }
}
