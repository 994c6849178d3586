using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// What the bank says to a payment when it is asked for: charges and times. It is fixed with the consent, since the customer approves
/// just this, and it is kept as the members that answers carry; a type of payment may add others, such as a rate.
/// </summary>
internal sealed record PaymentQuote(DateTimeOffset? CutOff, DateTimeOffset? Execution, DateTimeOffset? Settlement, IReadOnlyList<PaymentQuote.Charge> Charges)
{
    private const string CutOffMember = "CutOffDateTime";
    private const string ExecutionMember = "ExpectedExecutionDateTime";
    private const string SettlementMember = "ExpectedSettlementDateTime";
    private static readonly string[] Times = [CutOffMember, ExecutionMember, SettlementMember];

    internal sealed record Charge(string Bearer, string Type, Money Amount);

    /// <summary>Members beyond those, by their names.</summary>
    public JsonObject? Others { get; init; }

    public string ToJson()
    {
        var json = new JsonObject();
        if (CutOff is { } cutOff) json[CutOffMember] = IsoDateTime.ToWire(cutOff);
        if (Execution is { } execution) json[ExecutionMember] = IsoDateTime.ToWire(execution);
        if (Settlement is { } settlement) json[SettlementMember] = IsoDateTime.ToWire(settlement);

        // Always there, and empty when the payment costs nothing (OB-GEN-6).
        json[nameof(Charges)] = new JsonArray(
        [
            .. Charges.Select(charge => (JsonNode)new JsonObject
            {
                ["ChargeBearer"] = charge.Bearer,
                ["Type"] = charge.Type,
                ["Amount"] = new JsonObject { ["Amount"] = charge.Amount.ToWire(), ["Currency"] = charge.Amount.Currency },
            }),
        ]);
        foreach (var (name, value) in Others ?? []) json[name] = value?.DeepClone();
        return json.ToJsonString();
    }

    /// <summary>When a payment goes, as it is stored with its consent; null where that is not said.</summary>
    public static DateTimeOffset? ExecutionOf(ConsentRecord consent) =>
        consent.Quoted is { } quoted && JsonElement.Parse(quoted).TryGetProperty(ExecutionMember, out var at) ? IsoDateTime.Parse(at.GetString()!) : null;

    /// <summary>What is stored, with the times of this quote in the place of its own (OB-PIS-17).</summary>
    public string InTimeOf(string stored)
    {
        var (kept, fresh) = (JsonNode.Parse(stored)!.AsObject(), JsonNode.Parse(ToJson())!.AsObject());
        foreach (var name in Times) kept[name] = fresh[name]?.DeepClone();
        foreach (var name in Times.Where(name => kept[name] is null)) kept.Remove(name);
        return kept.ToJsonString();
    }

    /// <summary>What the payer pays beside the amount.</summary>
    public static decimal DueOf(ConsentRecord consent) => ChargesOf(consent).Where(charge => charge.Bearer != InternationalScheme.Creditor).Sum(charge => charge.Amount.Amount);

    /// <summary>The charges as they are stored with a consent.</summary>
    public static IReadOnlyList<Charge> ChargesOf(ConsentRecord consent) => consent.Quoted is not { } quoted || !JsonElement.Parse(quoted).TryGetProperty(nameof(Charges), out var charges)
        ? []
        : [.. charges.EnumerateArray().Select(charge => new Charge(
            charge.GetProperty("ChargeBearer").GetString()!,
            charge.GetProperty("Type").GetString()!,
            Money.Parse(charge.GetProperty("Amount").GetProperty("Amount").GetString()!, charge.GetProperty("Amount").GetProperty("Currency").GetString()!)!.Value))];
}
