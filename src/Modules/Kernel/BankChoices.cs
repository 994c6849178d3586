using System.Globalization;
using System.Text.Json;

namespace OpenBanking.Kernel;

/// <summary>
/// What a bank chooses where the standard leaves room, and documents for third parties. The sandbox's testers change it while
/// hosts run, so whoever decides by it asks <see cref="CurrentChoices"/> each time.
/// </summary>
public sealed record BankChoices
{
    /// <summary>Whose law the bank's customers are under.</summary>
    public Region Region { get; init; } = Region.UK;

    /// <summary>Until when an order counts for today, by <see cref="PaymentTypes">kind of payment</see>; a kind without one is taken at all hours.</summary>
    public IReadOnlyDictionary<string, CutOff> CutOffs { get; init; } = new Dictionary<string, CutOff>(StringComparer.Ordinal);

    /// <summary>Days beside Saturdays and Sundays on which payments rest.</summary>
    public IReadOnlySet<DateOnly> Holidays { get; init; } = new HashSet<DateOnly>();

    /// <summary>The status in which an order begins: RCVD as the text says, or PDNG as the released test tool knows it (OB-DEC-3).</summary>
    public string InitialOrderStatus { get; init; } = "RCVD";

    /// <summary>Whether a variable recurring payment may start in the past, which only runs of the test tool need (OB-DEC-18).</summary>
    public bool AllowPastVrpStart { get; init; }

    /// <summary>The names that <see cref="With"/> takes, each with the JSON Schema of its value.</summary>
    public static IReadOnlyDictionary<string, string> Schemas { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["region"] = """{"enum":["UK","EU"]}""",
        ["cutOff"] = """
            {"type":"object","properties":{"type":{"enum":[TYPES]},"strategy":{"enum":["accept","reject"]},
            "at":{"type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$","description":"Local time of the bank."}},
            "required":["type","strategy","at"],"additionalProperties":false}
            """.Replace("TYPES", string.Join(',', PaymentTypes.Select(type => $"\"{type}\"")), StringComparison.Ordinal),
        ["holidays"] = """{"type":"array","items":{"type":"string","format":"date"},"maxItems":366}""",
        ["initialOrderStatus"] = """{"enum":["RCVD","PDNG"]}""",
        ["allowPastVrpStart"] = """{"type":"boolean"}""",
    };

    /// <summary>Kinds of payment, as the standard's paths call their orders.</summary>
    public static IReadOnlyList<string> PaymentTypes =>
    [
        "domestic-payments", "domestic-scheduled-payments", "domestic-standing-orders", "domestic-vrps",
        "international-payments", "international-scheduled-payments", "international-standing-orders", "file-payments",
    ];

    /// <summary>These choices with one of them changed, or what is wrong with the wish. JSON's null puts a choice back.</summary>
    public Outcome<BankChoices, string> With(string name, JsonElement value)
    {
        var isNull = value.ValueKind == JsonValueKind.Null;
        switch (name)
        {
            case "region" when isNull || Text(value) is "UK" or "EU":
                return this with { Region = Text(value) == "EU" ? Region.EU : Region.UK };
            case "region":
                return "region must be UK or EU";
            case "cutOff" when isNull:
                return this with { CutOffs = new Dictionary<string, CutOff>(StringComparer.Ordinal) };
            case "cutOff":
                return CutOff.Read(value, out var type).Failed(out var problem, out var read)
                    ? problem
                    : this with { CutOffs = new Dictionary<string, CutOff>(CutOffs, StringComparer.Ordinal) { [type] = read } };
            case "holidays" when isNull:
                return this with { Holidays = new HashSet<DateOnly>() };
            case "holidays":
                return Dates(value) is { } days ? this with { Holidays = days } : "holidays must be an array of at most 366 dates such as 2026-12-25";
            case "initialOrderStatus" when isNull || Text(value) is "RCVD" or "PDNG":
                return this with { InitialOrderStatus = Text(value) ?? "RCVD" };
            case "initialOrderStatus":
                return "initialOrderStatus must be RCVD or PDNG";
            case "allowPastVrpStart" when isNull || value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                return this with { AllowPastVrpStart = value.ValueKind == JsonValueKind.True };
            case "allowPastVrpStart":
                return "allowPastVrpStart must be true or false";
            default:
                return $"there is no such setting; there are {string.Join(", ", Schemas.Keys)}";
        }
    }

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static HashSet<DateOnly>? Dates(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 366) return null;
        var days = new HashSet<DateOnly>();
        foreach (var item in value.EnumerateArray())
        {
            if (!DateOnly.TryParseExact(Text(item), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) return null;
            days.Add(day);
        }

        return days;
    }
}

public enum Region
{
    UK,
    EU,
}

/// <summary>What becomes of a payment that comes after the bank's hour.</summary>
public enum CutOffStrategy
{
    /// <summary>It is taken, and goes on the next working day (OB-PIS-19).</summary>
    Accept,

    /// <summary>It is refused wherever it stands: consent, approval, order (OB-PIS-18).</summary>
    Reject,
}

/// <summary>Until when an order of one kind counts for today, and what becomes of a later one.</summary>
/// <param name="At">Local time of the bank.</param>
public sealed record CutOff(TimeOnly At, CutOffStrategy Strategy = CutOffStrategy.Accept)
{
    public bool Rejects => Strategy == CutOffStrategy.Reject;

    /// <param name="type">The kind of payment that it is of.</param>
    internal static Outcome<CutOff, string> Read(JsonElement value, out string type)
    {
        type = "";
        if (value.ValueKind != JsonValueKind.Object) return "cutOff must be an object with type, strategy and at";
        if (value.EnumerateObject().Any(member => member.Name is not ("type" or "strategy" or "at"))) return "cutOff has the members type, strategy and at";
        string? Text(string name) => value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
        if (BankChoices.PaymentTypes.FirstOrDefault(one => one == Text("type")) is not { } known)
            return $"type must be one of {string.Join(", ", BankChoices.PaymentTypes)}";
        if (Text("strategy") is not ("accept" or "reject")) return "strategy must be accept or reject";
        type = known;
        return TimeOnly.TryParseExact(Text("at"), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at)
            ? new CutOff(at, Text("strategy") == "reject" ? CutOffStrategy.Reject : CutOffStrategy.Accept)
            : "at must be a time such as 17:30";
    }
}

/// <summary>The choices that count now, the same on every host within moments.</summary>
public sealed class CurrentChoices
{
    private BankChoices now = new();

    public BankChoices Now
    {
        get => Volatile.Read(ref now);
        set => Volatile.Write(ref now, value);
    }
}
