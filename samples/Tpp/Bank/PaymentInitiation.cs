using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>What a customer wants paid: one payment in pounds to an account in the United Kingdom.</summary>
/// <param name="SortCode">Six digits.</param>
/// <param name="AccountNumber">Eight digits.</param>
/// <param name="Amount">As it goes over the wire: <c>12.30</c>.</param>
/// <param name="ForRefund">Whether we ask the bank for the account that paid, so that a refund finds it.</param>
internal sealed record Payment(string PayeeName, string SortCode, string AccountNumber, string Amount, string Reference, bool ForRefund)
{
    /// <summary>Ours, for the whole way of the money; the bank passes it on.</summary>
    public required string EndToEnd { get; init; }

    public Money Money => Kernel.Money.Parse(Amount, "GBP")!.Value;

    /// <summary>A new name for a payment of ours.</summary>
    public static string NewEndToEnd() => "TALLY" + RandomNumberGenerator.GetHexString(16);

    /// <summary>What the form begins with, and what the terminal pays.</summary>
    public static Payment Sample() => new("Willow Street Energy", "080800", "21325698", "24.50", "Invoice 2041", ForRefund: true) { EndToEnd = NewEndToEnd() };
}

/// <summary>A payment consent at the bank.</summary>
internal sealed record PaymentConsent(string Id, string Status);

/// <summary>A payment that the bank has taken.</summary>
/// <param name="Status">ISO 20022, four letters.</param>
/// <param name="Code">Why, where the status needs a reason.</param>
internal sealed record PaymentOrder(string Id, string Status, DateTimeOffset ChangedAt, string? Code)
{
    /// <summary>The account that paid, if we had asked for it: sort code and number.</summary>
    public string? RefundAccount { get; init; }

    /// <summary>Whose account that is.</summary>
    public string? RefundName { get; init; }
}

/// <summary>The UK payment-initiation API, version 4.0, as far as paying a bill needs it.</summary>
internal sealed class PaymentInitiation(BankClient bank)
{
    private const string BasePath = "open-banking/v4.0/pisp/";
    private const string ConsentsPath = BasePath + "domestic-payment-consents";
    private const string PaymentsPath = BasePath + "domestic-payments";

    /// <summary>Tells the bank what its customer is about to be asked to pay.</summary>
    public async Task<Outcome<PaymentConsent, BankFault>> CreateConsentAsync(string token, Payment payment, string key, Customer customer, CancellationToken ct)
    {
        var data = new JsonObject { ["ReadRefundAccount"] = payment.ForRefund ? "Yes" : "No", ["Initiation"] = Initiation(payment) };
        if ((await bank.SignedAsync(HttpMethod.Post, ConsentsPath, token, Body(data, key), customer, ct)).Failed(out var fault, out var answer)) return fault;
        return Data(answer) is { } made && Claims.Text(made, "ConsentId") is { Length: > 0 } id
            ? new PaymentConsent(id, Claims.Text(made, "Status") ?? "")
            : BankFault.Untrusted("the consent has no id");
    }

    /// <summary>Whether the money is there: yes or no, and never how much.</summary>
    public async Task<Outcome<string, BankFault>> AreFundsThereAsync(string token, string consentId, Customer customer, CancellationToken ct)
    {
        var path = $"{ConsentsPath}/{Uri.EscapeDataString(consentId)}/funds-confirmation";
        if ((await bank.SignedAsync(HttpMethod.Get, path, token, null, customer, ct)).Failed(out var fault, out var answer)) return fault;
        return Data(answer) is { } said && said.TryGetProperty("FundsAvailableResult", out var result) && result.TryGetProperty("FundsAvailable", out var there)
            ? there.ValueKind == JsonValueKind.True ? "yes" : "no"
            : BankFault.Untrusted("the bank did not say whether the money is there");
    }

    /// <summary>Has the approved payment made: the same words as the customer has approved, and the token that came of it.</summary>
    public async Task<Outcome<PaymentOrder, BankFault>> OrderAsync(string token, string consentId, Payment payment, string key, Customer customer, CancellationToken ct)
    {
        var data = new JsonObject { ["ConsentId"] = consentId, ["Initiation"] = Initiation(payment) };
        return Order(await bank.SignedAsync(HttpMethod.Post, PaymentsPath, token, Body(data, key), customer, ct));
    }

    /// <summary>How a payment stands; with our own token, so it works long after the customer has gone.</summary>
    public async Task<Outcome<PaymentOrder, BankFault>> ReadAsync(string token, string orderId, CancellationToken ct) =>
        Order(await bank.SignedAsync(HttpMethod.Get, PathOf(orderId), token, null, Customer.Absent, ct));

    /// <summary>What the way of the money says beside it; for developers to look at.</summary>
    public Task<Outcome<BankAnswer, BankFault>> ReadDetailsAsync(string token, string orderId, CancellationToken ct) =>
        bank.SignedAsync(HttpMethod.Get, PathOf(orderId) + "/payment-details", token, null, Customer.Absent, ct);

    private static string PathOf(string orderId) => $"{PaymentsPath}/{Uri.EscapeDataString(orderId)}";

    private static JsonObject Initiation(Payment payment) => new()
    {
        ["InstructionIdentification"] = payment.EndToEnd,
        ["EndToEndIdentification"] = payment.EndToEnd,
        ["InstructedAmount"] = new JsonObject { ["Amount"] = payment.Amount, ["Currency"] = "GBP" },
        ["CreditorAccount"] = new JsonObject
        {
            ["SchemeName"] = "UK.OBIE.SortCodeAccountNumber",
            ["Identification"] = payment.SortCode + payment.AccountNumber,
            ["Name"] = payment.PayeeName,
        },
        ["RemittanceInformation"] = new JsonObject { ["Unstructured"] = new JsonArray(payment.Reference) },
    };

    private static KeyedBody Body(JsonObject data, string key) =>
        new(new JsonObject { ["Data"] = data, ["Risk"] = new JsonObject { ["PaymentContextCode"] = "TransferToThirdParty" } }.ToJsonString(), key);

    private static Outcome<PaymentOrder, BankFault> Order(Outcome<BankAnswer, BankFault> outcome)
    {
        if (outcome.Failed(out var fault, out var answer)) return fault;
        if (Data(answer) is not { } data || Claims.Text(data, "DomesticPaymentId") is not { Length: > 0 } id || Claims.Text(data, "Status") is not { Length: > 0 } status
            || !DateTimeOffset.TryParse(Claims.Text(data, "StatusUpdateDateTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var changed))
            return BankFault.Untrusted("the payment cannot be read");
        var account = data.TryGetProperty("Refund", out var refund) && refund.TryGetProperty("Account", out var of) ? of : (JsonElement?)null;
        return new PaymentOrder(id, status, changed, FirstReason(data))
        {
            RefundAccount = account is { } paid ? Claims.Text(paid, "Identification") : null,
            RefundName = account is { } named ? Claims.Text(named, "Name") : null,
        };
    }

    private static string? FirstReason(JsonElement data) =>
        data.TryGetProperty("StatusReason", out var reasons) && reasons.ValueKind == JsonValueKind.Array && reasons.GetArrayLength() > 0 ? Claims.Text(reasons[0], "StatusReasonCode") : null;

    private static JsonElement? Data(BankAnswer answer) =>
        answer.Body is { ValueKind: JsonValueKind.Object } body && body.TryGetProperty("Data", out var data) && data.ValueKind == JsonValueKind.Object ? data : null;
}
