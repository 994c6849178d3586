namespace OpenBanking.Kernel.Tests;

public sealed class OutcomeTests
{
    [Fact]
    public void Holds_a_value_or_a_failure()
    {
        Outcome<string, Exception> good = "value";
        Outcome<string, Exception> bad = new InvalidOperationException("why");

        Assert.False(good.Failed(out var failure, out var value));
        Assert.Equal((null, "value"), (failure, value));
        Assert.True(bad.Failed(out failure, out value));
        Assert.Equal(("why", null), (failure.Message, value));
    }

    [Fact]
    public void Nothing_is_not_an_outcome() =>
        Assert.Throws<InvalidOperationException>(() => default(Outcome<string, Exception>).Failed(out _, out _));
}
