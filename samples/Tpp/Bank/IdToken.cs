using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>What an ID token must say, from what we asked for.</summary>
/// <param name="Nonce">Null at a refresh, where none is due.</param>
/// <param name="Subject">Null at first; at a refresh the customer must still be the same.</param>
internal sealed record IdTokenExpectation(
    string Issuer, string ClientId, string? Nonce, string? ConsentId, string? Acr, string? Subject, string AccessToken, DateTimeOffset Now);

/// <summary>
/// Proof of whom the bank authenticated, for whom, and for which consent. Everything OpenID Connect Core 3.1.3.7 lists is looked
/// at before the tokens that came with it are used for anything.
/// </summary>
internal static class IdToken
{
    private static readonly TimeSpan LateBy = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EarlyBy = TimeSpan.FromSeconds(30);
    private static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?> { null, "JWT" });

    private sealed record Check(string Claim, Func<JsonElement, IdTokenExpectation, bool> Holds);

    private static readonly Check[] InOrder =
    [
        new("iss", (token, expected) => Says(token, "iss", expected.Issuer)),
        new("aud", AudienceIsUsAlone),
        new("azp", (token, expected) => !Claims.Has(token, "azp") || Says(token, "azp", expected.ClientId)),
        new("exp", (token, expected) => Moment(token, "exp") is { } end && expected.Now < end + LateBy),
        new("iat", (token, expected) => Moment(token, "iat") is { } made && made <= expected.Now + EarlyBy),
        new("nbf", (token, expected) => !Claims.Has(token, "nbf") || (Moment(token, "nbf") is { } from && from <= expected.Now + EarlyBy)),
        new("sub", (token, expected) => Claims.Text(token, "sub") is { Length: > 0 and <= 255 } subject
            && Ascii.IsValid(subject) && (expected.Subject is null || expected.Subject == subject)),
        new("nonce", (token, expected) => expected.Nonce is null || Says(token, "nonce", expected.Nonce)),
        new("acr", (token, expected) => expected.Acr is null || Says(token, "acr", expected.Acr)),
        new("at_hash", (token, expected) => !Claims.Has(token, "at_hash") || Says(token, "at_hash", HalfHash(expected.AccessToken))),
        new("openbanking_intent_id", (token, expected) =>
            expected.ConsentId is null || Says(token, "openbanking_intent_id", expected.ConsentId)),
    ];

    /// <summary>The token's claims, or the first thing wrong with it.</summary>
    public static Outcome<VerifiedIdToken, BankFault> Verify(string compact, KeySet keys, IdTokenExpectation expected)
    {
        if (Jws.Parse(compact).Failed(out var fault, out var jws)) return Wrong("form", fault.Reason);
        if (jws.Verify(keys, Policy) is { } forged) return Wrong("signature", forged.Reason);
        var broken = InOrder.FirstOrDefault(check => !check.Holds(jws.Payload, expected));
        if (broken is not null) return Wrong(broken.Claim, "not as asked for");
        return new VerifiedIdToken(Claims.Text(jws.Payload, "sub")!, jws);
    }

    private static BankFault Wrong(string what, string why) => BankFault.Untrusted($"ID token refused, {what}: {why}");

    private static bool Says(JsonElement token, string claim, string value) =>
        string.Equals(Claims.Text(token, claim), value, StringComparison.Ordinal);

    // An audience beside us is one we do not know, and so one we do not trust with a token about our customer.
    private static bool AudienceIsUsAlone(JsonElement token, IdTokenExpectation expected)
    {
        if (!token.TryGetProperty("aud", out var audience)) return false;
        if (audience.ValueKind == JsonValueKind.Array && audience.GetArrayLength() == 1) audience = audience[0];
        return audience.ValueKind == JsonValueKind.String && audience.ValueEquals(expected.ClientId);
    }

    private static DateTimeOffset? Moment(JsonElement token, string claim) =>
        Claims.Seconds(token, claim) is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    // ES256 and PS256 both hash with SHA-256, so the left half is 16 bytes (OpenID Connect Core 3.1.3.6).
    private static string HalfHash(string value) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(value)).AsSpan(0, 16));
}

/// <summary>An ID token that passed every check.</summary>
internal sealed record VerifiedIdToken(string Subject, Jws Jws);
