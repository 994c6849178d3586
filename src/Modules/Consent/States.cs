namespace OpenBanking.Consent;

/// <summary>The states of the standard, by their codes there; <see cref="GONE"/> is ours: deleted, kept only as evidence.</summary>
internal enum ConsentState
{
    AWAU,
    AUTH,
    RJCT,
    CANC,
    EXPD,
    GONE,
}

/// <summary>What can happen to a consent.</summary>
internal enum ConsentEvent
{
    Create,
    Authorise,
    Reject,
    Cancel,
    Expire,
    Delete,

    /// <summary>The other holder of a joint account takes it out of the access (D-11).</summary>
    StopAccount,
}

/// <summary>A row of a consent kind's state table: what an event does in a state, and the reason code that goes with the new state.</summary>
internal sealed record Transition(ConsentState From, ConsentEvent On, ConsentState To, string? ReasonCode = null);

/// <summary>
/// The state machine of each consent kind, as a table. A pair of state and event that has no row is refused, so nothing ever leaves
/// a terminal state except by the third party's own deletion (OB-CON-1, CO-09).
/// </summary>
internal static class States
{
    /// <summary>Account access: long-lived, may be authorised again while authorised or cancelled (OB-CON-12).</summary>
    public static readonly IReadOnlyList<Transition> AccountAccess =
    [
        new(ConsentState.AWAU, ConsentEvent.Authorise, ConsentState.AUTH, "U038"),
        new(ConsentState.AUTH, ConsentEvent.Authorise, ConsentState.AUTH),
        new(ConsentState.CANC, ConsentEvent.Authorise, ConsentState.AUTH),
        new(ConsentState.AWAU, ConsentEvent.Reject, ConsentState.RJCT, "U037"),
        new(ConsentState.AUTH, ConsentEvent.Cancel, ConsentState.CANC, "CUST"),
        new(ConsentState.AUTH, ConsentEvent.StopAccount, ConsentState.AUTH),
        new(ConsentState.AUTH, ConsentEvent.Expire, ConsentState.EXPD, "TKXP"),

        // Clearing up works in every state that can be read (OB-CON-14).
        new(ConsentState.AWAU, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.AUTH, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.RJCT, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.CANC, ConsentEvent.Delete, ConsentState.GONE),
        new(ConsentState.EXPD, ConsentEvent.Delete, ConsentState.GONE),
    ];

    /// <summary>What an event does in a state; null where it is refused.</summary>
    public static Transition? Next(IReadOnlyList<Transition> table, ConsentState from, ConsentEvent on) =>
        table.FirstOrDefault(row => row.From == from && row.On == on);
}
