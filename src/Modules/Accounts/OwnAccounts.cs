using MediatR;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts;

/// <summary>The accounts a customer may share, as the customer knows them.</summary>
internal sealed class ListOwnAccountsHandler(ICoreBank bank) : IRequestHandler<ListOwnAccounts, IReadOnlyList<OwnAccount>>
{
    public async Task<IReadOnlyList<OwnAccount>> Handle(ListOwnAccounts request, CancellationToken cancellationToken) =>
        [.. (await bank.AccountsAsync(request.CustomerId, null, cancellationToken)).Select(Of)];

    private static OwnAccount Of(BankAccount account) =>
        new(account.Id, account.Name, account.Identification, Mapping.Shown(account), account.Currency, account.IsJoint) { Scheme = account.Scheme };
}
