using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts.CoreBank.Connector;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Samples.CoreBank;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.CoreBank;

/// <summary>What the core tells without being asked.</summary>
public sealed class NoticeTests : IAsyncLifetime
{
    private const string Path = "/core-bank/notices";
    private const string Secret = "a secret that two share";
    private static readonly TestCaller Core = new("core");
    private readonly string secretFile = System.IO.Path.GetTempFileName();
    private readonly Heard heard = new();
    private BankApi api = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(secretFile, Secret + "\n");
        api = await BankApi.StartAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Accounts:Core:NoticeSecretFile"] = secretFile },
            services => services.AddSingleton<INotificationHandler<LinkedAccountChanged>>(heard));
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        File.Delete(secretFile);
    }

    [Fact]
    [Trait("Rule", "OB-CON-16")]
    public async Task Each_is_taken_once_however_often_it_is_sent()
    {
        var notice = Notice("AccountClosed");
        await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ => Assert.Equal(204, (await SendAsync(notice)).Status)));
        Assert.Equal(204, (await SendAsync(notice)).Status);
        Assert.Equal([new LinkedAccountChanged(api.Account("GB-1"), LinkedAccountCause.Closed)], heard.All);

        Assert.Equal(204, (await SendAsync(Notice("AccountSwitched"))).Status);
        Assert.Equal(LinkedAccountCause.Switched, heard.All[^1].Cause);

        // A booking ends nothing; who wants it asks.
        Assert.Equal(204, (await SendAsync(Notice("TransactionBooked"))).Status);
        Assert.Equal(2, heard.All.Count);
    }

    [Fact]
    [Trait("Rule", "R42")]
    public async Task What_was_told_a_month_ago_is_forgotten()
    {
        var sweep = api.Services.GetRequiredService<Batches<OldNotices>>();
        api.Clock.StopAt(api.Clock.Now);
        Assert.Equal(204, (await SendAsync(Notice("TransactionBooked"))).Status);
        api.Clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, await sweep.DoAllAsync(TestContext.Current.CancellationToken));
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await sweep.DoAllAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(-300, true)]
    [InlineData(-301, false)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    public async Task A_signature_is_good_for_five_minutes(int seconds, bool isTaken)
    {
        api.Clock.StopAt(DateTimeOffset.FromUnixTimeSeconds(api.Clock.Now.ToUnixTimeSeconds()));
        var answer = await SendAsync(Notice("TransactionBooked"), at: api.Clock.Now.AddSeconds(seconds));
        Assert.Equal(isTaken ? (204, null) : (401, "core signature"), (answer.Status, answer.Rule));
    }

    [Theory]
    [InlineData("no signature")]
    [InlineData("another secret")]
    [InlineData("another body")]
    [InlineData("another second")]
    [InlineData("two signatures")]
    public async Task Nobody_else_can_sign(string what)
    {
        var body = Notice("AccountClosed");
        var now = api.Clock.Now;
        var header = what switch
        {
            "another secret" => Sign(body, now, "guess"),
            "another body" => Sign(body + " ", now, Secret),
            "another second" => Sign(body, now, Secret).Replace("t=", "t=1", StringComparison.Ordinal),
            _ => Sign(body, now, Secret),
        };
        var answer = await api.SendAsync(HttpMethod.Post, Path, Core, body, request =>
        {
            if (what != "no signature") request.Headers.TryAddWithoutValidation("Core-Signature", header);
            if (what == "two signatures") request.Headers.TryAddWithoutValidation("Core-Signature", header);
        }, root: "");
        Assert.Equal((401, "core signature"), (answer.Status, answer.Rule));
        Assert.Empty(heard.All);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"id":"5","kind":"AccountClosed","accountId":"00000000000000000000000000000000","at":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"id":"019aa0c0-0000-7000-8000-000000000001","kind":"AccountLost","accountId":"00000000000000000000000000000000","at":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"id":"019aa0c0-0000-7000-8000-000000000001","kind":2,"accountId":"00000000000000000000000000000000","at":"2026-01-01T00:00:00Z"}""")]
    [InlineData("""{"id":"019aa0c0-0000-7000-8000-000000000001","kind":"AccountClosed","accountId":"GB-1","at":"2026-01-01T00:00:00Z"}""")]
    public async Task What_is_no_notice_is_400(string body)
    {
        var answer = await SendAsync(body);
        Assert.Equal((400, "core notice"), (answer.Status, answer.Rule));
    }

    [Fact]
    public async Task The_sample_core_tells_of_an_account_that_it_closes()
    {
        using var way = new Way(api);
        await using var core = CoreServer.Build(
            new CoreOptions("http://127.0.0.1:0", NoticeAddress: new Uri("https://bank.example" + Path), NoticeSecretFile: secretFile), api.Clock, way);
        await core.StartAsync(TestContext.Current.CancellationToken);
        var account = core.Services.GetRequiredService<Samples.CoreBank.Books.Bank>().Accounts[0].Id;
        using var http = new HttpClient { BaseAddress = new Uri(core.Urls.First()) };
        using var closed = await http.PostAsync(new Uri("/simulator/close/" + account, UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, closed.StatusCode);
        Assert.Equal([204], way.Answers);
        Assert.Equal([new LinkedAccountChanged(account, LinkedAccountCause.Closed)], heard.All);
    }

    private Task<ApiAnswer> SendAsync(string body, DateTimeOffset? at = null) => api.SendAsync(
        HttpMethod.Post, Path, Core, body, request => request.Headers.TryAddWithoutValidation("Core-Signature", Sign(body, at ?? api.Clock.Now, Secret)), root: "");

    private string Notice(string kind) => $$"""{"id":"{{Guid.CreateVersion7()}}","kind":"{{kind}}","accountId":"{{api.Account("GB-1")}}","at":"2026-01-01T00:00:00Z","more":1}""";

    private static string Sign(string body, DateTimeOffset at, string secret)
    {
        var second = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={second},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(second + "." + body)))}";
    }

    private sealed class Heard : INotificationHandler<LinkedAccountChanged>
    {
        private readonly ConcurrentQueue<LinkedAccountChanged> all = new();

        public IReadOnlyList<LinkedAccountChanged> All => [.. all];

        public Task Handle(LinkedAccountChanged notification, CancellationToken cancellationToken)
        {
            all.Enqueue(notification);
            return Task.CompletedTask;
        }
    }

    /// <summary>From the core to the bank, which here have no network between them.</summary>
    private sealed class Way(BankApi api) : HttpMessageHandler
    {
        private readonly List<int> answers = [];

        public IReadOnlyList<int> Answers => answers;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsStringAsync(cancellationToken);
            var signature = request.Headers.GetValues("Core-Signature").Single();
            var answer = await api.SendAsync(HttpMethod.Post, request.RequestUri!.AbsolutePath, Core, body, copy => copy.Headers.TryAddWithoutValidation("Core-Signature", signature), root: "");
            answers.Add(answer.Status);
            return new HttpResponseMessage((HttpStatusCode)answer.Status);
        }
    }
}
