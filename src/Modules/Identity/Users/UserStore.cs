using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Users;

/// <summary>
/// What ASP.NET Core Identity's passkey handler asks of storage: it reads only. Whatever changes a passkey is a conditional update
/// or insert of the ceremony that is its cause, so the writing half of the interface is closed.
/// </summary>
internal sealed class UserStore(IdentityDb db) : IUserPasskeyStore<User>
{
    public Task<User?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Guid.TryParseExact(userId, "D", out var id)
            ? db.Users.FirstOrDefaultAsync(user => user.Id == id, cancellationToken)
            : Task.FromResult<User?>(null);

    public Task<User?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        db.Users.FirstOrDefaultAsync(user => user.NormalizedUsername == normalizedUserName, cancellationToken);

    public Task<User?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) => db.Passkeys
        .Where(passkey => passkey.CredentialId == credentialId)
        .Join(db.Users, passkey => passkey.UserId, user => user.Id, (_, user) => user)
        .FirstOrDefaultAsync(cancellationToken);

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken) =>
        (await db.Passkeys.FirstOrDefaultAsync(
            passkey => passkey.UserId == user.Id && passkey.CredentialId == credentialId, cancellationToken))?.ToInfo();

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(User user, CancellationToken cancellationToken) =>
        [.. (await db.Passkeys.Where(passkey => passkey.UserId == user.Id).ToListAsync(cancellationToken)).Select(row => row.ToInfo())];

    public Task<string> GetUserIdAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.Id.ToString("D"));

    public Task<string?> GetUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Username);

    public Task<string?> GetNormalizedUserNameAsync(User user, CancellationToken cancellationToken) =>
        Task.FromResult<string?>(user.NormalizedUsername);

    public Task AddOrUpdatePasskeyAsync(User user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw Closed();

    public Task RemovePasskeyAsync(User user, byte[] credentialId, CancellationToken cancellationToken) => throw Closed();

    public Task SetUserNameAsync(User user, string? userName, CancellationToken cancellationToken) => throw Closed();

    public Task SetNormalizedUserNameAsync(User user, string? normalizedName, CancellationToken cancellationToken) => throw Closed();

    public Task<IdentityResult> CreateAsync(User user, CancellationToken cancellationToken) => throw Closed();

    public Task<IdentityResult> UpdateAsync(User user, CancellationToken cancellationToken) => throw Closed();

    public Task<IdentityResult> DeleteAsync(User user, CancellationToken cancellationToken) => throw Closed();

    public void Dispose()
    {
        // The context belongs to the request.
    }

    private static NotSupportedException Closed() => new("Users and passkeys are written by the ceremonies themselves.");
}
