using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Orders;

/// <summary>The same where another system has the accounts: what it is asked, and what becomes of answers that never come.</summary>
public sealed partial class PlannedOrderTests
{
    [Fact]
    [Trait("Rule", "OB-INT-5")]
    [Trait("Rule", "OB-PST-5")]
    public async Task Every_type_of_payment_is_made_by_the_system_that_has_the_accounts()
    {
        await using var connected = await ConnectAsync();
        var (own, core) = (connected.Api, connected.Core);
        var before = await connected.BookedAsync("GB-1");
        var other = await connected.NumberAsync("GB-2");
        var within = await OrderAsync(own, "/domestic-payment", Bank.Payment(Bank.To(other), "1.00"));
        var away = await OrderAsync(own, "/domestic-payment", Bank.Payment(amount: "2.00"));
        var scheduled = await OrderAsync(own, "/domestic-scheduled-payment", Scheduled("4.00"));
        var standing = await OrderAsync(own, "/domestic-standing-order", Standing());
        var abroad = await OrderAsync(own, "/international-payment", Abroad("/international-payment"));
        var abroadScheduled = await OrderAsync(own, "/international-scheduled-payment", Abroad("/international-scheduled-payment"));
        var abroadStanding = await OrderAsync(own, "/international-standing-order", Abroad("/international-standing-order"));
        var content = File(other, "08080021325698");
        var file = JsonNode.Parse($$"""{"Data":{"Initiation":{"FileType":"UK.OBIE.PaymentInitiation.4.0","FileHash":"{{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}}"} } }""")!.AsObject();
        var files = await OrderAsync(own, "/file-payment", file, async consentId => Assert.Equal(200, (await UploadAsync(own, consentId, content)).Status));

        foreach (var order in new[] { within, away, abroad }) await UntilAsync(own, order.Path, "ACCC");
        await UntilAsync(own, files.Path, "INCO");
        connected.At("2026-11-25T10:00:01Z");
        foreach (var order in new[] { scheduled, abroadScheduled }) await UntilAsync(own, order.Path, "ACCC");
        await PartsUntilAsync(own, standing.Path, "1 ACCC");
        await PartsUntilAsync(own, abroadStanding.Path, "1 ACCC");

        // Each once, with what the customer has approved, and what is exchanged told in both currencies.
        var holds = connected.Asked("/transfers/hold");
        var debits = holds.Select(hold => Amount(hold["amount"]!) + decimal.Parse((string)hold["charge"]!, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(9, holds.Select(hold => (string)hold["transferId"]!).Distinct().Count());
        Assert.Equal(9, holds.Count);
        Assert.Equal(before - debits.Sum(), await connected.BookedAsync("GB-1"));
        Assert.Equal([10m, 10m, 10m], holds.Where(hold => hold["exchanged"] is not null).Select(hold => Amount(hold["exchanged"]!)));
        Assert.All(holds.Where(hold => hold["exchanged"] is not null), hold => Assert.Equal(("EUR", "GBP"), ((string)hold["exchanged"]!["currency"]!, (string)hold["amount"]!["currency"]!)));
        Assert.Equal(0L, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.core_holds"));

        static decimal Amount(JsonNode money) => decimal.Parse((string)money["amount"]!, CultureInfo.InvariantCulture);
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    [Trait("Rule", "OB-IDM-9")]
    public async Task An_order_whose_answer_is_lost_is_503_and_paid_once_when_it_comes_again()
    {
        await using var connected = await ConnectAsync();
        var (own, core) = (connected.Api, connected.Core);
        var before = await connected.BookedAsync("GB-1");
        var body = Bank.Payment(amount: "5.00");
        var consentId = await bank.ConsentAsync(body, own);
        var payer = await bank.ApprovedAsync(consentId, at: own);
        var order = new JsonObject { ["Data"] = new JsonObject { ["ConsentId"] = consentId, ["Initiation"] = Bank.Initiation(body).DeepClone() }, ["Risk"] = body["Risk"]!.DeepClone() };
        var key = Bank.NewKey();

        // The core sets the money aside, and nobody hears of it.
        core.Loses = path => path == "/transfers/hold";
        var lost = await bank.PostAsync("/domestic-payments", order, payer, key, own);
        Assert.Equal(503, lost.Status);
        Assert.NotNull(lost.Headers.RetryAfter);
        var forgotten = connected.Asked("/transfers/hold").Select(hold => (string)hold["transferId"]!).Distinct().Single();
        Assert.Equal(1L, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.core_holds WHERE \"TransferId\" = $1", forgotten));

        // A core that is away altogether changes nothing about that.
        core.Instead = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        connected.Later(TimeSpan.FromMinutes(1));
        Assert.Equal(503, (await bank.PostAsync("/domestic-payments", order, payer, key, own)).Status);
        await Record.ExceptionAsync(connected.GiveBackAsync);
        Assert.Equal(1L, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.core_holds WHERE \"TransferId\" = $1", forgotten));

        core.Mend();
        connected.Later(TimeSpan.FromMinutes(1));
        var made = await bank.PostAsync("/domestic-payments", order, payer, key, own);
        Assert.True(made.Status == 201, made.Body);
        await UntilAsync(own, "/domestic-payments/" + made.Data.GetProperty("DomesticPaymentId").GetString(), "ACCC");
        Assert.Equal(before - 5m, await connected.BookedAsync("GB-1"));

        // What was set aside for nobody is given back, and what was paid stays.
        connected.Later(TimeSpan.FromMinutes(1));
        await connected.GiveBackAsync();
        Assert.Equal(0L, await own.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.core_holds"));
        Assert.False(await connected.MoveAsync("/transfers/post", forgotten));
        Assert.True(await connected.MoveAsync("/transfers/release", forgotten));
        Assert.Equal(before - 5m, await connected.BookedAsync("GB-1"));
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    [Trait("Rule", "PY-23")]
    public async Task A_transfer_whose_answer_is_lost_is_asked_again_and_made_once()
    {
        await using var connected = await ConnectAsync();
        var (own, core) = (connected.Api, connected.Core);
        var before = await connected.BookedAsync("GB-1");
        core.Loses = path => path == "/transfers/post";
        var now = await OrderAsync(own, "/domestic-payment", Bank.Payment(amount: "7.00"));
        var planned = await OrderAsync(own, "/domestic-scheduled-payment", Scheduled("8.00"));
        connected.At("2026-11-25T10:00:01Z");
        await connected.UntilAskedAsync("/transfers/post", now.Id);
        await connected.UntilAskedAsync("/transfers/post", planned.Id);
        Assert.DoesNotContain(await StatusAsync(now), new[] { "ACSC", "ACCC", "RJCT" });
        Assert.DoesNotContain(await StatusAsync(planned), new[] { "ACSC", "ACCC", "RJCT" });

        // The second was set aside in the very step that failed: it is not taken for forgotten.
        Assert.Equal(2, (await own.AskAsync(new ListKnownTransfers([planned.Id, planned.Id + "-1", planned.Id[..^1], "dps-1"]))).Count);
        connected.Later(TimeSpan.FromMinutes(1));
        await connected.GiveBackAsync();
        Assert.DoesNotContain(connected.Asked("/transfers/release"), move => (string)move["transferId"]! == planned.Id);

        core.Mend();
        foreach (var order in new[] { now, planned })
        {
            connected.Later(TimeSpan.FromMinutes(1));
            await UntilAsync(own, order.Path, "ACCC");
        }

        Assert.Equal(before - 15m, await connected.BookedAsync("GB-1"));

        async Task<string> StatusAsync(Ordered order) => (await bank.GetAsync(order.Path, at: own)).Data.GetProperty("Status").GetString()!;
    }

    private static async Task<Connected> ConnectAsync()
    {
        var core = await CoreProxy.StartAsync();
        var connected = new Connected(core, await BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Payments:SchemeDelay"] = "00:00:00.100",
            ["Accounts:Core:Address"] = core.Address.OriginalString,
            ["Accounts:Core:TimeoutMilliseconds"] = "15000",
            ["Accounts:Core:PatienceMilliseconds"] = "20000",
            ["Accounts:Core:RestSeconds"] = "1",
        }));
        connected.At("2026-11-20T10:00:00Z");
        return connected;
    }

    /// <summary>A bank whose accounts are in another system, and that system.</summary>
    private sealed class Connected : IAsyncDisposable
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<(string Path, JsonNode Question)> asked = new();
        private readonly HttpClient http = new();

        public Connected(CoreProxy core, BankApi api)
        {
            (Core, Api) = (core, api);
            core.Hears = (path, question) => asked.Enqueue((path, question));
        }

        public CoreProxy Core { get; }

        public BankApi Api { get; }

        /// <summary>From here on time runs on from a moment.</summary>
        public void At(string moment) => Api.Clock.Offset = DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture) - TimeProvider.System.GetUtcNow();

        public void Later(TimeSpan by) => Api.Clock.Advance(by);

        /// <summary>What it was asked at a path, one question for each time it was answered or lost.</summary>
        public IReadOnlyList<JsonNode> Asked(string path) => [.. asked.Where(one => one.Path == path).Select(one => one.Question)];

        public async Task UntilAskedAsync(string path, string transferId)
        {
            for (var tries = 0; !Asked(path).Any(one => (string)one["transferId"]! == transferId); tries++)
            {
                Assert.True(tries < 600, $"{path} is not asked for {transferId}");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }

        /// <summary>Straight from the core.</summary>
        public async Task<decimal> BookedAsync(string tag) => decimal.Parse(
            (await AskAsync("/balances/query", new { CustomerId = Bank.Amelia, AccountIds = new[] { Api.Account(tag) } })).GetProperty("balances")[0].GetProperty("booked").GetString()!,
            CultureInfo.InvariantCulture);

        public async Task<string> NumberAsync(string tag) =>
            (await AskAsync("/accounts/query", new { CustomerId = Bank.Amelia, AccountIds = new[] { Api.Account(tag) } })).GetProperty("accounts")[0].GetProperty("identification").GetString()!;

        public async Task<bool> MoveAsync(string path, string transferId) => (await AskAsync(path, new { TransferId = transferId })).GetProperty("isDone").GetBoolean();

        public Task<int> GiveBackAsync() => Api.GiveBackForgottenHoldsAsync(TestContext.Current.CancellationToken);

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            await Api.DisposeAsync();
            await Core.DisposeAsync();
        }

        private async Task<JsonElement> AskAsync(string path, object question)
        {
            using var answer = await http.PostAsJsonAsync(new Uri(Core.Core, path), question, JsonSerializerOptions.Web);
            answer.EnsureSuccessStatusCode();
            return await answer.Content.ReadFromJsonAsync<JsonElement>();
        }
    }
}
