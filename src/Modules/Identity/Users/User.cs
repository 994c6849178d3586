using Microsoft.AspNetCore.Identity;

namespace OpenBanking.Identity.Users;

/// <summary>A customer of the bank who uses the portal. There is no password: the only credentials are passkeys.</summary>
internal sealed class User : IdentityUser<Guid>
{
    /// <summary>The bank's own number of the customer, the key to accounts and consents.</summary>
    public required string CustomerId { get; init; }

    public required string DisplayName { get; set; }
}
