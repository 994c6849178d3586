namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>Why the bank did not give what was asked for. What the customer should do depends on the kind alone.</summary>
/// <param name="Reason">For the developer: our own words, or the bank's error code and description.</param>
internal sealed record BankFault(BankFaultKind Kind, string Reason)
{
    /// <summary>The bank's own code for it, where it gave one: what a program branches on.</summary>
    public string? Code { get; init; }

    public static BankFault Unreachable(string reason) => new(BankFaultKind.Unreachable, reason);

    public static BankFault Refused(string reason, string? code = null) => new(BankFaultKind.Refused, reason) { Code = code };

    public static BankFault Ended(string reason) => new(BankFaultKind.AccessEnded, reason);

    public static BankFault Untrusted(string reason) => new(BankFaultKind.Untrusted, reason);
}

internal enum BankFaultKind
{
    /// <summary>No answer, or one that says the bank is busy. Later may help.</summary>
    Unreachable,

    /// <summary>The bank understood and said no.</summary>
    Refused,

    /// <summary>The token is worth nothing any more: the access has ended or was taken back.</summary>
    AccessEnded,

    /// <summary>The answer is not what the standard allows; it is thrown away.</summary>
    Untrusted,
}
