namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>Why one try at the core came to nothing. It does not leave the connector.</summary>
/// <param name="reason">For the log; nothing of what the core said is in it.</param>
/// <param name="mayPass">Whether another try can end otherwise: not where the core has understood and said something wrong.</param>
internal sealed class CoreFault(string reason, bool mayPass, TimeSpan? retryAfter = null, Exception? cause = null) : Exception(reason, cause)
{
    public bool MayPass { get; } = mayPass;

    /// <summary>What the core itself has said of when to come again.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
