using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using OpenBanking.Host;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>The outside interface of the sandbox, and that it is nowhere else.</summary>
public sealed class SandboxTests(SandboxTests.Running running) : IClassFixture<SandboxTests.Running>
{
    private readonly HostProcess host = running.Host;

    [Fact]
    public async Task Sandbox_json_says_all_that_a_tester_needs()
    {
        var sandbox = Sandbox();
        Assert.Equal(host.Main, new Uri(sandbox.GetProperty("issuer").GetString()!));
        Assert.Equal(host.Mtls, new Uri(sandbox.GetProperty("mtls").GetString()!));
        Assert.Equal(Path.Combine(host.DataPath, "tls", "ca.crt"), sandbox.GetProperty("ca").GetString());
        Assert.Equal(host.Main.OriginalString.TrimEnd('/') + "/sandbox/directory", sandbox.GetProperty("directory").GetProperty("issuer").GetString());
        Assert.Equal(43, sandbox.GetProperty("controlSecret").GetString()!.Length);
        foreach (var customer in sandbox.GetProperty("customers").EnumerateArray())
        {
            Assert.NotEmpty(customer.GetProperty("username").GetString()!);
            Assert.NotEmpty(customer.GetProperty("activationCode").GetString()!);
            foreach (var account in customer.GetProperty("accounts").EnumerateArray())
                Assert.All((string[])["accountId", "name", "identification", "currency"], member => Assert.NotEmpty(account.GetProperty(member).GetString()!));
        }

        Assert.Equal(host.ProcessId.ToString(CultureInfo.InvariantCulture), await File.ReadAllTextAsync(Path.Combine(host.DataPath, "host.pid")));
        Assert.True(File.Exists(Path.Combine(host.DataPath, "host.log")));
        Assert.Contains(host.Main.OriginalString, host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_control_opens_to_its_secret_only()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await ControlAsync("{}", secret: null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ControlAsync("{}", secret: "guess")).Status);
        using var client = host.CreateClient();
        using var list = new HttpRequestMessage(HttpMethod.Get, new Uri("/sandbox/control", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.SendAsync(list)).StatusCode);
    }

