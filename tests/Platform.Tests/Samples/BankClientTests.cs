using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Samples.Tpp;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Platform.Tests.Samples;

public sealed class BankClientTests : IDisposable
{
    private readonly StandingClock clock = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
    private readonly string data = Directory.CreateTempSubdirectory("tally-").FullName;
    private readonly FakeBank bank;
    private readonly TppKeys keys;

    public BankClientTests()
    {
        bank = new FakeBank(clock);
        keys = TppKeys.Load(data);
    }

    [Fact]
    public async Task A_nonce_that_the_bank_asks_for_is_given_with_a_new_proof_and_a_new_assertion()
    {
        bank.AuthorizationServerNonce = "nonce-1";
        var client = Client(ClientKind.Dpop);
        await TokenAsync(client);
        var (first, second) = (Posts[0], Posts[1]);
        Assert.Equal("nonce-1", Claims.Text(second.Proof!.Value, "nonce"));
        Assert.NotEqual(Claims.Text(first.Proof!.Value, "jti"), Claims.Text(second.Proof!.Value, "jti"));
        Assert.NotEqual(first.Form["client_assertion"], second.Form["client_assertion"]);

        // It is kept for the next request, until the bank wants another.
        await TokenAsync(client);
        Assert.Equal(3, Posts.Count);
    }

    [Fact]
    public async Task The_two_sides_of_a_bank_have_nonces_of_their_own()
    {
        bank.AuthorizationServerNonce = "as-nonce";
        bank.ResourceServerNonce = "rs-nonce";
        var client = Client(ClientKind.Dpop);
        await TokenAsync(client);
        await ReadAsync(client, "open-banking/v4.0/aisp/accounts");
        await TokenAsync(client);
        await ReadAsync(client, "open-banking/v4.0/aisp/accounts");
        Assert.Equal(["as-nonce", "rs-nonce", "as-nonce", "rs-nonce"], bank.Requests
            .Where(one => one.Proof is { } proof && Claims.Has(proof, "nonce") && Claims.Text(proof, "nonce") == (one.Path == "/token" ? "as-nonce" : "rs-nonce"))
            .Select(one => Claims.Text(one.Proof!.Value, "nonce")));
        Assert.Equal(6, bank.Requests.Count(one => one.Proof is not null));
    }

    [Fact]
    public async Task A_proof_names_method_address_and_token()
    {
        await ReadAsync(Client(ClientKind.Dpop), "open-banking/v4.0/aisp/accounts?page=1");
        var proof = bank.Requests[^1].Proof!.Value;
        Assert.Equal("GET", Claims.Text(proof, "htm"));
        Assert.Equal(FakeBank.Issuer + "/open-banking/v4.0/aisp/accounts", Claims.Text(proof, "htu"));
        Assert.Equal(clock.Now.ToUnixTimeSeconds(), Claims.Seconds(proof, "iat"));
        Assert.NotNull(Claims.Text(proof, "ath"));
        Assert.Equal("DPoP at", bank.Requests[^1].Headers["Authorization"]);
        Assert.Equal("192.0.2.1", bank.Requests[^1].Headers["x-fapi-customer-ip-address"]);
        Assert.True(Guid.TryParse(bank.Requests[^1].Headers["x-fapi-interaction-id"], out _));
    }

    [Fact]
    [Trait("Rule", "CA-07")]
    public async Task An_assertion_is_for_the_issuer_as_a_string_and_for_a_minute()
    {
        await TokenAsync(Client(ClientKind.Dpop));
        Assert.False(Jws.Parse(Posts[0].Form["client_assertion"]).Failed(out _, out var assertion));
        Assert.Null(assertion.Verify(keys.Client.PublicKey, new JwsPolicy(JwsPolicy.FapiAlgorithms, new HashSet<string?> { null })));
        Assert.Equal(FakeBank.Issuer, Claims.Text(assertion.Payload, "aud"));
        Assert.Equal("sample-tpp-dpop", Claims.Text(assertion.Payload, "iss"));
        Assert.Equal("sample-tpp-dpop", Claims.Text(assertion.Payload, "sub"));
        Assert.Equal(clock.Now.AddMinutes(1).ToUnixTimeSeconds(), Claims.Seconds(assertion.Payload, "exp"));
    }

