using System.Numerics;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Testing;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.Sandbox;

public sealed class SandboxSeedTests(Bank bank)
{
    private readonly BankApi api = bank.Api;

    [Fact]
    public async Task Every_entry_adds_up_to_zero_in_each_currency_and_balances_follow_from_the_legs()
    {
        Assert.Equal(0L, await CountAsync("""SELECT count(*) FROM (SELECT FROM accounts.legs GROUP BY "EntryId", "Currency" HAVING sum("Amount") <> 0) entries"""));
        Assert.Equal(0L, await CountAsync("""SELECT count(*) FROM (SELECT FROM accounts.legs GROUP BY "Currency" HAVING sum("Amount") <> 0) currencies"""));
        Assert.Equal(0L, await CountAsync("""SELECT count(*) FROM accounts.accounts a WHERE "Balance" <> (SELECT sum("Amount") FROM accounts.legs WHERE "Account" = a."Id")"""));
        Assert.Equal(0L, await CountAsync(
            """
            SELECT count(*) FROM accounts.transactions t JOIN accounts.legs l ON l."EntryId" = t."EntryId" AND l."Account" = t."AccountId" WHERE l."Amount" <> t."Amount"
            """));
        Assert.Equal(0L, await CountAsync(
            """
            SELECT count(*) FROM (SELECT "BalanceAfter", sum("Amount") OVER (PARTITION BY "AccountId" ORDER BY "BookedAt", "EntryId" ROWS UNBOUNDED PRECEDING) AS running,
                row_number() OVER (PARTITION BY "AccountId", "BookedAt" ORDER BY "EntryId") AS same_moment, count(*) OVER (PARTITION BY "AccountId", "BookedAt") AS at_moment
            FROM accounts.transactions WHERE NOT "IsPending") lines WHERE running <> "BalanceAfter" AND at_moment = 1
            """));
    }

    [Fact]
    public async Task Has_two_years_of_about_five_thousand_transactions_that_end_today()
    {
        var count = await CountAsync("SELECT count(*) FROM accounts.transactions");
        Assert.InRange(count, 4700, 5500);
        Assert.InRange(await CountAsync("SELECT count(*) FROM accounts.transactions WHERE \"AccountId\" = '" + api.Account("BIG-1") + "'"), 1500, 2600);
        Assert.Equal(5L, await CountAsync("SELECT count(*) FROM accounts.transactions WHERE \"IsPending\""));
        Assert.Equal(24L, await CountAsync("SELECT (extract(epoch FROM now() - min(\"BookedAt\")) / 2629800)::bigint FROM accounts.transactions"));
        Assert.InRange(await CountAsync("SELECT (extract(epoch FROM now() - max(\"BookedAt\")) / 3600)::bigint FROM accounts.transactions WHERE NOT \"IsPending\""), 0, 48);
        Assert.True(await CountAsync("SELECT count(DISTINCT \"Code\") FROM accounts.transactions") >= 5);

        // Nobody's balance ever leaves what such an account plausibly holds.
        Assert.Equal(0L, await CountAsync(
            """
            SELECT count(*) FROM accounts.transactions t JOIN accounts.accounts a ON a."Id" = t."AccountId"
            WHERE "BalanceAfter" < -coalesce("CreditLimit", 0) OR "BalanceAfter" > CASE "Category" WHEN 'Personal' THEN 15000 ELSE 40000 END
            """));
    }

    [Fact]
    public void Has_the_customers_and_accounts_that_testers_rely_on()
    {
        Assert.True(api.Customers.Count >= 4);
        var tags = api.Customers.SelectMany(customer => customer.Accounts).Select(account => account.Tag).Distinct(StringComparer.Ordinal).ToList();
        Assert.Superset(new HashSet<string>(StringComparer.Ordinal) { "GB-1", "GB-2", "EUR-1", "JT-1", "CARD-1", "BUS-1", "BIG-1" }, tags.ToHashSet(StringComparer.Ordinal));
        Assert.True(tags.Count >= 10);
        Assert.Contains(api.Customers, customer => customer.Accounts.Count == 0);
        Assert.Equal(2, api.Customers.Count(customer => customer.Accounts.Any(account => account.Tag == "JT-1")));
    }

    [Fact]
    [Trait("Rule", "OB-GEN-12")]
    [Trait("Rule", "OB-GEN-13")]
    public void Calls_accounts_by_ids_that_say_nothing()
    {
        var accounts = api.Customers.SelectMany(customer => customer.Accounts).DistinctBy(account => account.AccountId).ToList();
        Assert.All(accounts, account => Assert.Matches("^[0-9a-f]{32}$", account.AccountId));
        Assert.All(accounts, account => Assert.DoesNotContain(account.Identification[^8..], account.AccountId, StringComparison.Ordinal));
    }

    [Fact]
    public void Its_iban_has_true_check_digits_and_its_cards_pass_luhn()
    {
        var all = api.Customers.SelectMany(customer => customer.Accounts).ToList();
        var iban = all.First(account => account.Tag == "EUR-1").Identification;
        var digits = string.Concat((iban[4..] + iban[..4]).Select(character => char.IsDigit(character) ? character.ToString() : (character - 'A' + 10).ToString()));
        Assert.Equal(BigInteger.One, BigInteger.Parse(digits) % 97);

        var card = all.First(account => account.Tag == "CARD-1").Identification;
        Assert.Equal(0, card.Reverse().Select((digit, index) => index % 2 == 0 ? digit - '0' : (digit - '0') * 2 > 9 ? ((digit - '0') * 2) - 9 : (digit - '0') * 2).Sum() % 10);
    }

    [Fact]
    public async Task Is_written_once_however_often_and_by_however_many_it_is_asked_for()
    {
        await using var own = await BankApi.StartAsync();
        var before = await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.legs");
        var again = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AccountsModule.SeedSandboxAsync(own.Services, TestContext.Current.CancellationToken)));
        Assert.Equal(before, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.legs"));
        Assert.All(again, customers => Assert.Equal(own.Customers.SelectMany(customer => customer.Accounts), customers.SelectMany(customer => customer.Accounts)));
    }

    [Fact]
    public async Task Lives_the_same_two_years_every_time()
    {
        await using var own = await BankApi.StartAsync(database: await TestDatabase.CreateAsync());
        const string Sum = """SELECT string_agg(format('%s %s %s', "Reference", "Amount", "BookedAt"::date), ',' ORDER BY "Id") FROM (SELECT * FROM accounts.transactions WHERE NOT "IsPending" ORDER BY "Id" LIMIT 500) AS sample""";
        Assert.Equal(await api.Database.ScalarAsync<string>(Sum), await own.Database.ScalarAsync<string>(Sum));
    }

    [Fact]
    [Trait("Rule", "OB-CON-16")]
    public async Task A_customer_is_offered_open_accounts_only_each_under_a_name_of_its_own()
    {
        var accounts = await api.AskAsync(new ListOwnAccounts("C-100001"));
        Assert.Equal(["Everyday", "Rainy day", "Euro account", "Silver card", "Household"], accounts.Select(account => account.Name));
        Assert.Equal(["99-01-24 20450011", "Card ending " + accounts[3].Identification[^4..]], new[] { accounts[0].IdentificationShown, accounts[3].IdentificationShown });
        Assert.Equal([false, false, false, false, true], accounts.Select(account => account.IsJoint));
        Assert.Empty(await api.AskAsync(new ListOwnAccounts("C-100003")));
        Assert.Empty(await api.AskAsync(new ListOwnAccounts("nobody")));
    }

    private async Task<long> CountAsync(string sql) => await api.Database.ScalarAsync<long>(sql);
}
