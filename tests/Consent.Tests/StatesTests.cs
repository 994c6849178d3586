namespace OpenBanking.Consent.Tests;

public sealed class StatesTests
{
    /// <summary>Every state by every event, written down a second time; a dash is a refusal.</summary>
    private static readonly string[] Matrix =
    [
        //     Create Authorise Reject Cancel Expire Delete StopAccount
        "AWAU  -      AUTH      RJCT   -      -      GONE   -",
        "AUTH  -      AUTH      -      CANC   EXPD   GONE   AUTH",
        "RJCT  -      -         -      -      -      GONE   -",
        "CANC  -      AUTH      -      -      -      GONE   -",
        "EXPD  -      -         -      -      -      GONE   -",
        "GONE  -      -         -      -      -      -      -",
    ];

    public static TheoryData<string, string, string> Cells
    {
        get
        {
            var cells = new TheoryData<string, string, string>();
            foreach (var row in Matrix.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
                foreach (var (name, index) in Enum.GetNames<ConsentEvent>().Select((name, index) => (name, index))) cells.Add(row[0], name, row[index + 1]);
            return cells;
        }
    }

    [Theory]
    [Trait("Rule", "OB-CON-1")]
    [Trait("Rule", "OB-CON-12")]
    [Trait("Rule", "OB-CON-14")]
    [Trait("Rule", "CO-09")]
    [MemberData(nameof(Cells))]
    public void Account_access_moves_as_the_table_says_and_not_otherwise(string from, string on, string expected)
    {
        var next = States.Next(States.AccountAccess, Enum.Parse<ConsentState>(from), Enum.Parse<ConsentEvent>(on));
        Assert.Equal(expected, next?.To.ToString() ?? "-");
    }

    [Fact]
    public void The_table_speaks_of_every_state_and_event_once()
    {
        Assert.Equal(Enum.GetNames<ConsentState>(), Matrix.Select(row => row[..4]));
        Assert.Equal(States.AccountAccess.Count, States.AccountAccess.DistinctBy(row => (row.From, row.On)).Count());
    }

    [Theory]
    [Trait("Rule", "OB-CON-3")]
    [InlineData("AUTH", "Cancel", "CUST")]
    [InlineData("AUTH", "Expire", "TKXP")]
    [InlineData("AWAU", "Reject", "U037")]
    public void Names_why_an_access_has_ended(string from, string on, string code) =>
        Assert.Equal(code, States.Next(States.AccountAccess, Enum.Parse<ConsentState>(from), Enum.Parse<ConsentEvent>(on))!.ReasonCode);
}
