using System.Text.Json;
using MediatR;

namespace OpenBanking.Accounts.Contracts;

/// <summary>Gives an account of the sandbox another balance, by a ledger entry over the difference.</summary>
/// <param name="Amount">With its sign: a text, a number, or an amount as the API writes it.</param>
public sealed record SetSandboxBalance(string AccountId, JsonElement Amount) : IRequest<SandboxAnswer>;

/// <summary>Books transactions on an account of the sandbox; answers their ids.</summary>
/// <param name="Transactions">Each with members of an API transaction, of which the amount is needed.</param>
public sealed record BookSandboxTransactions(string AccountId, JsonElement Transactions) : IRequest<SandboxAnswer>;

/// <summary>Takes a pending transaction away, as when a shop lets an authorisation lapse.</summary>
public sealed record RemoveSandboxTransaction(string AccountId, string TransactionId) : IRequest<SandboxAnswer>;

/// <summary>Opens, freezes or closes an account of the sandbox, or has its customer take it to another bank.</summary>
public sealed record SetSandboxAccountState(string AccountId, string State) : IRequest<SandboxAnswer>;

/// <summary>What became of a tester's wish.</summary>
public abstract record SandboxAnswer
{
    private SandboxAnswer() { }

    /// <summary>Done; with the ids of what was booked.</summary>
    public sealed record Done(params IReadOnlyList<string> Ids) : SandboxAnswer;

    /// <summary>Not done, and nothing has changed.</summary>
    public sealed record Wrong(string Problem) : SandboxAnswer;
}
