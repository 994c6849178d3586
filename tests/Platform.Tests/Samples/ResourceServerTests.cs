using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Samples;

/// <summary>The API of another team in a process of its own, before the running bank: what the kit keeps, it keeps there as here.</summary>
public sealed class ResourceServerTests(ResourceServerTests.World world) : IClassFixture<ResourceServerTests.World>
{
    private const string Accounts = "/savings/accounts";

    public static TheoryData<string> Servers => ["plain", "signed"];

    [Theory]
    [MemberData(nameof(Servers))]
    [Trait("Rule", "RS-03")]
    [Trait("Rule", "RS-05")]
    [Trait("Rule", "DPOP-19")]
    [Trait("Rule", "DPOP-21")]
    [Trait("Rule", "DP-10")]
    [Trait("Rule", "JIN-07")]
    public async Task A_token_of_the_bank_opens_the_accounts_of_its_consent_to_who_proves_its_key(string name)
    {
        var savings = world.Server(name);
        var token = await world.TokenAsync(world.Tpp);

        var shown = await savings.CallAsync(world.Tpp, HttpMethod.Get, Accounts, token);

        Assert.Equal($$"""{"accounts":["{{world.Customer.AccountIds[0]}}"]}""", shown.Body);

        // Alone it is worth nothing, nor with another's key, nor with a proof that was shown before, nor as another scheme.
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, "DPoP " + token), 401, "invalid_token", "DPOP-21");
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, "Bearer " + token), 401, "invalid_token", "DPOP-21");
        using var thiefs = SigningKey.Create("ES256");
        await RefusedAsync(savings, savings.CallAsync(world.Tpp, HttpMethod.Get, Accounts, token, key: thiefs), 401, "invalid_token", "DPOP-21");
        var proof = savings.Proof(world.Tpp, "GET", Accounts, token);
        Assert.Equal(200, (await savings.SendAsync(HttpMethod.Get, Accounts, "DPoP " + token, proof)).Status);
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, "DPoP " + token, proof), 401, "invalid_dpop_proof", "DPOP-12");
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, "DPoP unknown"), 401, "invalid_token", "RS-03");
        Assert.Equal(200, (await savings.CallAsync(world.Tpp, HttpMethod.Get, Accounts, token)).Status);
    }

    [Fact]
    [Trait("Rule", "DPOP-19")]
    [Trait("Rule", "DPOP-20")]
    [Trait("Rule", "RS-07")]
    public async Task It_demands_a_nonce_of_its_own()
    {
        var savings = world.Server("plain");
        var token = await world.TokenAsync(world.Tpp);
        var without = world.Tpp.Proof("GET", savings.Address + Accounts, token, claims => claims.Remove("nonce"));

        var first = await savings.SendAsync(HttpMethod.Get, Accounts, "DPoP " + token, without);

        Assert.Equal(401, first.Status);
        Assert.Equal(
            "DPoP realm=\"savings\", error=\"use_dpop_nonce\", error_description=\"the DPoP proof needs the nonce of the DPoP-Nonce header\", algs=\"PS256 ES256\", Bearer realm=\"savings\"",
            first.Header("WWW-Authenticate"));
        var nonce = first.Header("DPoP-Nonce")!;
        Assert.Equal(200, (await savings.SendAsync(HttpMethod.Get, Accounts, "DPoP " + token, With(nonce))).Status);

        // The bank's own is not good here.
        var banks = (await world.Tpp.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts"))).Header("DPoP-Nonce")!;
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, "DPoP " + token, With(banks)), 401, "use_dpop_nonce", "DPOP-19");

        string With(string value) => world.Tpp.Proof("GET", savings.Address + Accounts, token, claims => claims["nonce"] = value);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    [Trait("Rule", "MT-06")]
    [Trait("Rule", "MTLS-07")]
    public async Task A_token_bound_to_a_certificate_goes_with_it_alone(string name)
    {
        var savings = world.Server(name);
        var token = await world.TokenAsync(world.Mtls);
        using var own = savings.Client(world.Mtls.Certificate);
        using var other = world.Host.IssueClientCertificate("CN=another, O=Budget App Ltd, C=GB");
        using var others = savings.Client(other);

        Assert.Equal(200, (await savings.SendAsync(HttpMethod.Get, Accounts, "Bearer " + token, over: own)).Status);
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, "Bearer " + token, over: others), 401, "invalid_token", "MTLS-07");
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, "Bearer " + token), 401, "invalid_token", "MTLS-07");
        Assert.Equal(200, (await savings.SendAsync(HttpMethod.Get, Accounts, "Bearer " + token, over: own)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-SEC-3")]
    [Trait("Rule", "RS-01")]
    [Trait("Rule", "RS-02")]
    [Trait("Rule", "RS-08")]
    public async Task What_is_no_customers_token_in_the_header_opens_nothing()
    {
        var savings = world.Server("plain");
        var itself = await world.Tpp.ClientTokenAsync();
        await RefusedAsync(savings, savings.CallAsync(world.Tpp, HttpMethod.Get, Accounts, itself), 401, "invalid_token", "OB-SEC-3");
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts, null), 401, null, "RS-01");
        var token = await world.TokenAsync(world.Tpp);
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts + "?access_token=" + token, null), 401, null, "RS-02");
        await RefusedAsync(savings, savings.SendAsync(HttpMethod.Get, Accounts + "?access_token=" + token, "DPoP " + token), 400, "invalid_request", "RS-08");
    }

    /// <summary>A token for something else is as none (INT-03), whoever shows it; and only its resource server hears of it at all.</summary>
    [Fact]
    [Trait("Rule", "INT-03")]
    [Trait("Rule", "RS-04")]
    [Trait("Rule", "JIN-07")]
    [Trait("Rule", "RAR-10")]
    public async Task The_bank_tells_a_resource_server_of_its_own_scopes_alone()
    {
        var savings = world.Server("plain");
        var token = await world.TokenAsync(world.Tpp);
        var told = (await world.ResourceServer.CallAsync("/introspect", Form.Empty.With("token", token), withProof: false)).Json;
        Assert.Equal(("accounts", savings.Address), (told.GetProperty("scope").GetString(), told.GetProperty("aud").GetString()));

        // Of several details, too; their client is told all of them.
        await world.Host.Database.ExecuteAsync(
            """UPDATE identity.access_tokens SET "AuthorizationDetails" = "AuthorizationDetails" || '[{"type":"funds_confirmation","consent_id":"fcc-1"}]' WHERE "Hash" = $1""", Handle.HashOf(token));
        Assert.Equal(["account_information"], await TypesAsync(world.ResourceServer));
        Assert.Equal(["account_information", "funds_confirmation"], await TypesAsync(world.Tpp));

        var openid = await world.TokenAsync(world.Tpp, scope: "openid");
        Assert.Equal("""{"active":false}""", (await world.ResourceServer.CallAsync("/introspect", Form.Empty.With("token", openid), withProof: false)).Body);
        await RefusedAsync(savings, savings.CallAsync(world.Tpp, HttpMethod.Get, Accounts, openid), 401, "invalid_token", "RS-03");
        Assert.Equal("""{"active":false}""", (await world.Stranger.CallAsync("/introspect", Form.Empty.With("token", token), withProof: false)).Body);

        async Task<IEnumerable<string?>> TypesAsync(TestTpp asking) =>
            (await asking.CallAsync("/introspect", Form.Empty.With("token", token), withProof: false)).Json
                .GetProperty("authorization_details").EnumerateArray().Select(detail => detail.GetProperty("type").GetString());
    }

    [Fact]
    [Trait("Rule", "RS-03")]
    [Trait("Rule", "REV-08")]
    [Trait("Rule", "RS-17")]
    public async Task A_revocation_holds_from_the_next_call_on_and_where_answers_are_kept_when_they_end()
    {
        var (strict, kept) = (world.Server("plain"), world.Server("signed"));
        var token = await world.TokenAsync(world.Tpp);
        Assert.Equal(200, (await strict.CallAsync(world.Tpp, HttpMethod.Get, Accounts, token)).Status);
        Assert.Equal(200, (await kept.CallAsync(world.Tpp, HttpMethod.Get, Accounts, token)).Status);

        Assert.Equal(200, (await world.Tpp.CallAsync("/revoke", Form.Empty.With("token", token))).Status);

        await RefusedAsync(strict, strict.CallAsync(world.Tpp, HttpMethod.Get, Accounts, token), 401, "invalid_token", "RS-03");
        await Eventually.HoldsAsync(
            async () => (await kept.CallAsync(world.Tpp, HttpMethod.Get, Accounts, token)).Status != 200, () => "An answer outlived the cache.");
    }

    [Fact]
    [Trait("Rule", "STEP-01")]
    [Trait("Rule", "STEP-03")]
    [Trait("Rule", "STEP-04")]
    [Trait("Rule", "STEP-07")]
    [Trait("Rule", "STEP-08")]
    public async Task A_payment_above_the_amount_wants_a_fresh_authentication_and_gets_it_from_the_bank()
    {
        var savings = world.Server("plain");
        using var browser = world.Customer.OpenBrowser();
        var consent = await world.Tpp.CreateConsentAsync();
        var token = await world.TokenAsync(world.Tpp, browser: browser, consent: consent);
        await world.Host.Database.ExecuteAsync(
            "UPDATE identity.grants SET \"AuthenticatedAt\" = \"AuthenticatedAt\" - interval '6 minutes' WHERE \"ConsentId\" = $1", consent);

        // Enough for little; above, the same for an account of the consent, of another customer, and of nobody.
        Assert.Equal(202, (await TransferAsync(token, "100.00")).Status);
        string? challenge = null;
        foreach (var account in new[] { world.Customer.AccountIds[0], world.Customer.AccountIds[1], "nobodys" })
        {
            var refused = await TransferAsync(token, "100.01", account);
            Assert.Equal(401, refused.Status);
            Assert.Equal("", refused.Body);
            Assert.Equal(challenge ??= refused.Header("WWW-Authenticate"), refused.Header("WWW-Authenticate"));
        }

        Assert.StartsWith("DPoP realm=\"savings\", error=\"insufficient_user_authentication\"", challenge, StringComparison.Ordinal);
        await RefusedAsync(savings, savings.CallAsync(world.Tpp, HttpMethod.Delete, "/savings", token), 401, "insufficient_user_authentication", "STEP-02");
        var (acr, age) = (Parameter(challenge!, "acr_values"), Parameter(challenge!, "max_age"));
        Assert.Equal(("urn:openbanking:psd2:sca", "300"), (acr, age));

        // What the challenge asks for goes into a new request as it is, and what comes of that is enough.
        var fresh = await world.TokenAsync(
            world.Tpp, browser: browser, consent: await world.Tpp.CreateConsentAsync(), acr: acr, maxAge: age);
        Assert.Equal(202, (await TransferAsync(fresh, "100.01")).Status);
        Assert.Equal(204, (await savings.CallAsync(world.Tpp, HttpMethod.Delete, "/savings", fresh)).Status);
        Assert.Equal(403, (await TransferAsync(fresh, "100.01", world.Customer.AccountIds[1])).Status);
        Assert.Equal(401, (await TransferAsync(token, "100.01")).Status);

        Task<Answer> TransferAsync(string with, string amount, string? account = null) => savings.CallAsync(
            world.Tpp, HttpMethod.Post, "/savings/transfers", with, $$"""{"accountId":"{{account ?? world.Customer.AccountIds[0]}}","amount":"{{amount}}"}""");
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task With_the_bank_away_nobody_passes()
    {
        await using var savings = await SavingsProcess.StartAsync(world, "lonely", new() { ["Savings__Issuer"] = $"https://localhost:{FreePort.Next()}" });
        var answer = await savings.CallAsync(world.Tpp, HttpMethod.Get, Accounts, "any-token-at-all");
        Assert.Equal((503, "1"), (answer.Status, answer.Header("Retry-After")));
        Assert.Null(answer.Header("WWW-Authenticate"));
    }

    private static string Parameter(string challenge, string name) => Regex.Match(challenge, name + "=\"([^\"]*)\"", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value;

    private static async Task RefusedAsync(SavingsProcess savings, Task<Answer> call, int status, string? error, string rule)
    {
        var answer = await call;
        Assert.Equal(status, answer.Status);
        if (error is null) Assert.DoesNotContain("error=", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        else Assert.Contains($"error=\"{error}\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        var reason = $"reason={rule}, ";
        var id = answer.Header("x-fapi-interaction-id")!;
        await Eventually.HoldsAsync(() => savings.Output.Any(line => line.Contains(id, StringComparison.Ordinal)), () => $"The log does not know {id}.");
        Assert.Contains(savings.Output, line => line.Contains(reason, StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal));
    }

    /// <summary>The bank in this process, two of the samples in their own, and who calls.</summary>
    public sealed class World : IAsyncLifetime
    {
        public const int Cache = 2;
        private readonly Dictionary<string, SavingsProcess> servers = new(StringComparer.Ordinal);

        public TestHost Host { get; private set; } = null!;

        public TestTpp Tpp { get; private set; } = null!;

        public TestTpp Mtls { get; private set; } = null!;

        /// <summary>What the API of the other team is to the bank.</summary>
        public TestTpp ResourceServer { get; private set; } = null!;

        public TestTpp Stranger { get; private set; } = null!;

        public TestCustomer Customer { get; private set; } = null!;

        internal SavingsProcess Server(string name) => servers[name];

        public async ValueTask InitializeAsync()
        {
            var (plain, signed) = (FreePort.Next(), FreePort.Next());
            var own = new Dictionary<string, TestTpp>(StringComparer.Ordinal)
            {
                ["plain"] = TestTpp.New(Reach.Nowhere),
                ["signed"] = TestTpp.New(Reach.Nowhere, change: metadata => metadata["introspection_signed_response_alg"] = "PS256"),
            };
            Host = await TestHost.StartAsync(options =>
            {
                options.Settings["Identity:AccessTokenLifetime"] = "00:30:00";
                foreach (var (at, (name, port)) in new[] { ("plain", plain), ("signed", signed) }.Index())
                {
                    options.Settings[$"Identity:ResourceServers:{at}:ClientId"] = own[name].ClientId;
                    options.Settings[$"Identity:ResourceServers:{at}:Audience"] = $"https://localhost:{port}";
                    options.Settings[$"Identity:ResourceServers:{at}:Scopes:0"] = "accounts";
                }
            });
            foreach (var registration in own.Values) await TestTpp.RegisterAsync(Host, registration.Registration!);
            ResourceServer = own["plain"].At(Host.Reach);
            Tpp = await TestTpp.RegisterAsync(Host);
            Stranger = await TestTpp.RegisterAsync(Host);
            Mtls = await TestTpp.RegisterAsync(Host, TppKind.Mtls);
            Customer = await TestCustomer.CreateAsync(Host);
            foreach (var (name, port) in new[] { ("plain", plain), ("signed", signed) })
            {
                servers[name] = await SavingsProcess.StartAsync(this, name, new()
                {
                    ["Savings__ClientId"] = own[name].ClientId,
                    ["Savings__Signed"] = name == "signed" ? "true" : "false",
                    ["Savings__CacheSeconds"] = name == "signed" ? Cache.ToString(CultureInfo.InvariantCulture) : "0",
                    ["Savings__DemandsNonces"] = name == "signed" ? "false" : "true",
                }, own[name].Key, port);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var server in servers.Values) await server.DisposeAsync();
            await Host.DisposeAsync();
        }

        /// <summary>A customer's token, whose details name the first account.</summary>
        public async Task<string> TokenAsync(
            TestTpp tpp, string scope = "openid accounts", TestBrowser? browser = null, string? consent = null, string? acr = null, string? maxAge = null)
        {
            using var own = browser is null ? Customer.OpenBrowser() : null;
            var with = browser ?? own!;
            consent ??= await tpp.CreateConsentAsync();
            var request = TestTpp.AuthorizationRequest(consent).With("authorization_details", TestTpp.Details(consent));
            if (acr is not null) request = request.With("acr_values", acr);
            if (maxAge is not null) request = request.With("max_age", maxAge);
            var uri = await tpp.PushAsync(request);
            var interaction = await with.ArriveAsync($"/authorize?client_id={tpp.ClientId}&request_uri={Uri.EscapeDataString(uri)}");
            await with.SignInAsync(interaction);
            var back = await with.ApproveAsync(interaction, Customer.AccountIds[0]);
            var tokens = await tpp.RedeemAsync(Answer.Query(new Uri(back.Location))["code"]);
            if (scope == "openid")
            {
                tokens = await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token")!).With("scope", scope));
            }

            return tokens.Text("access_token")
                ?? throw new InvalidOperationException($"{tokens.Status} {tokens.Body} {string.Join('\n', Host.Log.Lines.TakeLast(5))}");
        }
    }

    /// <summary>The sample as its team would run it.</summary>
    internal sealed class SavingsProcess : IAsyncDisposable
    {
        private readonly World world;
        private readonly Process process;
        private readonly string folder;
        private readonly ConcurrentQueue<string> output = new();
        private readonly HttpClient http;
        private string? nonce;

        private SavingsProcess(World world, Process process, string folder, int port)
        {
            this.world = world;
            this.process = process;
            this.folder = folder;
            Address = string.Create(CultureInfo.InvariantCulture, $"https://localhost:{port}");
            http = Client(null);
        }

        public string Address { get; }

        public IReadOnlyCollection<string> Output => output;

        public static async Task<SavingsProcess> StartAsync(World world, string name, Dictionary<string, string?> settings, SigningKey? key = null, int? at = null)
        {
            var port = at ?? FreePort.Next();
            var data = Directory.CreateTempSubdirectory("openbanking-savings-").FullName;
            using var own = SigningKey.Create("ES256");
            using var pem = ECDsa.Create();
            pem.ImportPkcs8PrivateKey((key ?? own).ToPkcs8(), out _);
            await File.WriteAllTextAsync(Path.Combine(data, "key.pem"), pem.ExportPkcs8PrivateKeyPem());
            var here = new DirectoryInfo(AppContext.BaseDirectory);
            const string sample = "OpenBanking.Samples.ResourceServer";
            var start = new ProcessStartInfo("dotnet", [Path.Combine(here.Parent!.Parent!.FullName, sample, here.Name, sample + ".dll")])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            var all = new Dictionary<string, string?>(settings, StringComparer.Ordinal)
            {
                ["Savings__Port"] = port.ToString(CultureInfo.InvariantCulture),
                ["Savings__Certificate"] = Path.Combine(world.Host.DataPath, "tls", "server.crt"),
                ["Savings__TrustAnchor"] = Path.Combine(world.Host.DataPath, "tls", "ca.crt"),
                ["Savings__ClientKey"] = Path.Combine(data, "key.pem"),
                ["Logging__Console__FormatterName"] = "simple",
                ["Logging__Console__FormatterOptions__SingleLine"] = "true",
            };
            all.TryAdd("Savings__Issuer", world.Host.Issuer.OriginalString);
            foreach (var (setting, value) in all) start.Environment[setting] = value;
            var running = Process.Start(start)!;
            var savings = new SavingsProcess(world, running, data, port);
            running.OutputDataReceived += (_, line) => savings.output.Enqueue(line.Data ?? "");
            running.ErrorDataReceived += (_, line) => savings.output.Enqueue(line.Data ?? "");
            running.BeginOutputReadLine();
            running.BeginErrorReadLine();
            for (var attempt = 0; attempt < 1_200 && !running.HasExited; attempt++)
            {
                try
                {
                    if ((await savings.http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode) return savings;
                }
                catch (HttpRequestException)
                {
                    await Task.Delay(100);
                }
            }

            var said = string.Join('\n', savings.output);
            await savings.DisposeAsync();
            throw new InvalidOperationException($"The sample {name} is not ready: {said}");
        }

        public HttpClient Client(X509Certificate2? certificate) => TestHttp.Client(new Uri(Address), world.Host.Authority, certificate);

        public string Proof(TestTpp tpp, string method, string path, string token, SigningKey? key = null) =>
            tpp.Proof(method, Address + path, token, claims => { if (nonce is not null) claims["nonce"] = nonce; }, key);

        /// <summary>A call with a proof, once more with the nonce where one is demanded.</summary>
        public async Task<Answer> CallAsync(TestTpp tpp, HttpMethod method, string path, string token, string? json = null, SigningKey? key = null)
        {
            var answer = await SendAsync(method, path, "DPoP " + token, Proof(tpp, method.Method, path, token, key), json);
            if (answer.Header("DPoP-Nonce") is { } given) nonce = given;
            return answer.Header("WWW-Authenticate")?.Contains("use_dpop_nonce", StringComparison.Ordinal) == true
                ? await SendAsync(method, path, "DPoP " + token, Proof(tpp, method.Method, path, token, key), json)
                : answer;
        }

        public async Task<Answer> SendAsync(HttpMethod method, string path, string? authorization, string? proof = null, string? json = null, HttpClient? over = null)
        {
            using var request = new HttpRequestMessage(method, path);
            if (json is not null) request.Content = TestHttp.Json(json);
            if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
            if (proof is not null) request.Headers.TryAddWithoutValidation("DPoP", proof);
            var answer = await Answer.OfAsync(await (over ?? http).SendAsync(request));
            Assert.NotEqual(HttpStatusCode.InternalServerError, (HttpStatusCode)answer.Status);
            return answer;
        }

        public async ValueTask DisposeAsync()
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            http.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }
}
