using System.Text.Json;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

public sealed class PartyTests(Bank bank)
{
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-AIS-20")]
    public async Task The_party_is_who_authorised()
    {
        foreach (var (customer, tag, name) in new[] { ("C-100001", "JT-1", "Amelia Hartwell"), ("C-100002", "JT-1", "Thomas Hartwell"), ("C-100004", "BUS-1", "Quill & Larkspur Bakery Ltd") })
        {
            var caller = await api.AccessAsync([tag], customerId: customer);
            var own = (await api.GetAsync("/party", caller)).Data.GetProperty("Party");
            Assert.Equal(name, own.GetProperty("Name").GetString());
            Assert.False(own.TryGetProperty("PartyType", out _));

            // Of a joint account the one who authorised, of a firm's the firm: the same party, now with what it is to the account.
            var holder = (await api.GetAsync($"/accounts/{api.Account(tag)}/party", caller)).Data.GetProperty("Party");
            Assert.Equal(own.GetProperty("PartyId").GetString(), holder.GetProperty("PartyId").GetString());
            Assert.Equal(tag == "JT-1" ? "Joint" : "Sole", holder.GetProperty("PartyType").GetString());
            Assert.Equal($"{BankApi.Issuer}{BankApi.Root}/accounts/{api.Account(tag)}", holder.GetProperty("Relationships").GetProperty("Account").GetProperty("Related").GetString());
        }
    }

    [Theory]
    [Trait("Rule", "OB-AIS-20")]
    [InlineData("JT-1", "C-100001", "Joint Amelia Hartwell|Joint Thomas Hartwell")]
    [InlineData("GB-1", "C-100001", "Sole Amelia Hartwell")]
    [InlineData("BUS-1", "C-100004", "Sole Quill & Larkspur Bakery Ltd|Delegate Rowan Quill|Delegate Sana Larkspur")]
    public async Task All_parties_of_an_account_stand_holders_first(string tag, string customer, string expected)
    {
        var caller = await api.AccessAsync([tag], customerId: customer);
        var parties = (await api.GetAsync($"/accounts/{api.Account(tag)}/parties", caller)).Data.GetProperty("Party").EnumerateArray()
            .Select(party => party.GetProperty("PartyType").GetString() + " " + party.GetProperty("Name").GetString());
        Assert.Equal(expected.Split('|'), parties);
    }

    [Fact]
    [Trait("Rule", "OB-GEN-13")]
    public async Task A_party_is_called_by_an_id_that_is_no_customer_number()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var answer = await api.GetAsync("/party", caller);
        Assert.DoesNotContain("C-100001", answer.Body, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.String, answer.Data.GetProperty("Party").GetProperty("Address")[0].GetProperty("PostCode").ValueKind);
    }
}
