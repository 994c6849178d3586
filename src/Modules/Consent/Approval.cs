using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Consent.StrongAuthentication;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;

namespace OpenBanking.Consent;

/// <summary>
/// What the approval page shows, with the canonical form that the digest is taken over and that is kept as evidence: who asks, for what
/// and for how long, in full (F2-PAR-13, F1-24, RAR-06).
/// </summary>
internal sealed record Approval(ApprovalDocument Document, string Canonical)
{
    // Evidence is read by people: names stay as they are written.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="own">The customer's accounts, of which a continued consent shows the shared ones.</param>
    public static Approval Of(KindRules rules, ConsentRecord consent, ClientDescription client, IReadOnlyList<OwnAccount> own)
    {
        var continues = consent.CustomerId is not null;
        var shared = consent.SharedAccountIds();
        var terms = rules.Show(consent, own);
        var accounts = terms.Accounts
            .Where(account => !continues || shared.Contains(account.AccountId))
            .Select(account => new ApprovalAccount(account.AccountId, account.Name, account.IdentificationShown, account.Currency, account.IsJoint)
            {
                ApproversNeeded = terms.Payment is null ? 1 : account.ApproversNeeded,
            })
            .ToList();
        var document = new ApprovalDocument(
            consent.Id,
            client.Name,
            client.OnBehalfOf,
            accounts,
            terms.Groups,
            consent.ExpiresAt,
            consent.TransactionsFrom,
            consent.TransactionsTo,
            continues,
            Digest: string.Empty)
        {
            Kind = consent.Kind,
            OrganisationName = client.OrganisationName,
            ChoosesAccounts = terms.ChoosesAccounts && !continues,
            Payment = terms.Payment,
        };
        var canonical = Canonicalise(document, consent.ClientId);
        return new Approval(document with { Digest = Base64Url.EncodeToString(SHA256.HashData(canonical)) }, System.Text.Encoding.UTF8.GetString(canonical));
    }

    /// <summary>What is kept of it once a customer has given it.</summary>
    /// <param name="strong">What was decided on strong authentication, where it is a payment.</param>
    /// <param name="isFurther">Another has given the consent, and this is one more approval of its payment.</param>
    public ApprovalEvidence Evidence(string customerId, string[] accounts, AuthenticationEvidence by, DateTimeOffset now, ScaDecision? strong, bool isFurther = false) => new()
    {
        IsFurther = isFurther,
        Sca = strong?.Name,
        ScaArticle = strong?.Article,
        Id = Guid.CreateVersion7(now),
        ConsentId = Document.ConsentId,
        At = now,
        CustomerId = customerId,
        Document = Canonical,
        Digest = Document.Digest,
        AccountIds = accounts,
        AuthenticatedAt = by.AuthenticatedAt,
        PasskeyId = by.PasskeyId,
        SignedRequest = by.Signature?.Request,
        SignedNonce = by.Signature?.Nonce,
        ClientData = by.Signature?.ClientData,
        AuthenticatorData = by.Signature?.AuthenticatorData,
        Signature = by.Signature?.Signature,
        PublicKey = by.Signature?.PublicKey,
        Address = by.From.Address,
        UserAgent = Shortened.To(512, by.From.UserAgent),
    };

    /// <summary>One spelling of the document: fixed members in fixed order, dates in UTC, no insignificant byte (CO-07, CON-01).</summary>
    private static byte[] Canonicalise(ApprovalDocument document, string clientId)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            json.WriteString("kind", document.Kind.Name);
            json.WriteString("consent", document.ConsentId);
            json.WriteString("client", clientId);
            json.WriteString("name", document.ClientName);
            json.WriteString("organisation", document.OrganisationName);
            json.WriteString("onBehalfOf", document.OnBehalfOf);
            json.WriteStartArray("accounts");
            foreach (var account in document.Accounts)
            {
                json.WriteStartObject();
                json.WriteString("id", account.AccountId);
                json.WriteString("name", account.Name);
                json.WriteString("detail", account.Detail);
                json.WriteString("currency", account.Currency);
                json.WriteBoolean("joint", account.IsJoint);
                if (account.ApproversNeeded > 1) json.WriteNumber("approvers", account.ApproversNeeded);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("data");
            foreach (var group in document.Groups)
            {
                json.WriteStartObject();
                json.WriteString("title", group.Title);
                json.WriteStartArray("parts");
                foreach (var part in group.Parts) json.WriteStringValue(part);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (document.Payment is { } payment) Write(json, payment);
            json.WriteString("expires", Moment(document.Expires));
            json.WriteString("transactionsFrom", Moment(document.TransactionsFrom));
            json.WriteString("transactionsTo", Moment(document.TransactionsTo));
            json.WriteBoolean("continues", document.Continues);
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <summary>Amount, currency, payee and the payee's account, and all that was shown beside them (OB-SCA-2).</summary>
    private static void Write(Utf8JsonWriter json, ShownPayment payment)
    {
        json.WriteStartObject("payment");
        json.WriteString("amount", payment.Amount.ToWire());
        json.WriteString("currency", payment.Amount.Currency);
        json.WriteString("payee", payment.PayeeName);
        json.WriteString("payeeAccount", payment.PayeeAccount);
        json.WriteStartArray("lines");
        foreach (var line in payment.Lines)
        {
            json.WriteStartObject();
            json.WriteString("label", line.Label);
            json.WriteString("value", line.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("refundAccount", payment.GivesRefundAccount);
        json.WriteEndObject();
    }

    private static string? Moment(DateTimeOffset? value) => value?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
