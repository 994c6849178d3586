using System.Net;
using OpenBanking.Samples.Tpp.Terminal;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Samples;

public sealed class ConsoleTests
{
    [Theory]
    [InlineData("dpop")]
    [InlineData("mtls")]
    public async Task The_journey_in_the_terminal_shows_everything_and_gives_the_access_back(string kind)
    {
        // Certificates and a free port come from an app that is there already; its port is taken, so the console goes one up.
        var clock = new StandingClock(TimeProvider.System.GetUtcNow());
        await using var tpp = await TppApp.StartAsync(clock);
        using var bank = new FakeBank(clock) { AuthorizationServerNonce = "as-nonce", ResourceServerNonce = "rs-nonce" };
        await using var output = new StringWriter();
        await using var printed = TextWriter.Synchronized(output);
        string[] arguments = kind == "mtls" ? ["--console", "--yes", "--mtls"] : ["--console", "--yes"];
        var run = ConsoleJourney.RunAsync(arguments, tpp.Options, clock, printed, inner =>
        {
            inner.Dispose();
            return bank;
        });

        var url = await WaitForUrlAsync(() => Read(printed, output), run);
        Assert.StartsWith($"{FakeBank.Issuer}/authorize?client_id=sample-tpp-{kind}&request_uri=", url, StringComparison.Ordinal);
        var back = new Uri((tpp.Options with { Port = tpp.Options.Port + 1 }).RedirectUri + $"?code=good&state={bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}");
        Assert.Equal(HttpStatusCode.BadRequest, (await tpp.Browser.GetAsync(new Uri(back.AbsoluteUri.Replace("state=", "state=x", StringComparison.Ordinal)), Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await tpp.Browser.GetAsync(back, Ct)).StatusCode);

        Assert.Equal(0, await run.WaitAsync(Eventually.Patience, Ct));
        var text = output.ToString();
        Assert.Contains("ID token, claims", text, StringComparison.Ordinal);
        Assert.Contains("the token is worth nothing any more", text, StringComparison.Ordinal);
        Assert.Equal(kind == "dpop", text.Contains("DPoP proof, claims", StringComparison.Ordinal));
        Assert.Equal(kind == "dpop", text.Contains("client assertion, claims", StringComparison.Ordinal));
        Assert.DoesNotContain('\e', text);
    }

    [Fact]
    public async Task A_payment_in_the_terminal_is_signed_sent_twice_made_once_and_watched_to_its_end()
    {
        var clock = new StandingClock(TimeProvider.System.GetUtcNow());
        await using var tpp = await TppApp.StartAsync(clock);
        using var bank = new FakeBank(clock);
        await using var output = new StringWriter();
        await using var printed = TextWriter.Synchronized(output);
        var run = ConsoleJourney.RunAsync(["--console", "--pay", "--yes"], tpp.Options, clock, printed, inner =>
        {
            inner.Dispose();
            return bank;
        });
        await WaitForUrlAsync(() => Read(printed, output), run);
        var back = new Uri((tpp.Options with { Port = tpp.Options.Port + 1 }).RedirectUri + $"?code=good&state={bank.LastState}&iss={Uri.EscapeDataString(FakeBank.Issuer)}");
        Assert.Equal(HttpStatusCode.OK, (await tpp.Browser.GetAsync(back, Ct)).StatusCode);

        Assert.Equal(0, await run.WaitAsync(TimeSpan.FromSeconds(30), Ct));
        var text = output.ToString();
        foreach (var words in new[] { "message signature, header", "x-idempotency-key", "still one payment: p-1", "ACCC since", "a refund goes to 99012420450061", "paid" })
            Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.Single(bank.Orders);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // The synchronized writer locks itself while it writes.
    private static string Read(TextWriter printed, StringWriter output)
    {
        lock (printed) return output.ToString();
    }

    private static async Task<string> WaitForUrlAsync(Func<string> printed, Task run)
    {
        while (!run.IsCompleted)
        {
            var line = printed().Split('\n').Select(one => one.TrimEnd('\r')).FirstOrDefault(one => one.StartsWith("https://", StringComparison.Ordinal));
            if (line is not null) return line;
            await Task.Delay(50, Ct);
        }

        throw new InvalidOperationException("The journey ended early:\n" + printed());
    }
}
