using System.Text.Json;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.VrpConsents;

/// <summary>The rules of VRP consents that no schema can say (OB-VRP-2 to OB-VRP-4, OB-VRP-21). None is refused for being high: each order is judged by itself (OB-VRP-20).</summary>
internal static class VrpRules
{
    public const string Sweeping = "UK.OBIE.VRPType.Sweeping";
    private const string Initiation = "Data.Initiation.";
    private const string Maximum = ControlParameters.Path + ".MaximumIndividualAmount";
    private const string Limits = ControlParameters.Path + ".PeriodicLimits";
    private const string From = ControlParameters.Path + ".ValidFromDateTime";
    private const string To = ControlParameters.Path + ".ValidToDateTime";
    private static readonly string?[] Types = [Sweeping, "UK.OBIE.VRPType.Other"];
    private static readonly string?[] Methods = ["UK.OBIE.SCA", "UK.OBIE.SCANotRequired"];

    /// <summary>All that hold for a request; its limits each have theirs.</summary>
    /// <param name="allowsPast">Whether it may begin in the past, which only runs of the test tool need (OB-DEC-18).</param>
    public static IEnumerable<PaymentRule> Of(PaymentRequest request, bool allowsPast) =>
    [
        // Those of the commercial scheme, which this bank is not in, are among the unknown ones.
        new("OB-V401-22", "U002", ControlParameters.Path + ".VRPType", "This type is not supported.", (asked, _) => All(asked, "VRPType", Types)),
        new("OB-GEN-8", "U002", ControlParameters.Path + ".PSUAuthenticationMethods", "This method is not supported.", (asked, _) => All(asked, "PSUAuthenticationMethods", Methods)),
        new("OB-VRP-21", "U003", From, "Must not lie before today.", (asked, place) => allowsPast || asked.Moment(From) is not { } from || WorkingDays.DayOf(from) >= WorkingDays.DayOf(place.Now)),
        new("OB-PIS-12", "U003", From, "Lies too far ahead.", (asked, place) => asked.Moment(From) is not { } from || from <= place.Now + place.Options.PlannedAhead),
        new("OB-CON-19", "U003", To, "Must lie in the future.", (asked, place) => asked.Moment(To) is not { } to || to > place.Now),
        new("OB-VRP-21", "U003", To, "Must lie after ValidFromDateTime.", (asked, _) => asked.Moment(To) is not { } to || asked.Moment(From) is not { } from || to > from),
        .. PaymentRules.OfAmount(Maximum),
        InPounds(Maximum),
        .. Enumerable.Range(0, request.Data.GetProperty("ControlParameters").GetProperty("PeriodicLimits").GetArrayLength()).SelectMany(OfLimit),
        Understood(ControlParameters.Path + ".SupplementaryData"),
        .. PaymentRules.OfAccount(Initiation + "DebtorAccount", PaymentRules.DebtorSchemes),
        new("OB-VRP-2", "U001", Initiation + "CreditorAccount", "Sweeping names the account that is paid.", (asked, _) => !Texts(asked, "VRPType").Contains(Sweeping) || asked.Creditor is not null),
        .. PaymentRules.OfAccount(Initiation + "CreditorAccount", PaymentRules.CreditorSchemes),
        PaymentRules.OtherAccount,
        .. PaymentRules.Common,
    ];

    /// <summary>There is no further data that this bank understands, so none is taken (OB-GEN-9).</summary>
    public static PaymentRule Understood(string path) => new(
        "OB-GEN-9", "U002", path, "The bank understands no supplementary data here.", (asked, _) => asked.Find(path) is not { } data || !data.EnumerateObject().Any());

    /// <summary>Limits and orders are in pounds, and nothing is converted.</summary>
    public static PaymentRule InPounds(string path) => new(
        "OB-VRP-12", "U023", path + ".Currency", "Variable recurring payments are in GBP.", (asked, _) => asked.Text(path + ".Currency") is null or "GBP");

    private static IEnumerable<PaymentRule> OfLimit(int index)
    {
        var path = $"{Limits}[{index}]";
        return
        [
            new("OB-VRP-3", "U002", path + ".PeriodAlignment", "The calendar has no fortnights.", (asked, _) => asked.Text(path + ".PeriodType") != "Fortnight" || asked.Text(path + ".PeriodAlignment") != "Calendar"),
            new("OB-VRP-4", "U002", path + ".PeriodType", "There is one limit for a type of period.", (asked, _) => !Enumerable.Range(0, index).Any(other => asked.Text($"{Limits}[{other}].PeriodType") == asked.Text(path + ".PeriodType"))),
            .. PaymentRules.OfAmount(path),
            InPounds(path),
        ];
    }

    private static bool All(PaymentRequest asked, string list, string?[] known) => Texts(asked, list).All(text => known.Contains(text));

    private static IEnumerable<string?> Texts(PaymentRequest asked, string list) =>
        asked.Find($"{ControlParameters.Path}.{list}") is { ValueKind: JsonValueKind.Array } texts ? texts.EnumerateArray().Select(text => text.GetString()) : [];
}
