using System.Diagnostics;
using System.Text.Json.Nodes;
using OpenBanking.Consent;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// All who may decide on a consent do so at one moment, over two hosts: approve, reject, revoke, delete, authenticate again, and its end.
/// </summary>
[Collection(OnHostsOfTheirOwn.Name)]
public sealed class ConsentRaceTests(TwoHosts hosts)
{
    private const string Accounts = "/open-banking/v4.0/aisp/accounts";
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents/";

    /// <summary>Longer than a round takes to prepare, shorter than an access token lives.</summary>
    private static readonly TimeSpan UntilTheEnd = TimeSpan.FromSeconds(200);

    private readonly Dictionary<string, int> seen = new(StringComparer.Ordinal);

    private TestTpp Tpp => hosts.Tpp;

    private string Customer => hosts.Customers[0].GetProperty("username").GetString()!;

    [Fact]
    [Trait("Reliability", "R24")]
    [Trait("Rule", "CO-08")]
    [Trait("Rule", "CO-09")]
    [Trait("Rule", "CO-16")]
    [Trait("Rule", "CO-17")]
    [Trait("Rule", "OB-CON-1")]
    [Trait("Rule", "OB-SEC-17")]
    public async Task A_consent_that_all_decide_on_at_once_has_one_state_at_the_end_and_nobody_reads_after_it()
    {
        var random = new Random(ProofRun.Seed);
        var (rounds, reads) = (ProofRun.Count(50, 5000), 0L);
        using var first = hosts.TppAt(hosts.First);
        using var second = hosts.TppAt(hosts.Second);
        TestTpp[] both = [first, second];
        for (var round = 0; round < rounds;)
        {
            for (var turn = 0; turn < 4 && round < rounds; turn++, round++) await WaitingRoundAsync(both, random);
            for (var turn = 0; turn < 3 && round < rounds; turn++, round++) reads += await ActiveRoundAsync(both, random);
            if (round >= rounds) break;

            // Several end at one moment, since that takes a step of the clock.
            var ending = Math.Min(5, rounds - round);
            reads += await EndingRoundsAsync(both, ending);
            round += ending;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen));
        Assert.True(seen.Count > 4, "the races ended alike: " + string.Join(", ", seen));
        ProofRun.Passed("R24", $"{rounds} races, one final state each, 0 of {reads} reads after the end answered");
    }

    /// <summary>Nobody has approved it yet: approve, reject and delete.</summary>
    private async Task WaitingRoundAsync(TestTpp[] both, Random random)
    {
        var consent = await Tpp.CreateConsentAsync();
        var (browser, form) = await hosts.WaitingAsync(consent);
        var clientToken = await Tpp.ClientTokenAsync();
        var isDeleted = random.Next(2) == 0;
        var answers = await TwoHosts.AtOnceAsync<object>(
        [
            async () => await browser.DecideAsync(form),
            async () => await browser.DecideAsync(form, "cancel"),
            async () => isDeleted ? await Tpp.ApiAsync(HttpMethod.Delete, Consents + consent, clientToken) : await browser.DecideAsync(form, "cancel"),
        ]);
        Assert.All(answers.OfType<Decision>(), decision => Assert.True(decision.Status < 500, decision.Text));
        var decided = answers.OfType<Decision>().Where(decision => decision.Back is not null).ToList();
        Assert.True(decided.Count <= 1, "two decisions were taken");

        var wasDeleted = answers.OfType<Answer>().Any(answer => answer.Status == 204);
        var code = decided.Select(decision => decision.Code).SingleOrDefault(code => code is not null);
        var state = await FinalAsync(both, consent);
        Assert.Equal(wasDeleted ? "GONE" : code is not null ? "AUTH" : "RJCT", state);
        if (code is null) return;
        var tokens = await Tpp.RedeemAsync(code);
        Assert.Equal(wasDeleted ? 400 : 200, tokens.Status);
        if (!wasDeleted) Assert.Equal(200, (await Tpp.GetAsync(Accounts, tokens.Text("access_token")!)).Status);
    }

    /// <summary>Its data is read on both hosts while its customer revokes it and its third party deletes it, or the customer authenticates again.</summary>
    private async Task<long> ActiveRoundAsync(TestTpp[] both, Random random)
    {
        var consent = await Tpp.CreateConsentAsync();
        var token = (await hosts.GrantAsync(consent)).GetProperty("access_token").GetString()!;
        var isDeleted = random.Next(2) == 0;
        var (browser, form) = isDeleted ? (null, null) : await hosts.WaitingAsync(consent);
        var clientToken = await Tpp.ClientTokenAsync();
        var reading = new Reading(both, token);
        await reading.BeginAsync();
        var answers = await TwoHosts.AtOnceAsync<object>(
        [
            async () => await RevokeAsync(hosts.First, consent),
            async () => await RevokeAsync(hosts.Second, consent),
            async () => isDeleted ? await Tpp.ApiAsync(HttpMethod.Delete, Consents + consent, clientToken) : await browser!.DecideAsync(form!),
        ]);
        reading.HasEnded();
        if (isDeleted) Assert.True(answers.OfType<bool>().Count(cancelled => cancelled) <= 1, "it was cancelled twice");
        var state = await FinalAsync(both, consent);

        // Whoever came first: the access token of before is dead, also where the customer has opened the access again since.
        if (answers.OfType<bool>().Any(cancelled => cancelled) || isDeleted) await reading.EndAsync();
        else await reading.StopAsync();
        if (isDeleted) Assert.Equal("GONE", state);
        return reading.After;
    }

    /// <summary>Their end comes while they are read, and their customer revokes some of them at that moment.</summary>
    private async Task<long> EndingRoundsAsync(TestTpp[] both, int count)
    {
        var end = hosts.Clock.Now + UntilTheEnd;
        var all = new List<(string Consent, Reading Reading)>();
        for (var number = 0; number < count; number++)
        {
            var consent = await Tpp.CreateConsentAsync(end);
            all.Add((consent, new Reading(both, (await hosts.GrantAsync(consent)).GetProperty("access_token").GetString()!)));
        }

        foreach (var (_, reading) in all) await reading.BeginAsync();
        var before = all.Take(1).Select(one => RevokeAsync(hosts.Second, one.Consent)).ToList();
        var passing = hosts.PassAsync(end - hosts.Clock.Now);
        var after = all.Skip(1).Take(2).Select(one => RevokeAsync(hosts.Second, one.Consent)).ToList();
        await Task.WhenAll([passing, .. before, .. after]);

        // Both hosts' clocks are past the end by now; the second looks at the moved one several times a second.
        foreach (var (_, reading) in all) reading.HasEnded();
        foreach (var (consent, reading) in all)
        {
            await reading.EndAsync();
            Assert.Contains(await FinalAsync(both, consent), (string[])["EXPD", "CANC"]);
        }

        return all.Sum(one => one.Reading.After);
    }

    private async Task<bool> RevokeAsync(HostProcess host, string consent) =>
        (await hosts.ControlAsync(host, new JsonObject { ["operation"] = "revoke", ["customer"] = Customer, ["consentId"] = consent })).GetProperty("cancelled").GetBoolean();

    /// <summary>Both hosts say the same state, and the history leads to it step by step as the table allows.</summary>
    private async Task<string> FinalAsync(TestTpp[] both, string consent)
    {
        var token = await Tpp.ClientTokenAsync();
        var states = new List<string>();
        foreach (var tpp in both)
        {
            var answer = await tpp.GetAsync(Consents + consent, token);
            states.Add(answer.Status == 200 ? answer.Json.GetProperty("Data").GetProperty("Status").GetString()! : answer.Status == 400 ? "GONE" : $"{answer.Status} {answer.Body}");
        }

        var state = Assert.Single(states.Distinct());
        string? before = null;
        var changes = (await hosts.ControlAsync(hosts.First, new JsonObject { ["operation"] = "history", ["consentId"] = consent })).GetProperty("changes");
        foreach (var change in changes.EnumerateArray())
        {
            var (from, to) = (change.GetProperty("from").GetString(), change.GetProperty("to").GetString()!);
            Assert.Equal(before, from);
            ConsentState? at = from is null ? null : Enum.Parse<ConsentState>(from);
            Assert.Contains(States.AccountAccess, row => row.From == at && row.To == Enum.Parse<ConsentState>(to));
            before = to;
        }

        Assert.Equal(state, before);
        var way = string.Join('-', changes.EnumerateArray().Select(change => change.GetProperty("to").GetString()));
        seen[way] = seen.GetValueOrDefault(way) + 1;
        return state;
    }

    /// <summary>Reads with one access token on both hosts, on and on.</summary>
    private sealed class Reading(TestTpp[] both, string token)
    {
        private readonly List<(long Begun, int Status)> reads = [];
        private Task[] readers = [];
        private long ended;
        private volatile bool stopped;

        /// <summary>Reads that began after the end.</summary>
        public long After { get; private set; }

        public async Task BeginAsync()
        {
            foreach (var tpp in both) Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
            readers = [.. both.Select(ReadOnAsync)];
        }

        /// <summary>Somebody was just told that it is over.</summary>
        public void HasEnded() => ended = Stopwatch.GetTimestamp();

        /// <summary>Nothing is answered to who asks after the end; each host is asked at least once more.</summary>
        public async Task EndAsync()
        {
            await StopAsync();
            foreach (var tpp in both)
            {
                var begun = Stopwatch.GetTimestamp();
                reads.Add((begun, (await tpp.GetAsync(Accounts, token)).Status));
            }

            var after = reads.Where(read => read.Begun > ended).ToList();
            After = after.Count;
            Assert.All(after, read => Assert.True(read.Status is 401 or 403, $"answered {read.Status} {Stopwatch.GetElapsedTime(ended, read.Begun).TotalMilliseconds:F0} ms after the end"));
            Assert.All(reads, read => Assert.True(read.Status is 200 or 401 or 403, $"answered {read.Status}"));
        }

        public async Task StopAsync()
        {
            stopped = true;
            await Task.WhenAll(readers);
        }

        private async Task ReadOnAsync(TestTpp tpp)
        {
            while (!stopped)
            {
                var begun = Stopwatch.GetTimestamp();
                var status = (await tpp.GetAsync(Accounts, token)).Status;
                lock (reads) reads.Add((begun, status));
                if (status != 200) await Task.Delay(20);
            }
        }
    }
}
