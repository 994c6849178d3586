using System.Text.Json;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.VrpConsents;

/// <summary>An order beside the consent that it is made under.</summary>
/// <param name="Account">What the consent is paid from, as its third party knows it; null where the bank could not say.</param>
internal sealed record VrpOrdered(PaymentRequest Asked, PaymentRequest Order, PaymentRequest.Named? Account, DateOnly Start, PaymentPlace Place)
{
    public ControlParameters Parameters { get; } = new(Asked);
}

/// <summary>A rule that an order must keep: a row with its id, the standard's code, and where it is broken, if it is.</summary>
internal sealed record VrpOrderRule(string Rule, string Code, string Message, Func<VrpOrdered, string?> Broken);

/// <summary>What an order under a VRP consent must be like, as a table; what was paid before is not looked at here (OB-VRP-10, OB-VRP-12 to OB-VRP-14).</summary>
internal static class VrpOrderRules
{
    private const string Instruction = "Data.Instruction";
    private const string Amount = Instruction + ".InstructedAmount";
    private const string Payee = Instruction + ".CreditorAccount";
    private const string Mismatch = "The order differs here from its consent.";

    private static readonly VrpOrderRule[] All =
    [
        // What was approved is what is paid, member by member.
        new("OB-VRP-13", "U008", Mismatch, InitiationDiffers),
        new("OB-VRP-13", "U008", Mismatch, order => JsonValues.FirstDifference(order.Asked.Body.GetProperty("Risk"), order.Order.Body.GetProperty("Risk"), "Risk")),
        new("OB-VRP-13", "U008", Mismatch, RemittanceDiffers),
        new("OB-VRP-13", "U008", Mismatch, order => Differs(order, "UltimateCreditor") ?? Differs(order, "CreditorPostalAddress")),
        new("OB-VRP-14", "U008", Mismatch, order => Differs(order, "CreditorAccount")),

        // What it says of how it came about is one of what was approved; saying nothing of the interaction is no reason to refuse (OB-VRP-26).
        At("OB-VRP-10", "U014", ControlParameters.Path + ".PSUAuthenticationMethods", "The consent has no such method.", order => order.Parameters.AuthenticationMethods.Contains(order.Order.Text("Data.PSUAuthenticationMethod"))),
        At("OB-VRP-10", "U014", ControlParameters.Path + ".VRPType", "The consent has no such type.", order => order.Parameters.Types.Contains(order.Order.Text("Data.VRPType"))),
        At("OB-VRP-10", "U014", ControlParameters.Path + ".PSUInteractionTypes", "The consent has no such interaction.", order => order.Parameters.InteractionTypes is { Count: 0 } || order.Order.Text("Data.PSUInteractionType") is not { } type || order.Parameters.InteractionTypes.Contains(type)),
        At("OB-VRP-10", "U014", ControlParameters.Path + ".ValidFromDateTime", "Payments have not begun yet.", order => WorkingDays.DayOf(order.Place.Now) >= order.Start),

        .. PaymentRules.OfAmount(Amount).Select(OfOrder),
        OfOrder(VrpRules.InPounds(Amount)),
        At("OB-VRP-10", "U014", ControlParameters.Path + ".MaximumIndividualAmount", "The amount is above that of one payment.", order => order.Order.Of(Amount) is not { } amount || amount.Amount <= order.Parameters.MostPerPayment.Amount),
        At("OB-VRP-20", "AM14", Amount, "The amount is above the limit of one payment.", order => order.Order.Of(Amount) is not { } amount || amount.Amount <= order.Place.Options.PaymentLimit),
        At("OB-PIS-11", "U026", Instruction + ".LocalInstrument", "This instrument is not supported.", order => order.Order.Text(Instruction + ".LocalInstrument") is null or "UK.OBIE.FPS"),
        .. PaymentRules.OfAccount(Payee, PaymentRules.CreditorSchemes).Select(OfOrder),
        At("PY-14", "U002", Payee, "The account to pay is the account to pay from.", order => order.Account is not { } account || order.Order.Account(Payee)?.Is(account) != true),
        OfOrder(VrpRules.Understood(Instruction + ".SupplementaryData")),
    ];

    public static IReadOnlyList<ApiFault> Faults(VrpOrdered order) =>
        [.. All.Select(rule => (Rule: rule, Path: rule.Broken(order))).Where(broken => broken.Path is not null).Select(broken => new ApiFault(broken.Rule.Code, broken.Rule.Rule, broken.Rule.Message, broken.Path))];

    private static VrpOrderRule At(string rule, string code, string path, string message, Func<VrpOrdered, bool> holds) => new(rule, code, message, order => holds(order) ? null : path);

    private static VrpOrderRule OfOrder(PaymentRule rule) => new(rule.Rule, rule.Code, rule.Message, order => rule.Holds(order.Order, order.Place) ? null : rule.Path);

    /// <summary>The account that the bank has told may be named in orders, though the consent did not name it (OB-VRP-18).</summary>
    private static string? InitiationDiffers(VrpOrdered order)
    {
        const string Path = "Data.Initiation";
        const string Debtor = "DebtorAccount";
        if (order.Asked.Debtor is not null || order.Order.Debtor is not { } named) return JsonValues.FirstDifference(order.Asked.Initiation, order.Order.Initiation, Path);
        if (order.Account?.Is(named) != true) return $"{Path}.{Debtor}";
        var others = System.Text.Json.Nodes.JsonObject.Create(order.Order.Initiation)!;
        others.Remove(Debtor);
        return JsonValues.FirstDifference(order.Asked.Initiation, JsonElement.Parse(others.ToJsonString()), Path);
    }

    /// <summary>What the consent fills, each order repeats; what it leaves out or empty, each order may fill (OB-VRP-13, OB-DEC-17).</summary>
    private static string? RemittanceDiffers(VrpOrdered order)
    {
        const string Member = "RemittanceInformation";
        if (order.Asked.Find($"Data.Initiation.{Member}") is not { } asked) return null;
        foreach (var member in asked.EnumerateObject().Where(member => !IsEmpty(member.Value)))
        {
            var path = $"{Instruction}.{Member}.{member.Name}";
            if (order.Order.Find(path) is not { } ordered) return path;
            if (JsonValues.FirstDifference(member.Value, ordered, path) is { } difference) return difference;
        }

        return null;
    }

    /// <summary>Where a member of the instruction is not what the consent says; what the consent leaves open each order fills as it likes.</summary>
    private static string? Differs(VrpOrdered order, string member) =>
        order.Asked.Find($"Data.Initiation.{member}") is { } asked && order.Order.Find($"{Instruction}.{member}") is { } ordered
            ? JsonValues.FirstDifference(asked, ordered, $"{Instruction}.{member}")
            : null;

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };
}
