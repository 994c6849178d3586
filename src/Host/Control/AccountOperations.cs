using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Host.Control;

/// <summary>What happens to an account of the built-in ledger.</summary>
internal sealed class AccountOperations(SandboxCustomers customers, IMediator mediator)
{
    private static readonly Member Account = new("accountId", "string", Hint: "An account's id, or its short name such as GB-1.");

    public static readonly IReadOnlyList<Operation> All =
    [
        Row(
            "balance",
            "The account's balance at the core, by a ledger entry.",
            [Account, new("amount", null, Hint: "With its sign: a text, a number, or an amount as the API writes it.")],
            (account, given) => new SetSandboxBalance(account, given.GetProperty("amount"))),
        Row(
            "book",
            "Books transactions; answers their ids.",
            [Account, new("transactions", "array", Hint: "Members of an API transaction, of which the Amount is needed; at most 1000.", Detail: """{"items":{"type":"object","required":["Amount"]},"minItems":1,"maxItems":1000}""")],
            (account, given) => new BookSandboxTransactions(account, given.GetProperty("transactions"))),
        Row(
            "remove",
            "Takes a pending transaction away.",
            [Account, new("transactionId", "string")],
            (account, given) => new RemoveSandboxTransaction(account, given.GetProperty("transactionId").GetString()!)),
        Row(
            "account",
            "Closes, freezes or opens an account, or has it switched to another bank.",
            [Account, new("state", "string", Values: ["open", "frozen", "closed", "switched"])],
            (account, given) => new SetSandboxAccountState(account, given.GetProperty("state").GetString()!)),
    ];

    private static Operation Row(string name, string effect, IReadOnlyList<Member> members, Func<string, JsonElement, IRequest<SandboxAnswer>> wish) =>
        Operation.Of<AccountOperations>(name, effect, members, (subject, given, ct) => subject.AskAsync(given, account => wish(account, given), ct));

    private async Task<Outcome<JsonObject, string>> AskAsync(JsonElement given, Func<string, IRequest<SandboxAnswer>> wish, CancellationToken ct)
    {
        if (customers.FindAccount(given.GetProperty(Account.Name).GetString()!) is not { } account) return "there is no such account";
        return await mediator.Send(wish(account), ct) switch
        {
            SandboxAnswer.Done done => new JsonObject { ["ids"] = new JsonArray([.. done.Ids.Select(id => (JsonNode)id)]) },
            SandboxAnswer.Wrong wrong => wrong.Problem,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
