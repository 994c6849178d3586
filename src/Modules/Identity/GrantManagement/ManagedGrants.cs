using System.Text.Json;
using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.GrantManagement;

/// <summary>Makes, merges, replaces, finds and ends the grants that clients manage by <c>grant_id</c>.</summary>
internal sealed class ManagedGrants(IdentityDb db, IMediator mediator, TimeProvider time)
{
    /// <summary>
    /// Why a request cannot have the grant it names; null where it names none or may have it. Known, alive and the client's own, or it is
    /// one answer (GM-03). A merge stays with the grant's own consent: another one is what replace is for (GM-10).
    /// </summary>
    public async Task<OAuthError?> RefusalAsync(AuthorizationRequest request, Client client, string consentId, CancellationToken ct)
    {
        var action = GrantAction.Of(request, client);
        if (action is not (GrantAction.Merge or GrantAction.Replace)) return null;
        if (await FindAsync(request.GrantId!, client.ClientId, ct) is not { } grant) return Unknown();
        return action == GrantAction.Merge && grant.ConsentId != consentId
            ? OAuthError.InvalidRequest("GM-10", "a merge is for the grant's own consent; replace takes another one")
            : null;
    }

    /// <summary>Whether the grant that a request names is still there and the customer's who decides (GM-03).</summary>
    public async Task<bool> MayDecideAsync(AuthorizationRequest request, Client client, Guid userId, CancellationToken ct) =>
        GrantAction.Of(request, client) is not (GrantAction.Merge or GrantAction.Replace)
        || (await FindAsync(request.GrantId!, client.ClientId, ct))?.UserId == userId;

    /// <summary>
    /// Does to the managed grant what the request's action says, once the customer has approved; answers with the <c>grant_id</c>, or null
    /// where the request has no action. Whatever was granted under it before ends with its tokens (GM-05).
    /// </summary>
    /// <param name="made">The grant of this approval, before it is stored.</param>
    public async Task<(string Id, string Scope)?> ApplyAsync(AuthorizationRequest request, Client client, Grant made, string details, CancellationToken ct)
    {
        switch (GrantAction.Of(request, client))
        {
            case GrantAction.Merge when await ChangeAsync(request.GrantId!, made, details, merge: true, ct) is { } merged:
                return (request.GrantId!, merged);
            case GrantAction.Replace when await ChangeAsync(request.GrantId!, made, details, merge: false, ct) is { } replaced:
                return (request.GrantId!, replaced);
            case null:
                return null;
        }

        // A consent has one grant: a new one takes the place of what was there. So it is too where the grant has ended at the very moment
        // at which its customer approved the change of it.
        await MakeRoomAsync(made.ConsentId, ct);
        var id = Handle.New().Value;
        db.Add(new ManagedGrant
        {
            Id = id,
            ClientId = made.ClientId,
            UserId = made.UserId,
            ConsentId = made.ConsentId,
            Scope = made.Scope,
            Claims = ClaimsOf(made),
            AuthorizationDetails = details,
            CreatedAt = made.CreatedAt,
            UpdatedAt = made.CreatedAt,
            ExpiresAt = made.ExpiresAt,
        });
        await db.SaveChangesAsync(ct);
        return (id, made.Scope);
    }

    /// <summary>A live grant of the client; there is no other way to see one (GM-08).</summary>
    public async Task<ManagedGrant?> FindAsync(string id, string clientId, CancellationToken ct)
    {
        if (!id.All(letter => letter is > ' ' and <= '~')) return null; // None was ever given out, and the database must not see a NUL.
        var now = time.GetUtcNow();
        return await db.ManagedGrants.FirstOrDefaultAsync(
            grant => grant.Id == id && grant.ClientId == clientId && grant.RevokedAt == null && (grant.ExpiresAt == null || grant.ExpiresAt > now), ct);
    }

    /// <summary>Ends a grant with its tokens, and its consent as the consent's kind allows (GM-07, GM-10).</summary>
    public async Task RevokeAsync(ManagedGrant grant, CancellationToken ct)
    {
        await mediator.Send(new GiveUpConsent(grant.ConsentId, grant.ClientId), ct);

        // Where the consent has ended by that, its end has taken the grant with it.
        await EndOfConsentAsync(grant.ConsentId, ct);
        await EndTokensAsync(grant.Id, ct);
    }

    /// <summary>Ends the grant of a consent that has ended.</summary>
    public Task EndOfConsentAsync(string consentId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return db.ManagedGrants
            .Where(grant => grant.ConsentId == consentId && grant.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct);
    }

    /// <summary>The scope of the grant as it is now; null where it has ended or changed hands meanwhile. The update is the lock: it holds for the consent that was read.</summary>
    private async Task<string?> ChangeAsync(string id, Grant made, string details, bool merge, CancellationToken ct)
    {
        if (await FindAsync(id, made.ClientId, ct) is not { } before || before.UserId != made.UserId) return null;
        if (merge && before.ConsentId != made.ConsentId) return null;
        var scope = merge ? string.Join(' ', GrantedScope.Split(before.Scope).Union(GrantedScope.Split(made.Scope), StringComparer.Ordinal)) : made.Scope;
        var claims = merge ? before.Claims.Union(ClaimsOf(made), StringComparer.Ordinal).ToArray() : ClaimsOf(made);
        if (before.ConsentId != made.ConsentId) await MakeRoomAsync(made.ConsentId, ct);
        var changed = await db.ManagedGrants
            .Where(grant => grant.Id == id && grant.ConsentId == before.ConsentId && grant.UpdatedAt == before.UpdatedAt && grant.RevokedAt == null)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(grant => grant.ConsentId, made.ConsentId)
                    .SetProperty(grant => grant.Scope, scope)
                    .SetProperty(grant => grant.Claims, claims)
                    .SetProperty(grant => grant.AuthorizationDetails, details)
                    .SetProperty(grant => grant.UpdatedAt, made.CreatedAt)
                    .SetProperty(grant => grant.ExpiresAt, made.ExpiresAt),
                ct);
        if (changed == 0) return null;

        await EndTokensAsync(id, ct);
        if (before.ConsentId != made.ConsentId) await mediator.Send(new GiveUpConsent(before.ConsentId, made.ClientId), ct);
        return scope;
    }

    /// <summary>Ends the grant that a consent has had so far, but not the consent.</summary>
    private async Task MakeRoomAsync(string consentId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await EndOfConsentAsync(consentId, ct);
        await db.Grants
            .Where(grant => grant.ConsentId == consentId && grant.ManagedGrantId != null && grant.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct);
    }

    private Task<int> EndTokensAsync(string id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return db.Grants
            .Where(grant => grant.ManagedGrantId == id && grant.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct);
    }

    private static string[] ClaimsOf(Grant grant)
    {
        if (grant.Claims is null) return [];
        using var wishes = JsonDocument.Parse(grant.Claims);
        return
        [
            .. wishes.RootElement.EnumerateObject().Where(place => place.Value.ValueKind == JsonValueKind.Object)
                .SelectMany(place => place.Value.EnumerateObject()).Select(claim => claim.Name).Distinct(StringComparer.Ordinal),
        ];
    }

    public static OAuthError Unknown() => new("invalid_grant_id", "GM-03", "grant_id names no grant of the client");
}
