using Microsoft.Extensions.Options;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.ResourceServer.Introspection;

/// <summary>Whom a resource server asks what a token stands for, and as whom.</summary>
public sealed class IntrospectionOptions
{
    /// <summary>The longest time for which an answer may be kept: a revocation takes effect after it at the latest (REV-08).</summary>
    public static readonly TimeSpan LongestCache = TimeSpan.FromSeconds(30);

    /// <summary>The authorization server; where its endpoints are it says itself.</summary>
    public string Issuer { get; set; } = "";

    /// <summary>This resource server's own credential there.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>The key of its client assertions.</summary>
    public SigningKey? Key { get; set; }

    /// <summary>Whether answers must be signed (RFC 9701), for who wants to keep them as evidence. A plain answer is then none.</summary>
    public bool Signed { get; set; }

    /// <summary>
    /// How long an answer on a live token is kept. Not at all by default, so that a revocation holds from the next call on; where a call
    /// a token is too dear, up to 30 seconds (RS-17). For payments it stays nothing.
    /// </summary>
    public TimeSpan Cache { get; set; } = TimeSpan.Zero;

    /// <summary>Has the framework ask for problems before anything starts.</summary>
    internal sealed class Check : IValidateOptions<IntrospectionOptions>
    {
        public ValidateOptionsResult Validate(string? name, IntrospectionOptions options)
        {
            if (HttpTarget.Normalised(options.Issuer) is null) return ValidateOptionsResult.Fail("The issuer must be an https address.");
            if (options.ClientId.Length == 0 || options.Key is null) return ValidateOptionsResult.Fail("A resource server needs a client id and a key to ask with.");
            return options.Cache >= TimeSpan.Zero && options.Cache <= LongestCache
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail("Introspection answers may be kept for 0 to 30 seconds.");
        }
    }
}
