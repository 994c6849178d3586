using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>What a customer is asked for at the bank.</summary>
/// <param name="DetailsType">The type of the consent in <c>authorization_details</c>.</param>
/// <param name="Lasts">Whether we come back for more when the customer has gone; then a refresh token is asked for.</param>
internal sealed record Asked(string ConsentId, DateTimeOffset? ConsentExpiresAt, string Scope, string DetailsType, bool Lasts);

/// <summary>
/// The customer's visit at the bank, as FAPI 2.0 has it: the request is pushed, the browser carries a reference to it, and the code that comes
/// back is exchanged for tokens, of which nothing is used before the ID token has passed every check. The same for accounts and payments.
/// </summary>
internal sealed class AuthorizationCodeFlow(BankClient bank, TppOptions options, TimeProvider time)
{
    /// <summary>How the bank is asked to authenticate: strongly, as the law has it for account data and for payments.</summary>
    public const string StrongAuthentication = "urn:openbanking:psd2:sca";

    /// <summary>Pushes the request; the browser goes to the address, the rest is kept for its return.</summary>
    public async Task<Outcome<StartedJourney, BankFault>> PushAsync(Asked asked, CancellationToken ct)
    {
        var pending = new PendingJourney(
            State: Handle.New().Value,
            Nonce: Handle.New().Value,
            CodeVerifier: Handle.New().Value,
            bank.Kind.Key,
            options.Issuer,
            asked.ConsentId,
            asked.ConsentExpiresAt,
            time.GetUtcNow());
        if ((await bank.PushAsync(Request(pending, asked), ct)).Failed(out var fault, out var url)) return fault;
        return new StartedJourney(pending, url);
    }

    /// <summary>The code for tokens.</summary>
    public async Task<Outcome<Redeemed, BankFault>> RedeemAsync(PendingJourney pending, string code, CancellationToken ct)
    {
        var grant = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = options.RedirectUri,
            ["code_verifier"] = pending.CodeVerifier,
        };
        if ((await bank.TokenAsync(grant, ct)).Failed(out var fault, out var tokens))
        {
            // A code that the bank no longer takes is not an access that ended: there never was one.
            return fault.Kind == BankFaultKind.AccessEnded ? BankFault.Refused(fault.Reason) : fault;
        }

        if (tokens.IdToken is not { } idToken) return BankFault.Untrusted("the bank gave no ID token");
        var expected = new IdTokenExpectation(
            pending.Issuer, bank.ClientId, pending.Nonce, pending.ConsentId, StrongAuthentication, null, tokens.AccessToken, time.GetUtcNow());
        if ((await VerifyAsync(idToken, expected, ct)).Failed(out fault, out var identity)) return fault;
        return new Redeemed(tokens, identity);
    }

    /// <summary>An ID token against what was asked for, with fresh keys where the known ones do not fit.</summary>
    public async Task<Outcome<VerifiedIdToken, BankFault>> VerifyAsync(string idToken, IdTokenExpectation expected, CancellationToken ct)
    {
        if ((await bank.KeysAsync(again: false, ct)).Failed(out var fault, out var keys)) return fault;
        if (!IdToken.Verify(idToken, keys, expected).Failed(out _, out var verified)) return verified;
        if ((await bank.KeysAsync(again: true, ct)).Failed(out fault, out keys)) return fault;
        return IdToken.Verify(idToken, keys, expected);
    }

    private Dictionary<string, string> Request(PendingJourney pending, Asked asked)
    {
        var intent = new JsonObject { ["value"] = pending.ConsentId, ["essential"] = true };
        var claims = new JsonObject
        {
            ["id_token"] = new JsonObject
            {
                ["openbanking_intent_id"] = intent,
                ["acr"] = new JsonObject { ["essential"] = true, ["values"] = new JsonArray(StrongAuthentication) },
            },
            ["userinfo"] = new JsonObject { ["openbanking_intent_id"] = intent.DeepClone() },
        };
        var details = new JsonArray(new JsonObject { ["type"] = asked.DetailsType, ["consent_id"] = pending.ConsentId });
        var request = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["response_type"] = "code",
            ["redirect_uri"] = options.RedirectUri,
            ["scope"] = asked.Scope,
            ["state"] = pending.State,
            ["nonce"] = pending.Nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(pending.CodeVerifier))),
            ["code_challenge_method"] = "S256",
            ["claims"] = claims.ToJsonString(),
            ["authorization_details"] = details.ToJsonString(),
        };
        if (asked.Lasts) request["prompt"] = "consent"; // OpenID Connect Core 11 wants it with offline_access.
        return request;
    }
}

/// <summary>A journey that waits for the customer, and where the customer goes.</summary>
internal sealed record StartedJourney(PendingJourney Pending, Uri AuthorizeUrl);

/// <summary>What came of a visit.</summary>
internal sealed record Redeemed(TokenSet Tokens, VerifiedIdToken Identity);
