using OpenBanking.Consent.Contracts;

namespace OpenBanking.Consent.Tests;

public sealed class StatesTests
{
    private static readonly string[] Payment =
    [
        "AWAU  -      AUTH      RJCT   -      -       -      -       -      -           -",
        "AUTH  -      -         -      -      -       -      COND    -      -           -",
        "RJCT  -      -         -      -      -       -      -       -      -           -",
        "COND  -      -         -      -      -       -      -       -      -           -",
        "CANC  -      -         -      -      -       -      -       -      -           -",
        "EXPD  -      -         -      -      -       -      -       -      -           -",
        "GONE  -      -         -      -      -       -      -       -      -           -",
        "AWUP  -      -         -      -      -       -      -       -      -           -",
    ];

    /// <summary>Every state by every event of every kind, written down a second time; a dash is a refusal.</summary>
    private static readonly Dictionary<ConsentKind, string[]> Matrices = new()
    {
        [ConsentKind.AccountAccess] =
        [
            //     Create Authorise Reject Cancel Suspend Expire Consume Delete StopAccount Upload
            "AWAU  -      AUTH      RJCT   -      -       -      -       GONE   -           -",
            "AUTH  -      AUTH      -      CANC   CANC    EXPD   -       GONE   AUTH        -",
            "RJCT  -      -         -      -      -       -      -       GONE   -           -",
            "COND  -      -         -      -      -       -      -       -      -           -",
            "CANC  -      AUTH      -      -      -       -      -       GONE   -           -",
            "EXPD  -      -         -      -      -       -      -       GONE   -           -",
            "GONE  -      -         -      -      -       -      -       -      -           -",
            "AWUP  -      -         -      -      -       -      -       -      -           -",
        ],
        [ConsentKind.DomesticPayment] = Payment,
        [ConsentKind.DomesticScheduledPayment] = Payment,
        [ConsentKind.DomesticStandingOrder] = Payment,
        [ConsentKind.InternationalPayment] = Payment,
        [ConsentKind.InternationalScheduledPayment] = Payment,
        [ConsentKind.InternationalStandingOrder] = Payment,
        [ConsentKind.FilePayment] =
        [
            .. Payment[..7],
            "AWUP  -      -         RJCT   -      -       -      -       -      -           AWAU",
        ],
        [ConsentKind.VariableRecurringPayments] =
        [
            "AWAU  -      AUTH      RJCT   -      -       -      -       GONE   -           -",
            "AUTH  -      AUTH      -      CANC   CANC    EXPD   -       GONE   -           -",
            "RJCT  -      -         -      -      -       -      -       GONE   -           -",
            "COND  -      -         -      -      -       -      -       -      -           -",
            "CANC  -      AUTH      -      -      -       -      -       GONE   -           -",
            "EXPD  -      -         -      -      -       -      -       GONE   -           -",
            "GONE  -      -         -      -      -       -      -       -      -           -",
            "AWUP  -      -         -      -      -       -      -       -      -           -",
        ],
        [ConsentKind.FundsConfirmation] =
        [
            "AWAU  -      AUTH      RJCT   -      -       -      -       GONE   -           -",
            "AUTH  -      AUTH      -      CANC   CANC    EXPD   -       GONE   -           -",
            "RJCT  -      -         -      -      -       -      -       GONE   -           -",
            "COND  -      -         -      -      -       -      -       -      -           -",
            "CANC  -      -         -      -      -       -      -       GONE   -           -",
            "EXPD  -      -         -      -      -       -      -       GONE   -           -",
            "GONE  -      -         -      -      -       -      -       -      -           -",
            "AWUP  -      -         -      -      -       -      -       -      -           -",
        ],
    };

    public static TheoryData<string, string, string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string, string, string>();
            foreach (var (kind, matrix) in Matrices)
                foreach (var row in matrix.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
                    foreach (var (name, index) in Enum.GetNames<ConsentEvent>().Select((name, index) => (name, index))) cells.Add(kind.IdPrefix, row[0], name, row[index + 1]);
            return cells;
        }
    }

    [Theory]
    [Trait("Rule", "OB-CON-1")]
    [Trait("Rule", "OB-CON-6")]
    [Trait("Rule", "OB-CON-12")]
    [Trait("Rule", "OB-CON-14")]
    [Trait("Rule", "CO-09")]
    [MemberData(nameof(Cells))]
    public void A_consent_moves_as_its_kinds_table_says_and_not_otherwise(string kind, string from, string on, string expected)
    {
        var next = States.Next(States.Of(ConsentKind.OfId(kind)!), Enum.Parse<ConsentState>(from), Enum.Parse<ConsentEvent>(on));
        Assert.Equal(expected, next?.To.ToString() ?? "-");
    }

    [Fact]
    [Trait("Rule", "OB-CON-1")]
    [Trait("Rule", "OB-FIL-1")]
    public void Every_kind_begins_as_awaiting_its_customer_or_its_file() => Assert.All(ConsentKind.All, kind => Assert.Equal(
        kind == ConsentKind.FilePayment ? (ConsentState.AWUP, null) : (ConsentState.AWAU, "U036"),
        States.Next(States.Of(kind), null, ConsentEvent.Create) is { } start ? (start.To, start.ReasonCode) : default));

    [Fact]
    public void The_tables_speak_of_every_kind_state_and_event_once()
    {
        Assert.Equal(ConsentKind.All, Matrices.Keys);
        Assert.All(Matrices.Values, matrix => Assert.Equal(Enum.GetNames<ConsentState>(), matrix.Select(row => row[..4])));
        Assert.All(ConsentKind.All, kind => Assert.Equal(States.Of(kind).Count, States.Of(kind).DistinctBy(row => (row.From, row.On)).Count()));
    }

    [Theory]
    [Trait("Rule", "OB-CON-3")]
    [InlineData("AUTH", "Cancel", "CUST")]
    [InlineData("AUTH", "Suspend", "TKSP")]
    [InlineData("AUTH", "Expire", "TKXP")]
    [InlineData("AWAU", "Reject", "U037")]
    public void Names_why_an_access_has_ended(string from, string on, string code) =>
        Assert.Equal(code, States.Next(States.AccountAccess, Enum.Parse<ConsentState>(from), Enum.Parse<ConsentEvent>(on))!.ReasonCode);
}
