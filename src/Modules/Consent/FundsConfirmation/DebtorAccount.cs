using System.Text.Json;
using System.Text.Json.Serialization;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;

namespace OpenBanking.Consent.FundsConfirmation;

/// <summary>The account that a funds-confirmation consent is for, as the third party named it (OB-CBP-1).</summary>
internal sealed record DebtorAccount(string? SchemeName, string? Identification, string? Name, string? SecondaryIdentification, DebtorAccount.AccountProxy? Proxy)
{
    internal sealed record AccountProxy(string? Identification, string? Code, string? Type);

    private static readonly IReadOnlyList<DataGroup> Words =
        [new("Whether an amount is available", ["A yes or a no to each amount it asks about, before you pay with its card", "Never your balance, and nothing else of your account"])];

    /// <summary>
    /// The kind's rules: the consent names its account, so there is nothing to choose; where it is not the customer's, there is nothing to
    /// approve. What the issuer learns is a yes or a no (C-1, OB-CBP-2, OB-CBP-5).
    /// </summary>
    public static readonly KindRules Rules = new(ConsentKind.FundsConfirmation, (consent, own) =>
    {
        var named = FromJson(consent.Terms!);
        return new ShownTerms([.. own.Where(named.IsThe).Take(1)], ChoosesAccounts: false, Words);
    });

    public string ToJson() => JsonSerializer.Serialize(this, TermsJson.Default.DebtorAccount);

    public static DebtorAccount FromJson(string terms) =>
        JsonSerializer.Deserialize(terms, TermsJson.Default.DebtorAccount) ?? throw new InvalidOperationException("A consent is stored without its account.");

    private bool IsThe(OwnAccount account) => account.Scheme == SchemeName && AccountSchemes.Plain(account.Identification) == AccountSchemes.Plain(Identification!);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DebtorAccount))]
internal sealed partial class TermsJson : JsonSerializerContext;
