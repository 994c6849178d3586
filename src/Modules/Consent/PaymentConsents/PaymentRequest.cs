using System.Text.Json;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// What a third party wants paid, as it was sent and found to be as the schema says. It is kept and given back in its very words
/// (OB-GEN-7), and read where something must be known of it. Payments of every type have these members, each those that its schema has.
/// </summary>
internal sealed class PaymentRequest(JsonElement body)
{
    public JsonElement Body => body;

    public JsonElement Data => body.GetProperty(nameof(Data));

    public JsonElement Initiation => Data.GetProperty(nameof(Initiation));

    /// <summary>What is stored of a consent, read again.</summary>
    public static PaymentRequest Of(ConsentRecord consent) => new(JsonElement.Parse(consent.Terms ?? throw new InvalidOperationException("A payment consent is stored without its terms.")));

    /// <summary>The amount, where a payment has one and it is an amount of its currency (PY-11).</summary>
    public Money? Amount => Of("Data.Initiation.InstructedAmount") ?? Of("Data.Initiation.FirstPaymentAmount");

    public string? Reference =>
        Text("Data.Initiation.RemittanceInformation.Structured[0].CreditorReferenceInformation.Reference") ?? Text("Data.Initiation.RemittanceInformation.Unstructured[0]");

    public Named? Creditor => Account("Data.Initiation.CreditorAccount");

    /// <summary>The account to pay from, where the third party names it (OB-PIS-7).</summary>
    public Named? Debtor => Account("Data.Initiation.DebtorAccount");

    /// <summary>A text by its path from the body; null where it is not there.</summary>
    public string? Text(string path) => Find(path) is { ValueKind: JsonValueKind.String } found ? found.GetString() : null;

    public bool Has(string path) => Find(path) is not null;

    public int? Number(string path) => Find(path) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt32(out var number) ? number : null;

    public decimal? Decimal(string path) => Find(path) is { ValueKind: JsonValueKind.Number } found && found.TryGetDecimal(out var number) ? number : null;

    public DateTimeOffset? Moment(string path) => Text(path) is { } text ? IsoDateTime.Parse(text) : null;

    public Money? Of(string path) => Text(path + ".Amount") is { } amount && Text(path + ".Currency") is { } currency ? Money.Parse(amount, currency) : null;

    public Named? Account(string path) =>
        Text(path + ".SchemeName") is { } scheme && Text(path + ".Identification") is { } identification ? new Named(scheme, identification, Text(path + ".Name")) : null;

    /// <summary>What stands at a path from the body; of a list its item by number.</summary>
    public JsonElement? Find(string path)
    {
        var at = body;
        foreach (var step in path.Split('.'))
        {
            var bracket = step.IndexOf('[', StringComparison.Ordinal);
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(bracket < 0 ? step : step[..bracket], out at)) return null;
            if (bracket < 0) continue;
            var index = int.Parse(step.AsSpan(bracket + 1, step.Length - bracket - 2), System.Globalization.CultureInfo.InvariantCulture);
            if (at.ValueKind != JsonValueKind.Array || at.GetArrayLength() <= index) return null;
            at = at[index];
        }

        return at;
    }

    /// <summary>An account as somebody names it.</summary>
    internal sealed record Named(string Scheme, string Identification, string? Name)
    {
        /// <summary>Whether it is this account of a customer's; GB accounts go by sort code and number or by IBAN.</summary>
        public bool Is(OwnAccount account) => IsSame(Scheme, Identification, account.Scheme, account.Identification);

        public bool Is(Named other) => IsSame(Scheme, Identification, other.Scheme, other.Identification);

        private static bool IsSame(string scheme, string identification, string otherScheme, string other) =>
            Comparable(scheme, identification) == Comparable(otherScheme, other);

        // An IBAN of the United Kingdom ends in the sort code and the number of the account.
        private static string Comparable(string scheme, string identification)
        {
            var plain = AccountSchemes.Plain(identification);
            return scheme switch
            {
                AccountSchemes.Iban when plain.StartsWith("GB", StringComparison.Ordinal) && plain.Length == 22 => plain[8..],
                AccountSchemes.SortCodeAccountNumber => plain,
                _ => $"{scheme} {plain}",
            };
        }
    }
}
