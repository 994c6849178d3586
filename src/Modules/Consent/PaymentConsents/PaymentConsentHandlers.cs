using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents.Files;
using OpenBanking.Consent.Storage;
using OpenBanking.Consent.StrongAuthentication;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>Says what may be paid under a consent, and uses it up for its one order (OB-PIS-5).</summary>
internal sealed class PaymentConsentHandlers(Consents consents, ConsentDb db, CutOffs cutOffs, PaymentQuotes quotes, ScaPolicy sca, ConsentOptions options, TimeProvider time) :
    IRequestHandler<OpenPaymentConsent, PaymentConsentDecision>,
    IRequestHandler<ConsumePaymentConsent, bool>,
    IRequestHandler<NoteUnattendedPayment, Unit>,
    IRequestHandler<ListDuePayments, IReadOnlyList<DuePayment>>,
    IRequestHandler<DescribeApprovedPayment, ShownPayment?>
{
    public async Task<PaymentConsentDecision> Handle(OpenPaymentConsent request, CancellationToken cancellationToken)
    {
        // A consent of another type of payment is none here (PY-30), and of no other version either: all are made by this one (OB-PIS-23).
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent || consent.Kind != request.Kind)
            return new PaymentConsentDecision.Refused(ConsentRefusal.Unknown);
        if (consent.ClientId != request.ClientId) return new PaymentConsentDecision.Refused(ConsentRefusal.OfAnotherClient);

        // A payment that nobody has ordered for a day is not what its customer thinks of any more (OB-CON-8).
        if (consent.State != ConsentState.AUTH || time.GetUtcNow() >= consent.StateChangedAt + options.OrderWindow)
            return new PaymentConsentDecision.Refused(ConsentRefusal.NotAuthorised);

        // Nor at a rate that holds no longer (OB-INT-6).
        if (InternationalPayments.HoldsUntil(consent) <= time.GetUtcNow()) return new PaymentConsentDecision.Refused(ConsentRefusal.NotAuthorised);
        if (cutOffs.Refuses(consent.Kind)) return new PaymentConsentDecision.TooLate();
        var (debit, transfer) = AmountsOf(consent);
        var quoted = await quotes.WhenOrderedAsync(consent, PaymentRequest.Of(consent), cancellationToken);
        return new PaymentConsentDecision.Granted(consent.CustomerId!, consent.AccountIds!.Single(), consent.Terms!, quoted)
        {
            Debit = debit,
            Transfer = transfer,
            Charge = PaymentQuote.DueOf(consent),
            FreshFor = sca.FreshFor(debit),
        };
    }

    public async Task<Unit> Handle(NoteUnattendedPayment request, CancellationToken cancellationToken)
    {
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is { } consent) await sca.NoteUnattendedAsync(consent, request.TransferId, request.IsFirst, cancellationToken);
        return Unit.Value;
    }

    public async Task<bool> Handle(ConsumePaymentConsent request, CancellationToken cancellationToken) =>
        await consents.FindAsync(request.ConsentId, cancellationToken) is { } consent
        && consent.ClientId == request.ClientId
        && await consents.MoveAsync(
            consent, ConsentEvent.Consume, new Cause(Actor.ThirdParty, request.ClientId, Reason: $"The order {request.OrderId} was accepted."), cancellationToken);

    public async Task<IReadOnlyList<DuePayment>> Handle(ListDuePayments request, CancellationToken cancellationToken)
    {
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } consent) return [];
        var payment = PaymentRequest.Of(consent);
        if (consent.FilePayments is { } count) return await InFileAsync(consent, payment, request, count, cancellationToken);
        if (StandingOrders.Of(payment, consent.CreatedAt) is not { } series) return [];
        var (debit, transfer) = AmountsOf(consent);
        return
        [
            .. series.Days().Skip(request.From).Take(request.Count).Select((day, index) => (Day: day, Number: request.From + index))
                .Select(due => new DuePayment(due.Number, due.Day, transfer is null ? StandingOrders.AmountOf(payment, series, due.Number) : debit, transfer, series.IsLast(due.Number))),
        ];
    }

    public async Task<ShownPayment?> Handle(DescribeApprovedPayment request, CancellationToken cancellationToken) =>
        await consents.FindAsync(request.ConsentId, cancellationToken) is { } consent && consent.CustomerId == request.CustomerId && PaymentTypes.Serves(consent.Kind)
            ? PaymentTypes.Of(consent).Show(PaymentRequest.Of(consent), consent)
            : null;

    private async Task<IReadOnlyList<DuePayment>> InFileAsync(ConsentRecord consent, PaymentRequest payment, ListDuePayments request, int count, CancellationToken ct)
    {
        var stored = await db.Files.AsNoTracking().SingleAsync(file => file.ConsentId == consent.Id, ct);
        using var content = new MemoryStream(stored.Content, writable: false);
        var format = FileFormat.Find(payment.Text("Data.Initiation.FileType"))!;
        if ((await format.ReadAsync(content, count, ct)).Failed(out _, out var payments)) throw new InvalidOperationException("A file was taken that cannot be read.");
        var day = WorkingDays.DayOf(FilePayments.ExecutionOf(payment, consent.StateChangedAt, quotes.PlaceOf(consent.Kind)));
        return
        [
            .. payments.Skip(request.From).Take(request.Count).Select(one => new DuePayment(one.Number, day, one.Amount, null, one.Number == count - 1)
            {
                Payee = new DuePayee(one.Creditor.Scheme, one.Creditor.Identification, one.Creditor.Name!, one.EndToEnd, one.Reference),
            }),
        ];
    }

    /// <summary>What leaves the account, and what arrives where that is another currency.</summary>
    private (Money Debit, Money? Transfer) AmountsOf(ConsentRecord consent)
    {
        var payment = PaymentRequest.Of(consent);
        if (!payment.Has("Data.Initiation.CurrencyOfTransfer")) return (PaymentTypes.Of(consent).Debit(payment, consent), null);
        var amounts = InternationalPayments.QuotedRate(consent) is null
            ? InternationalPayments.AmountsAt(payment, options)
            : InternationalPayments.AmountsNow(payment, consent, options);
        return (amounts.Debit, amounts.Transfer.Currency == amounts.Debit.Currency ? null : amounts.Transfer);
    }
}

/// <summary>Keeps contracts on rates.</summary>
internal sealed class KeepExchangeContractHandler(ConsentDb db) : AsyncRequestHandler<KeepExchangeContract>
{
    protected override async Task Handle(KeepExchangeContract request, CancellationToken cancellationToken)
    {
        await db.ExchangeContracts.Where(contract => contract.Id == request.Id).ExecuteDeleteAsync(cancellationToken);
        if (request.Rate is not { } rate) return;
        db.Add(new ExchangeContract { Id = request.Id, From = request.From, To = request.To, Rate = rate });
        await db.SaveChangesAsync(cancellationToken);
    }
}
