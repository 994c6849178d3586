using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>The tests that use <see cref="TwoHosts"/>; no other starts them.</summary>
[CollectionDefinition(Name)]
public sealed class OnTwoHosts : ICollectionFixture<TwoHosts>
{
    public const string Name = "two hosts";
}

/// <summary>Tests that move the time of two hosts or start them again, on a pair of their own.</summary>
[CollectionDefinition(Name)]
public sealed class OnHostsOfTheirOwn : ICollectionFixture<TwoHosts>
{
    public const string Name = "two hosts of their own";
}

/// <summary>
/// Two processes on one database: the first with the database of its own, the second beside it under the first one's name, as
/// behind a balancer. One third party and the sandbox's customers.
/// </summary>
public sealed class TwoHosts : IAsyncLifetime
{
    private readonly string clients = Path.Combine(Path.GetTempPath(), $"openbanking-clients-{Guid.CreateVersion7():N}.json");
    private readonly Dictionary<string, SoftwareAuthenticator> passkeys = new(StringComparer.Ordinal);
    private TestTpp registered = null!;
    private TestTpp certified = null!;
    private TestTpp paying = null!;
    private readonly Dictionary<string, ApprovedPayments> payments = new(StringComparer.Ordinal);
    private string controlSecret = "";
    private string otherControlSecret = "";

    /// <summary>The time of both hosts and of all who talk to them.</summary>
    public TestClock Clock { get; } = new();

    public HostProcess First { get; private set; } = null!;

    public HostProcess Second { get; private set; } = null!;

    /// <summary>One of them after the other.</summary>
    public Reach Both { get; private set; } = null!;

    /// <summary>A third party with DPoP whose every request goes to the next host.</summary>
    public TestTpp Tpp { get; private set; } = null!;

    /// <summary>A third party that has payments made, whose every request goes to the next host.</summary>
    public TestTpp Payer { get; private set; } = null!;

    /// <summary>The database of both.</summary>
    public NpgsqlDataSource Database { get; private set; } = null!;

    /// <summary>A third party that authenticates with a certificate of the sandbox's authority, as its requests go to one of the hosts.</summary>
    public TestTpp CertifiedAt(HostProcess host, HostProcess issuer) =>
        certified.At(host.Reach with { Issuer = First.Reach.Issuer, Time = Clock }).Showing(TestCertificates.Client(issuer.Authority, certified.Certificate!.Subject));

