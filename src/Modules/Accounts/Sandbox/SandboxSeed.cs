using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Accounts.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>Writes the sandbox bank into an empty ledger, once, in one transaction.</summary>
internal static class SandboxSeed
{
    public static async Task<IReadOnlyList<SandboxCustomer>> RunAsync(IServiceProvider services, CancellationToken ct)
    {
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

        await CopyAsync(connection, "accounts", Account.Names, SandboxBank.Accounts.Select((account, position) => Account.Values(account, position, ids, books, now)), ct);
        await CopyAsync(
            connection,
            "holders",
            ["CustomerId", "AccountId"],
            SandboxBank.Accounts.SelectMany(account => account.CustomerIds.Select(customer => new object?[] { customer, ids[account.Tag] })),
            ct);
        await CopyAsync(connection, "entries", ["Id", "BookedAt", "Text"], books.Entries.Select(entry => new object?[] { entry.Id, entry.BookedAt, entry.Text }), ct);
        await CopyAsync(
            connection,
            "legs",
            ["EntryId", "Number", "Account", "Amount", "Currency"],
            books.Legs.Select(leg => new object?[] { leg.EntryId, leg.Number, leg.Account, leg.Amount, leg.Currency }),
            ct);
        await CopyAsync(connection, "transactions", Line.Names, books.Transactions.Select(Line.Values), ct);

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

        // The planner should know what it has before the first question.
        await using (var analyze = new NpgsqlCommand("ANALYZE accounts.accounts, accounts.holders, accounts.transactions, accounts.legs, accounts.statements", connection))
            await analyze.ExecuteNonQueryAsync(ct);
        var named = await NamedAsync(connection, ct);
        await unit.CommitAsync(ct);
        return named;
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
                        .Where(account => account.CustomerIds.Contains(customer.CustomerId))
                        .Select(account => new SandboxAccountName(account.Tag, ids[account.Identification], account.Name, account.Identification, account.Currency)),
                ])),
        ];
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken ct)
    {
        var names = string.Join(", ", columns.Select(column => $"\"{column}\""));
        await using var writer = await connection.BeginBinaryImportAsync($"COPY accounts.{table} ({names}) FROM STDIN (FORMAT BINARY)", ct);
        foreach (var row in rows)
        {
            await writer.StartRowAsync(ct);
            foreach (var value in row) await WriteAsync(writer, value, ct);
        }

        await writer.CompleteAsync(ct);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter writer, object? value, CancellationToken ct) => value switch
    {
        null => writer.WriteNullAsync(ct),
        string text => writer.WriteAsync(text, NpgsqlDbType.Text, ct),
        decimal amount => writer.WriteAsync(amount, NpgsqlDbType.Numeric, ct),
        DateTimeOffset moment => writer.WriteAsync(moment, NpgsqlDbType.TimestampTz, ct),
        Guid id => writer.WriteAsync(id, NpgsqlDbType.Uuid, ct),
        bool flag => writer.WriteAsync(flag, NpgsqlDbType.Boolean, ct),
        int number => writer.WriteAsync(number, NpgsqlDbType.Integer, ct),
        short number => writer.WriteAsync(number, NpgsqlDbType.Smallint, ct),
        _ => throw new ArgumentException("A column of a kind that the sandbox does not write.", nameof(value)),
    };

    private static class Account
    {
        public static readonly string[] Names =
        [
            nameof(BankAccount.Id), nameof(BankAccount.Position), nameof(BankAccount.Name), nameof(BankAccount.Description), nameof(BankAccount.Currency),
            nameof(BankAccount.Category), nameof(BankAccount.TypeCode), nameof(BankAccount.Scheme), nameof(BankAccount.Identification),
            nameof(BankAccount.HolderName), nameof(BankAccount.ServicerBic), nameof(BankAccount.OpenedAt), nameof(BankAccount.State),
            nameof(BankAccount.StateChangedAt), nameof(BankAccount.CreditLimit), nameof(BankAccount.Balance), nameof(BankAccount.IsJoint),
        ];

        public static object?[] Values(SandboxAccount account, int position, Dictionary<string, string> ids, Books books, DateTimeOffset now)
        {
            var opened = new DateTimeOffset(now.UtcDateTime.Date.AddMonths(-30).AddDays(-3 * position), TimeSpan.Zero);
            return
            [
                ids[account.Tag], position, account.Name, account.Description, account.Currency,
                account.IsBusiness ? "Business" : "Personal", account.TypeCode, account.Scheme, account.Identification,
                account.HolderName, SandboxAccount.Bic, opened, nameof(AccountState.Open),
                opened, account.CreditLimit, books.Balances[account.Tag], account.CustomerIds.Length > 1,
            ];
        }
    }

    private static class Line
    {
        public static readonly string[] Names =
        [
            nameof(BankTransaction.Id), nameof(BankTransaction.AccountId), nameof(BankTransaction.BookedAt), nameof(BankTransaction.ValueAt),
            nameof(BankTransaction.Amount), nameof(BankTransaction.Currency), nameof(BankTransaction.IsPending), nameof(BankTransaction.EntryId),
            nameof(BankTransaction.Reference), nameof(BankTransaction.Information), nameof(BankTransaction.Code), nameof(BankTransaction.SubCode),
            nameof(BankTransaction.OwnCode), nameof(BankTransaction.BalanceAfter), nameof(BankTransaction.AddressLine), nameof(BankTransaction.MerchantName),
            nameof(BankTransaction.MerchantCategory), nameof(BankTransaction.CounterpartyName), nameof(BankTransaction.CounterpartyScheme),
            nameof(BankTransaction.CounterpartyIdentification), nameof(BankTransaction.CounterpartyBic), nameof(BankTransaction.CardScheme),
            nameof(BankTransaction.CardNumber), nameof(BankTransaction.CardAuthorisation), nameof(BankTransaction.ExchangeRate),
            nameof(BankTransaction.ExchangeCurrency), nameof(BankTransaction.ExchangeAmount),
        ];

        public static object?[] Values(BankTransaction line) =>
        [
            line.Id, line.AccountId, line.BookedAt, line.ValueAt,
            line.Amount, line.Currency, line.IsPending, line.EntryId,
            line.Reference, line.Information, line.Code, line.SubCode,
            line.OwnCode, line.BalanceAfter, line.AddressLine, line.MerchantName,
            line.MerchantCategory, line.CounterpartyName, line.CounterpartyScheme,
            line.CounterpartyIdentification, line.CounterpartyBic, line.CardScheme,
            line.CardNumber, line.CardAuthorisation, line.ExchangeRate,
            line.ExchangeCurrency, line.ExchangeAmount,
        ];
    }
}
