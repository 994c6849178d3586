namespace OpenBanking.Kernel.Jose;

/// <summary>What a place takes, fixed before the message is read (KEY-07).</summary>
/// <param name="Algorithms">Allowed values of <c>alg</c>.</param>
/// <param name="Types">Allowed values of <c>typ</c>, without <c>application/</c>; null among them means that it may be absent (KEY-11).</param>
public sealed record JwsPolicy(IReadOnlySet<string> Algorithms, IReadOnlySet<string?> Types)
{
    /// <summary>What FAPI allows and we offer (KEY-01, KEY-02; KEY-19: EdDSA is not offered).</summary>
    public static readonly IReadOnlySet<string> FapiAlgorithms = new HashSet<string>(StringComparer.Ordinal) { "ES256", "PS256" };

    internal bool Takes(string? type)
    {
        if (type is null) return Types.Contains(null);
        // RFC 7515 4.1.9: a media type, so case does not matter, and its prefix may be left out.
        const string prefix = "application/";
        var name = type.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? type[prefix.Length..] : type;
        return Types.Any(allowed => string.Equals(allowed, name, StringComparison.OrdinalIgnoreCase));
    }
}
