namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>A customer who is at the bank right now: everything their return will be measured against.</summary>
internal sealed record PendingJourney(
    string State, string Nonce, string CodeVerifier, string Client, string Issuer, string ConsentId, DateTimeOffset? ConsentExpiresAt, DateTimeOffset StartedAt)
{
    /// <summary>Longer than any bank lets a customer take.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    /// <summary>What is to be paid when the customer comes back; null where accounts are to be connected.</summary>
    public WantedPayment? Payment { get; init; }

    public override string ToString() => $"journey for {ConsentId}";
}

/// <summary>A customer's access: tokens and what they stand for.</summary>
internal sealed record Connection(
    string Client, string ConsentId, string Subject, string AccessToken, DateTimeOffset AccessTokenExpiresAt, string? RefreshToken,
    string? Scope, DateTimeOffset ConnectedAt, DateTimeOffset? ConsentExpiresAt)
{
    public override string ToString() => $"connection {ConsentId}";
}

/// <summary>Why a journey or a visit stopped, as the customer must be told.</summary>
internal enum Stop
{
    Declined,
    TimedOut,
    BankUnreachable,
    BankRefused,
    AccessEnded,
    NotTrusted,
    NotOurs,
}

/// <param name="Detail">For the developer: never a token, never shown before it is encoded.</param>
internal sealed record Problem(Stop Kind, string Detail)
{
    /// <summary>A payment stopped, and not a connection: another thing has not happened, and the way on is another.</summary>
    public bool OfPayment { get; init; }

    /// <summary>The bank's own code for it, where it gave one.</summary>
    public string? Code { get; init; }

    public static Problem Of(Bank.BankFault fault) => new(
        fault.Kind switch
        {
            Bank.BankFaultKind.Unreachable => Stop.BankUnreachable,
            Bank.BankFaultKind.AccessEnded => Stop.AccessEnded,
            Bank.BankFaultKind.Untrusted => Stop.NotTrusted,
            _ => Stop.BankRefused,
        },
        fault.Reason)
    {
        Code = fault.Code,
    };
}
