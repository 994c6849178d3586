using System.Text.Json.Serialization.Metadata;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel;
using YamlDotNet.RepresentationModel;

namespace OpenBanking.Accounts.Tests.CoreBank;

/// <summary>The contract says exactly what the connector says and reads: neither knows a member that the other does not.</summary>
public sealed class ContractTests
{
    private static readonly YamlMappingNode Contract = Load();

    public static TheoryData<Type> Messages =>
    [
        typeof(AccountsQuestion), typeof(AccountsAnswer), typeof(OfAccountsQuestion), typeof(BalancesAnswer), typeof(PartyQuestion), typeof(PartyAnswer),
        typeof(Period), typeof(TransactionQuery), typeof(PageStart), typeof(TransactionPage), typeof(StatementQuery), typeof(StatementPage),
        typeof(OfAccounts<AccountParty>), typeof(OfAccounts<AccountProduct>), typeof(OfAccounts<BankBeneficiary>), typeof(OfAccounts<BankStandingOrder>),
        typeof(OfAccounts<BankDirectDebit>), typeof(OfAccounts<BankScheduledPayment>), typeof(OfAccounts<BankOffer>),
        typeof(BankAccount), typeof(BankBalance), typeof(BankTransaction), typeof(BankParty), typeof(AccountParty), typeof(BankProduct), typeof(AccountProduct),
        typeof(BankBeneficiary), typeof(BankStandingOrder), typeof(BankDirectDebit), typeof(BankScheduledPayment), typeof(BankOffer), typeof(BankStatement),
        typeof(TransferOrder), typeof(HoldResult), typeof(TransferMove), typeof(MoveAnswer), typeof(Money),
    ];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_member_is_in_the_contract_and_nothing_else(Type message)
    {
        var schema = At("components", "schemas", NameOf(message));
        var written = Names(schema, "properties");
        var (members, required) = Shape(message);

        Assert.Equal(members.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));

        // An answer that lacks one of these is thrown away, so the contract must demand it; a question may say more than it must.
        if (!message.Name.EndsWith("Question", StringComparison.Ordinal) && !message.Name.EndsWith("Query", StringComparison.Ordinal) && message != typeof(TransferMove) && message != typeof(Money))
            Assert.Equal(required.Order(StringComparer.Ordinal), Required(schema).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_schema_is_one_that_is_used()
    {
        string[] simple = ["CustomerId", "AccountId", "Amount", "Currency", "Held", "Notice"];
        var known = Messages.Select(row => NameOf(row.Data)).Concat(simple).Order(StringComparer.Ordinal);
        Assert.Equal(known, Names(At("components"), "schemas").Order(StringComparer.Ordinal));
    }

    private static string NameOf(Type message) => message.IsGenericType ? message.GenericTypeArguments[0].Name + "OfAccounts" : message.Name;

    private static IEnumerable<string> Required(YamlMappingNode schema) =>
        schema.Children.TryGetValue("required", out var names) ? ((YamlSequenceNode)names).Select(name => name.ToString()) : [];

    private static (List<string> Members, List<string> Required) Shape(Type message)
    {
        var properties = CoreJson.Options.GetTypeInfo(message).Properties.Where(property => property.Get is not null).ToList();
        return ([.. properties.Select(property => property.Name)], [.. properties.Where(IsRequired).Select(property => property.Name)]);
    }

    private static bool IsRequired(JsonPropertyInfo property) => property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };

    private static List<string> Names(YamlMappingNode node, string child) => [.. ((YamlMappingNode)node[child]).Children.Keys.Select(key => key.ToString())];

    private static YamlMappingNode At(params string[] path) => path.Aggregate(Contract, (node, name) => (YamlMappingNode)node[name]);

    private static YamlMappingNode Load()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "OpenBanking.sln"))) folder = folder.Parent;
        using var text = File.OpenText(Path.Combine(folder.FullName, "docs", "core-bank", "openapi.yaml"));
        var yaml = new YamlStream();
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}
