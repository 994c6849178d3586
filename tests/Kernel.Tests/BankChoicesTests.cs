using System.Text.Json;

namespace OpenBanking.Kernel.Tests;

public sealed class BankChoicesTests
{
    private static readonly BankChoices Usual = new();

    [Theory]
    [InlineData("region", "\"EU\"", true)]
    [InlineData("region", "\"US\"", false)]
    [InlineData("region", "5", false)]
    [InlineData("cutOff", """{"type":"domestic-payments","strategy":"reject","at":"17:30"}""", true)]
    [InlineData("cutOff", """{"type":"domestic-payments","strategy":"reject","at":"24:00"}""", false)]
    [InlineData("cutOff", """{"type":"domestic-payments","strategy":"wait","at":"17:30"}""", false)]
    [InlineData("cutOff", """{"type":"cheques","strategy":"reject","at":"17:30"}""", false)]
    [InlineData("cutOff", """{"type":"domestic-payments","strategy":"reject","at":"17:30","more":1}""", false)]
    [InlineData("holidays", """["2026-12-25","2026-12-28"]""", true)]
    [InlineData("holidays", """["2026-02-30"]""", false)]
    [InlineData("holidays", "\"2026-12-25\"", false)]
    [InlineData("initialOrderStatus", "\"PDNG\"", true)]
    [InlineData("initialOrderStatus", "\"ACCC\"", false)]
    [InlineData("allowPastVrpStart", "true", true)]
    [InlineData("allowPastVrpStart", "\"true\"", false)]
    [InlineData("colour", "\"blue\"", false)]
    public void Takes_what_is_a_choice_and_nothing_else(string name, string value, bool isTaken) =>
        Assert.Equal(isTaken, !Usual.With(name, Json(value)).Failed(out _, out _));

    [Fact]
    [Trait("Rule", "OB-PIS-18")]
    [Trait("Rule", "OB-PIS-19")]
    [Trait("Rule", "OB-DEC-3")]
    [Trait("Rule", "OB-DEC-18")]
    public void Holds_what_was_chosen_until_it_is_put_back()
    {
        var chosen = With(Usual, "cutOff", """{"type":"domestic-payments","strategy":"reject","at":"17:30"}""");
        chosen = With(chosen, "cutOff", """{"type":"file-payments","strategy":"accept","at":"09:00"}""");
        Assert.Equal(new CutOff(new TimeOnly(17, 30), CutOffStrategy.Reject), chosen.CutOffs["domestic-payments"]);
        Assert.False(chosen.CutOffs["file-payments"].Rejects);
        Assert.Empty(With(chosen, "cutOff", "null").CutOffs);

        chosen = With(Usual, "holidays", """["2026-12-25"]""");
        Assert.Contains(new DateOnly(2026, 12, 25), chosen.Holidays);
        Assert.Empty(With(chosen, "holidays", "null").Holidays);

        Assert.Equal("RCVD", Usual.InitialOrderStatus);
        Assert.Equal("PDNG", With(Usual, "initialOrderStatus", "\"PDNG\"").InitialOrderStatus);
        Assert.Equal("RCVD", With(With(Usual, "initialOrderStatus", "\"PDNG\""), "initialOrderStatus", "null").InitialOrderStatus);
        Assert.False(Usual.AllowPastVrpStart);
        Assert.True(With(Usual, "allowPastVrpStart", "true").AllowPastVrpStart);
        Assert.Equal(Region.EU, With(Usual, "region", "\"EU\"").Region);
    }

    private static BankChoices With(BankChoices choices, string name, string value) =>
        choices.With(name, Json(value)).Failed(out var problem, out var chosen) ? throw new InvalidOperationException(problem) : chosen;

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
