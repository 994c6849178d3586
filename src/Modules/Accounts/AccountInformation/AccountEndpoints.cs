using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>The accounts of a consent: exactly those the customer chose and still has (OB-AIS-7).</summary>
internal sealed class AccountEndpoints(AccountAccess access, ICoreBank bank, ApiAddresses addresses)
{
    private static readonly string[] AnyLevel = ["ReadAccountsBasic", "ReadAccountsDetail"];

    public static void Map(IEndpointRouteBuilder aisp)
    {
        aisp.MapGet("/accounts", (AccountEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.ListAsync(http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
        aisp.MapGet("/accounts/{accountId}", (AccountEndpoints endpoint, string accountId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(accountId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, ct, AnyLevel)).Failed(out var error, out var granted)) return error;
        var accounts = await bank.AccountsAsync(granted.CustomerId, granted.AccountIds, ct);
        await access.UsedAsync(http, ct);
        return Answer(http, accounts, granted, "/open-banking/v4.0/aisp/accounts");
    }

    public async Task<IResult> GetAsync(string accountId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, AnyLevel)).Failed(out var error, out var granted)) return error;
        var accounts = await bank.AccountsAsync(granted.CustomerId, [accountId], ct);
        if (accounts.Count == 0) return AccountAccess.NotShared();
        await access.UsedAsync(http, ct);
        return Answer(http, accounts, granted, "/open-banking/v4.0/aisp/accounts/" + accountId);
    }

    private JsonHttpResult<AccountList> Answer(HttpContext http, IReadOnlyList<BankAccount> accounts, AccountAccessDecision.Granted granted, string path)
    {
        var allowed = new AllowList(granted.Permissions);
        var body = new AccountList.AccountData([.. accounts.Select(account => allowed.Of(Mapping.Of(account)))]);
        return TypedResults.Json(new AccountList(body, new Links(addresses.Of(http, path)), Meta.OnePage), Wire.Default.AccountList, UkApi.Json);
    }
}
