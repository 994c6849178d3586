using System.Globalization;
using System.Text.Json;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

public sealed class BalanceEndpointsTests(Bank bank)
{
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-AIS-8")]
    [Trait("Rule", "OB-AIS-17")]
    public async Task Shows_what_is_booked_and_what_is_available()
    {
        var caller = await api.AccessAsync(["CARD-1", "GB-1"]);
        var bulk = (await api.GetAsync("/balances", caller)).Data.GetProperty("Balance").EnumerateArray().ToList();
        Assert.Equal(4, bulk.Count);

        var single = (await api.GetAsync($"/accounts/{api.Account("CARD-1")}/balances", caller)).Data.GetProperty("Balance").EnumerateArray().ToList();
        var (booked, available) = (Signed(single, "ITBD"), Signed(single, "ITAV"));
        Assert.Equal(await api.Database.ScalarAsync<decimal>("""SELECT sum("Amount") FROM accounts.legs WHERE "Account" = $1""", api.Account("CARD-1")), booked);
        Assert.Equal(booked - 23.98m - 46.50m, available);
        Assert.Equal("4000.00", single[0].GetProperty("CreditLine")[0].GetProperty("Amount").GetProperty("Amount").GetString());
        Assert.False(single[0].GetProperty("CreditLine")[0].GetProperty("Included").GetBoolean());
    }

    [Fact]
    [Trait("Rule", "OB-AIS-17")]
    public async Task A_balance_of_zero_is_a_credit()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await own.AccessAsync(["EUR-1"]);
        await own.Database.ExecuteAsync("""UPDATE accounts.accounts SET "Balance" = 0 WHERE "Id" = $1""", own.Account("EUR-1"));
        var row = (await own.GetAsync("/balances", caller)).Data.GetProperty("Balance")[0];
        Assert.Equal(("Credit", "0.00", "EUR"), (row.GetProperty("CreditDebitIndicator").GetString(), row.GetProperty("Amount").GetProperty("Amount").GetString(), row.GetProperty("Amount").GetProperty("Currency").GetString()));
    }

    private static decimal Signed(IEnumerable<JsonElement> rows, string type)
    {
        var row = rows.First(balance => balance.GetProperty("Type").GetString() == type);
        var amount = decimal.Parse(row.GetProperty("Amount").GetProperty("Amount").GetString()!, CultureInfo.InvariantCulture);
        return row.GetProperty("CreditDebitIndicator").GetString() == "Debit" ? -amount : amount;
    }
}
