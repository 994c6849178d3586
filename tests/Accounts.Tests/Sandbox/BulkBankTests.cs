using OpenBanking.Consent;
using OpenBanking.Consent.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.Sandbox;

/// <summary>A bank with customers by the thousand: its books balance, its audit is whole, and what it holds is found by an index.</summary>
public sealed class BulkBankTests : IAsyncLifetime
{
    private const int Customers = 3_000;
    private const int Transactions = 12_000;
    private const int Consents = 6_000;
    private const int Rounds = 10;

    private static readonly string[] Large =
        ["accounts.accounts", "accounts.holders", "accounts.transactions", "accounts.account_products", "accounts.statements", "consent.consents", "consent.history"];

    private readonly List<int> progress = [];
    private BankApi api = null!;

    public async ValueTask InitializeAsync()
    {
        api = await BankApi.StartAsync();
        var ct = TestContext.Current.CancellationToken;
        var held = await AccountsModule.SeedBulkAsync(api.Services, Customers, Transactions, progress.Add, ct);
        await ConsentModule.SeedBulkAsync(api.Services, Consents, held, progress.Add, ct);
    }

    public ValueTask DisposeAsync() => api.DisposeAsync();

    [Fact]
    public async Task What_is_added_hangs_together()
    {
        Assert.Equal((Transactions, Consents), (progress.TakeWhile(count => count <= Transactions).Max(), progress[^1]));
        Assert.Equal(Customers, await CountAsync("""SELECT count(*) FROM accounts.accounts WHERE "Identification" LIKE '9901245%'"""));
        Assert.Equal(0, await CountAsync("""SELECT count(*) FROM (SELECT FROM accounts.legs GROUP BY "EntryId", "Currency" HAVING sum("Amount") <> 0) wrong"""));
        Assert.Equal(0, await CountAsync(
            """
            SELECT count(*) FROM accounts.accounts a
            WHERE a."Balance" <> coalesce((SELECT sum(l."Amount") FROM accounts.legs l WHERE l."Account" = a."Id"), 0)
            """));
        Assert.Equal(0, await CountAsync(
            """
            SELECT count(*) FROM accounts.statements s
            WHERE s."Closing" <> s."Opening" + s."Credits" - s."Debits"
                OR s."Closing" <> (SELECT coalesce(sum(t."Amount"), 0) FROM accounts.transactions t WHERE t."AccountId" = s."AccountId" AND NOT t."IsPending" AND t."BookedAt" <= s."EndAt")
            """));
        Assert.Equal(Consents / 10, await CountAsync("""SELECT count(*) FROM consent.consents WHERE "State" = 'AWAU' AND "ClientId" LIKE 'bulk-%'"""));
        Assert.Equal(0, await CountAsync("""SELECT count(*) FROM consent.history h WHERE NOT EXISTS (SELECT FROM consent.consents c WHERE c."Id" = h."ConsentId")"""));

        // Another thousand goes beside the first.
        await AccountsModule.SeedBulkAsync(api.Services, 10, 7, progress.Add, TestContext.Current.CancellationToken);
        Assert.Equal(Customers + 10, await CountAsync("""SELECT count(*) FROM accounts.accounts WHERE "Identification" LIKE '9901245%'"""));
    }

    [Fact]
    public async Task What_a_third_party_reads_is_found_without_looking_at_whole_tables()
    {
        var caller = await api.AccessAsync(["GB-1", "EUR-1"], BankApi.Everything);
        await ReadAsync(caller);
        var before = await ScansAsync();
        for (var round = 0; round < Rounds; round++) await ReadAsync(caller);
        var after = await ScansAsync();

        Assert.True(after["accounts.transactions"].Indexed >= before["accounts.transactions"].Indexed + Rounds, "the reads are not among what was counted");

        // A job may go through a table meanwhile; a read that did would do it each round.
        foreach (var table in Large) Assert.True(after[table].Whole - before[table].Whole < Rounds, $"{table}: {before[table].Whole} became {after[table].Whole}");
    }

    private async Task ReadAsync(TestCaller caller)
    {
        var account = api.Account("GB-1");
        string[] paths =
        [
            "/accounts", $"/accounts/{account}", "/balances", $"/accounts/{account}/balances", "/transactions", $"/accounts/{account}/transactions",
            $"/accounts/{account}/transactions?fromBookingDateTime=2026-01-01T00:00:00", "/products", $"/accounts/{account}/statements",
        ];
        foreach (var path in paths) Assert.Equal((path, 200), (path, (await api.GetAsync(path, caller)).Status));
        Assert.Equal(200, (await api.GetAsync($"/account-access-consents/{caller.ConsentId}", new TestCaller(BankApi.Tpp))).Status);
        await api.AskAsync(new ListConnections(caller.CustomerId));
    }

    /// <summary>How often each large table was gone through whole, and how often by an index, as PostgreSQL counts once its processes have told.</summary>
    private async Task<Dictionary<string, (long Whole, long Indexed)>> ScansAsync()
    {
        var last = "";
        for (var round = 0; round < 60; round++)
        {
            // A process tells a second after its transaction at the earliest, and when it has nothing to do.
            await Task.Delay(TimeSpan.FromSeconds(1.2), TestContext.Current.CancellationToken);
            await api.AskAsync(new ListConnections("nobody"));
            var told = await api.Database.ScalarAsync<string>(
                """
                SELECT string_agg(schemaname || '.' || relname || ' ' || coalesce(seq_scan, 0) || ' ' || coalesce(idx_scan, 0), ';' ORDER BY schemaname, relname)
                FROM pg_stat_user_tables WHERE schemaname || '.' || relname = ANY ($1)
                """,
                [Large]);
            if (told == last) return told!.Split(';').Select(row => row.Split(' ')).ToDictionary(row => row[0], row => (Number(row[1]), Number(row[2])));
            last = told!;
        }

        throw new TimeoutException("The counts did not come to rest.");

        static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<long> CountAsync(string sql) => await api.Database.ScalarAsync<long>(sql);
}
