using System.Globalization;
using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Budget;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Platform.Tests.Samples;

/// <summary>A customer with an ordinary year, the same in every run, for looking at the pages.</summary>
internal static class SampleOverview
{
    private static readonly (string Name, string Trade, decimal Amount, int EveryDays, string Account)[] Habits =
    [
        ("Rent, 14 Orchard Row", "6513", 940, 30, "a-1"), ("Northline Energy", "4900", 118, 30, "a-1"), ("Harbour Water", "4900", 38, 30, "a-1"),
        ("Greenleaf Supermarket", "5411", 54, 5, "a-1"), ("Oven & Crumb Bakery", "5462", 7, 3, "a-1"),
        ("Lanterna", "5812", 34, 9, "a-3"), ("Two Doves Coffee", "5814", 4, 2, "a-3"),
        ("Metro Rail", "4111", 21, 7, "a-1"), ("Fairway Fuel", "5541", 58, 21, "a-3"),
        ("Paper Boat Books", "5942", 23, 26, "a-3"), ("Holm Outfitters", "5651", 76, 40, "a-3"),
        ("Lumen Cinema", "7832", 19, 17, "a-1"), ("Tidal Music", "5815", 11, 30, "a-1"), ("Elm Street Pharmacy", "5912", 13, 24, "a-1"),
    ];

    public static Overview At(DateTimeOffset now)
    {
        var transactions = new List<Transaction>();
        for (var back = 0; back < 400; back++)
        {
            var day = now.Date.AddDays(-back);
            var when = new DateTimeOffset(day, TimeSpan.Zero).AddHours(8);
            for (var habit = 0; habit < Habits.Length; habit++)
            {
                var (name, trade, amount, every, account) = Habits[habit];
                if ((back + (habit * 3) + 11) % every != 0) continue;
                var sway = every == 30 ? 1 : 1 + (0.35m * (decimal)Math.Sin((back * 0.7) + habit));
                transactions.Add(Paid(account, name, trade, decimal.Round(amount * sway, 2), when.AddMinutes(habit * 41), back == 0));
            }

            if (day.Day == 25)
                transactions.Add(new Transaction("a-1", when, "Salary, Wren & Daughters", new Money(2480.16m, "GBP"), false, null, null));
            if (day.Day == 26)
                transactions.Add(new Transaction("a-1", when, "Transfer to savings", new Money(-200, "GBP"), false, null, null));
        }

        foreach (var month in Enumerable.Range(0, 3))
            transactions.Add(Paid("a-4", "Pensione Rosa", "7011", 96 + month, now.AddMonths(-month * 2).AddDays(-3), false) with { Amount = new Money(-96 - month, "EUR") });
        return new Overview(
            "Meadow Bank",
            [
                new Account("a-1", "Everyday", "Current account", "5678", new Money(1846.37m, "GBP")),
                new Account("a-2", "Rainy days", "Savings", "9012", new Money(6200, "GBP")),
                new Account("a-3", "Classic card", "Credit card", "4417", new Money(-412.08m, "GBP")),
                new Account("a-4", "Euro account for travelling", "Current account", "0034", new Money(318.9m, "EUR")),
            ],
            [.. transactions.OrderByDescending(one => one.BookedAt)],
            new Connection("dpop", "aac-5f0c7c1e4d7b4f7f9f6a", "J3kq0xvWq3o9hW1r0GmPZcB7b0n3cGgm3V0o9o8r9Xk", "secret", now.AddMinutes(4), "secret", "openid accounts offline_access", now, now.AddDays(90)),
            now);
    }

    private static Transaction Paid(string account, string name, string trade, decimal amount, DateTimeOffset when, bool pending) =>
        new(account, when, name, new Money(-amount, "GBP"), pending, trade, string.Create(CultureInfo.InvariantCulture, $"trade {trade}"));
}
