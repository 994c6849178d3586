using System.Globalization;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.CoreBank.Connector;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Accounts.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>Writes the sandbox bank into an empty ledger, once, in one transaction.</summary>
internal static class SandboxSeed
{
    public static async Task<IReadOnlyList<SandboxCustomer>> RunAsync(IServiceProvider services, CancellationToken ct)
    {
        if (services.GetRequiredService<CoreBankOptions>().Address is not null) return await NamedByCoreAsync(services, ct);
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        await using var scope = services.CreateAsyncScope();
        var unit = scope.ServiceProvider.GetRequiredService<UnitOfWork>();
        await unit.StartAsync(ct);
        var connection = (NpgsqlConnection)unit.Connection;

        // Two hosts may start on one fresh database; the second waits here and then finds it done.
        await using (var only = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtext('openbanking sandbox'))", connection)) await only.ExecuteNonQueryAsync(ct);
        await using (var done = new NpgsqlCommand("""SELECT EXISTS (SELECT FROM accounts.holders WHERE "CustomerId" = $1)""", connection))
        {
            done.Parameters.Add(new NpgsqlParameter { Value = SandboxBank.Amelia.CustomerId });
            if (await done.ExecuteScalarAsync(ct) is true) return await NamedAsync(connection, ct);
        }

        var ids = SandboxBank.Accounts.ToDictionary(account => account.Tag, _ => AccountIds.New(), StringComparer.Ordinal);
        var books = new Books(ids, now, new Draw("sandbox ledger"));
        new TwoYears(books, now).Live();

        await BulkCopy.WriteAsync(
            connection,
            "accounts.accounts",
            AccountRow.Names,
            SandboxBank.Accounts.Select((account, position) => AccountRow.Values(Opened(account, position, ids[account.Tag], books.Balances[account.Tag], now))),
            ct);
        await BulkCopy.WriteAsync(
            connection,
            "accounts.holders",
            ["CustomerId", "AccountId"],
            SandboxBank.Accounts.SelectMany(account => account.AllIds.Select(customer => new object?[] { customer, ids[account.Tag] })),
            ct);
        await BulkCopy.WriteAsync(connection, "accounts.entries", EntryRow.Names, books.Entries.Select(EntryRow.Values), ct);
        await BulkCopy.WriteAsync(
            connection,
            "accounts.legs",
            LegRow.Names,
            books.Legs.Select(LegRow.Values),
            ct);
        await BulkCopy.WriteAsync(connection, "accounts.transactions", TransactionRow.Names, books.Transactions.Select(TransactionRow.Values), ct);

        // What is few.
        var db = scope.ServiceProvider.GetRequiredService<AccountsDb>();
        db.AddRange(SandboxParties.Rows);
        db.AddRange(SandboxParties.Links(ids));
        db.AddRange(SandboxParties.Products);
        db.AddRange(SandboxParties.ProductLinks(ids));
        db.AddRange(SandboxRegulars.OrderRows(ids, books));
        db.AddRange(SandboxRegulars.DebitRows(ids, books));
        db.AddRange(SandboxRegulars.PayeeRows());
        db.AddRange(SandboxRegulars.LaterRows(ids, now));
        db.AddRange(SandboxRegulars.OfferRows(ids, now));
        await db.SaveChangesAsync(ct);
        await StatementRun.IssueAsync(connection, now, ct);

        // Each as if it had been issued when its month was over (OB-AIS-19).
        await using (var backdate = new NpgsqlCommand("""UPDATE accounts.statements SET "CreatedAt" = "EndAt" + interval '5 minutes 1 second'""", connection))
            await backdate.ExecuteNonQueryAsync(ct);

        // The planner should know what it has before the first question.
        await using (var analyze = new NpgsqlCommand("ANALYZE accounts.accounts, accounts.holders, accounts.transactions, accounts.legs, accounts.statements", connection))
            await analyze.ExecuteNonQueryAsync(ct);
        var named = await NamedAsync(connection, ct);
        await unit.CommitAsync(ct);
        return named;
    }

    /// <summary>
    /// The customers with the accounts that another core has for them. It knows which of them is whose tag by the number, and whoever it does
    /// not know has none; nothing is written, since nobody would read it.
    /// </summary>
    private static async Task<IReadOnlyList<SandboxCustomer>> NamedByCoreAsync(IServiceProvider services, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        var bank = scope.ServiceProvider.GetRequiredService<IRequestHandler<ListOwnAccountsIfKnown, IReadOnlyList<OwnAccount>?>>();
        var customers = new List<SandboxCustomer>();
        foreach (var customer in SandboxBank.Customers)
        {
            var accounts = await bank.Handle(new ListOwnAccountsIfKnown(customer.CustomerId), ct) ?? [];
            var named = accounts.Select((account, index) => new SandboxAccountName(
                SandboxBank.Accounts.FirstOrDefault(known => known.Identification == account.Identification)?.Tag ?? string.Create(CultureInfo.InvariantCulture, $"{customer.Username}-{index + 1}"),
                account.AccountId,
                account.Name,
                account.Identification,
                account.Currency));
            customers.Add(new SandboxCustomer(customer.CustomerId, customer.Username, customer.DisplayName, [.. named]));
        }

        return customers;
    }

    /// <summary>The customers, with what their accounts are called inside and outside.</summary>
    private static async Task<IReadOnlyList<SandboxCustomer>> NamedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        await using (var all = new NpgsqlCommand("""SELECT "Identification", "Id" FROM accounts.accounts""", connection))
        await using (var reader = await all.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct)) ids[reader.GetString(0)] = reader.GetString(1);
        }

        return
        [
            .. SandboxBank.Customers.Select(customer => new SandboxCustomer(
                customer.CustomerId,
                customer.Username,
                customer.DisplayName,
                [
                    .. SandboxBank.Accounts
                        .Where(account => account.AllIds.Contains(customer.CustomerId))
                        .Select(account => new SandboxAccountName(account.Tag, ids[account.Identification], account.Name, account.Identification, account.Currency)),
                ])),
        ];
    }

    private static BankAccount Opened(SandboxAccount account, int position, string id, decimal balance, DateTimeOffset now)
    {
        var opened = new DateTimeOffset(now.UtcDateTime.Date.AddMonths(-30).AddDays(-3 * position), TimeSpan.Zero);
        return new BankAccount
        {
            Id = id,
            Position = position,
            Name = account.Name,
            Description = account.Description,
            Currency = account.Currency,
            Category = account.IsBusiness ? "Business" : "Personal",
            TypeCode = account.TypeCode,
            Scheme = account.Scheme,
            Identification = account.Identification,
            HolderName = account.HolderName,
            ServicerBic = SandboxAccount.Bic,
            OpenedAt = opened,
            State = AccountState.Open,
            StateChangedAt = opened,
            CreditLimit = account.CreditLimit,
            Balance = balance,
            IsJoint = account.CustomerIds.Length > 1,
            ApproversNeeded = account.ApproversNeeded,
        };
    }
}
