using System.Text.Json.Nodes;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

[assembly: AssemblyFixture(typeof(OpenBanking.Payments.Tests.Bank))]

namespace OpenBanking.Payments.Tests;

/// <summary>One seeded bank for all tests of this assembly; each test makes payments of its own.</summary>
public sealed class Bank : IAsyncLifetime
{
    public const string Amelia = "C-100001";
    public const string Thomas = "C-100002";
    public static readonly TestCaller Tpp = new(BankApi.Tpp);
    private static int keys;

    public BankApi Api { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync();

    public ValueTask DisposeAsync() => Api.DisposeAsync();

    public static string NewKey() => $"key-{Interlocked.Increment(ref keys)}";

    /// <summary>A good request for one payment to another bank.</summary>
    /// <param name="change">What to change of it.</param>
    public static JsonObject Payment(Action<JsonObject>? change = null, string amount = "10.00")
    {
        var body = JsonNode.Parse($$"""
            {
              "Data": {
                "ReadRefundAccount": "Yes",
                "Initiation": {
                  "InstructionIdentification": "ACME412",
                  "EndToEndIdentification": "FRESCO.21302.GFX.20",
                  "InstructedAmount": { "Amount": "{{amount}}", "Currency": "GBP" },
                  "CreditorAccount": { "SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": "08080021325698", "Name": "ACME Inc" },
                  "RemittanceInformation": { "Unstructured": ["Internal ops code 5120101"] }
                }
              },
              "Risk": { "PaymentContextCode": "TransferToThirdParty" }
            }
            """)!.AsObject();
        change?.Invoke(body);
        return body;
    }

    public static JsonObject Initiation(JsonObject body) => body["Data"]!["Initiation"]!.AsObject();

    /// <summary>Names the account to pay from.</summary>
    public static Action<JsonObject> From(string identification) => body =>
        Initiation(body)["DebtorAccount"] = new JsonObject { ["SchemeName"] = "UK.OBIE.SortCodeAccountNumber", ["Identification"] = identification };

    /// <summary>Names the account to pay to.</summary>
    public static Action<JsonObject> To(string identification, string scheme = "UK.OBIE.SortCodeAccountNumber") => body =>
    {
        var account = Initiation(body)["CreditorAccount"]!.AsObject();
        account["Identification"] = identification;
        account["SchemeName"] = scheme;
    };

    public Task<ApiAnswer> PostAsync(string path, JsonObject body, TestCaller? caller = null, string? key = null, BankApi? at = null) =>
        PostAsync(path, body.ToJsonString(), caller, key, at);

    /// <summary>Posts with a key and a signature.</summary>
    public Task<ApiAnswer> PostAsync(string path, string body, TestCaller? caller = null, string? key = null, BankApi? at = null) => (at ?? Api).SendAsync(
        HttpMethod.Post,
        path,
        caller ?? Tpp,
        body,
        request =>
        {
            request.Headers.Add(Idempotency.Header, key ?? NewKey());
            request.Headers.Add("x-jws-signature", "signed");
        },
        BankApi.PaymentsRoot);

    public Task<ApiAnswer> GetAsync(string path, TestCaller? caller = null, BankApi? at = null) => (at ?? Api).SendAsync(HttpMethod.Get, path, caller ?? Tpp, root: BankApi.PaymentsRoot);

    /// <summary>A consent that waits for its customer; answers its id.</summary>
    public async Task<string> ConsentAsync(JsonObject? body = null, BankApi? at = null)
    {
        var answer = await PostAsync("/domestic-payment-consents", body ?? Payment(), at: at);
        return answer.Status == 201 ? answer.Data.GetProperty("ConsentId").GetString()! : throw new InvalidOperationException(answer.Body);
    }

    /// <summary>The caller of an approved consent.</summary>
    public async Task<TestCaller> ApprovedAsync(string consentId, string? tag = "GB-1", string customer = Amelia, BankApi? at = null)
    {
        var api = at ?? Api;
        var answer = await api.ApproveAsync(consentId, tag is null ? [] : [api.Account(tag)], customer);
        return answer is AuthorisationAnswer.Authorised ? new TestCaller(BankApi.Tpp, consentId, customer) : throw new InvalidOperationException(answer.ToString());
    }
}
