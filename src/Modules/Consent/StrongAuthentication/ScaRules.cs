namespace OpenBanking.Consent.StrongAuthentication;

/// <summary>What is known of a payment when it is decided whether its customer must authenticate strongly for it.</summary>
/// <param name="Pounds">What leaves the account, at the bank's rate.</param>
/// <param name="Euros">The same as the technical standard counts it.</param>
internal sealed record ScaSignals(decimal Pounds, decimal Euros)
{
    /// <summary>The payee's account is the payer's own, at this bank.</summary>
    public bool PayeeIsPayer { get; init; }

    /// <summary>The payer has told the bank before, with strong authentication, that this payee is trusted (OB-SCA-5).</summary>
    public bool PayeeIsTrusted { get; init; }

    /// <summary>It begins a series, or is many payments at once.</summary>
    public bool BeginsSeries { get; init; }

    /// <summary>It is a later payment of a series that was begun with strong authentication: same payee, same amount.</summary>
    public bool IsOfSeries { get; init; }

    /// <summary>What the third party would like (OB-PIS-20); it is noted, and decides nothing.</summary>
    public string? Wish { get; init; }
}

/// <summary>
/// An exemption of the technical standard on strong customer authentication (OB-SCA-4), as a row: its name in settings and logs, its article, and
/// when a payment falls under it. It allows the bank not to ask; whether the bank makes use of it is the bank's choice (decision 0016).
/// </summary>
internal sealed record ScaExemption(string Name, string Article, Func<ScaSignals, bool> Holds)
{
    public const string LowValueName = "low-value";

    public static readonly ScaExemption OwnAccounts = new("own-accounts", "RTS Art. 15", signals => signals is { PayeeIsPayer: true, BeginsSeries: false });
    public static readonly ScaExemption TrustedPayee = new("trusted-payee", "RTS Art. 13", signals => signals is { PayeeIsTrusted: true, BeginsSeries: false });
    public static readonly ScaExemption Recurring = new("recurring", "RTS Art. 14", signals => signals.IsOfSeries);

    /// <summary>Counted, see <see cref="LowValueCount"/>: the smallness of one payment is not enough.</summary>
    public static readonly ScaExemption LowValue = new(LowValueName, "RTS Art. 16", signals => signals is { BeginsSeries: false, Euros: <= LowValueCount.MostOfOne });

    /// <summary>In the order in which they are looked for: what is counted comes last, so that it lasts.</summary>
    public static readonly IReadOnlyList<ScaExemption> All = [Recurring, OwnAccounts, TrustedPayee, LowValue];
}

/// <summary>What wants strong authentication whatever exemption a payment falls under, as a row.</summary>
/// <param name="IsFresh">It must also be fresh when the order comes (STEP-09).</param>
internal sealed record ScaDemand(string Name, string Article, Func<ScaSignals, ConsentOptions, bool> Holds, bool IsFresh)
{
    public static readonly IReadOnlyList<ScaDemand> All =
    [
        new("high-value", "RTS Art. 2", (signals, options) => signals.Pounds > options.FreshAbove, IsFresh: true),
        new("series", "RTS Art. 14", (signals, _) => signals.BeginsSeries, IsFresh: false),
    ];
}

/// <summary>What was decided on a payment.</summary>
/// <param name="Name">The exemption's name, or <see cref="AppliedName"/>.</param>
/// <param name="Article">Of the technical standard, by which it was decided.</param>
internal sealed record ScaDecision(string Name, string Article)
{
    public const string AppliedName = "applied";

    /// <summary>The customer was asked, and has signed amount and payee.</summary>
    public static readonly ScaDecision Applied = new(AppliedName, "RTS Art. 5");

    public static ScaDecision Of(ScaExemption exemption) => new(exemption.Name, exemption.Article);
}
