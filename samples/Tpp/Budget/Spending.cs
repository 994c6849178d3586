using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Budget;

/// <summary>What money went on, a column a month and a stack of categories in each, in one currency.</summary>
/// <param name="Months">First days, oldest first; the last is the current month and not over yet.</param>
/// <param name="Stacks">Biggest first; "Everything else" last.</param>
internal sealed record Spending(string Currency, IReadOnlyList<DateOnly> Months, IReadOnlyList<SpendingStack> Stacks)
{
    /// <summary>As many colours as can be told apart; the rest is one stack.</summary>
    private const int MostStacks = 5;

    public decimal TotalOf(int month) => Stacks.Sum(stack => stack.Amounts[month]);

    /// <summary>What a whole month costs, over those that had any spending; null before the first is over.</summary>
    public decimal? UsualMonth
    {
        get
        {
            var whole = Enumerable.Range(0, Months.Count - 1).Select(TotalOf).Where(total => total > 0).ToList();
            return whole.Count == 0 ? null : whole.Average();
        }
    }

    /// <summary>The last months alone, as a small screen has room for; the order of the stacks, and so their colours, stays.</summary>
    public Spending Last(int count) => Months.Count <= count
        ? this
        : this with
        {
            Months = [.. Months.Skip(Months.Count - count)],
            Stacks = [.. Stacks.Select(stack => stack with { Amounts = [.. stack.Amounts.Skip(Months.Count - count)] })],
        };

    /// <summary>Adds up a year. Money moved between accounts is not spent, and money that came in is not spending.</summary>
    public static Spending Of(IEnumerable<Transaction> transactions, string currency, DateTimeOffset now)
    {
        var current = new DateOnly(now.UtcDateTime.Year, now.UtcDateTime.Month, 1);
        var months = Enumerable.Range(0, 12).Select(back => current.AddMonths(back - 11)).ToList();
        var spent = transactions
            .Where(one => one.Amount.Amount < 0 && string.Equals(one.Amount.Currency, currency, StringComparison.Ordinal))
            .Select(one => (Category: Categories.Of(one), Month: MonthOf(one.BookedAt, months), Amount: -one.Amount.Amount))
            .Where(one => one.Category != Category.Transfers && one.Month >= 0)
            .ToList();
        var ranked = spent
            .GroupBy(one => one.Category)
            .OrderByDescending(group => group.Key != Category.Other)
            .ThenByDescending(group => group.Sum(one => one.Amount))
            .ToList();
        var named = ranked.Where(group => group.Key != Category.Other).Take(MostStacks).ToList();
        var stacks = named.Select(group => Stack(Categories.NameOf(group.Key), group)).ToList();
        var rest = ranked.Except(named).SelectMany(group => group).ToList();
        if (rest.Count > 0) stacks.Add(Stack("Everything else", rest));
        return new Spending(currency, months, stacks);

        SpendingStack Stack(string name, IEnumerable<(Category Category, int Month, decimal Amount)> entries)
        {
            var amounts = new decimal[months.Count];
            foreach (var entry in entries) amounts[entry.Month] += entry.Amount;
            return new SpendingStack(name, amounts);
        }
    }

    /// <summary>How this month stands against the last one on the same day; null where there is nothing to hold it against.</summary>
    public static decimal? AgainstLastMonth(IEnumerable<Transaction> transactions, string currency, DateTimeOffset now)
    {
        var start = new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var before = start.AddMonths(-1);
        var sameMoment = before + (now - start);
        decimal thisMonth = 0, lastMonth = 0;
        foreach (var one in transactions)
        {
            if (one.Amount.Amount >= 0 || one.Amount.Currency != currency || Categories.Of(one) == Category.Transfers) continue;
            if (one.BookedAt >= start && one.BookedAt <= now) thisMonth -= one.Amount.Amount;
            else if (one.BookedAt >= before && one.BookedAt <= sameMoment && one.BookedAt < start) lastMonth -= one.Amount.Amount;
        }

        return lastMonth == 0 ? null : thisMonth - lastMonth;
    }

    private static int MonthOf(DateTimeOffset moment, List<DateOnly> months) =>
        months.IndexOf(new DateOnly(moment.UtcDateTime.Year, moment.UtcDateTime.Month, 1));
}

/// <param name="Amounts">A sum a month, positive.</param>
internal sealed record SpendingStack(string Name, IReadOnlyList<decimal> Amounts);

/// <summary>Money as people read it.</summary>
internal static class MoneyText
{
    private static readonly System.Globalization.CultureInfo English = System.Globalization.CultureInfo.InvariantCulture;

    public static string Exact(Money money) =>
        Sign(money.Amount) + Symbol(money.Currency) + Math.Abs(money.Amount).ToString("N" + Money.ScaleOf(money.Currency), English);

    /// <summary>Without the small change, for charts and sentences.</summary>
    public static string Round(decimal amount, string currency) =>
        Sign(Math.Round(amount)) + Symbol(currency) + Math.Round(Math.Abs(amount)).ToString("N0", English);

    /// <summary>For the axis: 1.5k.</summary>
    public static string Short(decimal amount, string currency) => amount >= 1000
        ? Symbol(currency) + (amount / 1000).ToString("0.#", English) + "k"
        : Symbol(currency) + amount.ToString("0.##", English);

    private static string Sign(decimal amount) => amount < 0 ? "\u2212" : "";

    private static string Symbol(string currency) => currency switch
    {
        "GBP" => "£",
        "EUR" => "€",
        "USD" => "$",
        "JPY" => "¥",
        _ => currency + "\u00a0",
    };
}
