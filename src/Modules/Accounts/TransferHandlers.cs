using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel;

namespace OpenBanking.Accounts;

/// <summary>What the payments module asks of the core bank.</summary>
internal sealed class TransferHandlers(ICoreBank bank) :
    IRequestHandler<AreFundsThere, bool>,
    IRequestHandler<FindPayerAccount, PayerAccount?>,
    IRequestHandler<ListAvailableFunds, IReadOnlyDictionary<string, Money>>,
    IRequestHandler<ListTrustedPayees, IReadOnlyList<TransferPayee>>,
    IRequestHandler<HoldForTransfer, HoldAnswer>,
    IRequestHandler<ExecuteTransfer, bool>,
    IRequestHandler<ReleaseTransfer, bool>,
    IRequestHandler<ReturnTransfer, bool>
{
    public async Task<bool> Handle(AreFundsThere request, CancellationToken cancellationToken) =>
        (await bank.BalancesAsync(request.CustomerId, [request.AccountId], cancellationToken)).SingleOrDefault() is { } balance
        && balance.Currency == request.Amount.Currency && balance.Covers(request.Amount.Amount);

    public async Task<PayerAccount?> Handle(FindPayerAccount request, CancellationToken cancellationToken) =>
        (await bank.AccountsAsync(request.CustomerId, [request.AccountId], cancellationToken)).SingleOrDefault() is { } account
            ? PayerOf(account)
            : null;

    public async Task<IReadOnlyList<TransferPayee>> Handle(ListTrustedPayees request, CancellationToken cancellationToken) =>
    [
        .. (await bank.BeneficiariesAsync(request.CustomerId, [request.AccountId], cancellationToken)).Rows
            .Where(payee => payee.IsTrusted).Select(payee => new TransferPayee(payee.PayeeScheme, payee.PayeeIdentification, payee.PayeeName)),
    ];

    public async Task<IReadOnlyDictionary<string, Money>> Handle(ListAvailableFunds request, CancellationToken cancellationToken) =>
        (await bank.BalancesAsync(request.CustomerId, request.AccountIds, cancellationToken))
            .ToDictionary(balance => balance.AccountId, balance => new Money(balance.Booked + balance.Pending, balance.Currency), StringComparer.Ordinal);

    public async Task<HoldAnswer> Handle(HoldForTransfer request, CancellationToken cancellationToken)
    {
        var order = new TransferOrder(
            request.TransferId, request.Under, request.CustomerId, request.AccountId, request.Amount, request.Charge,
            request.Payee.Scheme, request.Payee.Identification, request.Payee.Name, request.Reference)
        {
            Exchanged = request.Exchanged,
        };
        var result = await bank.HoldAsync(order, cancellationToken);
        return result.Outcome switch
        {
            HoldOutcome.Held => new HoldAnswer.Held(result.IsOnUs, PayerOf(result.Account!)),
            HoldOutcome.InsufficientFunds => new HoldAnswer.Refused(HoldRefusal.InsufficientFunds),
            HoldOutcome.PayeeUnknown => new HoldAnswer.Refused(HoldRefusal.PayeeUnknown),
            HoldOutcome.PayeeClosed => new HoldAnswer.Refused(HoldRefusal.PayeeClosed),
            _ => new HoldAnswer.Refused(HoldRefusal.AccountUnusable),
        };
    }

    public Task<bool> Handle(ExecuteTransfer request, CancellationToken cancellationToken) => bank.PostAsync(request.TransferId, request.Rail, cancellationToken);

    public Task<bool> Handle(ReleaseTransfer request, CancellationToken cancellationToken) => bank.ReleaseAsync(request.TransferId, cancellationToken);

    public Task<bool> Handle(ReturnTransfer request, CancellationToken cancellationToken) => bank.ReturnAsync(request.TransferId, request.Why, cancellationToken);

    private static PayerAccount PayerOf(BankAccount account) =>
        new(account.Scheme, account.Identification, account.HolderName) { ApproversNeeded = account.ApproversNeeded ?? 1 };
}
