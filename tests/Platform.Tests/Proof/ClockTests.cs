using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Storage;
using OpenBanking.ResourceServer;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Clocks are wrong: the third party's, and those of two hosts, of which one runs five seconds behind and the other five seconds ahead.
/// What is within ten seconds is taken by both, what is past the limits is taken by neither, and what was used stays used, also where a
/// clock jumps by an hour. The database's clock decides nothing and stays as it is.
/// </summary>
[Trait("Reliability", "R23")]
[Trait("Rule", "OP-20")]
public sealed class ClockTests : IAsyncLifetime
{
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents/no-such-consent";
    private static readonly TimeSpan Off = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private readonly TestClock clock = new();
    private TestHost slow = null!;
    private TestHost fast = null!;
    private TestTpp atSlow = null!;
    private TestTpp atFast = null!;

    /// <summary>The third party's clock against the right time, in seconds.</summary>
    private static readonly int[] Times = [-61, -60, -30, -10, -5, 0, 5, 10, 30, 31, 60, 61];

    private static Form ClientCredentials { get; } = Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts");

    public async ValueTask InitializeAsync()
    {
        slow = await TestHost.StartAsync(options => options.Settings["RateLimits:Requests"] = "1000000");
        fast = await TestHost.StartAsync(options =>
        {
            options.Settings["RateLimits:Requests"] = "1000000";
            (options.Database, options.Issuer, options.DataPath) = (slow.Database, slow.Issuer, slow.DataPath);
        });
        using var tpp = await TestTpp.RegisterAsync(slow, change: metadata => metadata["introspection_signed_response_alg"] = "ES256");
        atSlow = tpp.At(slow.Reach with { Time = clock });
        atFast = tpp.At(fast.Reach with { Time = clock });
    }

