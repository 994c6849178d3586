using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Platform.Tests.Samples;

public sealed class CallbackTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly PendingJourney Pending = new("s", "n", "v", "dpop", "https://bank.test", "c-1", null, Now);
    private static readonly Callback Good = new("s", "https://bank.test", "code", null, null);

    [Fact]
    public void The_answer_to_our_own_request_gives_the_code()
    {
        Assert.False(Good.Judge(Pending, Now).Failed(out _, out var code));
        Assert.Equal("code", code);
    }

    [Fact]
    public void A_state_that_this_browser_did_not_send_is_not_ours()
    {
        Assert.Equal(Stop.NotOurs, Kind(Good, null));
        Assert.Equal(Stop.NotOurs, Kind(Good with { State = "S" }, Pending));
        Assert.Equal(Stop.NotOurs, Kind(Good with { State = null }, Pending));
    }

    [Theory]
    [Trait("Rule", "ISS-01")]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("https://bank.test/")]
    [InlineData("https://Bank.test")]
    [InlineData("https://attacker.test")]
    public void Another_issuer_or_none_gets_no_code_from_us(string? issuer)
    {
        Assert.Equal(Stop.NotTrusted, Kind(Good with { Issuer = issuer }, Pending));

        // Nor can it end our journey with an error.
        Assert.Equal(Stop.NotTrusted, Kind(Good with { Issuer = issuer, Code = null, Error = "access_denied" }, Pending));
    }

    [Fact]
    public void A_journey_ends_after_half_an_hour()
    {
        Assert.False(Good.Judge(Pending, Now.AddMinutes(30).AddSeconds(-1)).Failed(out _, out _));
        Assert.Equal(Stop.TimedOut, Kind(Good, Pending, Now.AddMinutes(30)));
    }

    [Theory]
    [InlineData("access_denied", "the customer declined", Stop.Declined)]
    [InlineData("access_denied", null, Stop.Declined)]
    [InlineData("access_denied", "the request timed out", Stop.TimedOut)]
    [InlineData("temporarily_unavailable", null, Stop.BankUnreachable)]
    [InlineData("server_error", null, Stop.BankUnreachable)]
    [InlineData("invalid_scope", null, Stop.BankRefused)]
    internal void An_error_becomes_words_that_the_customer_can_use(string error, string? description, Stop kind) =>
        Assert.Equal(kind, Kind(Good with { Code = null, Error = error, ErrorDescription = description }, Pending));

    [Fact]
    public void Neither_code_nor_error_is_no_answer() => Assert.Equal(Stop.NotTrusted, Kind(Good with { Code = null }, Pending));

    [Theory]
    [InlineData("state")]
    [InlineData("iss")]
    [InlineData("code")]
    [InlineData("error")]
    public void A_parameter_that_comes_twice_is_not_read(string name)
    {
        var query = new QueryCollection(new Dictionary<string, StringValues>(StringComparer.Ordinal) { [name] = new(["a", "b"]) });
        Assert.True(Callback.Read(query).Failed(out var problem, out _));
        Assert.Equal(Stop.NotOurs, problem.Kind);
    }

    private static Stop Kind(Callback callback, PendingJourney? pending, DateTimeOffset? now = null)
    {
        Assert.True(callback.Judge(pending, now ?? Now).Failed(out var problem, out _));
        return problem.Kind;
    }
}
