using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>The accounts of a consent: exactly those the customer chose and still has (OB-AIS-7).</summary>
internal static class AccountEndpoints
{
    public static void Map(IEndpointRouteBuilder aisp) => Listings.Map<BankAccount, AccountList>(
        aisp,
        new("/accounts", "", "ReadAccountsBasic", "ReadAccountsDetail"),
        bank => async (customerId, accountIds, ct) =>
        {
            var accounts = await bank.AccountsAsync(customerId, accountIds, ct);
            return new OfAccounts<BankAccount>([.. accounts.Select(account => account.Id)], accounts);
        },
        (rows, frame) => new AccountList(new([.. rows.Select(row => frame.Allowed.Of(Mapping.Of(row)))]), frame.Links, frame.Meta),
        Wire.Default.AccountList);
}
