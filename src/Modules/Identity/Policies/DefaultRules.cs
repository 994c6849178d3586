namespace OpenBanking.Identity.Policies;

/// <summary>
/// The rules where nobody has set any. Three thoughts: who guesses waits, and ever longer, but never for good (PO-13, OB-SCA-1); who
/// holds the passkey is never stopped by what a stranger can do; and under attack, new devices bear the burden and known ones do not.
/// </summary>
internal static class DefaultRules
{
    private const Occasion Both = Occasion.SignIn | Occasion.Approval;

    /// <summary>At most so many guesses for one name are looked at in an hour, from wherever they come; the settings may only lower it (R33).</summary>
    public const int MostGuesses = 20;

    /// <summary>After so many failures each further one makes the wait longer; the settings may only lower it (OB-SCA-1).</summary>
    public const int GuessesWithoutWait = 5;

    /// <summary>No wait is longer, whatever is set.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    public static readonly PolicyRule[] InOrder =
    [
        // Activation codes can be guessed at, and there is no passkey yet to tell the owner from a stranger.
        new("GuessesOfAccount", Occasion.Activation, Verdict.Refuse, "There were too many attempts with this username.")
        {
            AccountFailures = MostGuesses,
            Advice = "Please try again in an hour.",
        },
        new("GuessesOfAddress", Occasion.Activation, Verdict.Refuse, "There were too many attempts from your network.")
        {
            AddressFailures = 100, // A whole office may be behind one address, so it is wider than the limit of a name.
            Advice = "Please try again in an hour, or from another network.",
        },
        new("WaitOfAccount", Occasion.Activation, Verdict.Delay, "There were several failed attempts with this username.")
        {
            AccountFailures = GuessesWithoutWait,
            Wait = TimeSpan.FromSeconds(1),
            LongestWait = TimeSpan.FromMinutes(5),
        },

        // With a passkey there is nothing to guess.
        new("NewPlaceUnderAttack", Both, Verdict.Refuse, "Attacks on our customers are going on, and you come from a new device in a country that is new for you.")
        {
            NewDevice = true,
            NewCountry = true,
            Threat = ThreatLevel.High,
            Advice = "Please use a device that you have used here before, try again later, or call us.",
        },
        new("NewDeviceUnderAttack", Occasion.SignIn, Verdict.Delay, "Attacks on our customers are going on, and this device is new.")
        {
            NewDevice = true,
            Threat = ThreatLevel.High,
        },
        new("AddressUnderAttack", Occasion.SignIn, Verdict.Delay, "Many sign-ins have failed from your network, and this device is new.")
        {
            AddressFailures = 100,
            NewDevice = true,
            Wait = TimeSpan.FromSeconds(10),
        },
        new("AccountUnderAttack", Occasion.SignIn, Verdict.AskAgain, "Several attempts with your username have failed, and this device is new.")
        {
            AccountFailures = GuessesWithoutWait,
            NewDevice = true,
        },
        new("NewDeviceUnderThreat", Both, Verdict.AskAgain, "There are more attacks on our customers than usual, and this device is new.")
        {
            NewDevice = true,
            Threat = ThreatLevel.Raised,
        },
        new("ApprovalUnderAttack", Occasion.Approval, Verdict.AskAgain, "Attacks on our customers are going on, so each approval needs your passkey.")
        {
            Threat = ThreatLevel.High,
        },
        new("NewPlace", Both, Verdict.AskAgain, "You come from a new device in a country that is new for you.")
        {
            NewDevice = true,
            NewCountry = true,
        },
        new("UnusedPasskey", Occasion.SignIn, Verdict.AskAgain, "This passkey was not used for a long time.")
        {
            Unused = TimeSpan.FromDays(180),
        },
        new("LateApproval", Occasion.Approval, Verdict.AskAgain, "You used your passkey some time ago.")
        {
            Unused = TimeSpan.FromMinutes(5),
        },

        // These change nothing; they say in the history what was unusual.
        new("NewDevice", Occasion.SignIn, Verdict.Allow, "It was the first sign-in from this device.")
        {
            NewDevice = true,
        },
        new("FailedBefore", Occasion.SignIn, Verdict.Allow, "There had been failed attempts with your username in the hour before.")
        {
            AccountFailures = 1,
        },
    ];
}
