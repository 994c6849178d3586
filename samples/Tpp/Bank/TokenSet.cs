using System.Text.Json;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>What a token endpoint gave us.</summary>
internal sealed record TokenSet(string AccessToken, DateTimeOffset ExpiresAt, string? RefreshToken, string? IdToken, string? Scope)
{
    /// <summary>Reads the answer; a token of another type than we can prove possession for is of no use and is refused.</summary>
    public static Outcome<TokenSet, BankFault> Parse(JsonElement body, string type, DateTimeOffset now)
    {
        if (body.ValueKind != JsonValueKind.Object || Claims.Text(body, "access_token") is not { Length: > 0 } token)
            return BankFault.Untrusted("the token answer has no access_token");
        if (!string.Equals(Claims.Text(body, "token_type"), type, StringComparison.OrdinalIgnoreCase))
            return BankFault.Untrusted($"the token is not of type {type}");
        if (Claims.Seconds(body, "expires_in") is not { } seconds || seconds is 0 or > 86400)
            return BankFault.Untrusted("expires_in is missing or unlikely");
        return new TokenSet(
            token, now.AddSeconds(seconds), Claims.Text(body, "refresh_token"), Claims.Text(body, "id_token"), Claims.Text(body, "scope"));
    }

    /// <summary>Tokens do not get into logs by being printed.</summary>
    public override string ToString() => $"tokens until {ExpiresAt:O}";
}
