using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Accounts.Ledger;

namespace OpenBanking.Testing.Tpp;

/// <summary>A statement for an account that has none: of a month that has ended, with one booking.</summary>
public static class TestStatement
{
    /// <summary>Answers its id.</summary>
    public static async Task<string> IssueAsync(TestHost host, string accountId)
    {
        var now = host.Clock.Now;
        await host.Database.ExecuteAsync(
            """
            INSERT INTO accounts.transactions ("Id", "AccountId", "BookedAt", "ValueAt", "Amount", "Currency", "IsPending", "Reference", "Information", "Code", "SubCode", "OwnCode")
            VALUES (gen_random_uuid(), $1, $2, $2, 1.00, 'GBP', false, 'FIRST', 'First', 'RCDT', 'DMCT', 'FPI')
            """,
            accountId,
            now.AddMonths(-1).UtcDateTime);
        await using var connection = await host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await StatementRun.IssueAsync(connection, now.AddMonths(1), CancellationToken.None);
        return (await host.Database.ScalarAsync<Guid>("""SELECT "Id" FROM accounts.statements WHERE "AccountId" = $1 ORDER BY "EndAt" LIMIT 1""", accountId)).ToString("N");
    }
}
