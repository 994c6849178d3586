using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

public sealed partial class StatementTests(Bank bank, RegularPaymentTests.MovedBank moved) : IClassFixture<RegularPaymentTests.MovedBank>
{
    private readonly BankApi api = bank.Api;

    [Theory]
    [Trait("Rule", "OB-AIS-19")]
    [Trait("Rule", "OB-AIS-23")]
    [InlineData("GB-1", "C-100001")]
    [InlineData("GB-2", "C-100001")]
    [InlineData("CARD-1", "C-100001")]
    [InlineData("BUS-1", "C-100004")]
    public async Task Statements_follow_each_other_and_add_up_with_their_transactions(string tag, string customer)
    {
        var caller = await api.AccessAsync([tag], customerId: customer);
        var path = $"/accounts/{api.Account(tag)}/statements";
        var statements = Rows(await api.GetAsync(path, caller), "Statement");
        Assert.InRange(statements.Count, 24, 25);
        var next = (decimal?)null;
        foreach (var statement in statements)
        {
            var (opening, closing) = (Amount(statement, "StartingBalance"), Amount(statement, "ClosingBalance"));
            Assert.Equal(closing, opening + Amount(statement, "TotalCredits") + Amount(statement, "TotalDebits"));
            if (next is { } following) Assert.Equal(following, closing);
            next = opening;
            Assert.True(At(statement, "StartDateTime") < At(statement, "EndDateTime") && At(statement, "EndDateTime") < At(statement, "CreationDateTime"));
            Assert.InRange(At(statement, "CreationDateTime") - At(statement, "EndDateTime"), TimeSpan.Zero, TimeSpan.FromMinutes(10));
        }

        Assert.Equal(0m, next);
        foreach (var statement in statements.Take(3))
        {
            var lines = await LinesAsync($"{path}/{statement.GetProperty("StatementId").GetString()}/transactions", caller);
            Assert.NotEmpty(lines);
            Assert.Equal(Amount(statement, "ClosingBalance") - Amount(statement, "StartingBalance"), lines.Sum(Signed));
            Assert.All(lines, line => Assert.InRange(At(line, "BookingDateTime"), At(statement, "StartDateTime"), At(statement, "EndDateTime").AddSeconds(1)));
            Assert.Equal(-lines.Where(line => Code(line) == "CHRG").Sum(Signed), statement.TryGetProperty("StatementFee", out var fees) ? Value(fees[0]) : 0m);
            Assert.Equal(lines.Where(line => Code(line) == "INTR").Sum(Signed), statement.TryGetProperty("StatementInterest", out var interest) ? Value(interest[0]) : 0m);

            // The ledger's balance after the last line is what the statement ends with.
            Assert.Equal(Math.Abs(Amount(statement, "ClosingBalance")), Value(lines[0].GetProperty("Balance")));
        }
    }

    [Fact]
    [Trait("Rule", "OB-AIS-8")]
    public async Task All_accounts_statements_come_together_and_page_by_page()
    {
        var caller = await api.AccessAsync(["GB-1", "GB-2", "EUR-1", "CARD-1", "JT-1"]);
        var pages = new List<ApiAnswer>();
        for (var link = "/statements"; link is not null; link = pages[^1].Link("Next")) pages.Add(await api.GetAsync(link, caller));
        var ids = pages.SelectMany(page => Rows(page, "Statement")).Select(Id).ToList();
        Assert.Equal(2, pages.Count);
        Assert.Equal(ids.Distinct(StringComparer.Ordinal), ids);
        var single = new List<string>();
        foreach (var tag in new[] { "GB-1", "GB-2", "EUR-1", "CARD-1", "JT-1" }) single.AddRange(Rows(await api.GetAsync($"/accounts/{api.Account(tag)}/statements", caller), "Statement").Select(Id));
        Assert.Equal(single.Order(StringComparer.Ordinal), ids.Order(StringComparer.Ordinal));
        Assert.Equal(Rows(pages[0], "Statement").Select(Id), Rows(await api.GetAsync(pages[1].Link("Prev")!, caller), "Statement").Select(Id));
        Assert.Null(pages[0].Link("Prev"));
    }