    public async ValueTask DisposeAsync()
    {
        atSlow.Dispose();
        atFast.Dispose();
        await fast.DisposeAsync();
        await slow.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "F2-GEN-09")]
    [Trait("Rule", "CA-09")]
    [Trait("Rule", "DPOP-11")]
    public async Task Every_request_time_is_judged_alike_on_both_hosts_within_their_limits()
    {
        var each = ProofRun.Count(3, 1_000);
        var start = WholeSecond();
        var (taken, refused) = (0, 0);
        foreach (var (tpp, host, off) in new[] { (atSlow, slow, -Off), (atFast, fast, Off) })
        {
            foreach (var time in Times)
            {
                Stand(start);
                var token = await tpp.ClientTokenAsync();

                // As this host sees it: sixty seconds old or thirty ahead are its limits, and ten seconds off are within them on either host.
                var seen = time - (int)off.TotalSeconds;
                var isGood = seen is >= -60 and <= 30;
                Assert.True(isGood || Math.Abs(time) > 10);
                for (var flow = 0; flow < each; flow++)
                {
                    clock.StopAt(start.AddSeconds(time));
                    Answer[] answers =
                    [
                        await tpp.TokenAsync(ClientCredentials),
                        await tpp.ParAsync(TestTpp.AuthorizationRequest("no-such-consent")),
                        await tpp.GetAsync(Consents, token),
                    ];

                    // What comes past the clocks gets a token, and is then told that there is no such consent.
                    if (isGood) Assert.All(answers, answer => Assert.True(answer.Status == 200 || answer.Body.Contains("consent", StringComparison.OrdinalIgnoreCase) || answer.Status == 201, Cell(time, off, answer)));
                    else Assert.All(answers, answer => Assert.True(answer.Status is 400 or 401 && IsAboutTime(host, answer), Cell(time, off, answer)));
                    if (isGood) taken += answers.Length;
                    else refused += answers.Length;
                }

                slow.Log.Clear();
                fast.Log.Clear();
            }
        }

        Assert.Equal(2 * Times.Length * each * 3, taken + refused);
        ProofRun.Passed("R23", $"{2 * Times.Length} request times with {each} flows each on hosts 5 s behind and ahead: {taken} requests taken, {refused} refused; wrong refusals within 10 s 0, taken beyond the limits 0");
    }

    [Fact]
    [Trait("Rule", "DPOP-12")]
    [Trait("Rule", "CA-10")]
    [Trait("Rule", "DP-11")]
    public async Task What_was_used_stays_used_when_the_clocks_jump_back_an_hour_and_forward_an_hour()
    {
        var count = ProofRun.Count(160, 10_000);
        var chance = new Random(ProofRun.Seed);
        var start = WholeSecond();

        // Used by the time of that moment, as early and as late as a clock may be that is off.
        Stand(start);
        var used = new List<(Form Form, string Proof)>();
        for (var number = 0; number < count; number++)
        {
            clock.StopAt(start.AddSeconds(chance.Next(-50, 26)));
            var tpp = chance.Next(2) == 0 ? atSlow : atFast;
            var request = (Signed(tpp), tpp.Proof("POST", tpp.Address("/token")));
            var answer = await tpp.PostAsync("/token", request.Item1, request.Item2);
            Assert.True(answer.Status == 200, answer.Body);
            used.Add(request);
        }

        // An hour ahead and back; and later, when an hour has passed, back by it, after everything expired was cleaned away.
        var (replays, alive, known) = (0, 0, 0);
        int[] moments = [3600, 3650, 3660, 3670, 3674, 3676, 3678, 3680, 3684, 3690, 3695];
        foreach (var (passed, slice) in moments.Select((passed, index) => (passed, used.Where((_, number) => number % moments.Length == index))))
        {
            Stand(start.AddSeconds(passed));
            foreach (var host in new[] { slow, fast }) await host.Services.GetRequiredService<ExpiredRows>().SweepAsync(CancellationToken.None);
            await GoesOnAsync();
            Stand(start.AddSeconds(passed) - Hour);
            await GoesOnAsync();
            foreach (var (form, proof) in slice)
            {
                foreach (var (tpp, host) in new[] { (atSlow, slow), (atFast, fast) })
                {
                    var (byProof, byForm) = (await tpp.PostAsync("/token", Signed(tpp), proof), await tpp.PostAsync("/token", form, tpp.Proof("POST", tpp.Address("/token"))));
                    Assert.True((byProof.Status, byProof.Error) == (400, "invalid_dpop_proof"), $"a proof after {passed} s and an hour back: {byProof.Status} {byProof.Body}");
                    Assert.True((byForm.Status, byForm.Error) == (401, "invalid_client"), $"an assertion after {passed} s and an hour back: {byForm.Status} {byForm.Body}");
                    replays += 2;
                    if (host.Log.RefusalOf(byProof.Header("x-fapi-interaction-id")!)!.Rule == "DPOP-12") known++;
                    if (host.Log.RefusalOf(byForm.Header("x-fapi-interaction-id")!)!.Rule == "CA-10") known++;
                }
            }

            slow.Log.Clear();
            fast.Log.Clear();
        }

        Assert.True(replays >= count, $"only {replays} replays");
        Assert.True(known > replays / 4, $"only {known} of {replays} were in time for another use");
        ProofRun.Passed("R23", $"{replays} replays of {count} requests after jumps of an hour, {known} of them within their time: 0 taken; {alive} fresh flows in between, all taken");

        async Task GoesOnAsync()
        {
            foreach (var tpp in new[] { atSlow, atFast })
            {
                var token = await tpp.ClientTokenAsync();
                using var request = new HttpRequestMessage(HttpMethod.Post, "/introspect") { Content = tpp.Authenticated().With("token", token).Content() };
                request.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt");
                var answer = await tpp.SendAsync(request);
                Assert.True(answer.Status == 200, $"after a jump: {answer.Status} {answer.Body}");
                alive++;
            }
        }
    }

    [Fact]
    [Trait("Rule", "DPOP-19")]
    public async Task A_nonce_of_one_host_is_good_on_the_other_whichever_clock_is_ahead()
    {
        var bucket = DateTimeOffset.FromUnixTimeSeconds((WholeSecond().ToUnixTimeSeconds() / 300 * 300) + 300);
        for (var second = -10; second <= 10; second++)
        {
            foreach (var (giver, taker) in new[] { (atSlow, atFast), (atFast, atSlow) })
            {
                Stand(bucket.AddSeconds(second));
                var nonce = (await giver.TokenAsync(ClientCredentials)).Header(DpopProofCheck.NonceHeader);
                taker.Nonce = nonce;
                var answer = await taker.TokenAsync(ClientCredentials);
                taker.Nonce = null;
                Assert.True(answer.Status == 200, $"{second} s from the turn: {answer.Status} {answer.Body}");
            }
        }
    }

    private static string Cell(int time, TimeSpan off, Answer answer) => $"{time} s at a host {off.TotalSeconds} s off: {answer.Status} {answer.Body}";

    private static bool IsAboutTime(TestHost host, Answer answer) =>
        host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!) is { Rule: "F2-GEN-09" or "CA-09" or "DPOP-11" };

    private static Form Signed(TestTpp tpp)
    {
        var form = tpp.Authenticated();
        foreach (var name in new[] { "grant_type", "scope" }) form = form.With(name, ClientCredentials[name]);
        return form;
    }

    private DateTimeOffset WholeSecond() => DateTimeOffset.FromUnixTimeSeconds(clock.Now.ToUnixTimeSeconds());

    /// <summary>Has the right time stand still, and the hosts' clocks beside it.</summary>
    private void Stand(DateTimeOffset moment)
    {
        clock.StopAt(moment);
        slow.Clock.StopAt(moment - Off);
        fast.Clock.StopAt(moment + Off);
    }
}
