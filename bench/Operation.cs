using System.Text.Json;

namespace OpenBanking.Bench;

/// <summary>What is measured.</summary>
/// <param name="Checks">How many signatures the server must check for it.</param>
/// <param name="Signs">How many it must make; tokens are opaque, so mostly none.</param>
internal sealed record Operation(string Name, int Checks, Func<int, Task> SendAsync, int Signs = 0)
{
    /// <summary>What the peer has too, to the same request.</summary>
    /// <param name="username">The customer whom the back channel asks.</param>
    /// <param name="newConsent">A consent for each of those requests.</param>
    public static Operation[] Common(ThirdParty client, string consent, string username, Func<Task<string>> newConsent) =>
    [
        new("PAR", 2, connection => client.PushAsync(connection, consent)),
        new("Token, client credentials", 2, connection => client.ClientTokenAsync(connection)),
        new("Token, refresh", 2, client.RefreshAsync),
        new("Token, CIBA poll", 2, connection => client.PollAsync(connection, username, newConsent)),
        new("Introspection", 1, client.IntrospectAsync),
        new("Userinfo, DPoP", 1, client.UserInfoAsync),
    ];

    /// <summary>What reads a customer's data.</summary>
    public static async Task<Operation[]> ReadsAsync(ThirdParty client)
    {
        using var accounts = JsonDocument.Parse(await client.ReadAsync(0, "/accounts"));
        var account = accounts.RootElement.GetProperty("Data").GetProperty("Account")[0].GetProperty("AccountId").GetString();
        return
        [
            new("Accounts, DPoP", 1, connection => client.ReadAsync(connection, "/accounts")),
            new("Balances, DPoP", 1, connection => client.ReadAsync(connection, "/balances")),
            new("Transactions (a page of 100), DPoP", 1, connection => client.ReadAsync(connection, $"/accounts/{account}/transactions")),
        ];
    }

    /// <param name="advanced">Its tokens are bound to a certificate, which its back channel shows.</param>
    public static async Task<Operation[]> AllAsync(ThirdParty client, ThirdParty signing, ThirdParty advanced, string username)
    {
        var (consent, signed, hybrid) = (await client.CreateConsentAsync(), await signing.CreateConsentAsync(), await advanced.CreateConsentAsync());
        var token = await signing.ClientTokenAsync(0);
        return
        [
            .. Common(client, consent, username, client.CreateConsentAsync),
            .. await ReadsAsync(client),
            new("PAR, signed request", 3, connection => signing.PushSignedAsync(connection, signed)),
            new("Introspection, signed answer", 1, connection => signing.IntrospectSignedAsync(connection, token), Signs: 1),
            new("Authorization request, hybrid, signed", 1, connection => advanced.ArriveAsync(connection, hybrid)),
        ];
    }
}
