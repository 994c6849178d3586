using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenBanking.Identity.Token;
using OpenBanking.Testing;

namespace OpenBanking.Identity.Tests.Token;

public sealed class TokenSizesTests
{
    [Theory]
    [Trait("Rule", "HTTP-14")]
    [InlineData(43, true, false)]
    [InlineData(2048, true, false)]
    [InlineData(2049, true, true)]
    [InlineData(4096, true, true)]
    [InlineData(4097, false, false)]
    public void A_token_that_would_not_fit_is_not_issued_and_a_large_one_is_noticed(int length, bool issued, bool warned)
    {
        using var log = new CapturedLog();
        using var services = new ServiceCollection().AddMetrics().AddLogging(logging => logging.AddProvider(log)).AddSingleton<TokenSizes>().BuildServiceProvider();
        var measured = new List<int>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "openbanking.token.size") listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((_, size, _, _) => measured.Add(size));
        var sizes = services.GetRequiredService<TokenSizes>();
        listener.Start();

        var token = new string('t', length);
        if (issued) sizes.Check(token);
        else Assert.Throws<InvalidOperationException>(() => sizes.Check(token));

        Assert.Contains(length, measured);
        Assert.Equal(warned, log.Lines.Any(line => line.Contains("access token of", StringComparison.Ordinal)));
        Assert.DoesNotContain("tttt", log.Text, StringComparison.Ordinal);
    }
}
