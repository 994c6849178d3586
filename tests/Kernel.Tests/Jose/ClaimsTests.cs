using System.Text.Json;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class ClaimsTests
{
    [Theory]
    [Trait("Rule", "JO-24")]
    [InlineData("0", 0L)]
    [InlineData("1700000000", 1_700_000_000L)]
    [InlineData("253402300799", 253_402_300_799L)]
    [InlineData("253402300800", null)]
    [InlineData("-1", null)]
    [InlineData("1.5", null)]
    [InlineData("1.0", null)]
    [InlineData("1e3", null)]
    [InlineData("1e400", null)]
    [InlineData("1000000000000000000", null)]
    [InlineData("99999999999999999999999999", null)]
    [InlineData("\"1700000000\"", null)]
    [InlineData("null", null)]
    [InlineData("[1]", null)]
    [InlineData("true", null)]
    public void A_time_is_whole_seconds_within_what_a_date_can_hold(string exp, long? seconds)
    {
        var claims = JsonElement.Parse($$"""{"exp":{{exp}}}""");

        Assert.Equal(seconds, Claims.Seconds(claims, "exp"));
        Assert.True(Claims.Has(claims, "exp"));
        if (seconds is { } value) Assert.Equal(value, DateTimeOffset.FromUnixTimeSeconds(value).ToUnixTimeSeconds());
    }

    [Theory]
    [InlineData("\"a\"", "a")]
    [InlineData("\"\"", "")]
    [InlineData("1", null)]
    [InlineData("null", null)]
    [InlineData("[\"a\"]", null)]
    [InlineData("{}", null)]
    [InlineData("\"\\ud800\"", null)]
    public void A_text_is_a_string(string sub, string? text)
    {
        var claims = JsonElement.Parse($$"""{"sub":{{sub}}}""");

        Assert.Equal(text, Claims.Text(claims, "sub"));
        Assert.True(Claims.Has(claims, "sub"));
        Assert.False(Claims.Has(claims, "SUB"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    public void What_is_not_there_is_nothing(string json)
    {
        var claims = JsonElement.Parse(json);

        Assert.Null(Claims.Text(claims, "exp"));
        Assert.Null(Claims.Seconds(claims, "exp"));
        Assert.False(Claims.Has(claims, "exp"));
        Assert.Null(Claims.Text(default, "exp"));
    }
}
