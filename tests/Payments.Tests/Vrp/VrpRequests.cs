using System.Text.Json.Nodes;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Vrp;

/// <summary>Good requests for variable recurring payments, and how they are sent.</summary>
internal static class VrpRequests
{
    public const string Consents = "/domestic-vrp-consents";
    public const string Orders = "/domestic-vrps";
    public const string Savings = "99012420450061";

    /// <summary>Sweeping to an own account: at most 100 at once and 300 a month.</summary>
    public static JsonObject Consent(Action<JsonObject>? change = null)
    {
        var body = JsonNode.Parse($$"""
            {
              "Data": {
                "ReadRefundAccount": "Yes",
                "ControlParameters": {
                  "VRPType": ["UK.OBIE.VRPType.Sweeping"],
                  "PSUAuthenticationMethods": ["UK.OBIE.SCA", "UK.OBIE.SCANotRequired"],
                  "PSUInteractionTypes": ["OffSession"],
                  "MaximumIndividualAmount": { "Amount": "100.00", "Currency": "GBP" },
                  "PeriodicLimits": [{ "PeriodType": "Month", "PeriodAlignment": "Consent", "Amount": "300.00", "Currency": "GBP" }]
                },
                "Initiation": {
                  "CreditorAccount": { "SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "{{Savings}}", "Name": "Thomas Hale" },
                  "RemittanceInformation": { "Unstructured": ["Sweep"] }
                }
              },
              "Risk": { "PaymentContextCode": "TransferToSelf" }
            }
            """)!.AsObject();
        change?.Invoke(body);
        return body;
    }

    public static JsonObject Parameters(JsonObject body) => body["Data"]!["ControlParameters"]!.AsObject();

    public static JsonObject Limit(string type, string alignment, string amount) =>
        new() { ["PeriodType"] = type, ["PeriodAlignment"] = alignment, ["Amount"] = amount, ["Currency"] = "GBP" };

    /// <summary>Other limits than the month's.</summary>
    public static Action<JsonObject> Limits(string most, params JsonObject[] limits) => body =>
    {
        Parameters(body)["MaximumIndividualAmount"]!["Amount"] = most;
        Parameters(body)["PeriodicLimits"] = new JsonArray([.. limits]);
    };

    /// <summary>An order under a consent, in its words.</summary>
    public static JsonObject Order(string consentId, JsonObject consent, string amount, Action<JsonObject>? change = null)
    {
        var data = consent["Data"]!;
        var body = new JsonObject
        {
            ["Data"] = new JsonObject
            {
                ["ConsentId"] = consentId,
                ["PSUAuthenticationMethod"] = "UK.OBIE.SCANotRequired",
                ["PSUInteractionType"] = "OffSession",
                ["VRPType"] = data["ControlParameters"]!["VRPType"]![0]!.DeepClone(),
                ["Initiation"] = data["Initiation"]!.DeepClone(),
                ["Instruction"] = new JsonObject
                {
                    ["InstructionIdentification"] = "ACME412",
                    ["EndToEndIdentification"] = "FRESCO.21302.GFX.20",
                    ["RemittanceInformation"] = data["Initiation"]!["RemittanceInformation"]?.DeepClone(),
                    ["InstructedAmount"] = new JsonObject { ["Amount"] = amount, ["Currency"] = "GBP" },
                    ["CreditorAccount"] = data["Initiation"]!["CreditorAccount"]?.DeepClone(),
                },
            },
            ["Risk"] = consent["Risk"]!.DeepClone(),
        };
        var instruction = body["Data"]!["Instruction"]!.AsObject();
        if (instruction["RemittanceInformation"] is null) instruction.Remove("RemittanceInformation");
        change?.Invoke(body);
        return body;
    }

    /// <summary>A consent that waits for its customer; answers its id.</summary>
    public static async Task<string> VrpConsentAsync(this Bank bank, JsonObject consent, BankApi? at = null)
    {
        var answer = await bank.PostAsync(Consents, consent, at: at);
        return answer.Status == 201 ? answer.Data.GetProperty("ConsentId").GetString()! : throw new InvalidOperationException(answer.Body);
    }

    /// <summary>The caller of an approved consent.</summary>
    public static async Task<TestCaller> VrpPayerAsync(this Bank bank, JsonObject? consent = null, string? tag = "GB-1", BankApi? at = null) =>
        await bank.ApprovedAsync(await bank.VrpConsentAsync(consent ?? Consent(), at), tag, at: at);

    public static Task<ApiAnswer> VrpAsync(
        this Bank bank, TestCaller payer, string amount = "10.00", JsonObject? consent = null, Action<JsonObject>? change = null, string? key = null, BankApi? at = null) =>
        bank.PostAsync(Orders, Order(payer.ConsentId!, consent ?? Consent(), amount, change), payer, key, at);

    public static Task<ApiAnswer> SendAsync(this Bank bank, HttpMethod method, string path, string? body, TestCaller? caller = null, string? type = null, bool keyed = true, BankApi? at = null) => (at ?? bank.Api).SendAsync(
        method,
        path,
        caller ?? Bank.Tpp,
        body,
        request =>
        {
            if (keyed) request.Headers.Add(Idempotency.Header, Bank.NewKey());
            request.Headers.Add("x-jws-signature", "signed");
            if (type is not null) request.Content!.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(type);
        },
        BankApi.PaymentsRoot);

    /// <summary>Sets a member by its path of names and numbers; null takes it away.</summary>
    public static void Set(JsonObject body, string path, string? json)
    {
        var steps = path.Split('.');
        JsonNode at = body;
        foreach (var step in steps[..^1]) at = int.TryParse(step, out var index) ? at[index]! : at[step] ??= new JsonObject();
        if (at is JsonArray items) items[int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture)] = JsonNode.Parse(json!);
        else if (json is null) at.AsObject().Remove(steps[^1]);
        else at[steps[^1]] = JsonNode.Parse(json);
    }
}
