using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Par;

/// <summary>Keeps pushed requests until they are decided on or expire.</summary>
internal sealed class PushedRequests(IdentityDb db, IOptions<AuthorizationServerOptions> options, TimeProvider time)
{
    private const string Prefix = "urn:ietf:params:oauth:request_uri:";

    public TimeSpan Lifetime => options.Value.PushedRequestLifetime;

    /// <summary>Stores a validated request and answers with the reference to it (PAR-05).</summary>
    public string Store(AuthorizationRequest request, Client client, string consentId, string? keyThumbprint)
    {
        var handle = Handle.New();
        db.InsertAtCommit(Row(handle, request, client, consentId, keyThumbprint));
        return Prefix + handle.Value;
    }

    /// <summary>Keeps a request that a browser brought, under a name that nobody is told: it is decided on like one that was pushed.</summary>
    public async Task<PushedRequest> KeepAsync(AuthorizationRequest request, Client client, string consentId, CancellationToken ct)
    {
        var row = Row(Handle.New(), request, client, consentId, client.UsesDpop ? request.DpopKeyThumbprint : null);
        db.Add(row);
        await db.SaveChangesAsync(ct);
        return row;
    }

    /// <summary>Whether a <c>request_uri</c> has the form of ours; what has not is never followed (OA-06).</summary>
    public static bool IsOurs(string requestUri) => requestUri.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The request behind a reference. What is no reference of ours is not followed, whatever it looks like (OA-06).</summary>
    public async Task<PushedRequest?> FindAsync(string requestUri, CancellationToken ct)
    {
        if (!IsOurs(requestUri)) return null;
        var hash = Handle.HashOf(requestUri[Prefix.Length..]);
        return await FindAsync(hash, ct);
    }

    public Task<PushedRequest?> FindAsync(byte[] hash, CancellationToken ct) =>
        db.PushedRequests.FirstOrDefaultAsync(row => row.Hash == hash, ct);

    /// <summary>Ends the request. The update is the lock: of several decisions at one moment, one is made (PAR-06, CO-08).</summary>
    public async Task<bool> SpendAsync(byte[] hash, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return await db.PushedRequests
            .Where(row => row.Hash == hash && row.SpentAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.SpentAt, now), ct) == 1;
    }

    /// <summary>Takes the spending back within the same transaction, so that nobody else has seen it: the decision did not stand.</summary>
    public Task ReopenAsync(byte[] hash, CancellationToken ct) => db.PushedRequests
        .Where(row => row.Hash == hash)
        .ExecuteUpdateAsync(set => set.SetProperty(row => row.SpentAt, (DateTimeOffset?)null), ct);

    private PushedRequest Row(Handle handle, AuthorizationRequest request, Client client, string consentId, string? keyThumbprint) => new()
    {
        Hash = handle.Hash,
        ClientId = client.ClientId,
        Parameters = request.ToJson(),
        ConsentId = consentId,
        DpopKeyThumbprint = keyThumbprint,
        ExpiresAt = time.GetUtcNow() + Lifetime,
    };
}
