using System.Text.Json;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Testing.OpenApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

/// <summary>Every combination of permissions, field by field, against the lists of the standard.</summary>
public sealed class AllowListTests
{
    private const string Pan = "4000009204500457";

    /// <summary>Fields that only the Detail permission opens (rules.md, PERM); all others are Basic (OB-PERM-3).</summary>
    private static readonly string[] AccountDetail = ["Account", "Servicer", "StatementFrequencyAndFormat"];

    private static readonly string[] TransactionDetail =
    [
        "TransactionInformation", "Balance", "MerchantDetails", "CreditorAgent", "CreditorAccount", "DebtorAgent", "DebtorAccount", "UltimateCreditor", "UltimateDebtor",
        "IntermediaryAgent1", "IntermediaryAgent2", "IntermediaryAgent3",
    ];

    private static readonly string[] Relevant =
    [
        "ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances", "ReadTransactionsBasic", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits", "ReadPAN",
    ];

    public static TheoryData<string> Combinations =>
        [.. Enumerable.Range(0, 1 << Relevant.Length).Select(bits => string.Join(' ', Relevant.Where((_, index) => (bits & (1 << index)) != 0)))];

    [Theory]
    [Trait("Rule", "OB-PERM-1")]
    [Trait("Rule", "OB-PERM-3")]
    [Trait("Rule", "OB-PERM-4")]
    [Trait("Rule", "OB-PERM-5")]
    [Trait("Rule", "OB-AIS-22")]
    [MemberData(nameof(Combinations))]
    public void Lets_out_what_the_permissions_open_and_nothing_else(string combination)
    {
        var permissions = combination.Split(' ').ToHashSet(StringComparer.Ordinal);
        var allowed = new AllowList(permissions);

        var accountMembers = Members(JsonSerializer.Serialize(allowed.Of(Mapping.Of(FullAccount())), Wire.Default.Account));
        Assert.Equal(Expected(FullAccountMembers(), AccountDetail, permissions.Contains("ReadAccountsDetail")), accountMembers.Keys.Order(StringComparer.Ordinal));

        foreach (var amount in new[] { 10m, -10m })
        {
            var full = Mapping.Of(FullTransaction(amount));
            var members = Members(JsonSerializer.Serialize(allowed.Of(full), Wire.Default.Transaction));
            Assert.Equal(
                Expected(Members(JsonSerializer.Serialize(full, Wire.Default.Transaction)).Keys, TransactionDetail, permissions.Contains("ReadTransactionsDetail")),
                members.Keys.Order(StringComparer.Ordinal));
            Assert.All(members.Values, value => Assert.NotEqual(JsonValueKind.Null, value.ValueKind));
            Assert.Equal(permissions.Contains("ReadPAN"), members["CardInstrument"].GetProperty("Identification").GetString() == Pan);
            foreach (var name in new[] { "CreditorAccount", "DebtorAccount" })
                if (members.TryGetValue(name, out var account)) Assert.Equal(permissions.Contains("ReadPAN"), account.GetProperty("Identification").GetString() == Pan);
        }

        if (permissions.Contains("ReadAccountsDetail"))
            Assert.Equal(permissions.Contains("ReadPAN"), accountMembers["Account"][0].GetProperty("Identification").GetString() == Pan);
        if (!permissions.Contains("ReadPAN"))
            Assert.DoesNotContain(Pan, JsonSerializer.Serialize(allowed.Of(Mapping.Of(FullTransaction(1m))), Wire.Default.Transaction), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OB-PERM-4")]
    public async Task A_full_transaction_has_only_members_of_the_standard_and_all_that_we_know_how_to_fill()
    {
        var official = await OfficialSchemas.AccountInformationAsync("v4.0.1");
        var credit = Members(JsonSerializer.Serialize(Mapping.Of(FullTransaction(1m)), Wire.Default.Transaction)).Keys;
        var debit = Members(JsonSerializer.Serialize(Mapping.Of(FullTransaction(-1m)), Wire.Default.Transaction)).Keys;
        var ours = credit.Union(debit, StringComparer.Ordinal).ToList();
        Assert.Subset(official.MembersOf("OBTransaction6").ToHashSet(StringComparer.Ordinal), ours.ToHashSet(StringComparer.Ordinal));
        Assert.Equal(typeof(Transaction).GetProperties().Length, ours.Count);
        Assert.Subset(official.MembersOf("OBTransaction6").ToHashSet(StringComparer.Ordinal), TransactionDetail.ToHashSet(StringComparer.Ordinal));
        Assert.Subset(official.MembersOf("OBAccount6").ToHashSet(StringComparer.Ordinal), AccountDetail.ToHashSet(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Expected(IEnumerable<string> full, string[] detail, bool hasDetail) =>
        full.Where(name => hasDetail || !detail.Contains(name)).Order(StringComparer.Ordinal);

    private static Dictionary<string, JsonElement>.KeyCollection FullAccountMembers() => Members(JsonSerializer.Serialize(Mapping.Of(FullAccount()), Wire.Default.Account)).Keys;

    private static Dictionary<string, JsonElement> Members(string json) =>
        JsonDocument.Parse(json).RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);

    private static BankAccount FullAccount() => new()
    {
        Id = "a",
        Position = 1,
        Name = "Card",
        Description = "Credit Card",
        Currency = "GBP",
        Category = "Personal",
        TypeCode = "CARD",
        Scheme = "UK.OBIE.PAN",
        Identification = Pan,
        HolderName = "A",
        ServicerBic = "OBNKGB2LXXX",
        OpenedAt = DateTimeOffset.UnixEpoch,
        State = AccountState.Open,
        StateChangedAt = DateTimeOffset.UnixEpoch,
        CreditLimit = 1m,
        Balance = 1m,
        IsJoint = false,
    };

    private static BankTransaction FullTransaction(decimal amount) => new()
    {
        Id = Guid.Empty,
        AccountId = "a",
        BookedAt = DateTimeOffset.UnixEpoch,
        ValueAt = DateTimeOffset.UnixEpoch,
        Amount = amount,
        Currency = "GBP",
        IsPending = false,
        Reference = "R",
        Information = "I",
        Code = "RCDT",
        SubCode = "DMCT",
        OwnCode = "FPI",
        BalanceAfter = 1m,
        AddressLine = "Bath",
        MerchantName = "M",
        MerchantCategory = "5411",
        CounterpartyName = "C",
        CounterpartyScheme = "UK.OBIE.PAN",
        CounterpartyIdentification = Pan,
        CounterpartyBic = "NWLTGB21XXX",
        CardScheme = "VISA",
        CardNumber = Pan,
        CardAuthorisation = "PIN",
        ExchangeRate = 1.1m,
        ExchangeCurrency = "EUR",
        ExchangeAmount = 1.1m,
    };
}
