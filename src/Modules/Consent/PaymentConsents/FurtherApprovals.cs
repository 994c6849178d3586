using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Consent.StrongAuthentication;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// What those see and sign who must approve a payment that another has consented to (OB-PIS-26, P-8). The payment is that of the consent, which
/// does not change any more; of accounts they see the one that it is paid from and none that the other could have chosen.
/// </summary>
internal sealed class FurtherApprovalHandlers(Consents consents, ServedKinds kinds, ConsentDb db, IMediator mediator, TimeProvider time) :
    IRequestHandler<DescribeFurtherApproval, ApprovalDocument?>,
    IRequestHandler<KeepFurtherApproval, Unit>
{
    public async Task<ApprovalDocument?> Handle(DescribeFurtherApproval request, CancellationToken cancellationToken) =>
        (await MakeAsync(request.ConsentId, request.ClientId, request.CustomerId, cancellationToken))?.Document;

    public async Task<Unit> Handle(KeepFurtherApproval request, CancellationToken cancellationToken)
    {
        if (await MakeAsync(request.ConsentId, request.ClientId, request.CustomerId, cancellationToken) is not { } approval || approval.Document.Digest != request.ShownDigest)
            throw new InvalidOperationException("An approval was counted for what was not shown.");
        db.Add(approval.Evidence(request.CustomerId, [.. approval.Document.Accounts.Select(account => account.AccountId)], request.Evidence, time.GetUtcNow(), ScaDecision.Applied, isFurther: true));
        await db.SaveChangesAsync(cancellationToken);
        return Unit.Value;
    }

    private async Task<Approval?> MakeAsync(string consentId, string clientId, string customerId, CancellationToken ct)
    {
        if (await consents.FindAsync(consentId, ct) is not { CustomerId: not null } consent || consent.ClientId != clientId || !PaymentTypes.Serves(consent.Kind)) return null;
        if (await mediator.Send(new DescribeClient(clientId), ct) is not { } client) return null;
        var own = await mediator.Send(new ListOwnAccounts(customerId), ct);
        var approval = Approval.Of(kinds.Of(consent), consent, client, own);
        return approval.Document.Accounts.Count == 1 ? approval : null;
    }
}
