using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Consent;

/// <summary>What was kept of the last approval of a consent.</summary>
internal sealed class DescribeEvidenceHandler(ConsentDb db) : IRequestHandler<DescribeEvidence, KeptApproval?>
{
    public async Task<KeptApproval?> Handle(DescribeEvidence request, CancellationToken cancellationToken)
    {
        if (!Consents.IsWellFormed(request.ConsentId)) return null;
        var rows = await db.Evidence.Where(row => row.ConsentId == request.ConsentId).OrderByDescending(row => row.Id).ToListAsync(cancellationToken);
        return rows.FirstOrDefault(row => !row.IsFurther) is { } given
            ? Describe(given) with { Further = [.. rows.Where(row => row.IsFurther).Reverse().Select(Describe)] }
            : null;
    }

    private static KeptApproval Describe(ApprovalEvidence kept)
    {
        var signature = kept is { SignedRequest: { } id, SignedNonce: { } nonce, ClientData: { } client, AuthenticatorData: { } data, Signature: { } signed, PublicKey: { } key }
            ? new PasskeySignature(id, nonce, client, data, signed, key)
            : null;
        var digest = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(kept.Document)));
        return new KeptApproval(
            kept.At, kept.CustomerId, kept.Document, kept.Digest, digest == kept.Digest, kept.AccountIds, kept.Address, signature, PaymentOf(JsonElement.Parse(kept.Document)))
        {
            Sca = kept is { Sca: { } name, ScaArticle: { } article } ? new KeptSca(name, article) : null,
        };
    }

    private static KeptPayment? PaymentOf(JsonElement document) => document.TryGetProperty("payment", out var payment)
        ? new KeptPayment(payment.GetProperty("amount").GetString()!, payment.GetProperty("currency").GetString()!, payment.GetProperty("payee").GetString()!) { Shown = payment.GetRawText() }
        : null;
}
