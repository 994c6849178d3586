using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp.Budget;

/// <summary>Everything that the overview shows.</summary>
internal sealed record Overview(
    string BankName,
    IReadOnlyList<Account> Accounts,
    IReadOnlyList<Transaction> Transactions,
    Connection Connection,
    DateTimeOffset Now)
{
    /// <summary>Fetches it from the bank, an account beside the other.</summary>
    public static async Task<Outcome<Overview, BankFault>> LoadAsync(
        BankClient bank, string bankName, Connection connection, Customer customer, DateTimeOffset now, CancellationToken ct)
    {
        var information = new AccountInformation(bank);
        if ((await information.AccountsAsync(connection.AccessToken, customer, ct)).Failed(out var fault, out var accounts)) return fault;
        var from = ConnectionJourney.FirstMonth(now);
        var listings = await Task.WhenAll(accounts.Select(account =>
            information.TransactionsAsync(account.Id, from, connection.AccessToken, customer, ct)));
        var transactions = new List<Transaction>();
        foreach (var listing in listings)
        {
            if (listing.Failed(out fault, out var some)) return fault;
            transactions.AddRange(some);
        }

        return new Overview(bankName, accounts, [.. transactions.OrderByDescending(one => one.BookedAt)], connection, now);
    }

    /// <summary>The currencies that money was spent in, the most used first.</summary>
    public IReadOnlyList<string> Currencies =>
    [
        .. Transactions.Where(one => one.Amount.Amount < 0)
            .GroupBy(one => one.Amount.Currency, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .Select(group => group.Key),
    ];

    /// <summary>What there is in all, a sum a currency.</summary>
    public IReadOnlyList<Money> Totals =>
    [
        .. Accounts.Select(account => account.Balance).OfType<Money>()
            .GroupBy(balance => balance.Currency, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .Select(group => new Money(group.Sum(balance => balance.Amount), group.Key)),
    ];
}
