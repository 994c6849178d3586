using System.Text.Json;

namespace OpenBanking.Bench;

/// <summary>What is measured.</summary>
/// <param name="Signatures">How many signatures the server must check for it; tokens are opaque, so it signs none.</param>
internal sealed record Operation(string Name, int Signatures, Func<int, Task> SendAsync)
{
    /// <summary>What the peer has too, to the same request.</summary>
    public static Operation[] Common(ThirdParty client, string consent) =>
    [
        new("PAR", 2, connection => client.PushAsync(connection, consent)),
        new("Token, client credentials", 2, connection => client.ClientTokenAsync(connection)),
        new("Token, refresh", 2, client.RefreshAsync),
        new("Introspection", 1, client.IntrospectAsync),
        new("Userinfo, DPoP", 1, client.UserInfoAsync),
    ];

    public static async Task<Operation[]> AllAsync(ThirdParty client)
    {
        var consent = await client.CreateConsentAsync();
        using var accounts = JsonDocument.Parse(await client.ReadAsync(0, "/accounts"));
        var account = accounts.RootElement.GetProperty("Data").GetProperty("Account")[0].GetProperty("AccountId").GetString();
        return
        [
            .. Common(client, consent),
            new("Accounts, DPoP", 1, connection => client.ReadAsync(connection, "/accounts")),
            new("Balances, DPoP", 1, connection => client.ReadAsync(connection, "/balances")),
            new("Transactions (a page of 100), DPoP", 1, connection => client.ReadAsync(connection, $"/accounts/{account}/transactions")),
        ];
    }
}
