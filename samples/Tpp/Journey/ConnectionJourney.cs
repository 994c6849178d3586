using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>
/// The way from "Connect my bank" to tokens, step by step as FAPI 2.0 lays it out: a consent, a pushed request, the customer at the
/// bank, and the code that comes back. The web pages and the console go the same way.
/// </summary>
internal sealed class ConnectionJourney(BankClient bank, TppOptions options, TimeProvider time)
{
    /// <summary>How the bank is asked to authenticate: strongly, as the law has it for account data.</summary>
    public const string StrongAuthentication = "urn:openbanking:psd2:sca";

    private static readonly TimeSpan AccessLasts = TimeSpan.FromDays(90);

    private readonly AccountInformation accounts = new(bank);

    /// <summary>Steps 1 to 3; the browser goes to the address, the rest is kept for its return.</summary>
    public async Task<Outcome<StartedJourney, BankFault>> StartAsync(Customer customer, CancellationToken ct)
    {
        if ((await ClientTokenAsync(ct)).Failed(out var fault, out var token)) return fault;
        if ((await CreateConsentAsync(token, customer, ct)).Failed(out fault, out var consent)) return fault;
        return await PushAsync(consent, ct);
    }

    /// <summary>Step 1: a token for ourselves, which opens nothing but consents.</summary>
    public Task<Outcome<TokenSet, BankFault>> ClientTokenAsync(CancellationToken ct) => bank.TokenAsync(
        new Dictionary<string, string>(StringComparer.Ordinal) { ["grant_type"] = "client_credentials", ["scope"] = "accounts" }, ct);

    /// <summary>Step 2: what the customer will be asked to allow.</summary>
    public Task<Outcome<AccountAccessConsent, BankFault>> CreateConsentAsync(TokenSet token, Customer customer, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return accounts.CreateConsentAsync(token.AccessToken, now + AccessLasts, FirstMonth(now), customer, ct);
    }

    /// <summary>Step 3: the authorization request, pushed to the bank so that the browser carries only a reference to it.</summary>
    public async Task<Outcome<StartedJourney, BankFault>> PushAsync(AccountAccessConsent consent, CancellationToken ct)
    {
        var pending = new PendingJourney(
            State: Handle.New().Value,
            Nonce: Handle.New().Value,
            CodeVerifier: Handle.New().Value,
            bank.Kind.Key,
            options.Issuer,
            consent.Id,
            consent.ExpiresAt,
            time.GetUtcNow());
        if ((await bank.PushAsync(Request(pending), ct)).Failed(out var fault, out var url)) return fault;
        return new StartedJourney(pending, url);
    }

    /// <summary>Step 4: the code for tokens, which are kept only once the ID token has passed every check.</summary>
    public async Task<Outcome<Connection, BankFault>> FinishAsync(PendingJourney pending, string code, CancellationToken ct)
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

        if ((await VerifyAsync(tokens, pending, ct)).Failed(out fault, out var identity)) return fault;
        return new Connection(
            bank.Kind.Key,
            pending.ConsentId,
            identity.Subject,
            tokens.AccessToken,
            tokens.ExpiresAt,
            tokens.RefreshToken,
            tokens.Scope,
            time.GetUtcNow(),
            pending.ConsentExpiresAt);
    }

    /// <summary>Step 4, second half: the ID token against what was asked for, with fresh keys where the known ones do not fit.</summary>
    public async Task<Outcome<VerifiedIdToken, BankFault>> VerifyAsync(TokenSet tokens, PendingJourney pending, CancellationToken ct)
    {
        if (tokens.IdToken is not { } idToken) return BankFault.Untrusted("the bank gave no ID token");
        var expected = new IdTokenExpectation(
            pending.Issuer, bank.ClientId, pending.Nonce, pending.ConsentId, StrongAuthentication, null, tokens.AccessToken, time.GetUtcNow());
        return await VerifyAsync(idToken, expected, ct);
    }

    /// <summary>A new access token for an old connection. The refresh token stays as it is: FAPI 2.0 forbids to rotate it.</summary>
    public async Task<Outcome<Connection, BankFault>> RenewAsync(Connection connection, CancellationToken ct)
    {
        if (connection.RefreshToken is null) return BankFault.Ended("the access token has expired and there is no refresh token");
        var grant = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["grant_type"] = "refresh_token",
            ["refresh_token"] = connection.RefreshToken,
        };
        if ((await bank.TokenAsync(grant, ct)).Failed(out var fault, out var tokens)) return fault;
        if (tokens.IdToken is { } idToken)
        {
            var expected = new IdTokenExpectation(
                options.Issuer, bank.ClientId, null, null, null, connection.Subject, tokens.AccessToken, time.GetUtcNow());
            if ((await VerifyAsync(idToken, expected, ct)).Failed(out fault, out _)) return fault;
        }

        return connection with
        {
            AccessToken = tokens.AccessToken,
            AccessTokenExpiresAt = tokens.ExpiresAt,
            RefreshToken = tokens.RefreshToken ?? connection.RefreshToken,
            Scope = tokens.Scope ?? connection.Scope,
        };
    }

    /// <summary>Gives the access back to the bank; its tokens are worthless from then on.</summary>
    public async Task<Outcome<BankAnswer, BankFault>> EndAsync(string consentId, Customer customer, CancellationToken ct)
    {
        if ((await ClientTokenAsync(ct)).Failed(out var fault, out var token)) return fault;
        return await accounts.DeleteConsentAsync(token.AccessToken, consentId, customer, ct);
    }

    /// <summary>The first day of the oldest month the app looks at: a year of whole months and the current one.</summary>
    public static DateTimeOffset FirstMonth(DateTimeOffset now) =>
        new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(-12);

    private async Task<Outcome<VerifiedIdToken, BankFault>> VerifyAsync(string idToken, IdTokenExpectation expected, CancellationToken ct)
    {
        if ((await bank.KeysAsync(again: false, ct)).Failed(out var fault, out var keys)) return fault;
        if (!IdToken.Verify(idToken, keys, expected).Failed(out _, out var verified)) return verified;
        if ((await bank.KeysAsync(again: true, ct)).Failed(out fault, out keys)) return fault;
        return IdToken.Verify(idToken, keys, expected);
    }

    private Dictionary<string, string> Request(PendingJourney pending)
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
        var details = new JsonArray(new JsonObject { ["type"] = "account_information", ["consent_id"] = pending.ConsentId });
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["response_type"] = "code",
            ["redirect_uri"] = options.RedirectUri,
            ["scope"] = "openid accounts offline_access",
            ["prompt"] = "consent", // OpenID Connect Core 11 wants it with offline_access.
            ["state"] = pending.State,
            ["nonce"] = pending.Nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(pending.CodeVerifier))),
            ["code_challenge_method"] = "S256",
            ["claims"] = claims.ToJsonString(),
            ["authorization_details"] = details.ToJsonString(),
        };
    }
}

/// <summary>A journey that waits for the customer, and where the customer goes.</summary>
internal sealed record StartedJourney(PendingJourney Pending, Uri AuthorizeUrl);
