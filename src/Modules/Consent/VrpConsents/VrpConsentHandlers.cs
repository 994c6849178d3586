using System.Text.Json;
using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.VrpConsents;

/// <summary>Says what may be paid under a VRP consent.</summary>
internal sealed class VrpConsentHandlers(Consents consents, ConsentDb db, CutOffs cutOffs, ConsentOptions options, SettlementDays days, TimeProvider time) :
    IRequestHandler<JudgeVrpOrder, VrpOrderVerdict>,
    IRequestHandler<FindVrpLimits, VrpLimits?>
{
    public async Task<VrpOrderVerdict> Handle(JudgeVrpOrder request, CancellationToken cancellationToken)
    {
        // Another type's consent is none here (PY-30).
        if (await consents.FindAsync(request.ConsentId, cancellationToken) is not { } found || found.Kind != ConsentKind.VariableRecurringPayments)
            return new VrpOrderVerdict.Refused(ConsentRefusal.Unknown);
        if (found.ClientId != request.ClientId) return new VrpOrderVerdict.Refused(ConsentRefusal.OfAnotherClient);

        // This row is the lock: of several orders at one moment each sees what those before it have left (OB-VRP-11, PY-29).
        var consent = await db.Consents.FromSql($"""SELECT * FROM consent.consents WHERE "Id" = {request.ConsentId} FOR UPDATE""").AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (consent is not { State: ConsentState.AUTH }) return new VrpOrderVerdict.Refused(ConsentRefusal.NotAuthorised);
        if (cutOffs.Refuses(consent.Kind)) return new VrpOrderVerdict.TooLate();

        var asked = PaymentRequest.Of(consent);
        var limits = new ControlParameters(asked).LimitsOf(consent.GrantedAt!.Value);
        var order = new PaymentRequest(JsonElement.Parse(request.Order));
        var account = asked.Debtor ?? VrpConsentAnswer.Told(consent);
        if (VrpOrderRules.Faults(new VrpOrdered(asked, order, account, limits.Start, new PaymentPlace(time.GetUtcNow(), options, days))) is { Count: > 0 } faults)
            return new VrpOrderVerdict.NotAsApproved(faults);
        return new VrpOrderVerdict.Allowed(consent.CustomerId!, consent.AccountIds!.Single(), order.Of("Data.Instruction.InstructedAmount")!.Value, limits)
        {
            GivesRefundAccount = asked.Text("Data.ReadRefundAccount") == "Yes",
        };
    }

    public async Task<VrpLimits?> Handle(FindVrpLimits request, CancellationToken cancellationToken)
    {
        if (ConsentKind.OfId(request.ConsentId) != ConsentKind.VariableRecurringPayments) return null;
        var consent = await db.Consents.AsNoTracking().SingleOrDefaultAsync(row => row.Id == request.ConsentId, cancellationToken);
        return consent is { GrantedAt: { } granted } ? new ControlParameters(PaymentRequest.Of(consent)).LimitsOf(granted) : null;
    }
}
