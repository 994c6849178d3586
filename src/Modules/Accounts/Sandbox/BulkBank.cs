using System.Data.Common;
using System.Globalization;
using Npgsql;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.Sandbox;

/// <summary>
/// Customers by the thousand, each with an account and the two years behind it, so that what is measured is measured among as many rows as a
/// bank has. They are made up of a number, keep books that balance as everybody's do, and cannot sign in.
/// </summary>
internal sealed class BulkBank(DbDataSource database, TimeProvider clock)
{
    /// <summary>So many bookings at a time: each batch is a transaction of its own, and what is there after a crash is whole.</summary>
    private const int Batch = 50_000;

    /// <summary>After their numbers customers and accounts are told from those of the sandbox.</summary>
    private const string Customer = "M-";
    private const string Numbers = SandboxAccount.SortCode + "5";

    private const string Last = $"""SELECT max("Identification") FROM accounts.accounts WHERE "Identification" LIKE '{Numbers}%'""";
    private const string Analyze = "ANALYZE accounts.accounts, accounts.holders, accounts.transactions, accounts.entries, accounts.legs, accounts.statements";

    private static readonly string[] HolderNames = [nameof(Holder.CustomerId), nameof(Holder.AccountId)];
    private static readonly string[] ProductLinkNames = [nameof(AccountProductLink.AccountId), nameof(AccountProductLink.ProductId)];
    private static readonly string[] StatementNames =
    [
        nameof(BankStatement.Id), nameof(BankStatement.AccountId), nameof(BankStatement.Reference), nameof(BankStatement.StartAt), nameof(BankStatement.EndAt),
        nameof(BankStatement.CreatedAt), nameof(BankStatement.Currency), nameof(BankStatement.Opening), nameof(BankStatement.Closing), nameof(BankStatement.Credits),
        nameof(BankStatement.Debits), nameof(BankStatement.Fees), nameof(BankStatement.Interest),
    ];

    /// <summary>Adds customers and bookings to what is there.</summary>
    /// <param name="progress">Hears after each batch how many bookings there are.</param>
    /// <returns>The accounts with who holds them.</returns>
    public async Task<IReadOnlyList<(string CustomerId, string AccountId)>> AddAsync(int customers, int transactions, Action<int> progress, CancellationToken ct)
    {
        await using var connection = (NpgsqlConnection)await database.OpenConnectionAsync(ct);
        var first = await NextAsync(connection, ct);
        var draw = new Draw($"bulk from {first}");
        var now = clock.GetUtcNow();
        var held = new List<(string, string)>(customers);
        var written = 0;
        for (var from = 0; from < customers;)
        {
            // Shared out evenly: the n-th of all gets what is due by then and was not given yet.
            var batch = new List<Life>();
            var lines = 0;
            while (from < customers && (batch.Count == 0 || lines < Batch))
            {
                var due = (int)((from + 1L) * transactions / customers) - written - lines;
                batch.Add(new Life(first + from++, due, now, draw));
                lines += due;
            }

            await WriteAsync(connection, batch, ct);
            held.AddRange(batch.Select(life => (life.CustomerId, life.Account.Id)));
            written += lines;
            progress(written);
        }

        await using var analyze = new NpgsqlCommand(Analyze, connection);
        await analyze.ExecuteNonQueryAsync(ct);
        return held;
    }

