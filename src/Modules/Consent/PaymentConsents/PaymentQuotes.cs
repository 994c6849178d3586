using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// Keeps what the bank has said to a payment true until the customer approves it: a rate that has run out is replaced before the approval page is
/// made, and an approval of the page before does not fit any more (OB-INT-6).
/// </summary>
internal sealed class PaymentQuotes(ConsentDb db, Consents consents, ConsentOptions options, TimeProvider time)
{
    /// <summary>So much is left of a rate when its page is shown, as far as rates live that long.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromMinutes(15);

    /// <summary>What a payment is judged by now.</summary>
    public async Task<PaymentPlace> PlaceOfAsync(PaymentRequest payment, CancellationToken ct) => new(time.GetUtcNow(), options)
    {
        Contract = payment.Text("Data.Initiation.ExchangeRateInformation.ContractIdentification") is { } id
            ? await db.ExchangeContracts.SingleOrDefaultAsync(contract => contract.Id == id, ct)
            : null,
    };

    /// <summary>The consent with a rate that holds for a while.</summary>
    public Task<ConsentRecord> FreshAsync(ConsentRecord consent, CancellationToken ct) =>
        RenewAsync(consent, options.QuoteLife > Reserve ? Reserve : TimeSpan.Zero, ct);

    /// <summary>The consent with a rate that holds.</summary>
    public Task<ConsentRecord> HoldingAsync(ConsentRecord consent, CancellationToken ct) => RenewAsync(consent, TimeSpan.Zero, ct);

    private async Task<ConsentRecord> RenewAsync(ConsentRecord consent, TimeSpan left, CancellationToken ct)
    {
        if (consent.State != ConsentState.AWAU || !PaymentTypes.Serves(consent.Kind) || InternationalPayments.HoldsUntil(consent) is not { } until || until > time.GetUtcNow() + left)
            return consent;
        var payment = PaymentRequest.Of(consent);
        var quoted = PaymentTypes.Of(consent).Quote(payment, await PlaceOfAsync(payment, ct)).ToJson();
        await db.Consents.Where(row => row.Id == consent.Id && row.State == ConsentState.AWAU).ExecuteUpdateAsync(set => set.SetProperty(row => row.Quoted, quoted), ct);
        return await consents.FindAsync(consent.Id, ct) ?? consent;
    }
}
