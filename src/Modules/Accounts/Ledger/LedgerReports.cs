using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.Storage;

namespace OpenBanking.Accounts.Ledger;

/// <summary>What the books say of themselves.</summary>
internal sealed class LedgerReports(AccountsDb db) : IRequestHandler<SumTransfers, TransferSum>, IRequestHandler<VerifyLedger, LedgerReport>
{
    private const int MostNamed = 20;

    /// <summary>Each finds what must not be there, a line each; the whole is read in one statement, so that bookings meanwhile do not disturb it.</summary>
    private static readonly string[] Checks =
    [
        """
        SELECT 'the entries in ' || "Currency" || ' add up to ' || sum("Amount") AS "Value" FROM accounts.legs GROUP BY "Currency" HAVING sum("Amount") <> 0
        """,
        """
        SELECT 'entry ' || "EntryId" || ' adds up to ' || sum("Amount") || ' ' || "Currency" AS "Value" FROM accounts.legs GROUP BY "EntryId", "Currency" HAVING sum("Amount") <> 0
        """,
        """
        SELECT 'entry ' || e."Id" || ' has no legs' AS "Value" FROM accounts.entries e WHERE NOT EXISTS (SELECT FROM accounts.legs l WHERE l."EntryId" = e."Id")
        """,
        """
        SELECT 'account ' || a."Id" || ' has a balance of ' || a."Balance" || ' and legs of ' || coalesce(sum(l."Amount"), 0) AS "Value"
        FROM accounts.accounts a LEFT JOIN accounts.legs l ON l."Account" = a."Id" GROUP BY a."Id" HAVING a."Balance" <> coalesce(sum(l."Amount"), 0)
        """,
        """
        SELECT 'account ' || a."Id" || ' holds ' || a."Held" || ' for transfers of ' || coalesce(sum(t."Amount" + t."Charge"), 0) AS "Value"
        FROM accounts.accounts a LEFT JOIN accounts.transfers t ON t."AccountId" = a."Id" AND t."State" = 'Held'
        GROUP BY a."Id" HAVING a."Held" <> coalesce(sum(t."Amount" + t."Charge"), 0)
        """,
        """
        SELECT 'a leg of entry ' || l."EntryId" || ' is in ' || l."Currency" || ' on an account in ' || a."Currency" AS "Value"
        FROM accounts.legs l JOIN accounts.accounts a ON a."Id" = l."Account" WHERE a."Currency" <> l."Currency"
        """,
    ];

    public async Task<TransferSum> Handle(SumTransfers request, CancellationToken cancellationToken)
    {
        var moved = db.Transfers.Where(row => row.Under == request.Under && (row.State == TransferState.Posted || row.State == TransferState.Returned));
        return new TransferSum(await moved.CountAsync(cancellationToken), await moved.SumAsync(row => row.Amount, cancellationToken));
    }

    public async Task<LedgerReport> Handle(VerifyLedger request, CancellationToken cancellationToken)
    {
        // One moment for all questions: bookings go on meanwhile.
        await db.Database.ExecuteSqlRawAsync("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", cancellationToken);
        var problems = new List<string>();
        foreach (var check in Checks) problems.AddRange(await db.Database.SqlQueryRaw<string>(check).OrderBy(line => line).Take(MostNamed).ToListAsync(cancellationToken));
        return new LedgerReport(
            await db.Accounts.LongCountAsync(cancellationToken),
            await db.Entries.LongCountAsync(cancellationToken),
            await db.Legs.LongCountAsync(cancellationToken),
            await db.Transfers.LongCountAsync(row => row.State == TransferState.Held, cancellationToken),
            problems);
    }
}
