using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>Balances of one account or of all accounts of a consent.</summary>
internal static class BalanceEndpoints
{
    public static void Map(IEndpointRouteBuilder aisp) => Listings.Map<BankBalance, BalanceList>(
        aisp,
        new("/balances", "/balances", "ReadBalances"),
        bank => async (customerId, accountIds, ct) =>
        {
            var balances = await bank.BalancesAsync(customerId, accountIds, ct);
            return new OfAccounts<BankBalance>([.. balances.Select(balance => balance.AccountId)], balances);
        },
        (rows, frame) => new BalanceList(new([.. rows.SelectMany(row => Mapping.Of(row, frame.Now)).Select(AllowList.Of)]), frame.Links, frame.Meta),
        Wire.Default.BalanceList);
}
