using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Users;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Ciba;

/// <summary>
/// Finds the customer whom a hint names. A hint that leads to nobody, and one that leads to a customer who has never dealt with the
/// client, get one answer: a client must not learn from it who banks here, and must not prompt strangers (CIBA-10, CIBA-36).
/// </summary>
internal sealed class BackchannelHints(IdentityDb db, IdTokenHints idTokens, IOptions<AuthorizationServerOptions> options)
{
    public async Task<Outcome<User, OAuthError>> FindAsync(BackchannelParameters parameters, Client client, CancellationToken ct)
    {
        if (parameters.LoginHintToken is not null) return OAuthError.InvalidRequest("OB-SEC-14", "login_hint_token is not supported");
        if (parameters.IdTokenHint is { } token) return await OfIdTokenAsync(token, client, ct) is { } subject ? subject : Nobody("CIBA-10");

        // The name by which the customer signs in. An intent id is none, so it never leads to anybody.
        var name = parameters.LoginHint!;
        if (!User.MayBeName(name)) return Nobody("CIBA-10");
        var normalized = User.Normalize(name);
        if (await db.Users.FirstOrDefaultAsync(row => row.NormalizedUsername == normalized, ct) is not { } user) return Nobody("CIBA-10");
        return options.Value.BackchannelFirstContact || await HaveMetAsync(user, client, ct) ? user : Nobody("CIBA-36");
    }

    // Who has an ID token of ours has had a grant of that customer.
    private async Task<User?> OfIdTokenAsync(string token, Client client, CancellationToken ct)
    {
        if (await idTokens.SubjectAsync(token, client, ct) is not { } subject) return null;
        return await db.Grants
            .Where(grant => grant.ClientId == client.ClientId && grant.Subject == subject)
            .Join(db.Users, grant => grant.UserId, user => user.Id, (_, user) => user)
            .FirstOrDefaultAsync(ct);
    }

    private Task<bool> HaveMetAsync(User user, Client client, CancellationToken ct) =>
        db.Grants.AnyAsync(grant => grant.ClientId == client.ClientId && grant.UserId == user.Id, ct);

    private static OAuthError Nobody(string rule) => new("unknown_user_id", rule, "the hint names no customer");
}
