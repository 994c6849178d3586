using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Testing.UkApi;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Testing.Tpp;

/// <summary>A payment that its customer has approved, and the token to order it with.</summary>
public sealed record ApprovedPayment(string ConsentId, string Token, string Order)
{
    /// <summary>The key of its order.</summary>
    public string Key { get; } = "key-" + TestTpp.NewId();
}

/// <summary>
/// Approved payments by the thousand, for races and loads. One is asked for, approved with a passkey on the bank's page and redeemed, as any;
/// the others are copies of it in the database, each with a consent, a grant and a token of its own.
/// </summary>
public sealed class ApprovedPayments
{
    public const string Root = "/open-banking/v4.0/pisp";
    private const string OrderPath = Root + "/domestic-payments";
    private readonly NpgsqlDataSource database;
    private readonly JsonObject payment;
    private readonly string consentId;
    private readonly string token;

    private ApprovedPayments(NpgsqlDataSource database, JsonObject payment, string consentId, string token, IReadOnlyList<string> accountIds)
    {
        this.database = database;
        this.payment = payment;
        this.consentId = consentId;
        this.token = token;
        AccountIds = accountIds;
    }

    /// <summary>The accounts that the customer could choose, the chosen one first.</summary>
    public IReadOnlyList<string> AccountIds { get; }

    /// <summary>Metadata of a third party that has payments made; its key is for PS256.</summary>
    public static Action<JsonObject> Pays(string software = "pay-app") => metadata =>
    {
        metadata["software_roles"] = new JsonArray("PISP");
        metadata["scope"] = "openid payments";
        metadata["software_id"] = software;
    };

    /// <summary>Has a customer approve the first one.</summary>
    /// <param name="browser">Holds the customer's passkey.</param>
    public static async Task<ApprovedPayments> ApproveAsync(TestTpp tpp, PortalBrowser browser, NpgsqlDataSource database, string amount)
    {
        var payment = PaymentRequests.Domestic(amount);
        var asked = payment.ToJsonString();
        var made = await tpp.ApiAsync(
            HttpMethod.Post, Root + "/domestic-payment-consents", await tpp.ClientTokenAsync("payments"), asked, signature: tpp.MessageSignature(asked), idempotencyKey: TestTpp.NewId());
        if (made.Status != 201) throw new InvalidOperationException($"No consent: {made.Status} {made.Body}");
        var consentId = made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var pushed = await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId).With("scope", "openid payments"));
        var interaction = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(pushed));
        var (accounts, decision) = await browser.ApprovePaymentAsync(interaction);
        var tokens = await tpp.RedeemAsync(decision.Code ?? throw new InvalidOperationException($"Not approved: {decision.Status} {decision.Text}"));
        var token = tokens.Text("access_token") ?? throw new InvalidOperationException($"No token: {tokens.Status} {tokens.Body}");
        return new ApprovedPayments(database, payment, consentId, token, accounts);
    }

    /// <summary>So many more of them, all from the account that was chosen, or from these in turns.</summary>
    public async Task<IReadOnlyList<ApprovedPayment>> CopyAsync(int count, IReadOnlyList<string>? accountIds = null) =>
        [.. (await ConsentCopies.MakeAsync(database, consentId, token, count, accountIds)).Select(copy => new ApprovedPayment(copy.ConsentId, copy.Token, PaymentRequests.Order(payment, copy.ConsentId).ToJsonString()))];

    /// <summary>Orders one, under its own key or another one.</summary>
    public static Task<Answer> OrderAsync(TestTpp tpp, ApprovedPayment approved, string? key = null) => tpp.ApiAsync(
        HttpMethod.Post, OrderPath, approved.Token, approved.Order, signature: tpp.MessageSignature(approved.Order), idempotencyKey: key ?? approved.Key);

    /// <summary>The id of an order that was taken.</summary>
    public static string IdOf(Answer answer) => answer.Json.GetProperty("Data").GetProperty("DomesticPaymentId").GetString()!;
}
