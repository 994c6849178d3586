using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.Storage;

namespace OpenBanking.Accounts.FundsConfirmation;

/// <summary>Keeps the checks of card issuers and counts them.</summary>
internal sealed class FundsChecks(AccountsDb db, TimeProvider time)
{
    /// <summary>More than a customer pays by one card in this time, and less than a search for the balance takes (PY-27).</summary>
    public const int MostInWindow = 20;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>Whether the consent has had all the questions of this time. Those of one consent are judged one after the other, on all hosts.</summary>
    public async Task<bool> TooManyAsync(string consentId, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({consentId}, 7))", ct);
        var since = time.GetUtcNow() - Window;
        return await db.FundsChecks.CountAsync(check => check.ConsentId == consentId && check.At > since, ct) >= MostInWindow;
    }

    /// <summary>Keeps an answered check; false where the issuer's reference was answered before, by whichever host and at whichever moment (OB-CBP-6).</summary>
    public async Task<bool> AnswerAsync(FundsCheck check, CancellationToken ct) => await db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO accounts.funds_checks ("Id", "ConsentId", "ClientId", "At", "Reference", "Amount", "Currency", "Answer")
        VALUES ({check.Id}, {check.ConsentId}, {check.ClientId}, {check.At}, {check.Reference}, {check.Amount}, {check.Currency}, {check.Answer})
        ON CONFLICT ("ClientId", "Reference") WHERE "Answer" IS NOT NULL DO NOTHING
        """,
        ct) == 1;

    /// <summary>Keeps a check that got no answer.</summary>
    public Task KeepAsync(FundsCheck check, CancellationToken ct)
    {
        db.Add(check);
        return db.SaveChangesAsync(ct);
    }
}

/// <summary>What a customer sees of the questions about an account (D-9).</summary>
internal sealed class ListFundsChecksHandler(AccountsDb db) : IRequestHandler<ListFundsChecks, IReadOnlyList<FundsCheckShown>>
{
    public async Task<IReadOnlyList<FundsCheckShown>> Handle(ListFundsChecks request, CancellationToken cancellationToken) => await db.FundsChecks
        .Where(check => request.ConsentIds.Contains(check.ConsentId))
        .OrderByDescending(check => check.Id)
        .Take(request.Most)
        .Select(check => new FundsCheckShown(check.At, check.Reference, check.Amount, check.Currency, check.Answer, check.WhyNone, check.ConsentId))
        .ToListAsync(cancellationToken);
}