    [Fact]
    public async Task The_client_with_a_certificate_uses_the_aliases_and_neither_assertion_nor_proof()
    {
        var client = Client(ClientKind.Certificate);
        await TokenAsync(client);
        await ReadAsync(client, "open-banking/v4.0/aisp/accounts");
        Assert.Equal("bank.test:5002", Posts[0].Host);
        Assert.Equal("sample-tpp-mtls", Posts[0].Form["client_id"]);
        Assert.False(Posts[0].Form.ContainsKey("client_assertion"));
        Assert.All(bank.Requests, one => Assert.Null(one.Proof));
        Assert.Equal("bank.test:5002", bank.Requests[^1].Host);
        Assert.Equal("Bearer at", bank.Requests[^1].Headers["Authorization"]);
    }

    public static TheoryData<string, string?> BadMetadata => new()
    {
        { "issuer", "\"https://other.test\"" },
        { "issuer", "\"https://bank.test:5001/\"" },
        { "authorization_response_iss_parameter_supported", null },
        { "authorization_response_iss_parameter_supported", "false" },
        { "authorization_endpoint", "\"http://bank.test/authorize\"" },
        { "pushed_authorization_request_endpoint", null },
        { "jwks_uri", null },
    };

    [Theory]
    [MemberData(nameof(BadMetadata))]
    public async Task Metadata_that_FAPI_does_not_allow_is_not_used(string member, string? json)
    {
        bank.SpoilMetadata = metadata => metadata[member] = json is null ? null : JsonNode.Parse(json);
        Assert.True((await Client(ClientKind.Dpop).DiscoverAsync(Ct)).Failed(out var fault, out _));
        Assert.Equal(BankFaultKind.Untrusted, fault.Kind);
    }

