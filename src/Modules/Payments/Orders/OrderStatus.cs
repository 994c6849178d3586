namespace OpenBanking.Payments.Orders;

/// <summary>The statuses of an order, by the codes of ISO 20022.</summary>
internal enum OrderStatus
{
    RCVD,
    PDNG,
    ACTC,
    PATC,
    ACCP,
    ACFC,
    ACSP,
    ACWC,
    ACSC,
    ACCC,
    ACWP,
    BLCK,
    RJCT,
    CANC,
    INCO,
    INFA,
}

/// <summary>
/// How the orders of a type go on, as a table: the steps in their order, any of which but the marked ones may be left out, and what may
/// follow what beside going forward. Whatever is in neither is refused, so no status ever goes back (OB-PST-1).
/// </summary>
/// <param name="Steps">Statuses of one step exclude each other.</param>
/// <param name="RejectableUntil">From there on nothing is rejected any more.</param>
/// <param name="Beside">What else may follow: from, to.</param>
internal sealed record OrderFlow(
    IReadOnlyList<IReadOnlyList<OrderStatus>> Steps, OrderStatus RejectableUntil, IReadOnlyList<(OrderStatus From, OrderStatus To)> Beside)
{
    /// <summary>A payment that goes at once, within the country or abroad.</summary>
    public static readonly OrderFlow Immediate = new(
        [
            [OrderStatus.RCVD], [OrderStatus.PDNG], [OrderStatus.ACTC, OrderStatus.PATC], [OrderStatus.ACCP], [OrderStatus.ACFC],
            [OrderStatus.ACSP], [OrderStatus.ACWC], [OrderStatus.ACSC], [OrderStatus.ACCC, OrderStatus.ACWP, OrderStatus.BLCK],
        ],
        OrderStatus.ACSC,
        [(OrderStatus.ACWP, OrderStatus.RJCT)]);

    /// <summary>A payment on a day to come: it waits, and until it goes its customer may stop it at the bank (OB-PIS-21).</summary>
    public static readonly OrderFlow Scheduled = Immediate with
    {
        Beside =
        [
            .. Immediate.Beside, (OrderStatus.RCVD, OrderStatus.CANC), (OrderStatus.PDNG, OrderStatus.CANC), (OrderStatus.ACTC, OrderStatus.CANC), (OrderStatus.PATC, OrderStatus.CANC),
            (OrderStatus.ACCP, OrderStatus.CANC), (OrderStatus.ACFC, OrderStatus.CANC),
        ],
    };

    /// <summary>A standing order: it waits as long as it has payments to come; each of them goes its own way.</summary>
    public static readonly OrderFlow Repeated = new(
        [[OrderStatus.RCVD], [OrderStatus.ACTC, OrderStatus.PATC], [OrderStatus.PDNG], [OrderStatus.INCO, OrderStatus.INFA, OrderStatus.CANC]], OrderStatus.PDNG, []);

    /// <summary>A file: taken, and then taken over as a whole or not (OB-FIL-9, OB-DEC-11). It has no status that says refused.</summary>
    public static readonly OrderFlow File = new([[OrderStatus.PDNG], [OrderStatus.INCO, OrderStatus.INFA]], OrderStatus.RJCT, []);

    public bool Allows(OrderStatus from, OrderStatus to)
    {
        if (Beside.Contains((from, to))) return true;
        var (at, next) = (StepOf(from), StepOf(to));
        if (at < 0) return false;
        return to == OrderStatus.RJCT ? at <= StepOf(RejectableUntil) : next > at;
    }

    /// <summary>Where an order is while others must approve it (OB-PIS-26, OB-PST-3): files have no status that says so.</summary>
    public OrderStatus WhileApproving => StepOf(OrderStatus.PATC) >= 0 ? OrderStatus.PATC : Steps[0][0];

    /// <summary>Where it goes on once all have; null where its status says nothing of approvals and stays.</summary>
    public OrderStatus? OnceApproved => StepOf(OrderStatus.PATC) is >= 0 and var at ? Steps[at + 1][0] : null;

    /// <summary>How it ends where one refuses, or nobody decides in time.</summary>
    public OrderStatus OnceRefused => Allows(WhileApproving, OrderStatus.RJCT) ? OrderStatus.RJCT : OrderStatus.INFA;

    public bool IsFinal(OrderStatus status) => !Enum.GetValues<OrderStatus>().Any(to => Allows(status, to));

    private int StepOf(OrderStatus status)
    {
        for (var step = 0; step < Steps.Count; step++)
        {
            if (Steps[step].Contains(status)) return step;
        }

        return -1;
    }
}
