using OpenBanking.Consent.Contracts;

namespace OpenBanking.Consent;

/// <summary>The states of the standard, by their codes there; <see cref="GONE"/> is ours: deleted, kept only as evidence.</summary>
internal enum ConsentState
{
    AWAU,
    AUTH,
    RJCT,
    COND,
    CANC,
    EXPD,
    GONE,

    /// <summary>Its file has not come yet.</summary>
    AWUP,
}

/// <summary>What can happen to a consent.</summary>
internal enum ConsentEvent
{
    Create,
    Authorise,
    Reject,
    Cancel,

    /// <summary>The bank stops the access, for suspected fraud or because its customer must authenticate again.</summary>
    Suspend,
    Expire,

    /// <summary>The order was accepted; a payment consent is good for one.</summary>
    Consume,
    Delete,

    /// <summary>The other holder of a joint account takes it out of the access (D-11).</summary>
    StopAccount,

    /// <summary>Its file has come and is what was said of it.</summary>
    Upload,
}

/// <summary>A row of a consent kind's state table: what an event does in a state, and the reason code that goes with the new state.</summary>
/// <param name="From">Null before there is a consent.</param>
/// <param name="ReasonCode">Unless who causes it knows a more exact one.</param>
internal sealed record Transition(ConsentState? From, ConsentEvent On, ConsentState To, string? ReasonCode = null);

/// <summary>
/// The state machine of each consent kind, as a table. A pair of state and event that has no row is refused, so nothing ever leaves
/// a terminal state except by the third party's own deletion (OB-CON-1, CO-09).
/// </summary>
internal static class States
{
    /// <summary>Account access: long-lived, may be authorised again while authorised or cancelled (OB-CON-12).</summary>
    public static readonly IReadOnlyList<Transition> AccountAccess =
    [
        new(null, ConsentEvent.Create, ConsentState.AWAU, "U036"),
        new(ConsentState.AWAU, ConsentEvent.Authorise, ConsentState.AUTH, "U038"),
        new(ConsentState.AUTH, ConsentEvent.Authorise, ConsentState.AUTH),
        new(ConsentState.CANC, ConsentEvent.Authorise, ConsentState.AUTH),
        new(ConsentState.AWAU, ConsentEvent.Reject, ConsentState.RJCT, "U037"),
        new(ConsentState.AUTH, ConsentEvent.Cancel, ConsentState.CANC, "CUST"),
        new(ConsentState.AUTH, ConsentEvent.Suspend, ConsentState.CANC, "TKSP"),
        new(ConsentState.AUTH, ConsentEvent.StopAccount, ConsentState.AUTH),
        new(ConsentState.AUTH, ConsentEvent.Expire, ConsentState.EXPD, "TKXP"),

        // Clearing up works in every state that can be read (OB-CON-14).
        new(ConsentState.AWAU, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.AUTH, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.RJCT, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.CANC, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.EXPD, ConsentEvent.Delete, ConsentState.GONE),
    ];

    /// <summary>
    /// One payment: authorised once and consumed by its order. It has no way back: neither its customer nor its third party can revoke or
    /// delete it after authorisation, and nobody authorises it again (OB-CON-6).
    /// </summary>
    public static readonly IReadOnlyList<Transition> Payment =
    [
        new(null, ConsentEvent.Create, ConsentState.AWAU, "U036"),
        new(ConsentState.AWAU, ConsentEvent.Authorise, ConsentState.AUTH, "U038"),
        new(ConsentState.AWAU, ConsentEvent.Reject, ConsentState.RJCT, "U037"),
        new(ConsentState.AUTH, ConsentEvent.Consume, ConsentState.COND, "U035"),
    ];

    /// <summary>A file of payments: as one payment, once its file is there; one that is not what was said of it ends the consent (OB-FIL-1, OB-FIL-2, OB-FIL-3).</summary>
    public static readonly IReadOnlyList<Transition> File =
    [
        new(null, ConsentEvent.Create, ConsentState.AWUP),
        new(ConsentState.AWUP, ConsentEvent.Upload, ConsentState.AWAU, "U036"),
        new(ConsentState.AWUP, ConsentEvent.Reject, ConsentState.RJCT, "U002"),
        .. Payment.Where(row => row.From is not null),
    ];

    /// <summary>Variable recurring payments: long-lived as account access, of one account, never consumed.</summary>
    public static readonly IReadOnlyList<Transition> VariableRecurringPayments = [.. AccountAccess.Where(row => row.On != ConsentEvent.StopAccount)];

    /// <summary>
    /// Funds confirmation: long-lived, of one account. While authorised it may be authorised again; once cancelled it takes a new consent,
    /// because the standard names no other way (OB-CON-12).
    /// </summary>
    public static readonly IReadOnlyList<Transition> FundsConfirmation =
        [.. VariableRecurringPayments.Where(row => (row.From, row.On) != (ConsentState.CANC, ConsentEvent.Authorise))];

    private static readonly Dictionary<ConsentKind, IReadOnlyList<Transition>> Tables = new()
    {
        [ConsentKind.AccountAccess] = AccountAccess,
        [ConsentKind.DomesticPayment] = Payment,
        [ConsentKind.DomesticScheduledPayment] = Payment,
        [ConsentKind.DomesticStandingOrder] = Payment,
        [ConsentKind.InternationalPayment] = Payment,
        [ConsentKind.InternationalScheduledPayment] = Payment,
        [ConsentKind.InternationalStandingOrder] = Payment,
        [ConsentKind.FilePayment] = File,
        [ConsentKind.VariableRecurringPayments] = VariableRecurringPayments,
        [ConsentKind.FundsConfirmation] = FundsConfirmation,
    };

    public static IReadOnlyList<Transition> Of(ConsentKind kind) => Tables[kind];

    /// <summary>The kinds whose table knows an event.</summary>
    public static IEnumerable<ConsentKind> KindsWith(ConsentEvent on) => Tables.Where(table => table.Value.Any(row => row.On == on)).Select(table => table.Key);

    /// <summary>What an event does in a state; null where it is refused.</summary>
    public static Transition? Next(IReadOnlyList<Transition> table, ConsentState? from, ConsentEvent on) =>
        table.FirstOrDefault(row => row.From == from && row.On == on);
}
