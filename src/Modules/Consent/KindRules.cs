using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;

namespace OpenBanking.Consent;

/// <summary>What one kind of consent has of its own, beside its row in <see cref="States"/>; everything else the kinds share.</summary>
/// <param name="Show">What the customer is shown of a consent, given the customer's accounts.</param>
internal sealed record KindRules(ConsentKind Kind, Func<ConsentRecord, IReadOnlyList<OwnAccount>, ShownTerms> Show);

/// <summary>What a consent asks for, in the customer's words.</summary>
/// <param name="Accounts">Those of the customer's accounts that it can be given for.</param>
/// <param name="ChoosesAccounts">The customer picks among them; otherwise the consent names what it is for.</param>
internal sealed record ShownTerms(IReadOnlyList<OwnAccount> Accounts, bool ChoosesAccounts, IReadOnlyList<DataGroup> Groups)
{
    /// <summary>What is paid, where money is moved; then exactly one account is chosen.</summary>
    public ShownPayment? Payment { get; init; }
}

/// <summary>The kinds that are served; a kind is served by registering its rules.</summary>
internal sealed class ServedKinds(IEnumerable<KindRules> rules)
{
    private readonly Dictionary<ConsentKind, KindRules> rules = rules.ToDictionary(one => one.Kind);

    public KindRules Of(ConsentRecord consent) => rules[consent.Kind];
}
