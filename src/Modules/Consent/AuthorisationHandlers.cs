using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Consent.Storage;
using OpenBanking.Consent.StrongAuthentication;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent;

/// <summary>Whether an authorization request may name a consent (OB-SEC-13).</summary>
internal sealed class FindConsentForAuthorisationHandler(Consents consents, TimeProvider time)
    : IRequestHandler<FindConsentForAuthorisation, AuthorisableConsent>
{
    public async Task<AuthorisableConsent> Handle(FindConsentForAuthorisation request, CancellationToken cancellationToken)
    {
        // Another client's consent is answered as one that does not exist (CO-02).
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent || consent.ClientId != request.ClientId)
            return new AuthorisableConsent.Unknown();
        return consent.MayBeAuthorised(time.GetUtcNow())
            ? new AuthorisableConsent.Found(consent.Kind, consent.CustomerId is not null, consent.ExpiresAt)
            : new AuthorisableConsent.InWrongState();
    }
}

/// <summary>What the approval page shows; nothing where this customer has nothing to decide here.</summary>
internal sealed class DescribeForApprovalHandler(Consents consents, ServedKinds kinds, PaymentQuotes quotes, ScaPolicy sca, IMediator mediator, TimeProvider time)
    : IRequestHandler<DescribeForApproval, ApprovalDocument?>
{
    public async Task<ApprovalDocument?> Handle(DescribeForApproval request, CancellationToken cancellationToken)
    {
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent
            || consent.ClientId != request.ClientId
            || !consent.IsFor(request.CustomerId)
            || !consent.MayBeAuthorised(time.GetUtcNow()))
            return null;
        if (await mediator.Send(new DescribeClient(request.ClientId), cancellationToken) is not { } client) return null;
        var own = await mediator.Send(new ListOwnAccounts(request.CustomerId), cancellationToken);
        consent = await quotes.FreshAsync(consent, cancellationToken);
        var document = Approval.Of(kinds.Of(consent), consent, client, own).Document;
        return document with { AsksPasskey = !consent.Kind.MovesMoney || await sca.AsksAsync(consent, request.CustomerId, own, cancellationToken) };
    }
}

/// <summary>Authorises a consent exactly as it was shown, and keeps the evidence.</summary>
internal sealed class AuthoriseConsentHandler(Consents consents, ServedKinds kinds, PaymentQuotes quotes, CutOffs cutOffs, ScaPolicy sca, ConsentDb db, IMediator mediator, TimeProvider time)
    : IRequestHandler<AuthoriseConsent, AuthorisationAnswer>
{
    /// <summary>The cut-off time has passed.</summary>
    private const string TooLate = "TM01";

    public async Task<AuthorisationAnswer> Handle(AuthoriseConsent request, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent
            || consent.ClientId != request.ClientId
            || !consent.IsFor(request.CustomerId)
            || !consent.MayBeAuthorised(now))
            return new AuthorisationAnswer.InWrongState();
        if (await mediator.Send(new DescribeClient(request.ClientId), cancellationToken) is not { } client)
            return new AuthorisationAnswer.InWrongState();

        // What the bank takes no more today it does not have approved either; the consent is over with that (OB-PIS-18).
        if (cutOffs.Refuses(consent.Kind))
        {
            var late = new Cause(Actor.Bank, null, request.Evidence.From, "The bank's hour for payments of this type has passed.", TooLate);
            return await consents.MoveAsync(consent, ConsentEvent.Reject, late, cancellationToken) ? new AuthorisationAnswer.TooLate() : new AuthorisationAnswer.InWrongState();
        }

        consent = await quotes.HoldingAsync(consent, cancellationToken);

        // The page is made anew from what is stored now; if it differs from what the customer saw, the click was for something else.
        var own = await mediator.Send(new ListOwnAccounts(request.CustomerId), cancellationToken);
        var approval = Approval.Of(kinds.Of(consent), consent, client, own);
        if (approval.Document.Digest != request.ShownDigest) return new AuthorisationAnswer.Changed();

        var continues = approval.Document.Continues;
        var chosen = request.AccountIds.Distinct(StringComparer.Ordinal).ToArray();
        var offered = approval.Document.Accounts.Select(account => account.AccountId).ToHashSet(StringComparer.Ordinal);
        if (!chosen.All(offered.Contains))
            return chosen.All(id => own.Any(account => account.AccountId == id)) ? new AuthorisationAnswer.AccountNotShown() : new AuthorisationAnswer.AccountNotOffered();

        // A continued access keeps its accounts, and some consents name their account: there is nothing to choose, so a choice of some of
        // them is no answer to what was asked.
        var chooses = approval.Document.ChoosesAccounts;
        if (!chooses && chosen.Length > 0 && chosen.Length != offered.Count) return new AuthorisationAnswer.AccountNotShown();

        // Money comes out of one account (P-3).
        if (approval.Document.Payment is not null && chosen.Length > 1) return new AuthorisationAnswer.AccountNotOffered();
        if (chooses ? chosen.Length == 0 : !continues && offered.Count == 0) return new AuthorisationAnswer.NoAccountChosen();
        var accounts = continues ? consent.SharedAccountIds() : chooses ? chosen : [.. offered];

        // Money moves only by a passkey that has signed amount and payee, unless an exemption lets it (OB-SCA-2, CON-04).
        ScaDecision? strong = null;
        if (consent.Kind.MovesMoney && (await sca.DecideAsync(consent, request.CustomerId, request.Evidence, own, cancellationToken)).Failed(out var rule, out strong))
            return new AuthorisationAnswer.PasskeyNeeded(rule);

        var authorised = await consents.MoveAsync(
            consent,
            ConsentEvent.Authorise,
            new Cause(Actor.Customer, request.CustomerId, request.Evidence.From, "The customer authorised the access."),
            cancellationToken,
            set =>
            {
                set.SetProperty(row => row.CustomerId, request.CustomerId);
                if (!continues) set.SetProperty(row => row.AccountIds, accounts);
                set.SetProperty(row => row.GrantedAt, row => row.GrantedAt ?? now);
                set.SetProperty(row => row.AuthenticatedAt, request.Evidence.AuthenticatedAt);
            });
        if (!authorised) return new AuthorisationAnswer.InWrongState();

        db.Add(approval.Evidence(request.CustomerId, accounts, request.Evidence, now, strong));
        await db.SaveChangesAsync(cancellationToken);
        return new AuthorisationAnswer.Authorised(consent.Kind, consent.ExpiresAt, accounts);
    }
}

