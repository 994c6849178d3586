using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>Balances of one account or of all accounts of a consent (OB-AIS-8).</summary>
internal sealed class BalanceEndpoints(AccountAccess access, ICoreBank bank, ApiAddresses addresses, TimeProvider time)
{
    private const string Permission = "ReadBalances";

    public static void Map(IEndpointRouteBuilder aisp)
    {
        aisp.MapGet("/balances", (BalanceEndpoints endpoint, HttpContext http, CancellationToken ct) => endpoint.ListAsync(http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
        aisp.MapGet("/accounts/{accountId}/balances", (BalanceEndpoints endpoint, string accountId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(accountId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
    }

    public async Task<IResult> ListAsync(HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, ct, Permission)).Failed(out var error, out var granted)) return error;
        var balances = await bank.BalancesAsync(granted.CustomerId, granted.AccountIds, ct);
        await access.UsedAsync(http, ct);
        return Answer(http, balances, "/open-banking/v4.0/aisp/balances");
    }

    public async Task<IResult> GetAsync(string accountId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, Permission)).Failed(out var error, out var granted)) return error;
        var balances = await bank.BalancesAsync(granted.CustomerId, [accountId], ct);
        if (balances.Count == 0) return AccountAccess.NotShared();
        await access.UsedAsync(http, ct);
        return Answer(http, balances, $"/open-banking/v4.0/aisp/accounts/{accountId}/balances");
    }

    private JsonHttpResult<BalanceList> Answer(HttpContext http, IReadOnlyList<BankBalance> balances, string path)
    {
        var now = time.GetUtcNow();
        var body = new BalanceList.BalanceData([.. balances.SelectMany(balance => Mapping.Of(balance, now)).Select(AllowList.Of)]);
        return TypedResults.Json(new BalanceList(body, new Links(addresses.Of(http, path)), Meta.OnePage), Wire.Default.BalanceList, UkApi.Json);
    }
}
