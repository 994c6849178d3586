using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Token;

/// <summary>
/// Ends grants. Every check of a token or a code asks for its grant in the same query, so one row ends them all at once, also those
/// that another request issues at this very moment.
/// </summary>
internal sealed class Grants(IdentityDb db, TimeProvider clock)
{
    /// <summary>Ends one grant with its code, its refresh token and its access tokens.</summary>
    public Task RevokeAsync(Guid grantId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.Grants
            .Where(grant => grant.Id == grantId && grant.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct);
    }

    /// <summary>Ends every grant of a client that is removed (DCM-04).</summary>
    public Task RevokeByClientAsync(string clientId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.Grants
            .Where(grant => grant.ClientId == clientId && grant.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct);
    }

    /// <summary>Ends every grant of a consent; a consent that was approved again has several.</summary>
    public Task RevokeByConsentAsync(string consentId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.Grants
            .Where(grant => grant.ConsentId == consentId && grant.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct);
    }
}

/// <summary>Ends a consent's tokens in the transaction that ends the consent (OB-SEC-17, REV-09).</summary>
internal sealed class ConsentEndedHandler(Grants grants, ManagedGrants managed) : INotificationHandler<ConsentEnded>
{
    public async Task Handle(ConsentEnded notification, CancellationToken cancellationToken)
    {
        await grants.RevokeByConsentAsync(notification.ConsentId, cancellationToken);
        await managed.EndOfConsentAsync(notification.ConsentId, cancellationToken); // GM-10
    }
}
