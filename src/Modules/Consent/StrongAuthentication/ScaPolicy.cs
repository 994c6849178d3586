using System.Globalization;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Consent.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.StrongAuthentication;

/// <summary>
/// Whether a payment's customer must authenticate strongly for it, by the rows of <see cref="ScaDemand"/> and <see cref="ScaExemption"/>. Each
/// decision goes with its article into the audit, into the log of decisions, and beside the evidence (OB-SCA-8).
/// </summary>
internal sealed partial class ScaPolicy(ConsentDb db, ConsentOptions options, IMediator mediator, TimeProvider time, ILoggerFactory logs)
{
    /// <summary>The log that the decisions on sign-ins stand in too.</summary>
    public const string Category = "OpenBanking.Decisions";

    /// <summary>No older is the authentication of whoever decides on a payment (CON-05).</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromMinutes(5);

    /// <summary>Whether the page of a payment asks for the passkey. It says what will be decided as things stand; what counts is the decision.</summary>
    public async Task<bool> AsksAsync(ConsentRecord consent, string customerId, IReadOnlyList<OwnAccount> own, CancellationToken ct)
    {
        if (await SignalsOfAsync(consent, customerId, own, ct) is not { } signals) return true;
        foreach (var exemption in Usable(signals))
        {
            if (exemption != ScaExemption.LowValue) return false;
            var count = await db.LowValueCounts.SingleOrDefaultAsync(row => row.CustomerId == customerId, ct);
            if (count is null || LowValueCount.HasRoom(count.Count, count.Euros, signals.Euros)) return false;
        }

        return true;
    }

    /// <summary>
    /// Decides on a payment that its customer approves now. A passkey that has signed it is always enough; without one it takes an exemption that the
    /// bank makes use of. What comes out otherwise is the rule that wants the passkey.
    /// </summary>
    public async Task<Outcome<ScaDecision, string>> DecideAsync(
        ConsentRecord consent, string customerId, AuthenticationEvidence evidence, IReadOnlyList<OwnAccount> own, CancellationToken ct)
    {
        if (time.GetUtcNow() > evidence.AuthenticatedAt + Freshness) return "CON-05";
        var signals = await SignalsOfAsync(consent, customerId, own, ct);
        if (evidence.Signature is not null)
        {
            await db.LowValueCounts.Where(row => row.CustomerId == customerId).ExecuteDeleteAsync(ct);
            return await NoteAsync(ScaDecision.Applied, consent, consent.Id, customerId, signals, ct);
        }

        foreach (var exemption in signals is null ? [] : Usable(signals))
        {
            if (exemption == ScaExemption.LowValue && !await CountAsync(customerId, signals!.Euros, ct)) continue;
            return await NoteAsync(ScaDecision.Of(exemption), consent, consent.Id, customerId, signals, ct);
        }

        return "OB-SCA-2";
    }

    /// <summary>Notes by which article a payment goes for which its customer is not asked, because an earlier authentication covers it.</summary>
    /// <param name="transferId">The one payment.</param>
    public async Task<ScaDecision> NoteUnattendedAsync(ConsentRecord consent, string transferId, bool isFirst, CancellationToken ct) =>
        await NoteAsync(isFirst ? ScaDecision.Applied : ScaDecision.Of(ScaExemption.Recurring), consent, transferId, consent.CustomerId!, null, ct);

    /// <summary>How old the authentication may be when the order comes; null where that does not matter.</summary>
    public TimeSpan? FreshFor(Money debit) => ScaDemand.All.Any(demand => demand.IsFresh && demand.Holds(ValueOf(debit), options)) ? options.FreshFor : null;

    private IEnumerable<ScaExemption> Usable(ScaSignals signals) => ScaDemand.All.Any(demand => demand.Holds(signals, options))
        ? []
        : ScaExemption.All.Where(exemption => options.Exemptions.Contains(exemption.Name, StringComparer.Ordinal) && exemption.Holds(signals));

    /// <summary>Null for what is no single payment whose payee is known; for that there is no exemption.</summary>
    private async Task<ScaSignals?> SignalsOfAsync(ConsentRecord consent, string customerId, IReadOnlyList<OwnAccount> own, CancellationToken ct)
    {
        if (!PaymentTypes.Serves(consent.Kind) || PaymentRequest.Of(consent) is not { Creditor: { } payee } payment) return null;
        var asksTrust = options.Exemptions.Contains(ScaExemption.TrustedPayee.Name, StringComparer.Ordinal) && own.Count > 0;
        var trusted = asksTrust ? await mediator.Send(new ListTrustedPayees(customerId, own[0].AccountId), ct) : [];
        return ValueOf(PaymentTypes.Of(consent).Debit(payment, consent)) with
        {
            // Another holder, or whoever acts for a firm, is not the payer.
            PayeeIsPayer = own.Any(account => account is { IsJoint: false, ApproversNeeded: 1 } && payee.Is(account)),
            PayeeIsTrusted = trusted.Any(one => payee.Is(new PaymentRequest.Named(one.Scheme, one.Identification, one.Name))),
            BeginsSeries = payment.Has("Data.Initiation.MandateRelatedInformation"),
            Wish = payment.Text("Data.SCASupportData.RequestedSCAExemptionType"),
        };
    }

    private ScaSignals ValueOf(Money debit)
    {
        var pounds = debit.Amount / (options.RateOf(debit.Currency) ?? 1);
        return new ScaSignals(pounds, pounds * (options.RateOf("EUR") ?? 1));
    }

    // The insert is the lock: of several payments at one moment no more go through than there is room for.
    private async Task<bool> CountAsync(string customerId, decimal euros, CancellationToken ct) => await db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO consent.low_value_counts AS c ("CustomerId", "Count", "Euros", "Since") VALUES ({customerId}, 1, {euros}, {time.GetUtcNow()})
        ON CONFLICT ("CustomerId") DO UPDATE SET "Count" = c."Count" + 1, "Euros" = c."Euros" + excluded."Euros"
        WHERE c."Count" < {LowValueCount.MostInARow} AND c."Euros" + excluded."Euros" <= {LowValueCount.MostTogether}
        """,
        ct) == 1;

    private async Task<ScaDecision> NoteAsync(ScaDecision decision, ConsentRecord consent, string subject, string customerId, ScaSignals? signals, CancellationToken ct)
    {
        Log.Decided(logs.CreateLogger(Category), subject, decision.Name, decision.Article, signals?.Wish ?? "none");
        var facts = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["consent"] = consent.Id,
            ["client"] = consent.ClientId,
            ["customer"] = customerId,
            ["decision"] = decision.Name,
            ["article"] = decision.Article,
            ["wish"] = signals?.Wish,
            ["euros"] = signals?.Euros.ToString("0.00", CultureInfo.InvariantCulture),
        };
        await mediator.Publish(new AuditedFact("payment.sca", subject, time.GetUtcNow(), facts), ct);
        return decision;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Strong authentication for {Subject}: {Decision} by {Article}, wished for: {Wish}")]
        public static partial void Decided(ILogger logger, string subject, string decision, string article, string wish);
    }
}
