namespace OpenBanking.Accounts.Contracts;

/// <summary>
/// The bank's own system does not answer, is slow, or answers what cannot be believed: nothing can be said of accounts just now, and the
/// same request may succeed later. Host makes 503 of it, once, for programs and for people (OP-23); nothing that was begun lasts.
/// </summary>
/// <param name="reason">For the log: which question, and what was wrong with the answer, without anything of the answer.</param>
/// <param name="retryAfter">When asking again makes sense.</param>
public sealed class CoreBankAwayException(string reason, TimeSpan retryAfter, Exception? cause = null) : Exception(reason, cause)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
