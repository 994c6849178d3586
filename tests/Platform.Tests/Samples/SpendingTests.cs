using System.Globalization;
using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Budget;
using OpenBanking.Samples.Tpp.Pages;

namespace OpenBanking.Platform.Tests.Samples;

public sealed class SpendingTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_year_is_added_up_by_month_and_kind()
    {
        var spending = Spending.Of(
            [
                Paid(10, "Supermarket", Now),
                Paid(5, "Supermarket", new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero)),
                Paid(7, "Supermarket", new(2026, 10, 31, 23, 59, 59, TimeSpan.Zero)),
                Paid(3, "Supermarket", new(2025, 12, 1, 0, 0, 0, TimeSpan.Zero)),
                Paid(99, "Supermarket", new(2025, 11, 30, 23, 59, 59, TimeSpan.Zero)),
                Paid(20, "Bistro", Now),
            ],
            "GBP",
            Now);
        Assert.Equal(new DateOnly(2025, 12, 1), spending.Months[0]);
        Assert.Equal(new DateOnly(2026, 11, 1), spending.Months[^1]);
        Assert.Equal(["Groceries", "Eating out"], spending.Stacks.Select(stack => stack.Name).Order().Reverse());
        var groceries = spending.Stacks.Single(stack => stack.Name == "Groceries").Amounts;
        Assert.Equal((3m, 7m, 15m), (groceries[0], groceries[10], groceries[11]));
        Assert.Equal(35m, spending.TotalOf(11));
    }

    [Fact]
    public void Income_other_currencies_and_own_transfers_are_not_spending()
    {
        var spending = Spending.Of(
            [
                Paid(-100, "Salary", Now),
                Paid(10, "Hotel", Now) with { Amount = new Money(-10, "EUR") },
                Paid(500, "Transfer to savings", Now),
                Paid(40, "Cash", Now) with { MerchantCode = "6012" },
                Paid(250, "To A Hartwell RAINY DAY", Now) with { BankCode = "ICDT BOOK TFR" },
            ],
            "GBP",
            Now);
        Assert.Empty(spending.Stacks);
        Assert.Equal(0, spending.TotalOf(11));
        Assert.Null(spending.UsualMonth);
        Assert.NotEmpty(SpendingChart.Draw(spending).ToString());
    }

    [Fact]
    public void Beyond_five_kinds_the_rest_is_one()
    {
        string[] shops = ["Rent", "Supermarket", "Bistro", "Train", "Cinema", "Pharmacy", "Bookshop shop", "What is it"];
        var spending = Spending.Of(shops.Select((shop, index) => Paid(100 - index, shop, Now)), "GBP", Now);
        Assert.Equal(6, spending.Stacks.Count);
        Assert.Equal("Everything else", spending.Stacks[^1].Name);
        Assert.Equal(95m + 94m + 93m, spending.Stacks[^1].Amounts[11]);
        Assert.Equal(spending.Stacks.Select(stack => stack.Name), spending.Last(6).Stacks.Select(stack => stack.Name));
    }

    [Fact]
    public void This_month_is_held_against_the_same_days_of_the_last()
    {
        Transaction[] some =
        [
            Paid(30, "Bistro", new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero)),
            Paid(100, "Bistro", new(2026, 10, 20, 12, 0, 0, TimeSpan.Zero)),
            Paid(999, "Bistro", new(2026, 10, 20, 12, 0, 1, TimeSpan.Zero)),
        ];
        Assert.Equal(-70m, Spending.AgainstLastMonth(some, "GBP", Now));
        Assert.Null(Spending.AgainstLastMonth(some[..1], "GBP", Now));
    }

    [Theory]
    [InlineData("5411", "anything", "Groceries")]
    [InlineData("5812", "anything", "EatingOut")]
    [InlineData("4900", "anything", "Home")]
    [InlineData("9999", "Corner Pharmacy", "Health")]
    [InlineData(null, "CITY COUNCIL TAX", "Home")]
    [InlineData(null, "Parent fund", "Other")]
    public void A_payment_is_sorted_by_trade_and_else_by_its_words(string? trade, string text, string category) =>
        Assert.Equal(category, Categories.Of(Paid(1, text, Now) with { MerchantCode = trade }).ToString());

    [Theory]
    [InlineData("0", "100")]
    [InlineData("0.03", "0.03")]
    [InlineData("1284", "1500")]
    [InlineData("2000", "2000")]
    [InlineData("2001", "2500")]
    public void The_axis_ends_at_a_round_number_at_or_above_the_highest_column(string highest, string end)
    {
        var ticks = SpendingChart.Ticks(decimal.Parse(highest, CultureInfo.InvariantCulture));
        Assert.Equal(decimal.Parse(end, CultureInfo.InvariantCulture), ticks[^1]);
        Assert.InRange(ticks.Count, 2, 6);
    }

    [Fact]
    public void The_picture_says_in_words_what_it_shows()
    {
        var spending = Spending.Of([Paid(30, "Bistro", Now), Paid(90, "Bistro", Now.AddMonths(-1))], "GBP", Now);
        Assert.Equal(
            "December 2025 to November 2026. November 2026 so far: £30. A usual month: £90. Highest: October 2026 with £90.",
            SpendingChart.Summary(spending));
        var markup = SpendingChart.Draw(spending).ToString();
        Assert.Contains("role=\"img\"", markup, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", markup, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">October 2026</th>", SpendingChart.Table(spending).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_bank_sends_never_becomes_markup()
    {
        var evil = "<img src=x onerror=alert(1)>\"'&";
        Assert.Equal("<p title=\"&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;\">&#x27;</p>", Html.Of($"""<p title="{evil}">{"'"}</p>""").ToString());
    }

    [Theory]
    [InlineData("-1234.5", "GBP", "\u2212£1,234.50")]
    [InlineData("0", "EUR", "€0.00")]
    [InlineData("1000", "JPY", "¥1,000")]
    [InlineData("5", "CHF", "CHF\u00a05.00")]
    public void Money_reads_as_people_write_it(string amount, string currency, string text) =>
        Assert.Equal(text, MoneyText.Exact(new Money(decimal.Parse(amount, CultureInfo.InvariantCulture), currency)));

    private static Transaction Paid(decimal amount, string to, DateTimeOffset when) =>
        new("a-1", when, to, new Money(-amount, "GBP"), false, null, null);
}