    private static async Task<int> NextAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var ask = new NpgsqlCommand(Last, connection);
        return await ask.ExecuteScalarAsync(ct) is string last ? int.Parse(last[Numbers.Length..], CultureInfo.InvariantCulture) + 1 : 0;
    }

    private static async Task WriteAsync(NpgsqlConnection connection, List<Life> lives, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await BulkCopy.WriteAsync(connection, "accounts.accounts", AccountRow.Names, lives.Select(life => AccountRow.Values(life.Account)), ct);
        await BulkCopy.WriteAsync(connection, "accounts.holders", HolderNames, lives.Select(life => new object?[] { life.CustomerId, life.Account.Id }), ct);
        await BulkCopy.WriteAsync(connection, "accounts.account_products", ProductLinkNames, lives.Select(life => new object?[] { life.Account.Id, "current-account" }), ct);
        await BulkCopy.WriteAsync(connection, "accounts.entries", EntryRow.Names, lives.SelectMany(life => life.Lines).Select(line => EntryRow.Values(EntryOf(line))), ct);
        await BulkCopy.WriteAsync(connection, "accounts.legs", LegRow.Names, lives.SelectMany(life => life.Lines).SelectMany(LegsOf).Select(LegRow.Values), ct);
        await BulkCopy.WriteAsync(connection, "accounts.transactions", TransactionRow.Names, lives.SelectMany(life => life.Lines).Select(TransactionRow.Values), ct);
        await BulkCopy.WriteAsync(connection, "accounts.statements", StatementNames, lives.SelectMany(life => life.Statements), ct);
        await transaction.CommitAsync(ct);
    }

    private static Entry EntryOf(BankTransaction line) => new() { Id = line.EntryId!.Value, BookedAt = line.BookedAt, Text = line.Information };

    private static IEnumerable<Leg> LegsOf(BankTransaction line) =>
    [
        new() { EntryId = line.EntryId!.Value, Number = 1, Account = line.AccountId, Amount = line.Amount, Currency = line.Currency },
        new() { EntryId = line.EntryId!.Value, Number = 2, Account = "bank:clearing:GBP", Amount = -line.Amount, Currency = line.Currency },
    ];

    /// <summary>One customer's account and what was booked on it, evenly over two years: of each ten bookings one is pay, the others are spent.</summary>
    private sealed class Life
    {
        private const decimal Pay = 620m;
        private static readonly IReadOnlyList<Merchant> Shops = [.. Merchants.All.Where(merchant => merchant.Most <= 100)];

        private readonly DateTimeOffset now;

        public Life(int number, int lines, DateTimeOffset now, Draw draw)
        {
            this.now = now;
            CustomerId = string.Create(CultureInfo.InvariantCulture, $"{Customer}{number:0000000}");
            var begin = now.AddMonths(-24);
            var step = (now - begin) / (lines + 1);
            var id = AccountIds.New();
            var balance = 0m;
            Lines = new List<BankTransaction>(lines);
            for (var index = 0; index < lines; index++)
            {
                var at = new DateTimeOffset(((begin + (step * (index + 1))).UtcTicks / TimeSpan.TicksPerSecond) * TimeSpan.TicksPerSecond, TimeSpan.Zero);
                var shop = index % 10 == 0 ? null : draw.Of(Shops);
                var amount = shop is null ? Pay : -draw.Amount(shop.Least, shop.Most);
                balance += amount;
                Lines.Add(Line(id, at, amount, balance, shop, draw));
            }

            Account = new BankAccount
            {
                Id = id,
                Position = 0,
                Name = "Everyday",
                Description = "Current Account",
                Currency = "GBP",
                Category = "Personal",
                TypeCode = "CACC",
                Scheme = "UK.OBIE.SortCodeAccountNumber",
                Identification = string.Create(CultureInfo.InvariantCulture, $"{Numbers}{number:0000000}"),
                HolderName = $"Customer {CustomerId}",
                ServicerBic = SandboxAccount.Bic,
                OpenedAt = begin.AddMonths(-1),
                State = AccountState.Open,
                StateChangedAt = begin.AddMonths(-1),
                CreditLimit = 1500m,
                Balance = balance,
                IsJoint = false,
            };
        }

        public string CustomerId { get; }

        public BankAccount Account { get; }

        public List<BankTransaction> Lines { get; }

        /// <summary>Of each month that has ended, from the first with a booking (as <see cref="StatementRun"/> would make them).</summary>
        public IEnumerable<object?[]> Statements
        {
            get
            {
                if (Lines.Count == 0) yield break;
                var opening = 0m;
                var next = 0;
                var first = Lines[0].BookedAt;
                for (var month = new DateTimeOffset(first.Year, first.Month, 1, 0, 0, 0, TimeSpan.Zero); month.AddMonths(1) <= now; month = month.AddMonths(1))
                {
                    var (credits, debits) = (0m, 0m);
                    for (; next < Lines.Count && Lines[next].BookedAt < month.AddMonths(1); next++)
                    {
                        if (Lines[next].Amount > 0) credits += Lines[next].Amount;
                        else debits -= Lines[next].Amount;
                    }

                    var closing = opening + credits - debits;
                    yield return
                    [
                        AccountIds.NewRow(), Account.Id, month.ToString("yyyy-MM", CultureInfo.InvariantCulture), month, month.AddMonths(1).AddSeconds(-1),
                        month.AddMonths(1), "GBP", opening, closing, credits, debits, 0m, 0m,
                    ];
                    opening = closing;
                }
            }
        }

        private static BankTransaction Line(string accountId, DateTimeOffset at, decimal amount, decimal balance, Merchant? shop, Draw draw) => new()
        {
            Id = draw.Id(),
            AccountId = accountId,
            BookedAt = at,
            ValueAt = at,
            Amount = amount,
            Currency = "GBP",
            IsPending = false,
            EntryId = draw.Id(),
            Reference = shop is null ? "WAGES" : shop.Name.ToUpperInvariant(),
            Information = shop is null ? "Wages" : $"Card payment to {shop.Name}",
            Code = shop is null ? "RCDT" : "CCRD",
            SubCode = shop is null ? "SALA" : "POSD",
            OwnCode = shop is null ? "FPI" : "CARD",
            BalanceAfter = balance,
            AddressLine = shop?.Town,
            MerchantName = shop?.Name,
            MerchantCategory = shop?.Category,
            CounterpartyName = shop?.Name ?? "Tidewater Instruments Ltd",
        };
    }
}