    public IReadOnlyList<JsonElement> Customers { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        registered = TestTpp.New(Reach.Nowhere, change: metadata =>
        {
            TestTpp.OnTheBackchannel()(metadata);
            metadata["scope"] = "openid accounts offline_access";
            metadata["introspection_signed_response_alg"] = "ES256";
        });
        certified = TestTpp.New(
            Reach.Nowhere,
            TppKind.Mtls,
            metadata => metadata["introspection_signed_response_alg"] = "PS256",
            issue: subject => TestCertificates.SelfSigned(subject));
        paying = TestTpp.New(Reach.Nowhere, change: ApprovedPayments.Pays(), algorithm: "PS256");
        await File.WriteAllTextAsync(
            clients, new JsonArray(registered.Registration!.DeepClone(), certified.Registration!.DeepClone(), paying.Registration!.DeepClone()).ToJsonString());
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Identity__ClientsFile"] = clients,
            ["RateLimits__Requests"] = "1000000",
        };
        First = await HostProcess.StartAsync(settings);
        var sandbox = await First.SandboxAsync();
        Customers = [.. sandbox.GetProperty("customers").EnumerateArray()];
        settings["ConnectionStrings__OpenBanking"] = sandbox.GetProperty("database").GetString();
        settings["Identity__Issuer"] = First.Main.OriginalString.TrimEnd('/');
        settings["Identity__MtlsIssuer"] = First.Mtls.OriginalString.TrimEnd('/');
        Second = await HostProcess.StartAsync(settings);
        Database = NpgsqlDataSource.Create(settings["ConnectionStrings__OpenBanking"]!);
        controlSecret = sandbox.GetProperty("controlSecret").GetString()!;
        otherControlSecret = (await Second.SandboxAsync()).GetProperty("controlSecret").GetString()!;
        Both = Reach.Alternating(First, Second) with { Time = Clock };
        Tpp = registered.At(Both);
        Payer = paying.At(Both);
    }

    public async ValueTask DisposeAsync()
    {
        registered.Dispose();
        certified.Dispose();
        paying.Dispose();
        Tpp?.Dispose();
        Payer?.Dispose();
        if (Database is not null) await Database.DisposeAsync();
        if (Second is not null) await Second.DisposeAsync();
        if (First is not null) await First.DisposeAsync();
        File.Delete(clients);
    }

    /// <summary>The third party as it reaches one of the hosts.</summary>
    public TestTpp TppAt(HostProcess host) => Tpp.At(host.Reach with { Time = Clock });

    /// <summary>Lets time pass on both hosts, and for the third parties that call them. Each is told, since to look by itself the second would take its time.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        var offset = Clock.Offset + time;
        foreach (var host in new[] { First, Second }) await ControlAsync(host, new JsonObject { ["operation"] = "clock", ["offsetMilliseconds"] = (long)offset.TotalMilliseconds });
        Clock.Offset = offset;
    }

    /// <summary>Has one of the hosts do what only the sandbox can do.</summary>
    public async Task<JsonElement> ControlAsync(HostProcess host, JsonObject operation)
    {
        using var http = host.CreateClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Sandbox", host == First ? controlSecret : otherControlSecret);
        using var body = TestHttp.Json(operation.ToJsonString());
        using var answer = await http.PostAsync(new Uri("/sandbox/control", UriKind.Relative), body);
        answer.EnsureSuccessStatusCode();
        return JsonElement.Parse(await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Runs a command of the bank beside the hosts, and gives what it has printed.</summary>
    public async Task<string> CommandAsync(params string[] words)
    {
        var (exit, output, _) = await HostProcess.RunAsync(null, First.DataPath, words);
        return exit == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', words)}: exit code {exit}, {output}");
    }

    /// <summary>A browser, signed in nowhere, that holds a passkey of a customer of the sandbox.</summary>
    public async Task<PortalBrowser> BrowserAsync(int customer = 0, Reach? reach = null)
    {
        var username = Customers[customer].GetProperty("username").GetString()!;
        if (passkeys.TryGetValue(username, out var passkey)) return new PortalBrowser(reach ?? Both, passkey);
        var browser = new PortalBrowser(reach ?? Both);
        var activated = await browser.ActivateAsync(username, Customers[customer].GetProperty("activationCode").GetString()!);
        Assert.True(activated.IsSuccess, activated.Text);
        passkeys[username] = browser.Authenticator;
        return browser;
    }

    /// <summary>A pushed request for a consent, or for a new one.</summary>
    public async Task<string> PushAsync(string? consentId = null) =>
        await Tpp.PushAsync(TestTpp.AuthorizationRequest(consentId ?? await Tpp.CreateConsentAsync()).With("scope", "openid accounts offline_access").With("prompt", "consent"));

    /// <summary>The whole way to a code by the portal's pages, for a consent or for a new one.</summary>
    public async Task<string> CodeAsync(string? consentId = null)
    {
        var (browser, form) = await WaitingAsync(consentId ?? await Tpp.CreateConsentAsync());
        var decision = await browser.DecideAsync(form);
        return decision.Code ?? throw new InvalidOperationException($"No code: {decision.Status} {decision.Text}");
    }

    /// <summary>A customer before the approval page of a consent.</summary>
    public async Task<(PortalBrowser Browser, ApprovalForm Form)> WaitingAsync(string consentId)
    {
        var browser = await BrowserAsync();
        return (browser, await browser.ApprovalAsync(await browser.ArriveAndSignInAsync(Tpp.AuthorizePath(await PushAsync(consentId)))));
    }

    /// <summary>The tokens of a consent that its customer has approved.</summary>
    public async Task<JsonElement> GrantAsync(string consentId)
    {
        var answer = await Tpp.RedeemAsync(await CodeAsync(consentId));
        return answer.Status == 200 ? answer.Json : throw new InvalidOperationException($"No tokens: {answer.Status} {answer.Body}");
    }

    /// <summary>Ends a host in order and starts it again; with the first goes the database for a while, so both must be there again.</summary>
    public async Task AgainAsync(HostProcess host)
    {
        await host.StopAsync();
        await host.StartAgainAsync();
        Database.Clear();
        foreach (var each in new[] { First, Second })
        {
            using var http = each.CreateClient();
            await Eventually.HoldsAsync(
                async () =>
                {
                    using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
                    return answer.IsSuccessStatusCode;
                },
                () => "A host is not ready again.");
        }
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Asks the database for one value, beside the hosts.</summary>
    public async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Payments of one amount; the first is approved by a customer, and there are as many more as a test wants.</summary>
    public async Task<ApprovedPayments> PaymentsAsync(string amount) =>
        payments.TryGetValue(amount, out var known) ? known : payments[amount] = await ApprovedPayments.ApproveAsync(Payer, await BrowserAsync(), Database, amount);

    /// <summary>Has all of them start as nearly at one moment as can be had.</summary>
    public static async Task<T[]> AtOnceAsync<T>(IEnumerable<Func<Task<T>>> actions)
    {
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = actions.Select(async action =>
        {
            await start.Task;
            return await action();
        }).ToList();
        start.SetResult();
        return await Task.WhenAll(waiting);
    }
}
