using MediatR;
using Microsoft.Extensions.Logging;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;

namespace OpenBanking.Accounts;

/// <summary>The accounts a customer may share, as the customer knows them.</summary>
internal sealed partial class OwnAccounts(ICoreBank bank, ILogger<OwnAccounts> log) :
    IRequestHandler<ListOwnAccounts, IReadOnlyList<OwnAccount>>,
    IRequestHandler<ListOwnAccountsIfKnown, IReadOnlyList<OwnAccount>?>
{
    public async Task<IReadOnlyList<OwnAccount>> Handle(ListOwnAccounts request, CancellationToken cancellationToken) =>
        [.. (await bank.AccountsAsync(request.CustomerId, null, cancellationToken)).Select(Of)];

    // Asked by several for one page, and a core that is away is not asked twice for it.
    private (string CustomerId, IReadOnlyList<OwnAccount>? Accounts)? known;

    public async Task<IReadOnlyList<OwnAccount>?> Handle(ListOwnAccountsIfKnown request, CancellationToken cancellationToken)
    {
        if (known is { } before && before.CustomerId == request.CustomerId) return before.Accounts;
        IReadOnlyList<OwnAccount>? accounts = null;
        try
        {
            accounts = await Handle(new ListOwnAccounts(request.CustomerId), cancellationToken);
        }
        catch (CoreBankAwayException away)
        {
            Log.Away(log, away.Message);
        }

        known = (request.CustomerId, accounts);
        return accounts;
    }

    private static OwnAccount Of(BankAccount account) =>
        new(account.Id, account.Name, account.Identification, Mapping.Shown(account), account.Currency, account.IsJoint)
        {
            Scheme = account.Scheme,
            ApproversNeeded = account.ApproversNeeded ?? 1,
        };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The core bank is away ({Cause}); a page does without accounts")]
        public static partial void Away(ILogger logger, string cause);
    }
}
