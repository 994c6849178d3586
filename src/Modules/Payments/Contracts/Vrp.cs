using MediatR;
using OpenBanking.Kernel;

namespace OpenBanking.Payments.Contracts;

/// <summary>Asks what has been paid under a VRP consent and what may be paid now, for its customer; whose it is, the asker has made sure of.</summary>
/// <param name="Most">How many payments at most, the newest first.</param>
public sealed record DescribeVrpUse(string ConsentId, int Most) : IRequest<VrpUse>;

/// <summary>The answer to <see cref="DescribeVrpUse"/>.</summary>
/// <param name="Limits">Empty before the payments begin.</param>
public sealed record VrpUse(IReadOnlyList<VrpLimitUse> Limits, IReadOnlyList<VrpPayment> Payments);

/// <summary>What has been paid in the period of a limit that is now.</summary>
public sealed record VrpLimitUse(PeriodicLimit Limit, LimitPeriod Period, decimal Used)
{
    public Money Left => Period.Most with { Amount = Math.Max(0, Period.Most.Amount - Used) };
}

/// <summary>A payment in words for its customer.</summary>
public sealed record VrpPayment(string OrderId, DateTimeOffset At, Money Amount, string Payee, string? Reference, string Status, string StatusText);
