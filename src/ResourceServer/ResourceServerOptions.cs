using Microsoft.Extensions.Options;

namespace OpenBanking.ResourceServer;

/// <summary>What a resource server is called and how strictly it asks for proofs.</summary>
public sealed class ResourceServerOptions
{
    /// <summary>The <c>realm</c> of its challenges (RS-07).</summary>
    public string Realm { get; set; } = "open-banking";

    /// <summary>
    /// Its public addresses, the first of them where the <c>Host</c> header names none: what a DPoP proof must be made for, whatever the
    /// address on which a proxy calls us (DPOP-10).
    /// </summary>
    public IList<string> Addresses { get; } = [];

    /// <summary>Whether a DPoP proof must carry a nonce of ours (DPOP-19).</summary>
    public bool DemandsNonces { get; set; }

    /// <summary>32 random bytes that all processes at one address share; null makes nonces good in one process alone.</summary>
    public byte[]? NonceKey { get; set; }

    /// <summary>
    /// The <c>aud</c> that a token must have; null where whoever answers for tokens gives out only its own. A token for another API opens
    /// nothing here, were its scope the same.
    /// </summary>
    public string? Audience { get; set; }

    /// <summary>Which role of the third party each scope needs, where tokens tell roles (OB-SEC-6).</summary>
    public IDictionary<string, string> RoleForScope { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Has the framework ask for problems before anything starts.</summary>
    internal sealed class Check : IValidateOptions<ResourceServerOptions>
    {
        public ValidateOptionsResult Validate(string? name, ResourceServerOptions options)
        {
            if (options.Addresses.Count == 0 || !options.Addresses.All(address => HttpTarget.Normalised(address) is not null))
                return ValidateOptionsResult.Fail("A resource server needs its public https addresses.");
            return options.Realm.Length > 0 && options.Realm.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or ' ')
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail("The realm of a resource server is letters, digits, hyphens, dots and spaces.");
        }
    }
}
