using Npgsql;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>
/// Issues the statements of months that have ended. A statement is made of the bookings of its month and of the statement before it, so
/// that it adds up, and is not made again: two hosts that issue at one moment meet in a unique index.
/// </summary>
internal static class StatementRun
{
    /// <summary>So many accounts at a time, so that nobody waits long for the rows.</summary>
    internal const int Batch = 500;

    /// <summary>Bookings at the end of a month may be committed a little after it.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    private const string First = """
        SELECT min(t."BookedAt") FROM accounts.accounts a
        CROSS JOIN LATERAL (SELECT "BookedAt" FROM accounts.transactions WHERE "AccountId" = a."Id" AND NOT "IsPending" ORDER BY "BookedAt" LIMIT 1) t
        WHERE NOT EXISTS (SELECT FROM accounts.statements s WHERE s."AccountId" = a."Id")
        """;

    private const string Last = """SELECT min("EndAt") FROM (SELECT max("EndAt") AS "EndAt" FROM accounts.statements GROUP BY "AccountId") latest""";

    private const string Issue = """
        INSERT INTO accounts.statements
            ("Id", "AccountId", "Reference", "StartAt", "EndAt", "CreatedAt", "Currency", "Opening", "Closing", "Credits", "Debits", "Fees", "Interest", "CardLimit")
        SELECT gen_random_uuid(), a."Id", $4, $1, $2 - interval '1 second', $3, a."Currency",
            coalesce(p."Closing", 0), coalesce(p."Closing", 0) + m.credits - m.debits, m.credits, m.debits, m.fees, m.interest,
            CASE WHEN a."TypeCode" = 'CARD' THEN a."CreditLimit" END
        FROM accounts.accounts a
        LEFT JOIN LATERAL (SELECT s."Closing" FROM accounts.statements s WHERE s."AccountId" = a."Id" AND s."EndAt" < $1 ORDER BY s."EndAt" DESC LIMIT 1) p ON true
        CROSS JOIN LATERAL (
            SELECT coalesce(sum("Amount") FILTER (WHERE "Amount" > 0), 0) AS credits, coalesce(-sum("Amount") FILTER (WHERE "Amount" < 0), 0) AS debits,
                coalesce(-sum("Amount") FILTER (WHERE "SubCode" = 'CHRG'), 0) AS fees, coalesce(sum("Amount") FILTER (WHERE "SubCode" = 'INTR'), 0) AS interest,
                count(*) AS lines
            FROM accounts.transactions t
            WHERE t."AccountId" = a."Id" AND NOT t."IsPending" AND t."BookedAt" >= $1 AND t."BookedAt" < $2) m
        WHERE (p."Closing" IS NOT NULL OR m.lines > 0)
            AND NOT EXISTS (SELECT FROM accounts.statements s WHERE s."AccountId" = a."Id" AND s."EndAt" = $2 - interval '1 second')
        LIMIT $5
        ON CONFLICT ("AccountId", "EndAt") DO NOTHING
        """;

    /// <summary>The end of the last month of which statements are due.</summary>
    public static DateTimeOffset LastEnd(DateTimeOffset now)
    {
        var settled = (now - Settling).ToUniversalTime();
        return new DateTimeOffset(settled.Year, settled.Month, 1, 0, 0, 0, TimeSpan.Zero);
    }

    /// <summary>Issues what is missing up to a moment; answers how many.</summary>
    public static async Task<int> IssueAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken ct)
    {
        var issued = 0;
        if (await EarliestAsync(connection, ct) is not { } earliest) return issued;
        for (var month = earliest; month < LastEnd(now); month = month.AddMonths(1))
        {
            var (start, end) = (month, month.AddMonths(1));
            issued += await BackgroundWork.InBatchesAsync(Batch, async () =>
            {
                await using var command = new NpgsqlCommand(Issue, connection);
                command.Parameters.Add(new NpgsqlParameter { Value = start });
                command.Parameters.Add(new NpgsqlParameter { Value = end });
                command.Parameters.Add(new NpgsqlParameter { Value = now.ToUniversalTime() });
                command.Parameters.Add(new NpgsqlParameter { Value = start.ToString("yyyy-MM", System.Globalization.CultureInfo.InvariantCulture) });
                command.Parameters.Add(new NpgsqlParameter { Value = Batch });
                return await command.ExecuteNonQueryAsync(ct);
            });
        }

        return issued;
    }

    /// <summary>The first month in which a statement may be missing; null where nothing was ever booked.</summary>
    private static async Task<DateTimeOffset?> EarliestAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var known = await MomentAsync(connection, Last, ct);
        var unknown = await MomentAsync(connection, First, ct);
        var from = known is { } end && !(unknown < end) ? end.AddSeconds(1) : unknown;
        return from is { } at ? new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero) : null;
    }

    private static async Task<DateTimeOffset?> MomentAsync(NpgsqlConnection connection, string statement, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        return await command.ExecuteScalarAsync(ct) is DateTime at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
    }
}
