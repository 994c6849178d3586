using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>
/// The way from "Connect my bank" to tokens, step by step as FAPI 2.0 lays it out: a consent, a pushed request, the customer at the
/// bank, and the code that comes back. The web pages and the console go the same way.
/// </summary>
internal sealed class ConnectionJourney(BankClient bank, TppOptions options, TimeProvider time)
{
    private static readonly TimeSpan AccessLasts = TimeSpan.FromDays(90);

    private readonly AccountInformation accounts = new(bank);
    private readonly AuthorizationCodeFlow visit = new(bank, options, time);

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
    public Task<Outcome<StartedJourney, BankFault>> PushAsync(AccountAccessConsent consent, CancellationToken ct) =>
        visit.PushAsync(new Asked(consent.Id, consent.ExpiresAt, "openid accounts offline_access", "account_information", Lasts: true), ct);

    /// <summary>Step 4: the code for tokens, which are kept only once the ID token has passed every check.</summary>
    public async Task<Outcome<Connection, BankFault>> FinishAsync(PendingJourney pending, string code, CancellationToken ct)
    {
        if ((await visit.RedeemAsync(pending, code, ct)).Failed(out var fault, out var redeemed)) return fault;
        var (tokens, identity) = redeemed;
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
            if ((await visit.VerifyAsync(idToken, expected, ct)).Failed(out fault, out _)) return fault;
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
}
