using System.Text.Json;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Accounts.FundsConfirmation;

/// <summary>What a card issuer asks (OBFundsConfirmation1), read and found to be as the schema says.</summary>
internal sealed record FundsQuestion(string ConsentId, string Reference, string AmountOnWire, Money Amount)
{
    private const string At = "Data.InstructedAmount";

    /// <summary>Every independent fault at once (OB-ERR-5, OB-CBP-4).</summary>
    public static Outcome<FundsQuestion, ApiError> From(JsonElement body)
    {
        // The schema closes the outermost object and leaves those within it open (OB-GEN-16).
        var faults = body.EnumerateObject().Where(member => member.Name != "Data").Select(_ => new ApiFault("U010", "OB-GEN-16", "There is no such member here.")).ToList();
        var data = Object(body, "Data", "Data", faults);
        var consentId = data is null ? null : Text(data.Value, "ConsentId", "Data", 128, faults);
        var reference = data is null ? null : Text(data.Value, "Reference", "Data", 35, faults);
        var instructed = data is null ? null : Object(data.Value, "InstructedAmount", At, faults);
        var amount = instructed is null ? null : Text(instructed.Value, "Amount", At, 19, faults);
        var currency = instructed is null ? null : Text(instructed.Value, "Currency", At, 3, faults);
        if (faults.Count > 0) return ApiError.BadRequest(faults);

        return Money.Parse(amount!, currency!) is { } money
            ? new FundsQuestion(consentId!, reference!, amount!, money)
            : ApiError.BadRequest("U002", "OB-CBP-4", "Must be an amount of this currency.", At + ".Amount");
    }

    private static JsonElement? Object(JsonElement parent, string name, string path, List<ApiFault> faults)
    {
        if (!parent.TryGetProperty(name, out var member)) faults.Add(new ApiFault("U004", "OB-CBP-4", $"{name} is missing.", path));
        else if (member.ValueKind != JsonValueKind.Object) faults.Add(new ApiFault("U010", "OB-GEN-5", "Must be an object.", path));
        else return member;
        return null;
    }

    private static string? Text(JsonElement parent, string name, string path, int most, List<ApiFault> faults)
    {
        var full = $"{path}.{name}";
        if (!parent.TryGetProperty(name, out var member)) faults.Add(new ApiFault("U004", "OB-CBP-4", $"{name} is missing.", full));
        else if (member.ValueKind != JsonValueKind.String) faults.Add(new ApiFault("U010", "OB-GEN-5", "Must be a string.", full));
        else if (member.GetString()!.Length < 1 || member.GetString()!.Length > most || member.GetString()!.Contains('\0', StringComparison.Ordinal))
            faults.Add(new ApiFault("U002", "OB-CBP-4", $"Must be 1 to {most} characters.", full));
        else return member.GetString();
        return null;
    }
}