    [Fact]
    public async Task All_pages_of_a_listing_are_read()
    {
        bank.Transactions = 60;
        var information = new AccountInformation(Client(ClientKind.Dpop));
        Assert.False((await information.TransactionsAsync("a-1", clock.Now.AddDays(-30), "at", Customer.Absent, Ct)).Failed(out _, out var all));
        Assert.Equal(60, all.Count);
        Assert.Equal(3, bank.Requests.Count(one => one.Path.EndsWith("/transactions", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("https://attacker.test/open-banking/v4.0/aisp/accounts/a-1/transactions?page=1")]
    [InlineData("http://bank.test:5001/open-banking/v4.0/aisp/accounts/a-1/transactions?page=1")]
    [InlineData("//attacker.test/x")]
    [InlineData("https://bank.test/x")]
    public async Task A_page_link_to_another_place_gets_no_token(string link)
    {
        bank.NextLink = link;
        var information = new AccountInformation(Client(ClientKind.Dpop));
        Assert.True((await information.TransactionsAsync("a-1", clock.Now, "at", Customer.Absent, Ct)).Failed(out var fault, out _));
        Assert.Equal(BankFaultKind.Untrusted, fault.Kind);
        Assert.All(bank.Requests, one => Assert.Equal("bank.test:5001", one.Host));
    }

    [Fact]
    public async Task Page_links_in_a_circle_end()
    {
        bank.NextLink = FakeBank.Issuer + "/open-banking/v4.0/aisp/accounts/a-1/transactions?page=1";
        var information = new AccountInformation(Client(ClientKind.Dpop));
        Assert.True((await information.TransactionsAsync("a-1", clock.Now, "at", Customer.Absent, Ct)).Failed(out var fault, out _));
        Assert.Equal(BankFaultKind.Untrusted, fault.Kind);
        Assert.Equal(2, bank.Requests.Count(one => one.Path.EndsWith("/transactions", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_bank_that_does_not_answer_is_said_to_be_unreachable()
    {
        bank.Down = true;
        Assert.True((await Client(ClientKind.Dpop).DiscoverAsync(Ct)).Failed(out var fault, out _));
        Assert.Equal(BankFaultKind.Unreachable, fault.Kind);
    }

    [Fact]
    public async Task The_pushed_request_has_all_that_FAPI_wants()
    {
        var journey = new ConnectionJourney(Client(ClientKind.Dpop), Options, clock);
        Assert.False((await journey.StartAsync(Customer.Absent, Ct)).Failed(out _, out var started));
        var form = bank.Requests.Single(one => one.Path == "/par").Form;
        Assert.Equal("code", form["response_type"]);
        Assert.Equal("S256", form["code_challenge_method"]);
        Assert.Equal(43, form["code_challenge"].Length);
        Assert.Equal(started.Pending.State, form["state"]);
        Assert.Equal(started.Pending.Nonce, form["nonce"]);
        Assert.Equal("https://localhost:5010/callback", form["redirect_uri"]);
        Assert.NotNull(bank.Requests.Single(one => one.Path == "/par").Proof);
        using var claims = JsonDocument.Parse(form["claims"]);
        Assert.Equal("c-1", claims.RootElement.GetProperty("id_token").GetProperty("openbanking_intent_id").GetProperty("value").GetString());
        using var details = JsonDocument.Parse(form["authorization_details"]);
        Assert.Equal("c-1", details.RootElement[0].GetProperty("consent_id").GetString());

        // The browser carries the reference and nothing else.
        Assert.Equal("?client_id=sample-tpp-dpop&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A0", started.AuthorizeUrl.Query);
    }

    [Fact]
    public void Keys_are_made_once_kept_from_others_and_published_without_their_secret()
    {
        using var again = TppKeys.Load(data);
        Assert.Equal(keys.Client.KeyId, again.Client.KeyId);
        Assert.Equal(keys.Dpop.KeyId, again.Dpop.KeyId);
        Assert.NotEqual(keys.Client.KeyId, keys.Dpop.KeyId);
        Assert.Equal((keys.Message.KeyId, "PS256"), (again.Message.KeyId, again.Message.Algorithm));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(data, "client-key.pem")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(data, "dpop-key.pem")));
        }

        // The kernel refuses a set with a private member, so this is proof enough.
        Assert.False(KeySet.Parse(JsonSerializer.SerializeToUtf8Bytes(keys.Jwks())).Failed(out _, out var published));
        Assert.Equal([keys.Client.KeyId, keys.Message.KeyId], published.Keys.Select(key => key.KeyId));
    }

    public void Dispose()
    {
        keys.Dispose();
        bank.Dispose();
        Directory.Delete(data, recursive: true);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private List<Seen> Posts => [.. bank.Requests.Where(one => one.Path == "/token")];

    private TppOptions Options => new(FakeBank.Issuer, "your bank", 5010, data, "", "", "", null, null);

    private BankClient Client(ClientKind kind) =>
        new(kind, Options, keys, new DpopKey(keys.Dpop, clock), Registered(kind), new Lazy<HttpClient>(() => new HttpClient(bank, disposeHandler: false)), clock);

    private SelfRegistration Registered(ClientKind kind)
    {
        SelfRegistration.Keep(Options, kind, new Registration("sample-tpp-" + kind.Key, "org/tally"));
        return new SelfRegistration(kind, Options, keys, clock);
    }

    private static async Task TokenAsync(BankClient client)
    {
        var grant = new Dictionary<string, string>(StringComparer.Ordinal) { ["grant_type"] = "client_credentials" };
        Assert.False((await client.TokenAsync(grant, Ct)).Failed(out _, out _));
    }

    private static async Task ReadAsync(BankClient client, string path) =>
        Assert.False((await client.ApiAsync(HttpMethod.Get, path, "at", null, new Customer("192.0.2.1"), Ct)).Failed(out _, out _));
}
