using Npgsql;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.Ledger;

/// <summary>A bank of their own, since these tests count what is there.</summary>
public sealed class LedgerBank : IAsyncLifetime
{
    public BankApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync();

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}

public sealed class TransferTests(LedgerBank bank) : IClassFixture<LedgerBank>
{
    private const string Amelia = "C-100001";
    private static readonly TransferPayee Elsewhere = new("UK.OBIE.SortCodeAccountNumber", "08080021325698", "ACME Inc");
    private static int transfers;
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "PY-24")]
    public async Task Money_goes_once_to_an_account_here_and_the_books_balance()
    {
        var (from, to) = (await BalanceAsync("GB-1"), await BalanceAsync("GB-3"));
        var transfer = Hold("GB-1", 12.34m) with { Payee = new TransferPayee("UK.OBIE.IBAN", "GB24OBNK99012420450061", "Tom"), Charge = 0.66m };
        transfer = transfer with { Payee = new TransferPayee("UK.OBIE.SortCodeAccountNumber", "990124 20450061", "Tom") };
        Assert.True(Assert.IsType<HoldAnswer.Held>(await api.AskAsync(transfer)).IsOnUs);
        Assert.IsType<HoldAnswer.Held>(await api.AskAsync(transfer));
        Assert.Equal(13.00m, await HeldAsync("GB-1"));
        for (var again = 0; again < 3; again++) Assert.True(await api.AskAsync(new ExecuteTransfer(transfer.TransferId, null)));
        Assert.Equal((from - 13.00m, to + 12.34m, 0m), (await BalanceAsync("GB-1"), await BalanceAsync("GB-3"), await HeldAsync("GB-1")));
        Assert.False(await api.AskAsync(new ReleaseTransfer(transfer.TransferId)));
        Assert.Equal((1, 12.34m), await SumAsync(transfer.Under));
        Assert.Equal(2, await api.Database.ScalarAsync<long>("""SELECT count(*) FROM accounts.transactions WHERE "Reference" = $1""", transfer.Reference));
        await BalancedAsync();
    }

    [Fact]
    [Trait("Rule", "PY-23")]
    public async Task Money_comes_back_at_most_once()
    {
        var before = await BalanceAsync("GB-2");
        var transfer = Hold("GB-2", 5m);
        await api.AskAsync(transfer);
        Assert.False(await api.AskAsync(new ReturnTransfer(transfer.TransferId, "too early")));
        Assert.True(await api.AskAsync(new ExecuteTransfer(transfer.TransferId, "FPS")));
        var returns = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => api.AskAsync(new ReturnTransfer(transfer.TransferId, "AC04"))));
        Assert.Single(returns, returned => returned);
        Assert.Equal(before, await BalanceAsync("GB-2"));
        await BalancedAsync();
    }

    [Fact]
    [Trait("Rule", "PY-24")]
    [Trait("Rule", "OB-INT-2")]
    public async Task What_is_exchanged_adds_up_to_zero_in_each_currency_and_comes_back_as_it_went()
    {
        var before = await BalanceAsync("GB-2");
        var transfer = Hold("GB-2", 8.72m) with { Charge = 5m, Exchanged = new Money(10m, "EUR"), Payee = new TransferPayee("UK.OBIE.IBAN", "FR1420041010050500013M02606", "ACME SA") };
        Assert.False(Assert.IsType<HoldAnswer.Held>(await api.AskAsync(transfer)).IsOnUs);
        Assert.True(await api.AskAsync(new ExecuteTransfer(transfer.TransferId, "SWIFT")));
        Assert.Equal(before - 13.72m, await BalanceAsync("GB-2"));
        Assert.Equal(
            "bank:exchange:EUR -10 EUR, bank:exchange:GBP 8.72 GBP, bank:fees:GBP 5 GBP, bank:scheme:SWIFT:EUR 10 EUR",
            await api.Database.ScalarAsync<string>(
                """
                SELECT string_agg(l."Account" || ' ' || trim_scale(l."Amount") || ' ' || l."Currency", ', ' ORDER BY l."Account") FROM accounts.legs l
                JOIN accounts.entries e ON e."Id" = l."EntryId" WHERE e."Text" = $1 AND l."Account" LIKE 'bank:%'
                """,
                $"Transfer {transfer.TransferId}"));
        await BalancedAsync();

        // The charge stays: it was for the sending.
        Assert.True(await api.AskAsync(new ReturnTransfer(transfer.TransferId, "AC04")));
        Assert.Equal(before - 5m, await BalanceAsync("GB-2"));
        await BalancedAsync();
    }

    [Fact]
    public async Task What_is_not_moved_is_given_back_once()
    {
        var transfer = Hold("GB-2", 5m);
        await api.AskAsync(transfer);
        for (var again = 0; again < 2; again++) Assert.True(await api.AskAsync(new ReleaseTransfer(transfer.TransferId)));
        Assert.Equal(0m, await HeldAsync("GB-2"));
        Assert.False(await api.AskAsync(new ExecuteTransfer(transfer.TransferId, "FPS")));
        Assert.Equal((0, 0m), await SumAsync(transfer.Under));
    }

    [Fact]
    [Trait("Rule", "PY-07")]
    [Trait("Rule", "R9")]
    public async Task Of_twenty_at_one_moment_with_money_for_seven_seven_are_held()
    {
        var account = api.Account("GB-4");
        var there = await api.Database.ScalarAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1""", account);
        var each = Math.Floor(there / 7.5m * 100) / 100;
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.AskAsync(Hold("GB-4", each) with { CustomerId = "C-100002" })));
        Assert.Equal(7, answers.OfType<HoldAnswer.Held>().Count());
        Assert.All(answers.OfType<HoldAnswer.Refused>(), answer => Assert.Equal(HoldRefusal.InsufficientFunds, answer.Why));
        Assert.Equal(7 * each, await HeldAsync("GB-4"));
        await BalancedAsync();
    }

    [Fact]
    [Trait("Rule", "PY-14")]
    [Trait("Rule", "PY-24")]
    public async Task Says_why_nothing_is_held()
    {
        async Task<HoldRefusal> WhyAsync(HoldForTransfer transfer) => Assert.IsType<HoldAnswer.Refused>(await api.AskAsync(transfer)).Why;
        Assert.Equal(HoldRefusal.AccountUnusable, await WhyAsync(Hold("GB-3", 1m)));
        Assert.Equal(HoldRefusal.AccountUnusable, await WhyAsync(Hold("EUR-1", 1m)));
        Assert.Equal(HoldRefusal.PayeeUnknown, await WhyAsync(Hold("GB-1", 1m) with { Payee = Elsewhere with { Identification = "99012499999999" } }));
        Assert.Equal(HoldRefusal.PayeeUnknown, await WhyAsync(Hold("GB-1", 1m) with { Payee = Elsewhere with { Identification = await NumberAsync("GB-1") } }));
        Assert.Equal(HoldRefusal.PayeeUnknown, await WhyAsync(Hold("GB-1", 1m) with { Payee = Elsewhere with { Scheme = "UK.OBIE.IBAN", Identification = await NumberAsync("EUR-1") } }));
        Assert.Equal(HoldRefusal.InsufficientFunds, await WhyAsync(Hold("GB-1", 10_000_000m)));
        await api.AskAsync(new SetSandboxAccountState(api.Account("BUS-2"), "closed"));
        Assert.Equal(HoldRefusal.PayeeClosed, await WhyAsync(Hold("GB-1", 1m) with { Payee = Elsewhere with { Identification = "99012420450102" } }));
    }

    [Fact]
    [Trait("Rule", "PY-12")]
    [Trait("Rule", "R14")]
    public async Task The_largest_amounts_add_up_without_a_digit_lost()
    {
        const decimal Most = 9_999_999_999_999.99m;
        var account = api.Account("BUS-1");
        await api.Database.ExecuteAsync("""UPDATE accounts.accounts SET "CreditLimit" = 0, "Held" = 0 WHERE "Id" = $1""", account);
        var before = await BalanceAsync("BUS-1");
        for (var n = 0; n < 10; n++)
        {
            var entry = Guid.CreateVersion7();
            await api.Database.ExecuteAsync(
                $$"""
                WITH e AS (INSERT INTO accounts.entries ("Id", "BookedAt", "Text") VALUES ('{{entry}}', now(), 'large') RETURNING "Id"),
                l AS (INSERT INTO accounts.legs ("EntryId", "Number", "Account", "Amount", "Currency") SELECT "Id", 1, '{{account}}', 9999999999999.99, 'GBP' FROM e UNION ALL SELECT "Id", 2, 'bank:testers:GBP', -9999999999999.99, 'GBP' FROM e)
                UPDATE accounts.accounts SET "Balance" = "Balance" + 9999999999999.99 WHERE "Id" = '{{account}}'
                """);
        }

        Assert.Equal(before + (10 * Most), await BalanceAsync("BUS-1"));
        await BalancedAsync();
    }

    [Fact]
    [Trait("Rule", "PY-25")]
    [Trait("Rule", "R11")]
    public async Task The_database_refuses_books_that_do_not_balance_and_changes_of_what_is_booked()
    {
        await RefusedAsync("""UPDATE accounts.legs SET "Amount" = "Amount" + 1""");
        await RefusedAsync("DELETE FROM accounts.legs");
        await RefusedAsync("""UPDATE accounts.entries SET "Text" = 'other'""");
        await RefusedAsync("DELETE FROM accounts.entries");
        await RefusedAsync("""INSERT INTO accounts.legs ("EntryId", "Number", "Account", "Amount", "Currency") SELECT "Id", 9, 'bank:testers:GBP', 1, 'GBP' FROM accounts.entries LIMIT 1""");
        await BalancedAsync();

        async Task RefusedAsync(string statement) => await Assert.ThrowsAsync<PostgresException>(() => api.Database.ExecuteAsync(statement));
    }

    [Fact]
    public async Task A_balance_that_is_not_the_sum_of_its_legs_is_found()
    {
        await using var own = await BankApi.StartAsync();
        Assert.Empty((await own.AskAsync(new VerifyLedger())).Problems);
        await own.Database.ExecuteAsync("""UPDATE accounts.accounts SET "Balance" = "Balance" + 0.01, "Held" = 1 WHERE "Id" = $1""", own.Account("GB-1"));
        Assert.Equal(2, (await own.AskAsync(new VerifyLedger())).Problems.Count);
    }

    private HoldForTransfer Hold(string tag, decimal amount)
    {
        var id = $"transfer-{Interlocked.Increment(ref transfers)}";
        return new HoldForTransfer(id, "under-" + id, Amelia, api.Account(tag), new Money(amount, "GBP"), 0, Elsewhere, id);
    }

    private Task<decimal> BalanceAsync(string tag) => api.Database.ScalarAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1""", api.Account(tag));

    private Task<decimal> HeldAsync(string tag) => api.Database.ScalarAsync<decimal>("""SELECT "Held" FROM accounts.accounts WHERE "Id" = $1""", api.Account(tag));

    private async Task<(int, decimal)> SumAsync(string under) => await api.AskAsync(new SumTransfers(under)) is var sum ? (sum.Count, sum.Sum) : default;

    private async Task<string> NumberAsync(string account) =>
        (await api.Database.ScalarAsync<string>("""SELECT "Identification" FROM accounts.accounts WHERE "Id" = $1""", api.Account(account)))!;

    private async Task BalancedAsync() => Assert.Empty((await api.AskAsync(new VerifyLedger())).Problems);
}