    [Fact]
    [Trait("Rule", "OB-DAT-5")]
    public async Task A_range_has_the_statements_that_lie_whole_within_it()
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var path = $"/accounts/{api.Account("GB-2")}/statements";
        var all = Rows(await api.GetAsync(path, caller), "Statement");
        var (start, end) = (all[5].GetProperty("StartDateTime").GetString()!, all[2].GetProperty("EndDateTime").GetString()!);
        Assert.Equal(all[2..6].Select(Id), await IdsAsync($"?fromStatementDateTime={start}&toStatementDateTime={end}"));
        Assert.Equal(all[..6].Select(Id), await IdsAsync($"?fromStatementDateTime={start}"));
        Assert.Equal(all[2..].Select(Id), await IdsAsync($"?toStatementDateTime={end}"));
        Assert.Equal(all[2..5].Select(Id), await IdsAsync($"?fromStatementDateTime={Later(start, 1)}&toStatementDateTime={end}"));
        Assert.Equal(all[3..6].Select(Id), await IdsAsync($"?fromStatementDateTime={start}&toStatementDateTime={Later(end, -1)}"));

        async Task<IEnumerable<string>> IdsAsync(string query) => Rows(await api.GetAsync(path + query, caller), "Statement").Select(Id);
        static string Later(string at, int seconds) => DateTimeOffset.Parse(at, CultureInfo.InvariantCulture).AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    [Theory]
    [Trait("Rule", "OB-DAT-1")]
    [Trait("Rule", "OB-DAT-3")]
    [InlineData("2001-01-01")]
    [InlineData("20010101T104012.345Z")]
    [InlineData("2001-01-01T10:40:12+01:00")]
    [InlineData("2001-01-01T10:40:12-0100")]
    [InlineData("2001-01-01T10:40")]
    public async Task Takes_every_form_of_a_date(string date)
    {
        var caller = await api.AccessAsync(["GB-2"]);
        Assert.NotEmpty(Rows(await api.GetAsync($"/statements?fromStatementDateTime={date}", caller), "Statement"));
        Assert.Empty(Rows(await api.GetAsync($"/statements?toStatementDateTime={date}", caller), "Statement"));
    }

    [Theory]
    [Trait("Rule", "OB-DAT-7")]
    [Trait("Rule", "OB-DAT-8")]
    [InlineData("fromStatementDateTime=2026-13-01", "OB-DAT-8", "U003 fromStatementDateTime")]
    [InlineData("fromStatementDateTime=2026-01-02&toStatementDateTime=2026-01-01", "OB-DAT-7", "U003 toStatementDateTime")]
    public async Task Refuses_what_is_no_range(string query, string rule, string fault)
    {
        var answer = await api.GetAsync("/statements?" + query, await api.AccessAsync(["GB-2"]));
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal([fault], answer.Faults);
    }

