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

    public bool Allows(OrderStatus from, OrderStatus to)
    {
        if (Beside.Contains((from, to))) return true;
        var (at, next) = (StepOf(from), StepOf(to));
        if (at < 0) return false;
        return to == OrderStatus.RJCT ? at <= StepOf(RejectableUntil) : next > at;
    }

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
