using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.Ledger;

/// <summary>What customers have arranged with the bank itself is paid when its day comes.</summary>
public sealed class DuePaymentsTests
{
    private const string Order = """SELECT {0} FROM accounts.standing_orders WHERE "AccountId" = $1 AND "Reference" = $2""";

    [Fact]
    [Trait("Rule", "OB-AIS-24")]
    [Trait("Rule", "PY-24")]
    public async Task A_standing_order_is_paid_once_on_its_day_by_whichever_host_is_first()
    {
        await using var bank = await BankApi.StartAsync();
        var (from, to) = (await BalanceAsync(bank, "GB-1"), await BalanceAsync(bank, "GB-2"));
        await bank.Database.ExecuteAsync("""UPDATE accounts.standing_orders SET "Status" = 'CANC' WHERE "Reference" <> 'RAINY DAY'""");
        await bank.Database.ExecuteAsync("DELETE FROM accounts.scheduled_payments");
        var due = await bank.Database.ScalarAsync<DateTime>(Of("\"NextAt\""), bank.Account("GB-1"), "RAINY DAY");
        var payments = bank.Services.GetRequiredService<DuePayments>();

        bank.Clock.StopAt(new DateTimeOffset(due).AddSeconds(-1));
        Assert.Equal(0, await payments.CarryOutAsync(CancellationToken.None));
        bank.Clock.StopAt(new DateTimeOffset(due));
        var done = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => payments.CarryOutAsync(CancellationToken.None)));
        Assert.Equal(1, done.Sum());
        Assert.Equal((from - 250m, to + 250m), (await BalanceAsync(bank, "GB-1"), await BalanceAsync(bank, "GB-2")));
        Assert.Equal(due.AddMonths(1), await bank.Database.ScalarAsync<DateTime>(Of("\"NextAt\""), bank.Account("GB-1"), "RAINY DAY"));

        // Who reads the order finds its last payment among the account's transactions.
        Assert.Equal(1, await bank.Database.ScalarAsync<long>(
            """
            SELECT count(*) FROM accounts.transactions t JOIN accounts.standing_orders s ON s."AccountId" = t."AccountId" AND s."LastAt" = t."BookedAt" AND s."Amount" = -t."Amount"
            WHERE s."AccountId" = $1 AND s."Reference" = 'RAINY DAY'
            """,
            bank.Account("GB-1")));
        Assert.Empty((await bank.AskAsync(new VerifyLedger())).Problems);
    }

    [Fact]
    [Trait("Rule", "OB-AIS-24")]
    public async Task Over_days_that_were_jumped_one_is_paid_and_what_has_no_cover_moves_on_unpaid()
    {
        await using var bank = await BankApi.StartAsync();
        await bank.Database.ExecuteAsync("""UPDATE accounts.standing_orders SET "Status" = 'CANC' WHERE "Reference" NOT IN ('RAINY DAY', 'VAN FUND')""");
        await bank.Database.ExecuteAsync("""UPDATE accounts.standing_orders SET "Amount" = 900000 WHERE "Reference" = 'VAN FUND'""");
        await bank.Database.ExecuteAsync("""UPDATE accounts.standing_orders SET "FinalAt" = "NextAt" + interval '100 days' WHERE "Reference" = 'RAINY DAY'""");
        var before = await BalanceAsync(bank, "GB-1") - await bank.Database.ScalarAsync<decimal>("""SELECT sum("Amount") FROM accounts.scheduled_payments WHERE "AccountId" = $1""", bank.Account("GB-1"));
        var last = await bank.Database.ScalarAsync<DateTime>(Of("\"LastAt\""), bank.Account("GB-3"), "VAN FUND");
        bank.Clock.Advance(TimeSpan.FromDays(190));
        var payments = bank.Services.GetRequiredService<DuePayments>();

        // Two orders and all that was set up for later.
        Assert.Equal(2 + 4, await payments.CarryOutAsync(CancellationToken.None));
        Assert.Equal(0, await payments.CarryOutAsync(CancellationToken.None));
        Assert.Equal(before - 250m, await BalanceAsync(bank, "GB-1"));
        Assert.Equal("EXPI", await bank.Database.ScalarAsync<string>(Of("\"Status\""), bank.Account("GB-1"), "RAINY DAY"));
        Assert.True(await bank.Database.ScalarAsync<DateTime>(Of("\"NextAt\""), bank.Account("GB-3"), "VAN FUND") > bank.Clock.Now.UtcDateTime);
        Assert.Equal(last, await bank.Database.ScalarAsync<DateTime>(Of("\"LastAt\""), bank.Account("GB-3"), "VAN FUND"));
        Assert.Equal(0, await bank.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.scheduled_payments"));
        Assert.Empty((await bank.AskAsync(new VerifyLedger())).Problems);
    }

    private static string Of(string column) => string.Format(System.Globalization.CultureInfo.InvariantCulture, Order, column);

    private static Task<decimal> BalanceAsync(BankApi bank, string tag) =>
        bank.Database.ScalarAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1""", bank.Account(tag));
}
