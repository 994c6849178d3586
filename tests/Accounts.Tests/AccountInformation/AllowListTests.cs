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

    /// <summary>Kinds of data with details: the permission, and the schemas that the official file has for either level.</summary>
    private static readonly (string Permission, string Schema, Func<AllowList, object> Let)[] Guarded =
    [
        ("ReadAccountsDetail", "OBAccount6", allowed => allowed.Of(Mapping.Of(FullAccount()))),
        ("ReadTransactionsDetail", "OBTransaction6", allowed => allowed.Of(Mapping.Of(FullTransaction(-1m)))),
        ("ReadTransactionsDetail", "OBTransaction6", allowed => allowed.Of(Mapping.Of(FullTransaction(1m)))),
        ("ReadBeneficiariesDetail", "OBBeneficiary5", allowed => allowed.Of(Mapping.Of(FullBeneficiary(), "a"))),
        ("ReadStandingOrdersDetail", "OBStandingOrder6", allowed => allowed.Of(Mapping.Of(FullStandingOrder()))),
        ("ReadScheduledPaymentsDetail", "OBScheduledPayment3", allowed => allowed.Of(Mapping.Of(FullScheduledPayment()))),
        ("ReadStatementsDetail", "OBStatement2", allowed => allowed.Of(Mapping.Of(FullStatement()))),
    ];

    [Theory]
    [Trait("Rule", "OB-PERM-1")]
    [Trait("Rule", "OB-PERM-3")]
    [Trait("Rule", "OB-PERM-4")]
    [InlineData("v4.0")]
    [InlineData("v4.0.1")]
    public async Task Each_level_is_what_the_official_file_has_for_it(string version)
    {
        var official = await OfficialSchemas.AccountInformationAsync(version);
        var every = official.ValuesAt("OBReadConsent1", "properties.Data.properties.Permissions.items.enum").ToHashSet(StringComparer.Ordinal);
        foreach (var (permission, schema, let) in Guarded)
        {
            var full = Members(Json(let(new AllowList(every)))).Keys;
            foreach (var level in new[] { "Basic", "Detail" })
            {
                var permissions = level == "Detail" ? every : every.Where(code => code != permission).ToHashSet(StringComparer.Ordinal);
                var json = Json(let(new AllowList(permissions)));
                Assert.Empty(official.Validate(schema + level, json));
                Assert.Equal(full.Intersect(official.MembersOf(schema + level), StringComparer.Ordinal).Order(StringComparer.Ordinal), Members(json).Keys.Order(StringComparer.Ordinal));
            }
        }
    }

    [Fact]
    [Trait("Rule", "OB-PERM-3")]
    [Trait("Rule", "OB-PERM-4")]
    [Trait("Rule", "OB-AIS-3")]
    [Trait("Rule", "OB-AIS-22")]
    public async Task Of_all_combinations_of_permissions_there_are_none_lets_out_more_than_its_own()
    {
        var codes = (await OfficialSchemas.AccountInformationAsync("v4.0.1")).ValuesAt("OBReadConsent1", "properties.Data.properties.Permissions.items.enum");
        var bit = codes.Select((code, index) => (code, index)).ToDictionary(each => each.code, each => 1 << each.index, StringComparer.Ordinal);
        int Of(string code) => bit[code];
        var (account, transaction, payee) = (Mapping.Of(FullAccount()), Mapping.Of(FullTransaction(-1m)), Mapping.Of(FullBeneficiary(), "a"));
        var (order, payment, statement) = (Mapping.Of(FullStandingOrder()), Mapping.Of(FullScheduledPayment()), Mapping.Of(FullStatement()));
        var (accounts, transactions, payees) = (Of("ReadAccountsDetail"), Of("ReadTransactionsDetail"), Of("ReadBeneficiariesDetail"));
        var (orders, payments, statements, pan) = (Of("ReadStandingOrdersDetail"), Of("ReadScheduledPaymentsDetail"), Of("ReadStatementsDetail"), Of("ReadPAN"));

        var wrong = 0;
        Parallel.For(0, 1 << codes.Count, combination =>
        {
            var allowed = new AllowList(new Bits(bit, combination));
            bool Has(int permission) => (combination & permission) != 0;
            var (number, card) = (allowed.Of(account).Identifiers, allowed.Of(transaction));
            if ((number is not null) != Has(accounts)
                || (number is not null && number[0].Identification == Pan != Has(pan))
                || (card.CreditorAccount is not null) != Has(transactions)
                || (card.CreditorAccount is { } creditor && creditor.Identification == Pan != Has(pan))
                || card.CardInstrument!.Identification == Pan != Has(pan)
                || (allowed.Of(payee).CreditorAccount is not null) != Has(payees)
                || (allowed.Of(order).CreditorAccount is not null) != Has(orders)
                || (allowed.Of(payment).CreditorAccount is not null) != Has(payments)
                || (allowed.Of(statement).StatementAmount is not null) != Has(statements)) Interlocked.Increment(ref wrong);
        });

        Assert.Equal(0, wrong);
    }

    [Fact]
    [Trait("Rule", "OB-AIS-22")]
    public void A_payees_card_number_is_masked_as_everywhere()
    {
        foreach (var granted in new[] { true, false })
        {
            var allowed = new AllowList(new HashSet<string>(granted ? ["ReadPAN"] : [], StringComparer.Ordinal) { "ReadBeneficiariesDetail", "ReadStandingOrdersDetail", "ReadScheduledPaymentsDetail" });
            foreach (var account in new[] { allowed.Of(Mapping.Of(FullBeneficiary(), "a")).CreditorAccount, allowed.Of(Mapping.Of(FullStandingOrder())).CreditorAccount, allowed.Of(Mapping.Of(FullScheduledPayment())).CreditorAccount })
                Assert.Equal(granted ? Pan : "************0457", account!.Identification);
        }
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

    private static string Json(object body) => JsonSerializer.Serialize(body, body.GetType(), Wire.Default);

    /// <summary>A set of permissions as the bits of a number, so that two million of them are soon made.</summary>
    private sealed class Bits(Dictionary<string, int> bit, int set) : IReadOnlySet<string>
    {
        public int Count => System.Numerics.BitOperations.PopCount((uint)set);

        public bool Contains(string item) => (set & bit[item]) != 0;

        public IEnumerator<string> GetEnumerator() => bit.Where(each => (set & each.Value) != 0).Select(each => each.Key).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

        public bool IsProperSubsetOf(IEnumerable<string> other) => throw new NotSupportedException();

        public bool IsProperSupersetOf(IEnumerable<string> other) => throw new NotSupportedException();

        public bool IsSubsetOf(IEnumerable<string> other) => throw new NotSupportedException();

        public bool IsSupersetOf(IEnumerable<string> other) => throw new NotSupportedException();

        public bool Overlaps(IEnumerable<string> other) => throw new NotSupportedException();

        public bool SetEquals(IEnumerable<string> other) => throw new NotSupportedException();
    }

    private static BankBeneficiary FullBeneficiary() => new()
    {
        Id = Guid.Empty,
        CustomerId = "c",
        IsTrusted = true,
        Reference = "R",
        PayeeName = "P",
        PayeeScheme = "UK.OBIE.PAN",
        PayeeIdentification = Pan,
        PayeeBic = "NWLTGB21XXX",
    };

    private static BankStandingOrder FullStandingOrder() => new()
    {
        Id = Guid.Empty,
        AccountId = "a",
        Reference = "R",
        Frequency = "MNTH",
        PointInTime = "01",
        FirstAt = DateTimeOffset.UnixEpoch,
        NextAt = DateTimeOffset.UnixEpoch,
        LastAt = DateTimeOffset.UnixEpoch,
        FinalAt = DateTimeOffset.UnixEpoch,
        Amount = 1m,
        Currency = "GBP",
        Status = "ACTV",
        PayeeName = "P",
        PayeeScheme = "UK.OBIE.PAN",
        PayeeIdentification = Pan,
        PayeeBic = "NWLTGB21XXX",
    };

    private static BankScheduledPayment FullScheduledPayment() => new()
    {
        Id = Guid.Empty,
        AccountId = "a",
        DueAt = DateTimeOffset.UnixEpoch,
        Reference = "R",
        OwnReference = "O",
        Amount = 1m,
        Currency = "GBP",
        PayeeName = "P",
        PayeeScheme = "UK.OBIE.PAN",
        PayeeIdentification = Pan,
        PayeeBic = "NWLTGB21XXX",
    };

    private static BankStatement FullStatement() => new()
    {
        Id = Guid.Empty,
        AccountId = "a",
        Reference = "R",
        StartAt = DateTimeOffset.UnixEpoch,
        EndAt = DateTimeOffset.UnixEpoch.AddDays(30),
        CreatedAt = DateTimeOffset.UnixEpoch.AddDays(31),
        Currency = "GBP",
        Opening = -1m,
        Closing = -2m,
        Credits = 1m,
        Debits = 2m,
        Fees = 1m,
        Interest = 1m,
        CardLimit = 100m,
    };

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
