using System.Text.Json.Nodes;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Testing.UkApi;

/// <summary>Requests of a third party that has payments made, for tests of whole runs of them.</summary>
public static class PaymentRequests
{
    /// <summary>An account at another bank.</summary>
    public const string Elsewhere = "08080021325698";

    /// <summary>A good request for one domestic payment.</summary>
    public static JsonObject Domestic(string amount, string payee = Elsewhere) => JsonNode.Parse($$"""
        {
          "Data": {
            "Initiation": {
              "InstructionIdentification": "ACME412",
              "EndToEndIdentification": "FRESCO.21302.GFX.20",
              "InstructedAmount": { "Amount": "{{amount}}", "Currency": "GBP" },
              "CreditorAccount": { "SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "{{payee}}", "Name": "ACME Inc" },
              "RemittanceInformation": { "Unstructured": ["Internal ops code 5120101"] }
            }
          },
          "Risk": { "PaymentContextCode": "TransferToThirdParty" }
        }
        """)!.AsObject();

    /// <summary>The order that goes with a consent's request.</summary>
    public static JsonObject Order(JsonObject asked, string consentId)
    {
        var order = new JsonObject { ["Data"] = new JsonObject { ["ConsentId"] = consentId, ["Initiation"] = asked["Data"]!["Initiation"]!.DeepClone() } };
        if (asked["Risk"] is { } risk) order["Risk"] = risk.DeepClone();
        return order;
    }

    /// <summary>Posts with a key and a signature.</summary>
    public static Task<ApiAnswer> PostAsync(this BankApi api, string path, string body, TestCaller caller, string key) => api.SendAsync(
        HttpMethod.Post,
        path,
        caller,
        body,
        request =>
        {
            request.Headers.Add(Idempotency.Header, key);
            request.Headers.Add("x-jws-signature", "signed");
        },
        BankApi.PaymentsRoot);
}
