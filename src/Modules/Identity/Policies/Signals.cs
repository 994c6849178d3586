namespace OpenBanking.Identity.Policies;

/// <summary>What is decided on.</summary>
[Flags]
internal enum Occasion
{
    None = 0,

    /// <summary>An activation code is about to be judged: nobody has proved anything yet, the name may be nobody's.</summary>
    Activation = 1,

    /// <summary>A passkey was used and is good.</summary>
    SignIn = 2,

    /// <summary>A signed-in customer presses the button.</summary>
    Approval = 4,
}

/// <summary>What is done, from the weakest to the strongest; of several the strongest counts.</summary>
internal enum Verdict
{
    Allow,

    /// <summary>The passkey once more, for this very step.</summary>
    AskAgain,

    /// <summary>Not yet: after a wait it goes on.</summary>
    Delay,

    /// <summary>Not now: as long as the rule's conditions hold.</summary>
    Refuse,
}

/// <summary>How much an operator believes the bank's customers to be under attack.</summary>
internal enum ThreatLevel
{
    Normal,
    Raised,
    High,
}

/// <summary>All that a decision is made of; rules look at nothing else, so that the same signals always give the same answer.</summary>
internal sealed record Signals
{
    public required Occasion At { get; init; }

    public ThreatLevel Threat { get; init; }

    /// <summary>Failed attempts with this name in the running hour, from wherever they came.</summary>
    public int AccountFailures { get; init; }

    /// <summary>Failed attempts from this address in the running hour, with whichever name.</summary>
    public int AddressFailures { get; init; }

    /// <summary>This browser has not signed this customer in before.</summary>
    public bool IsNewDevice { get; init; }

    /// <summary>Where the request comes from, as the proxy says; null where none does.</summary>
    public string? Country { get; init; }

    /// <summary>The customer has signed in from known countries before, and never from this one.</summary>
    public bool IsNewCountry { get; init; }

    /// <summary>Through which network, as the proxy says.</summary>
    public string? Network { get; init; }

    /// <summary>How long ago the passkey was last used: at sign-in before this time, at an approval for this very request. Null where never.</summary>
    public TimeSpan? Unused { get; init; }

    /// <summary>The customer was asked again for this step and has answered with the passkey.</summary>
    public bool HasConfirmed { get; init; }
}