    [Fact]
    public async Task The_control_lists_every_operation_with_its_schema()
    {
        using var client = host.CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Sandbox " + Secret());
        var listed = await client.GetFromJsonAsync<JsonElement>(new Uri("/sandbox/control", UriKind.Relative));

        var operations = listed.GetProperty("operations").EnumerateArray().ToDictionary(operation => operation.GetProperty("operation").GetString()!);
        foreach (var name in "clock setting balance book remove account refuse down lose fields order refund decide revoke history debits checks keys suspend contract".Split(' '))
            Assert.Equal("object", operations[name].GetProperty("schema").GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("""{"operation":"clock","offsetMilliseconds":"5"}""", 400)]
    [InlineData("""{"operation":"clock","offsetMilliseconds":1e30}""", 400)]
    [InlineData("""{"operation":"clock","offsetMilliseconds":999999999999999}""", 400)]
    [InlineData("""{"operation":"clock"}""", 400)]
    [InlineData("""{"operation":"clock","offsetMilliseconds":5,"more":1}""", 400)]
    [InlineData("""{"operation":"clock","operation":"clock","offsetMilliseconds":5}""", 400)]
    [InlineData("""{"operation":"dance"}""", 400)]
    [InlineData("""{"offsetMilliseconds":5}""", 400)]
    [InlineData("[]", 400)]
    [InlineData("{", 400)]
    [InlineData("""{"operation":"revoke","customer":"nobody","consentId":"x"}""", 400)]
    [InlineData("""{"operation":"balance","accountId":"XX-1","amount":"1.00"}""", 400)]
    [InlineData("""{"operation":"balance","accountId":"GB-1","amount":"1.001"}""", 400)]
    [InlineData("""{"operation":"account","accountId":"GB-1","state":"lost"}""", 400)]
    [InlineData("""{"operation":"history","consentId":"aac-0"}""", 400)]
    [InlineData("""{"operation":"down","on":"yes"}""", 400)]
    [InlineData("""{"operation":"down","on":true,"delayMilliseconds":60001}""", 400)]
    [InlineData("""{"operation":"down","on":true,"delayMilliseconds":-1}""", 400)]
    [InlineData("""{"operation":"setting","name":"colour","value":"blue"}""", 400)]
    [InlineData("""{"operation":"setting","name":"region","value":"US"}""", 400)]
    [InlineData("""{"operation":"setting","name":"holidays"}""", 400)]
    [InlineData("""{"operation":"refund","id":"1"}""", 400)]
    [InlineData("""{"operation":"order","id":"1","status":"ACSC"}""", 400)]
    [InlineData("""{"operation":"refuse","code":"?"}""", 400)]
    [InlineData("""{"operation":"decide","orderId":"1","decision":"approve"}""", 400)]
    [InlineData("""{"operation":"decide","orderId":"1","decision":"wait"}""", 400)]
    [InlineData("""{"operation":"contract","id":"FX-1","from":"GBP","to":"EUR","rate":0}""", 400)]
    [InlineData("""{"operation":"contract","id":"FX-1","from":"GBP","to":"GBP","rate":1}""", 400)]
    [InlineData("""{"operation":"refund"}""", 400)]
    public async Task What_is_malformed_is_400(string body, int status)
    {
        var (answered, answer) = await ControlAsync(body, Secret());

        Assert.Equal(status, (int)answered);
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
    }

    [Theory]
    [InlineData("1.25")]
    [InlineData("\"1.25\"")]
    [InlineData("null")]
    public async Task A_contract_on_a_rate_is_kept_and_forgotten(string rate)
    {
        var (answered, answer) = await ControlAsync($$"""{"operation":"contract","id":"FX-1","from":"GBP","to":"EUR","rate":{{rate}}}""", Secret());
        Assert.Equal((200, "FX-1"), ((int)answered, answer.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task Accounts_are_named_by_their_id_or_by_their_short_name()
    {
        var account = Sandbox().GetProperty("customers")[0].GetProperty("accounts")[0];
        foreach (var name in (string[])["accountId", "name"])
        {
            var tag = name == "name" ? "GB-1" : account.GetProperty("accountId").GetString();
            var (status, answer) = await ControlAsync($$"""{"operation":"book","accountId":"{{tag}}","transactions":[{"Amount":{"Amount":"1.00","Currency":"GBP"},"Status":"PDNG"}]}""", Secret());
            Assert.Equal(HttpStatusCode.OK, status);
            var id = Assert.Single(answer.GetProperty("ids").EnumerateArray()).GetString();
            Assert.Equal(HttpStatusCode.OK, (await ControlAsync($$"""{"operation":"remove","accountId":"{{tag}}","transactionId":"{{id}}"}""", Secret())).Status);
        }
    }

    [Fact]
    public async Task As_many_bookings_as_the_schema_allows_fit_in_one_request()
    {
        var booking = $$"""{"Amount":{"Amount":"1.00","Currency":"GBP"},"Status":"PDNG","TransactionInformation":"{{new string('i', 500)}}"}""";
        var (status, answer) = await ControlAsync($$"""{"operation":"book","accountId":"BUS-2","transactions":[{{string.Join(',', Enumerable.Repeat(booking, 1000))}}]}""", Secret());
        Assert.Equal((HttpStatusCode.OK, 1000), (status, answer.GetProperty("ids").GetArrayLength()));
    }

    [Fact]
    public async Task The_clock_moves_on_every_host_and_back()
    {
        await using var second = await HostProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__OpenBanking"] = Sandbox().GetProperty("database").GetString(),
            ["Identity__Issuer"] = host.Main.OriginalString,
        });

        var hour = TimeSpan.FromHours(1);
        var (status, answer) = await ControlAsync($$"""{"operation":"clock","offsetMilliseconds":{{(long)hour.TotalMilliseconds}}}""", Secret());

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.InRange(answer.GetProperty("now").GetDateTimeOffset() - DateTimeOffset.UtcNow, hour - TimeSpan.FromMinutes(1), hour + TimeSpan.FromMinutes(1));

        // Another host, and a command, have it too.
        var (exit, shown, _) = await HostProcess.RunAsync(second.Environment, second.DataPath, "clock", "show");
        Assert.Equal(0, exit);
        Assert.Contains("3600000 ms", shown, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await ControlAsync("""{"operation":"clock","offsetMilliseconds":0}""", Secret())).Status);
    }

    [Fact]
    public async Task Commands_work_beside_a_running_host()
    {
        var (exit, shown, _) = await HostProcess.RunAsync(null, host.DataPath, "config", "show");

        Assert.Equal(0, exit);
        Assert.Contains("Identity__Issuer = ", shown, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings__OpenBanking = ", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(await File.ReadAllTextAsync(Path.Combine(host.DataPath, "postgres", "password")), shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret(), shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_work_without_a_running_host_and_leave_nothing_running()
    {
        await using var own = await HostProcess.StartAsync();
        await own.StopAsync();

        var (exit, shown, _) = await HostProcess.RunAsync(null, own.DataPath, "clock", "show");

        Assert.Equal(0, exit);
        Assert.Contains("(0 ms from the real time)", shown, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(own.DataPath, "postgres.pid")));
    }

    [Theory]
    [InlineData("make coffee", "There is no command 'make coffee'; there are: audit verify, config show, clock show, consents suspend CONSENT [WHY…], core certify ADDRESS CUSTOMER [OTHER-CUSTOMER…], customers code USERNAME, customers enrol CUSTOMER USERNAME [NAME…], directories revoke DIRECTORY ID, directories restore DIRECTORY ID, events dead, events resend EVENT|all, evidence messages CLIENT DAY, evidence verify CONSENT, keyring rotate, keys rotate, ledger verify, policy explain [SIGNAL=VALUE…], report counters [from=DAY] [to=DAY…], report maintenance FROM TO [WHY…], report performance [from=DAY] [to=DAY…], seed big [customers=10000] [transactions=1000000] [consents=100000…], threat show, threat raise [WHY…], threat lower [WHY…].")]
    [InlineData("seed big customers=none", "Use: ./run.sh seed big [customers=10000] [transactions=1000000] [consents=100000], each from 1 to 9000000.")]
    [InlineData("customers code", "Use: ./run.sh customers code USERNAME")]
    [InlineData("customers enrol C-1", "Use: ./run.sh customers enrol CUSTOMER USERNAME [NAME…]")]
    [InlineData("customers enrol C-100002 a/b", "A username is 1 to 64 letters, digits, or . - _ @")]
    [InlineData("customers enrol C-999999 nobody", "The core bank knows no open account of this customer.")]
    [InlineData("customers code nobody", "There is no such customer.")]
    public async Task A_command_that_is_not_there_is_one_sentence(string words, string sentence)
    {
        var (exit, output, _) = await HostProcess.RunAsync(null, host.DataPath, words.Split(' '));

        Assert.Equal(1, exit);
        Assert.Equal(sentence, output.Trim());
    }

    [Fact]
    [Trait("Rule", "OP-05")]
    public async Task The_key_ring_is_in_the_database_and_not_in_clear()
    {
        await using var database = new Npgsql.NpgsqlConnection(Sandbox().GetProperty("database").GetString());
        await database.OpenAsync();
        await using var read = new Npgsql.NpgsqlCommand("SELECT string_agg(xml, '') FROM host.data_protection_keys", database);
        var stored = Assert.IsType<string>(await read.ExecuteScalarAsync());

        Assert.Contains("aes256gcm", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("masterKey", stored, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OP-02")]
    public void One_event_stays_one_line() =>
        Assert.Equal("a\\u000d\\u000ab\\u001b[31mc\\u2028d\\u0085e", LogLines.Escape("a\r\nb\u001b[31mc\u2028d\u0085e"));

    private JsonElement Sandbox() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(host.DataPath, "sandbox.json"))).RootElement;

    private string Secret() => Sandbox().GetProperty("controlSecret").GetString()!;

    private async Task<(HttpStatusCode Status, JsonElement Answer)> ControlAsync(string body, string? secret)
    {
        using var client = host.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/sandbox/control", UriKind.Relative)) { Content = TestHttp.Json(body) };
        if (secret is not null) request.Headers.TryAddWithoutValidation("Authorization", "Sandbox " + secret);
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length > 0 ? JsonDocument.Parse(text).RootElement : default);
    }

    public sealed class Running : IAsyncLifetime
    {
        public HostProcess Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await HostProcess.StartAsync();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
