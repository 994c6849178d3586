using MediatR;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Identity.Users;

namespace OpenBanking.Identity.Authorize;

/// <summary>What a customer decides on, whichever way the request came.</summary>
/// <param name="TellsAuthTime">The ID token says when the customer authenticated, whether or not the request asks for it.</param>
internal sealed record RequestToDecide(string ConsentId, AuthorizationRequest Request, Client Client, bool TellsAuthTime = false);

/// <summary>The customer who decides, and how that customer has authenticated for this very request (CO-10).</summary>
/// <param name="Subject">What the client knows the customer as.</param>
/// <param name="Amr">Values of RFC 8176.</param>
internal sealed record Approver(User User, string Subject, DateTimeOffset AuthenticatedAt, string PasskeyId, string[] Amr, DecisionOrigin From)
{
    /// <summary>What the passkey has signed for this very approval; null where it was used to sign in only.</summary>
    public PasskeySignature? Signature { get; init; }
}

/// <summary>The answer to an approval.</summary>
/// <param name="Grant">What was granted; null where the consent was not authorised.</param>
internal sealed record Approval(AuthorisationAnswer Answer, Grant? Grant);

/// <summary>
/// What a decision does to the consent and to what the client gets: the one engine behind every way by which a customer can approve.
/// Whoever calls has taken the request for itself first, so that of any number of clicks at one moment one comes here (CO-08).
/// </summary>
internal sealed class Authorisations(IdentityDb db, ManagedGrants grants, IMediator mediator, TimeProvider time)
{
    /// <summary>Authorises the consent as it was shown, and makes the grant of it.</summary>
    public async Task<Approval> ApproveAsync(
        RequestToDecide on, Approver by, IReadOnlyList<string> accountIds, string shownDigest, CancellationToken ct)
    {
        var evidence = new AuthenticationEvidence(by.AuthenticatedAt, by.PasskeyId, by.From) { Signature = by.Signature };
        var answer = await mediator.Send(
            new AuthoriseConsent(on.ConsentId, on.Client.ClientId, by.User.CustomerId, accountIds, shownDigest, evidence), ct);
        if (answer is not AuthorisationAnswer.Authorised authorised) return new Approval(answer, Grant: null);

        var made = GrantOf(on, by, authorised, managed: null);
        var details = AuthorizationDetails.Granted(authorised.Kind, on.ConsentId, authorised.AccountIds);
        var managed = await grants.ApplyAsync(on.Request, on.Client, made, details, ct);
        var grant = managed is null ? made : GrantOf(on, by, authorised, managed);
        db.Add(grant);
        await db.SaveChangesAsync(ct);
        return new Approval(answer, grant);
    }

    /// <summary>Rejects a consent that its customer did not authorise (OB-CON-4).</summary>
    public async Task RejectAsync(RequestToDecide on, RejectionCause cause, string? customerId, DecisionOrigin? from, CancellationToken ct)
    {
        var (consentId, clientId) = (on.ConsentId, on.Client.ClientId);

        // A consent that was approved before stays as it is: what was declined is to authenticate again (OB-CON-12).
        if (await mediator.Send(new FindConsentForAuthorisation(consentId, clientId), ct) is AuthorisableConsent.Found { Continues: true }) return;
        await mediator.Send(new RejectConsent(consentId, clientId, cause, customerId, from), ct);
    }

    /// <summary>Why a customer who says no does so: where there is no account to share, there was nothing to approve.</summary>
    public async Task<RejectionCause> CauseOfRefusalAsync(RequestToDecide on, string? customerId, CancellationToken ct)
    {
        if (customerId is null) return RejectionCause.Declined;
        var document = await mediator.Send(new DescribeForApproval(on.ConsentId, on.Client.ClientId, customerId), ct);
        return document is { Accounts.Count: 0 } ? RejectionCause.NoEligibleAccount : RejectionCause.Declined;
    }

    private Grant GrantOf(RequestToDecide on, Approver by, AuthorisationAnswer.Authorised authorised, (string Id, string Scope)? managed)
    {
        var (request, client) = (on.Request, on.Client);
        if (RequestedClaims.Of(request).Failed(out var error, out var claims)) throw new InvalidOperationException($"A stored request breaks {error.Rule}.");
        var now = time.GetUtcNow();
        return new Grant
        {
            Id = Guid.CreateVersion7(now),
            ClientId = client.ClientId,
            ConsentId = on.ConsentId,
            UserId = by.User.Id,
            CustomerId = by.User.CustomerId,
            Subject = by.Subject,
            Scope = managed?.Scope ?? string.Join(' ', request.Scopes),
            ManagedGrantId = managed?.Id,
            AuthorizationDetails = request.AuthorizationDetails is null ? null : AuthorizationDetails.Granted(authorised.Kind, on.ConsentId, authorised.AccountIds),
            Nonce = request.Nonce,
            Claims = claims.ToJson(),
            AuthenticatedAt = by.AuthenticatedAt,
            Acr = Acr.Reached(request, claims) ?? throw new InvalidOperationException("A request passed whose essential acr cannot be reached."),
            Amr = by.Amr,
            WantsAuthTime = on.TellsAuthTime || request.MaxAge is not null || claims.AuthTimeIsEssential || client.RequiresAuthTime, // ID-06
            CreatedAt = now,
            ExpiresAt = authorised.ExpiresAt,
        };
    }
}
