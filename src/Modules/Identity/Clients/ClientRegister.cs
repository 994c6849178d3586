using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Clients;

/// <summary>Finds a client by the id that a stranger names.</summary>
internal sealed class ClientRegister(IdentityDb db)
{
    private static readonly Func<IdentityDb, string, CancellationToken, Task<Client?>> ById = EF.CompileAsyncQuery(
        (IdentityDb db, string clientId, CancellationToken ct) => db.Clients.FirstOrDefault(row => row.ClientId == clientId));

    /// <summary>The client; null where there is none of that name.</summary>
    public async Task<Client?> FindAsync(string clientId, CancellationToken ct)
    {
        // Nothing else is ever registered, and the database must not see a NUL.
        if (clientId.Length is 0 or > 255 || !clientId.All(letter => letter is >= ' ' and <= '~')) return null;
        return await ById(db, clientId, ct);
    }
}
