using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// Keeps what the bank has said to a payment true until the customer approves it: a rate that has run out, and a day whose hour has passed, are
/// replaced before the approval page is made, and an approval of the page before does not fit any more (OB-INT-6, OB-PIS-17).
/// </summary>
internal sealed class PaymentQuotes(ConsentDb db, Consents consents, CutOffs cutOffs, SettlementDays days, ConsentOptions options, TimeProvider time)
{
    /// <summary>So much is left of a rate when its page is shown, as far as rates live that long.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromMinutes(15);

    /// <summary>What a payment is judged by now.</summary>
    public async Task<PaymentPlace> PlaceOfAsync(ConsentKind kind, PaymentRequest payment, CancellationToken ct) => PlaceOf(kind) with
    {
        Contract = payment.Text("Data.Initiation.ExchangeRateInformation.ContractIdentification") is { } id
            ? await db.ExchangeContracts.SingleOrDefaultAsync(contract => contract.Id == id, ct)
            : null,
    };

    public PaymentPlace PlaceOf(ConsentKind kind) => new(time.GetUtcNow(), options, days) { Hour = cutOffs.Of(kind) };

    /// <summary>The consent with a rate that holds for a while.</summary>
    public Task<ConsentRecord> FreshAsync(ConsentRecord consent, CancellationToken ct) =>
        RenewAsync(consent, options.QuoteLife > Reserve ? Reserve : TimeSpan.Zero, ct);

    /// <summary>The consent with a rate that holds.</summary>
    public Task<ConsentRecord> HoldingAsync(ConsentRecord consent, CancellationToken ct) => RenewAsync(consent, TimeSpan.Zero, ct);

    /// <summary>What was said to an approved payment, with its times as they are when it is ordered now (OB-PIS-19).</summary>
    public async Task<string?> WhenOrderedAsync(ConsentRecord consent, PaymentRequest payment, CancellationToken ct)
    {
        if (consent.Quoted is not { } quoted) return null;
        var fresh = PaymentTypes.Of(consent).Quote(payment, await PlaceOfAsync(consent.Kind, payment, ct));
        return IsLater(fresh, consent) ? fresh.InTimeOf(quoted) : quoted;
    }

    private async Task<ConsentRecord> RenewAsync(ConsentRecord consent, TimeSpan left, CancellationToken ct)
    {
        if (consent.State != ConsentState.AWAU || !PaymentTypes.Serves(consent.Kind)) return consent;
        var payment = PaymentRequest.Of(consent);
        var fresh = PaymentTypes.Of(consent).Quote(payment, await PlaceOfAsync(consent.Kind, payment, ct));
        var hasRunOut = InternationalPayments.HoldsUntil(consent) is { } until && until <= time.GetUtcNow() + left;
        if (!hasRunOut && !IsLater(fresh, consent)) return consent;
        var quoted = hasRunOut ? fresh.ToJson() : fresh.InTimeOf(consent.Quoted!);
        await db.Consents.Where(row => row.Id == consent.Id && row.State == ConsentState.AWAU).ExecuteUpdateAsync(set => set.SetProperty(row => row.Quoted, quoted), ct);
        return await consents.FindAsync(consent.Id, ct) ?? consent;
    }

    /// <summary>Whether its day has moved on since it was said: what goes at once is no later for that.</summary>
    private bool IsLater(PaymentQuote fresh, ConsentRecord consent) =>
        fresh.Execution is { } execution && execution > time.GetUtcNow() && PaymentQuote.ExecutionOf(consent) < execution;
}
