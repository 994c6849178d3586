using OpenBanking.Host.Reports;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Platform.Tests.Reports;

/// <summary>What one request adds to the figures.</summary>
public sealed class MeasuresTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);
    private static readonly MeasuredEndpoint Accounts = MeasuredEndpoint.Of("GET", "/open-banking/v4.0/aisp/accounts")!;

    [Theory]
    [Trait("Rule", "OB-OPS-3")]
    [InlineData("GET", "/open-banking/v4.0/aisp/accounts/{accountId}/balances", "AccountInformation")]
    [InlineData("POST", "/open-banking/v4.0/aisp/account-access-consents", "Consents")]
    [InlineData("GET", "/open-banking/v4.0/pisp/domestic-payments/{orderId}/payment-details", "Payments")]
    [InlineData("POST", "/open-banking/v4.0/pisp/file-payment-consents/{consentId}/file", "Consents")]
    [InlineData("GET", "/open-banking/v4.0/pisp/domestic-payment-consents/{consentId}/funds-confirmation", "FundsConfirmation")]
    [InlineData("POST", "/open-banking/v4.0/cbpii/funds-confirmations", "FundsConfirmation")]
    [InlineData("POST", "/open-banking/v4.0/cbpii/funds-confirmation-consents", "Consents")]
    [InlineData("POST", "/open-banking/v4.0/events", "Events")]
    [InlineData("POST", "/token", "Authorisation")]
    [InlineData("GET", "/approve", "Authorisation")]
    [InlineData("GET", "/connections/{consentId}", "Portal")]
    [InlineData("GET", "/", "Portal")]
    [InlineData("GET", "/health/ready", null)]
    [InlineData("POST", "/sandbox/control", null)]
    [InlineData("GET", "/performance", null)]
    [InlineData("GET", "/portal/{**name}", null)]
    public void An_endpoint_is_counted_under_what_it_is_for(string method, string route, string? service)
    {
        var endpoint = MeasuredEndpoint.Of(method, route);
        Assert.Equal(service, endpoint?.Service.ToString());
        if (endpoint is not null) Assert.Equal(endpoint, MeasuredEndpoint.Named(endpoint.Name));
    }

    [Theory]
    [Trait("Rule", "OB-OPS-2")]
    [Trait("Rule", "OB-OPS-5")]
    [InlineData(200, 30_000, "Answered")]
    [InlineData(303, 1, "Answered")]
    [InlineData(404, 1, "Refused")]
    [InlineData(429, 1, "Refused")]
    [InlineData(499, 1, "Refused")]
    [InlineData(500, 1, "Failed")]
    [InlineData(501, 1, "Refused")]
    [InlineData(503, 1, "Failed")]
    [InlineData(200, 30_001, "Failed")]
    public void A_fault_of_ours_has_failed_and_what_is_refused_has_not(int status, int milliseconds, string outcome)
    {
        var measures = new Measures(new TallySums());
        measures.Add(Accounts, "tpp-1", Noon, TimeSpan.FromMilliseconds(milliseconds), status);
        var taken = measures.Take(Noon);
        Assert.Equal((outcome, 1, milliseconds * 1000L), (taken.Requests[0].Key.Outcome.ToString(), taken.Requests[0].Times, taken.Requests[0].Amount));
        Assert.Equal(("tpp-1", outcome), (taken.Clients[0].Key.ClientId, taken.Clients[0].Key.Outcome.ToString()));

        // What is refused says nothing of availability.
        Assert.Equal(outcome == "Refused" ? 0 : 1, taken.Seconds.Count);
        Assert.All(taken.Seconds, logged => Assert.Equal((Interface.ThirdParties, outcome == "Failed"), (logged.Interface, logged.Second.HasFailed)));
        Assert.Empty(measures.Take(Noon).Requests);
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_between_those_who_add_and_the_one_who_takes()
    {
        const int Adders = 4;
        const int Each = 50_000;
        var sums = new Sums<int>();
        var ended = false;
        var taken = (Times: 0L, Amount: 0L);
        var taking = Task.Run(() =>
        {
            while (!Volatile.Read(ref ended)) Take();
        });
        await Task.WhenAll(Enumerable.Range(0, Adders).Select(_ => Task.Run(() =>
        {
            for (var count = 0; count < Each; count++) sums.Add(count % 7, 3);
        })));
        Volatile.Write(ref ended, true);
        await taking;
        Take();
        Assert.Equal((Adders * Each, Adders * Each * 3), taken);

        void Take()
        {
            foreach (var (_, times, amount) in sums.Take(_ => false)) taken = (taken.Times + times, taken.Amount + amount);
        }
    }

    [Fact]
    [Trait("Rule", "OB-OPS-3")]
    public void The_mean_is_exact_and_percentiles_lie_within_their_bounds()
    {
        Assert.Equal((null, null), (new Timings().MeanMilliseconds, new Timings().Percentile(0.5m)));
        var timings = new Timings();
        foreach (var milliseconds in Enumerable.Range(1, 100)) timings.Add(Timings.BucketOf(TimeSpan.FromMilliseconds(milliseconds)), 1, milliseconds * 1000);
        Assert.Equal((50.5m, 50m, 95m, 99m), (timings.MeanMilliseconds, timings.Percentile(0.5m), timings.Percentile(0.95m), timings.Percentile(0.99m)));
        Assert.Equal((0, 1), (Timings.BucketOf(TimeSpan.FromMilliseconds(5)), Timings.BucketOf(TimeSpan.FromMilliseconds(5.001))));
        timings = new Timings();
        timings.Add(Timings.BucketOf(TimeSpan.FromMinutes(1)), 1, 60_000_000);
        Assert.Equal((60_000m, 30_000m), (timings.MeanMilliseconds, timings.Percentile(0.99m)));
    }
}