    [Fact]
    [Trait("Rule", "OB-AIS-13")]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "CO-15")]
    public async Task A_statement_is_told_of_only_if_it_lies_whole_within_the_consents_window()
    {
        var open = await api.AccessAsync(["GB-2"]);
        var path = $"/accounts/{api.Account("GB-2")}/statements";
        var all = Rows(await api.GetAsync(path, open), "Statement");
        var (from, to) = (all[4].GetProperty("StartDateTime").GetString()!, all[1].GetProperty("EndDateTime").GetString()!);
        var caller = await api.AccessAsync(["GB-2"], from: from, to: to);
        Assert.Equal(all[1..5].Select(Id), Rows(await api.GetAsync(path, caller), "Statement").Select(Id));
        foreach (var kind in new[] { "", "/transactions", "/file" })
        {
            Assert.Equal(200, (await api.GetAsync($"{path}/{Id(all[1])}{kind}", caller)).Status);
            foreach (var unknown in new[] { Id(all[0]), Id(all[5]), new string('a', 32), "foobar" })
            {
                var answer = await api.GetAsync($"{path}/{unknown}{kind}", caller);
                Assert.Equal((400, "OB-HTTP-1"), (answer.Status, answer.Rule));
                Assert.Equal(["U011 StatementId"], answer.Faults);
            }
        }

        // Another account's statement is no statement of this one.
        var both = await api.AccessAsync(["GB-1", "GB-2"]);
        Assert.Equal(400, (await api.GetAsync($"/accounts/{api.Account("GB-1")}/statements/{Id(all[1])}", both)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-AIS-18")]
    [Trait("Rule", "OB-PERM-2")]
    public async Task A_statements_transactions_need_the_permissions_of_transactions_and_its_file_those_of_details()
    {
        string[] basic = ["ReadAccountsBasic", "ReadStatementsBasic", "ReadTransactionsBasic", "ReadTransactionsDebits"];
        var caller = await api.AccessAsync(["GB-1"], basic);
        var path = $"/accounts/{api.Account("GB-1")}/statements";
        var statement = Rows(await api.GetAsync(path, caller), "Statement")[0];
        Assert.False(statement.TryGetProperty("StatementAmount", out _));
        var lines = await LinesAsync($"{path}/{Id(statement)}/transactions", caller);
        Assert.All(lines, line => Assert.Equal("Debit", line.GetProperty("CreditDebitIndicator").GetString()));
        Assert.All(lines, line => Assert.False(line.TryGetProperty("Balance", out _)));
        var file = await api.GetAsync($"{path}/{Id(statement)}/file", caller);
        Assert.Equal((403, "OB-PERM-2"), (file.Status, file.Rule));
        var none = await api.AccessAsync(["GB-1"], ["ReadAccountsBasic", "ReadStatementsDetail"]);
        Assert.Equal(403, (await api.GetAsync($"{path}/{Id(statement)}/transactions", none)).Status);
        Assert.Equal(200, (await api.GetAsync($"{path}/{Id(statement)}/file", none)).Status);
    }

    [Theory]
    [Trait("Rule", "OB-DEC-2")]
    [Trait("Rule", "OB-HDR-7")]
    [InlineData("application/pdf", 200)]
    [InlineData("application/json", 200)]
    [InlineData("*/*", 200)]
    [InlineData("application/*;q=0.5", 200)]
    [InlineData("text/html", 406)]
    [InlineData("application/pdf;q=0, application/json;q=0", 406)]
    [InlineData("application/jose+jwe", 406)]
    public async Task A_file_is_a_pdf_for_whoever_accepts_it_or_what_the_standards_file_lists(string accept, int status)
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var path = $"/accounts/{api.Account("GB-2")}/statements";
        var id = Id(Rows(await api.GetAsync(path, caller), "Statement")[0]);
        var answer = await api.SendAsync(HttpMethod.Get, $"{path}/{id}/file", caller, adjust: request => request.Headers.TryAddWithoutValidation("Accept", accept));
        Assert.Equal((status, status == 200 ? null : "OB-HDR-7"), (answer.Status, answer.Rule));
        if (status == 200) Assert.Equal("application/pdf", answer.ContentHeaders.ContentType!.MediaType);
        var other = await api.SendAsync(HttpMethod.Get, $"{path}/{id}", caller, adjust: request => request.Headers.TryAddWithoutValidation("Accept", "application/pdf"));
        Assert.Equal((406, "OB-HDR-7"), (other.Status, other.Rule));
    }

    [Fact]
    [Trait("Rule", "OB-AIS-22")]
    public async Task The_file_holds_every_line_and_the_sums_and_no_card_number()
    {
        var caller = await api.AccessAsync(["CARD-1"]);
        var path = $"/accounts/{api.Account("CARD-1")}/statements";
        var statement = Rows(await api.GetAsync(path, caller), "Statement")[1];
        var lines = await LinesAsync($"{path}/{Id(statement)}/transactions", caller);
        var file = (await api.GetAsync($"{path}/{Id(statement)}/file", caller)).Body;
        foreach (var line in lines) Assert.Contains($"({line.GetProperty("Amount").GetProperty("Amount").GetString()})", file, StringComparison.Ordinal);
        Assert.Contains($"({(Amount(statement, "ClosingBalance") < 0 ? "-" : "")}{Math.Abs(Amount(statement, "ClosingBalance")):0.00})", file, StringComparison.Ordinal);
        var number = await api.Database.ScalarAsync<string>("""SELECT "Identification" FROM accounts.accounts WHERE "Id" = $1""", api.Account("CARD-1"));
        Assert.DoesNotContain(number!, file, StringComparison.Ordinal);
        Assert.Contains("Card ending " + number![^4..], file, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pdf_is_put_together_as_readers_want_it()
    {
        var lines = Enumerable.Range(0, 200).Select(number => Line(number)).ToList();
        var statement = Statement(lines);
        var bytes = StatementFile.Of(Account(), statement, lines);
        var text = Encoding.Latin1.GetString(bytes);
        Assert.StartsWith("%PDF-1.4\n", text, StringComparison.Ordinal);
        Assert.EndsWith("%%EOF\n", text, StringComparison.Ordinal);

        // Every object stands where the table says, and every stream is as long as it says.
        var table = int.Parse(StartXref().Match(text).Groups["at"].Value, CultureInfo.InvariantCulture);
        Assert.Equal("xref", text.Substring(table, 4));
        var offsets = Offsets().Matches(text[table..]).Select(match => int.Parse(match.Groups["at"].Value, CultureInfo.InvariantCulture)).ToList();
        for (var number = 1; number <= offsets.Count; number++) Assert.Equal($"{number} 0 obj", text.Substring(offsets[number - 1], $"{number} 0 obj".Length));
        foreach (Match match in Streams().Matches(text))
        {
            var length = int.Parse(match.Groups["length"].Value, CultureInfo.InvariantCulture);
            Assert.Equal("\nendstream", text.Substring(match.Index + match.Length + length, 10));
        }

        Assert.Equal(5, Regex.Count(text, "/Type /Page ", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Contains(@"(Caf\351 \(half\) \\ 199)".Replace(@"\351", "\u00e9", StringComparison.Ordinal), text, StringComparison.Ordinal);
        Assert.DoesNotContain("half) ", text.Replace(@"\)", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_issuer_waits_until_the_month_has_settled_and_then_issues_it()
    {
        var own = moved.Api;
        own.Clock.Run();
        var issuer = own.Services.GetServices<IHostedService>().OfType<StatementIssuer>().Single();
        var next = await NextAsync(own);
        var before = await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.statements");
        own.Clock.StopAt(next.AddMinutes(5).AddTicks(-10));
        await issuer.IssueAsync(TestContext.Current.CancellationToken);
        var almost = await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.statements");
        own.Clock.StopAt(next.AddMinutes(5));
        await issuer.IssueAsync(TestContext.Current.CancellationToken);
        Assert.Equal((before, before + 11), (almost, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.statements")));
    }

    [Fact]
    public async Task What_a_tester_books_in_the_past_is_in_the_statements_since()
    {
        var own = moved.Api;
        own.Clock.Run();
        foreach (var (daysAgo, amount, code) in new[] { (100, "-12.30", "CHRG"), (70, "40.00", "DMCT"), (64, "1.11", "INTR") })
        {
            var wish = JsonSerializer.SerializeToElement(new[] { new { Amount = amount, BookingDateTime = own.Clock.Now.AddDays(-daysAgo), BankTransactionCode = new { Code = "MDOP", SubCode = code } } });
            Assert.IsType<Contracts.SandboxAnswer.Done>(await own.AskAsync(new Contracts.BookSandboxTransactions(own.Account("GB-2"), wish)));
        }

        Assert.Equal(
            0L,
            await own.Database.ScalarAsync<long>(
                """
                SELECT count(*) FROM accounts.statements s CROSS JOIN LATERAL (
                    SELECT coalesce(sum("Amount"), 0) AS moved, coalesce(sum("Amount") FILTER (WHERE "Amount" > 0), 0) AS credits,
                        coalesce(-sum("Amount") FILTER (WHERE "SubCode" = 'CHRG'), 0) AS fees, coalesce(sum("Amount") FILTER (WHERE "SubCode" = 'INTR'), 0) AS interest
                    FROM accounts.transactions t WHERE t."AccountId" = s."AccountId" AND NOT t."IsPending" AND t."BookedAt" >= s."StartAt" AND t."BookedAt" < s."EndAt" + interval '1 second') m
                WHERE s."Opening" + m.moved <> s."Closing" OR m.credits <> s."Credits" OR m.credits - m.moved <> s."Debits" OR m.fees <> s."Fees" OR m.interest <> s."Interest"
                """));
    }

    [Fact]
    public async Task A_month_that_ends_gets_its_statement_once_however_many_issue_it()
    {
        var own = moved.Api;
        own.Clock.Run();
        var before = await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.statements");
        var later = (await NextAsync(own)).AddMonths(1).AddDays(1);
        async Task<int> IssueAsync()
        {
            await using var connection = new Npgsql.NpgsqlConnection(own.Database.ConnectionString);
            await connection.OpenAsync();
            return await StatementRun.IssueAsync(connection, later, TestContext.Current.CancellationToken);
        }

        var issued = await Task.WhenAll(IssueAsync(), IssueAsync(), IssueAsync());
        Assert.Equal(22, issued.Sum());
        Assert.Equal(before + 22, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.statements"));
        Assert.Equal(0, await IssueAsync());
        Assert.Equal(
            0L,
            await own.Database.ScalarAsync<long>(
                """
                SELECT count(*) FROM accounts.statements s WHERE s."Opening" + s."Credits" - s."Debits" <> s."Closing"
                    OR s."Closing" <> (SELECT sum(t."Amount") FROM accounts.transactions t WHERE t."AccountId" = s."AccountId" AND NOT t."IsPending" AND t."BookedAt" < s."EndAt" + interval '1 second')
                """));
    }

    /// <summary>The end of the first month that has no statements yet.</summary>
    private static async Task<DateTimeOffset> NextAsync(BankApi own) =>
        new DateTimeOffset(await own.Database.ScalarAsync<DateTime>("""SELECT max("EndAt") FROM accounts.statements"""), TimeSpan.Zero).AddSeconds(1).AddMonths(1);

    private async Task<List<JsonElement>> LinesAsync(string path, TestCaller caller)
    {
        var lines = new List<JsonElement>();
        for (string? link = path; link is not null;)
        {
            var page = await api.GetAsync(link, caller);
            lines.AddRange(Rows(page, "Transaction"));
            link = page.Link("Next");
        }

        return lines;
    }

    private static List<JsonElement> Rows(ApiAnswer answer, string member) => [.. answer.Data.GetProperty(member).EnumerateArray()];

    private static string Id(JsonElement statement) => statement.GetProperty("StatementId").GetString()!;

    private static string Code(JsonElement line) => line.GetProperty("BankTransactionCode").GetProperty("SubCode").GetString()!;

    private static DateTimeOffset At(JsonElement row, string member) => DateTimeOffset.Parse(row.GetProperty(member).GetString()!, CultureInfo.InvariantCulture);

    private static decimal Amount(JsonElement statement, string type) =>
        Signed(statement.GetProperty("StatementAmount").EnumerateArray().First(amount => amount.GetProperty("Type").GetString() == "UK.OBIE." + type));

    private static decimal Signed(JsonElement row) => Value(row) * (row.GetProperty("CreditDebitIndicator").GetString() == "Debit" ? -1 : 1);

    private static decimal Value(JsonElement row) => decimal.Parse(row.GetProperty("Amount").GetProperty("Amount").GetString()!, CultureInfo.InvariantCulture);

    private static BankTransaction Line(int number) => new()
    {
        Id = Guid.Empty,
        AccountId = "a",
        BookedAt = DateTimeOffset.UnixEpoch.AddHours(number),
        ValueAt = DateTimeOffset.UnixEpoch,
        Amount = number % 2 == 0 ? -1.5m : 2m,
        Currency = "GBP",
        IsPending = false,
        Reference = "R",
        Information = $"Caf\u00e9 (half) \\ {number}",
        Code = "RCDT",
        SubCode = "DMCT",
        OwnCode = "FPI",
    };

    private static BankStatement Statement(List<BankTransaction> lines) => new()
    {
        Id = Guid.Empty,
        AccountId = "a",
        Reference = "1970-01",
        StartAt = DateTimeOffset.UnixEpoch,
        EndAt = DateTimeOffset.UnixEpoch.AddDays(31).AddSeconds(-1),
        CreatedAt = DateTimeOffset.UnixEpoch.AddDays(31),
        Currency = "GBP",
        Opening = 10,
        Closing = 10 + lines.Sum(line => line.Amount),
        Credits = 200,
        Debits = 150,
        Fees = 0,
        Interest = 0,
    };

    private static BankAccount Account() => new()
    {
        Id = "a",
        Position = 0,
        Name = "Everyday",
        Description = "Current Account",
        Currency = "GBP",
        Category = "Personal",
        TypeCode = "CACC",
        Scheme = "UK.OBIE.SortCodeAccountNumber",
        Identification = "99012420450011",
        HolderName = "A",
        ServicerBic = "OBNKGB2LXXX",
        OpenedAt = DateTimeOffset.UnixEpoch,
        State = AccountState.Open,
        StateChangedAt = DateTimeOffset.UnixEpoch,
        Balance = 0,
        IsJoint = false,
    };

    [GeneratedRegex(@"startxref\n(?<at>[0-9]+)\n", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StartXref();

    [GeneratedRegex(@"(?<at>[0-9]{10}) 00000 n \n", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Offsets();

    [GeneratedRegex(@"<< /Length (?<length>[0-9]+) >>\nstream\n", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Streams();
}
