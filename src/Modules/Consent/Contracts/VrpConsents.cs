using MediatR;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.Contracts;

/// <summary>
/// Asks whether an order is one that a VRP consent allows, what was paid before apart. The consent is held until the transaction ends: orders
/// under one consent come one after the other, and none is taken while the access is being stopped (OB-VRP-11).
/// </summary>
/// <param name="Order">As it was sent and found to be as the schema says: an object with <c>Data</c> and <c>Risk</c>.</param>
public sealed record JudgeVrpOrder(string ConsentId, string ClientId, string Order) : IRequest<VrpOrderVerdict>;

/// <summary>The answer to <see cref="JudgeVrpOrder"/>.</summary>
public abstract record VrpOrderVerdict
{
    private VrpOrderVerdict() { }

    /// <summary>It is one of those that were approved; the limits of the periods are left to whoever knows what was paid.</summary>
    public sealed record Allowed(string CustomerId, string AccountId, Money Amount, VrpLimits Limits) : VrpOrderVerdict
    {
        /// <summary>The third party asked for the payer's account, for refunds (OB-PIS-16).</summary>
        public bool GivesRefundAccount { get; init; }
    }

    public sealed record Refused(ConsentRefusal Reason) : VrpOrderVerdict;

    /// <summary>It is not what was approved.</summary>
    public sealed record NotAsApproved(IReadOnlyList<ApiFault> Faults) : VrpOrderVerdict;

    /// <summary>The bank's hour has passed, and it refuses what comes later (OB-PIS-18).</summary>
    public sealed record TooLate : VrpOrderVerdict;
}

/// <summary>What may be paid under a VRP consent.</summary>
/// <param name="Start">The day from which it is counted (OB-VRP-6).</param>
public sealed record VrpLimits(DateOnly Start, Money MostPerPayment, IReadOnlyList<PeriodicLimit> Periods);

/// <summary>Asks what may be paid under a VRP consent, whoever asks; null where it was never authorised, or is none.</summary>
public sealed record FindVrpLimits(string ConsentId) : IRequest<VrpLimits?>;