/// <summary>
/// Rejects a consent that its customer did not authorise (OB-CON-4). Where it was authorised before, the table has no such step:
/// who declines to continue an access leaves it as it was.
/// </summary>
internal sealed class RejectConsentHandler(Consents consents, ServedKinds kinds) : AsyncRequestHandler<RejectConsent>
{
    /// <summary>The account that the consent names is not this customer's.</summary>
    private const string NotTheirAccount = "AC02";

    protected override async Task Handle(RejectConsent request, CancellationToken cancellationToken)
    {
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent || consent.ClientId != request.ClientId) return;
        var reason = request.Cause switch
        {
            RejectionCause.Declined => "The customer declined.",
            RejectionCause.TimedOut => "The customer did not decide in time.",
            RejectionCause.FailedAuthentication => "The customer failed to authenticate.",
            _ => "The customer has no account that could be shared.",
        };
        var by = request.Cause == RejectionCause.Declined ? Actor.Customer : Actor.Bank;
        var namesAccount = request.Cause == RejectionCause.NoEligibleAccount && !kinds.Of(consent).Show(consent, []).ChoosesAccounts;
        var cause = new Cause(by, request.CustomerId, request.From, reason, namesAccount ? NotTheirAccount : null);
        await consents.MoveAsync(consent, ConsentEvent.Reject, cause, cancellationToken);
    }
}

/// <summary>Ends a consent at its third party's wish, where the table of its kind has that.</summary>
internal sealed class GiveUpConsentHandler(Consents consents) : IRequestHandler<GiveUpConsent, bool>
{
    public async Task<bool> Handle(GiveUpConsent request, CancellationToken cancellationToken) =>
        await consents.FindAsync(request.ConsentId, cancellationToken) is { } consent && consent.ClientId == request.ClientId
        && await consents.MoveOnAsync(consent, ConsentEvent.Delete, new Cause(Actor.ThirdParty, request.ClientId), cancellationToken);
}

/// <summary>Stops an access at the bank's wish, where the table of its kind has that.</summary>
internal sealed class SuspendConsentHandler(Consents consents) : IRequestHandler<SuspendConsent, SuspensionAnswer>
{
    public async Task<SuspensionAnswer> Handle(SuspendConsent request, CancellationToken cancellationToken)
    {
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent) return SuspensionAnswer.NotFound;
        var cause = new Cause(Actor.Bank, request.By, Reason: request.Why, Told: "The bank has stopped the access.");
        return await consents.MoveOnAsync(consent, ConsentEvent.Suspend, cause, cancellationToken) ? SuspensionAnswer.Suspended : SuspensionAnswer.WasNotActive;
    }
}
