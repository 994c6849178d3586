using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Clients;

/// <summary>Finds a client by the id that a stranger names.</summary>
internal sealed class ClientRegister(IdentityDb db)
{
    /// <summary>The client; null where there is none of that name.</summary>
    public async Task<Client?> FindAsync(string clientId, CancellationToken ct)
    {
        // Nothing else is ever registered, and the database must not see a NUL.
        if (clientId.Length is 0 or > 255 || !clientId.All(letter => letter is >= ' ' and <= '~')) return null;
        return await db.Clients.FirstOrDefaultAsync(row => row.ClientId == clientId, ct);
    }
}
