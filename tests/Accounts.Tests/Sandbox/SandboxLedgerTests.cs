using System.Text.Json;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.Sandbox;

/// <summary>What a tester makes happen is seen by third parties, and the books stay balanced.</summary>
public sealed class SandboxLedgerTests : IAsyncLifetime
{
    private BankApi api = null!;

    private string Savings => api.Account("GB-2");

    public async ValueTask InitializeAsync() => api = await BankApi.StartAsync();

    public async ValueTask DisposeAsync()
    {
        Assert.Equal(0L, await CountAsync("""SELECT count(*) FROM (SELECT FROM accounts.legs GROUP BY "Currency" HAVING sum("Amount") <> 0) currencies"""));
        Assert.Equal(0L, await CountAsync("""SELECT count(*) FROM accounts.accounts a WHERE "Balance" <> (SELECT sum("Amount") FROM accounts.legs WHERE "Account" = a."Id")"""));
        await api.DisposeAsync();
    }

    [Theory]
    [InlineData("\"12.34\"", "12.34", "Credit")]
    [InlineData("\"-12.34\"", "12.34", "Debit")]
    [InlineData("0", "0.00", "Credit")]
    [InlineData("""{"Amount":"7.00","Currency":"GBP"}""", "7.00", "Credit")]
    public async Task A_balance_is_what_the_tester_says(string amount, string shown, string direction)
    {
        var caller = await api.AccessAsync(["GB-2"]);
        Assert.IsType<SandboxAnswer.Done>(await api.AskAsync(new SetSandboxBalance(Savings, Json(amount))));

        var balances = (await api.GetAsync($"/accounts/{Savings}/balances", caller)).Data.GetProperty("Balance").EnumerateArray();
        var booked = balances.Single(balance => balance.GetProperty("Type").GetString() == "ITBD");
        Assert.Equal((shown, direction), (booked.GetProperty("Amount").GetProperty("Amount").GetString(), booked.GetProperty("CreditDebitIndicator").GetString()));
        Assert.Empty(Assert.IsType<SandboxAnswer.Done>(await api.AskAsync(new SetSandboxBalance(Savings, Json(amount)))).Ids);
    }

    [Fact]
    public async Task What_is_booked_is_read_and_what_is_pending_can_be_taken_away()
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var booked = Assert.IsType<SandboxAnswer.Done>(await api.AskAsync(new BookSandboxTransactions(Savings, Json(
            """
            [{"Amount":{"Amount":"10.00","Currency":"GBP"},"CreditDebitIndicator":"Debit","TransactionInformation":"Coffee","MerchantDetails":{"MerchantName":"Cafe"}},
             {"Amount":{"Amount":"3.00","Currency":"GBP"},"CreditDebitIndicator":"Credit","Status":"PDNG","BookingDateTime":"2030-01-01T00:00:00Z"}]
            """))));

        Assert.Equal(2, booked.Ids.Count);
        var rows = (await api.GetAsync($"/accounts/{Savings}/transactions", caller)).Data.GetProperty("Transaction").EnumerateArray()
            .Where(row => booked.Ids.Contains(row.GetProperty("TransactionId").GetString()!)).ToList();
        Assert.Equal(["PDNG", "BOOK"], rows.Select(row => row.GetProperty("Status").GetString()));
        Assert.Equal(("10.00", "Debit", "Coffee"), (
            rows[1].GetProperty("Amount").GetProperty("Amount").GetString(), rows[1].GetProperty("CreditDebitIndicator").GetString(), rows[1].GetProperty("TransactionInformation").GetString()));

        Assert.IsType<SandboxAnswer.Done>(await api.AskAsync(new RemoveSandboxTransaction(Savings, booked.Ids[1])));
        Assert.IsType<SandboxAnswer.Wrong>(await api.AskAsync(new RemoveSandboxTransaction(Savings, booked.Ids[1])));
        Assert.IsType<SandboxAnswer.Wrong>(await api.AskAsync(new RemoveSandboxTransaction(Savings, booked.Ids[0])));
    }

    [Fact]
    public async Task An_account_that_is_closed_is_not_shown_until_it_is_open_again()
    {
        var caller = await api.AccessAsync(["GB-1", "GB-2"]);
        Assert.IsType<SandboxAnswer.Done>(await api.AskAsync(new SetSandboxAccountState(Savings, "closed")));
        Assert.Single((await api.GetAsync("/accounts", caller)).Data.GetProperty("Account").EnumerateArray());
        Assert.IsType<SandboxAnswer.Done>(await api.AskAsync(new SetSandboxAccountState(Savings, "open")));
        Assert.Equal(2, (await api.GetAsync("/accounts", caller)).Data.GetProperty("Account").GetArrayLength());
        Assert.IsType<SandboxAnswer.Wrong>(await api.AskAsync(new SetSandboxAccountState(Savings, "lost")));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[{}]")]
    [InlineData("""[{"Amount":{"Amount":"1.00","Currency":"EUR"}}]""")]
    [InlineData("""[{"Amount":{"Amount":"1.001","Currency":"GBP"}}]""")]
    [InlineData("""[{"Amount":{"Amount":"1.00","Currency":"GBP"},"Colour":"red"}]""")]
    [InlineData("""[{"Amount":{"Amount":"1.00","Currency":"GBP"},"Status":"Booked"}]""")]
    [InlineData("""[{"Amount":{"Amount":"1.00","Currency":"GBP"},"BookingDateTime":"yesterday"}]""")]
    [InlineData("""[{"Amount":{"Amount":"1.00","Currency":"GBP"},"BookingDateTime":"11/12/2026"}]""")]
    [InlineData("""[{"Amount":"--1.00"}]""")]
    [InlineData("""[{"Amount":"1.00","MerchantDetails":{"MerchantName":""}}]""")]
    [InlineData("""[{"Amount":"1.00","MerchantDetails":{"MerchantCategoryCode":"54110"}}]""")]
    [InlineData("""[{"Amount":{"Amount":"9999999999999.99","Currency":"GBP"}}]""")]
    public async Task What_cannot_be_booked_is_said_and_nothing_is(string transactions)
    {
        var before = await CountAsync("SELECT count(*) FROM accounts.transactions");
        Assert.NotEmpty(Assert.IsType<SandboxAnswer.Wrong>(await api.AskAsync(new BookSandboxTransactions(Savings, Json(transactions)))).Problem);
        Assert.Equal(before, await CountAsync("SELECT count(*) FROM accounts.transactions"));
    }

    [Fact]
    public async Task Text_that_the_database_refuses_is_left_out()
    {
        var wish = Json("""[{"Amount":{"Amount":"1.00","Currency":"GBP"},"TransactionInformation":"a\u0000b","TransactionReference":"\ud800"}]""");
        Assert.IsType<SandboxAnswer.Done>(await api.AskAsync(new BookSandboxTransactions(Savings, wish)));
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private Task<long> CountAsync(string sql) => api.Database.ScalarAsync<long>(sql);
}
