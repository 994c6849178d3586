using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Clients;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Clients;

/// <summary>A bank whose clients' certificates come from an authority that tells whom it has revoked.</summary>
[Trait("Rule", "MT-11")]
public sealed class RevokedCertificateTests : IDisposable
{
    private const string Address = "https://lists.example/ca.crl";
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents/none";
    private readonly string folder = Directory.CreateTempSubdirectory("openbanking-revocation-").FullName;
    private readonly X509Certificate2 authority = TestCertificates.Authority("CN=Ecosystem CA");
    private readonly TestClock clock = new();
    private readonly DateTimeOffset start;

    public RevokedCertificateTests()
    {
        start = DateTimeOffset.FromUnixTimeSeconds(clock.Now.ToUnixTimeSeconds());
        clock.StopAt(start);
        File.WriteAllText(AuthorityFile, authority.ExportCertificatePem());
    }

    private string AuthorityFile => Path.Combine(folder, "ca.pem");

    private string ListFile => Path.Combine(folder, "ca.crl");

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Shown to the bank itself, or to nginx before it, which asks no list and passes on what it was shown (FWD-01).</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_revoked_certificate_is_no_proof_and_its_tokens_open_nothing(bool behindNginx)
    {
        Publish(start, start.AddDays(1));
        await using var host = await StartAsync(behindNginx: behindNginx);
        using var tpp = await RegisterAsync(host, "AISP");
        using var certificate = Issue(tpp);
        using var client = tpp.Showing(certificate);
        var token = await client.ClientTokenAsync();
        Assert.Equal((400, "-"), await CallAsync(host, client, token));

        Publish(start.AddSeconds(1), start.AddDays(1), certificate);
        Assert.Equal(200, (await client.TokenAsync(FrontWorld.ClientCredentials)).Status); // Not read yet.
        await RefreshAsync(host);
        await RefusedAsync(host, client);
        Assert.Equal((401, "MT-11"), await CallAsync(host, client, token));

        // Another certificate of the same client is as good as before.
        using var next = Issue(tpp);
        using var renewed = tpp.Showing(next);
        Assert.Equal(200, (await renewed.TokenAsync(FrontWorld.ClientCredentials)).Status);

        // No older list, and none that is broken, takes back what was said.
        Publish(start, start.AddDays(1));
        await RefreshAsync(host);
        await RefusedAsync(host, client);
        await File.WriteAllTextAsync(ListFile, "broken", TestContext.Current.CancellationToken);
        await RefreshAsync(host);
        await RefusedAsync(host, client);
        File.Delete(ListFile);
        await RefreshAsync(host);
        await RefusedAsync(host, client);

        // Nor does time: a list that has ended still says who was revoked.
        clock.Advance(TimeSpan.FromDays(2));
        await RefusedAsync(host, client);
        Assert.Equal(200, (await renewed.TokenAsync(FrontWorld.ClientCredentials)).Status);
    }

    [Theory]
    [InlineData(null, "AISP", true)]
    [InlineData(null, "AISP PISP", false)]
    [InlineData("Refuse", "AISP", false)]
    [InlineData("Admit", "AISP PISP", true)]
    public async Task When_the_list_has_ended_the_setting_says_who_is_admitted(string? setting, string roles, bool admitted)
    {
        Publish(start, start.AddHours(1));
        await using var host = await StartAsync(settings => settings["Identity:MissingRevocationList"] = setting);
        using var tpp = await RegisterAsync(host, roles);
        using var certificate = Issue(tpp);
        using var client = tpp.Showing(certificate);
        var form = FrontWorld.ClientCredentials;
        clock.StopAt(start.AddHours(1).AddSeconds(-1));
        Assert.Equal(200, (await client.TokenAsync(form)).Status);
        clock.StopAt(start.AddHours(1));
        if (admitted) Assert.Equal(200, (await client.TokenAsync(form)).Status);
        else await RefusedAsync(host, client, form);

        Publish(start.AddMinutes(59), start.AddHours(2));
        await RefreshAsync(host);
        Assert.Equal(200, (await client.TokenAsync(form)).Status);
    }

    [Fact]
    public async Task A_list_at_an_address_is_fetched_in_the_background_and_never_by_a_request()
    {
        await using var host = await StartAsync(settings =>
        {
            settings.Remove("Identity:ClientCertificateRevocation:0:File");
            settings["Identity:ClientCertificateRevocation:0:Url"] = Address;
        });
        using var tpp = await RegisterAsync(host, "AISP PISP");
        using var certificate = Issue(tpp);
        using var client = tpp.Showing(certificate);
        var form = FrontWorld.ClientCredentials;
        Assert.Single(host.Outbound.Asked);
        await RefusedAsync(host, client, form); // The authority did not answer.
        Assert.Single(host.Outbound.Asked);

        Answer(List(start, start.AddDays(1)), "text/html");
        await RefreshAsync(host);
        await RefusedAsync(host, client, form);
        Answer(List(start.AddMinutes(6), start.AddDays(1)));
        await RefreshAsync(host);
        await RefusedAsync(host, client, form);
        Answer(List(start, start.AddDays(1)));
        await RefreshAsync(host);
        Assert.Equal(200, (await client.TokenAsync(form)).Status);
        Answer(List(start.AddSeconds(1), start.AddDays(1), certificate));
        await RefreshAsync(host);
        await RefusedAsync(host, client, form);
        Assert.Equal(5, host.Outbound.Asked.Count);

        void Answer(byte[] list, string type = "application/pkix-crl") => host.Outbound.Answer(Address, (_, _) =>
        {
            var content = new ByteArrayContent(list);
            content.Headers.ContentType = new(type);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
        });
    }

    [Fact]
    public async Task Nobody_registers_with_a_revoked_certificate()
    {
        Publish(start, start.AddDays(1));
        await using var host = await StartAsync();
        using var certificate = TestCertificates.Client(authority, "CN=software");
        Assert.Equal((400, "SSA-06"), await RegisterAtAsync()); // Past the certificate: there is no software statement.
        Publish(start.AddSeconds(1), start.AddDays(1), certificate);
        await RefreshAsync(host);
        Assert.Equal((401, "MT-11"), await RegisterAtAsync());

        async Task<(int Status, string? Rule)> RegisterAtAsync()
        {
            using var http = host.CreateClient(mtls: true, certificate);
            var answer = await Testing.Tpp.Answer.OfAsync(await http.PostAsync(new Uri("/register", UriKind.Relative), TestHttp.Json("{}")));
            return (answer.Status, host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule);
        }
    }

    [Fact]
    public void What_cannot_work_is_said_at_start()
    {
        Publish(start, start.AddDays(1));
        using var stranger = TestCertificates.Authority("CN=Another CA");
        var another = Path.Combine(folder, "another.pem");
        File.WriteAllText(another, stranger.ExportCertificatePem());
        const string Setting = "Identity:ClientCertificateRevocation:0";
        Assert.Empty(Problems(AuthorityFile, ListFile, null));
        Assert.Empty(Problems(AuthorityFile, null, Address));
        Assert.Equal([$"{Setting} must have either a File or a Url"], Problems(AuthorityFile, null, null));
        Assert.Equal([$"{Setting} must have either a File or a Url"], Problems(AuthorityFile, ListFile, Address));
        Assert.Equal([$"{Setting}:Url must be an https address"], Problems(AuthorityFile, null, "http://lists.example/ca.crl"));
        Assert.Equal([$"{Setting}:Url must be a public address"], Problems(AuthorityFile, null, "https://10.0.0.1/ca.crl"));
        Assert.Equal([$"{Setting}:Authority must be a PEM file with one certificate"], Problems(ListFile, ListFile, null));
        Assert.Equal([$"{Setting}:Authority must be a PEM file with one certificate"], Problems("", ListFile, null));
        Assert.Equal(
            [$"{Setting}:Authority is not among the authorities of Identity:ClientCertificateAuthorities", $"{Setting}:File is of another authority"],
            Problems(another, ListFile, null));
        Assert.Equal([$"{Setting}:File names a file that is not there"], Problems(AuthorityFile, ListFile + "x", null));
        File.WriteAllText(ListFile, "broken");
        Assert.Equal([$"{Setting}:File is not one list in DER or PEM"], Problems(AuthorityFile, ListFile, null));

        IEnumerable<string> Problems(string of, string? file, string? url) => new AuthorizationServerOptions
        {
            OrganisationId = "0015800001041RHAAY",
            ClientCertificateAuthorities = AuthorityFile,
            ClientCertificateRevocation = { new RevocationListOptions { Authority = of, File = file, Url = url } },
        }.Problems(Kinds.Served);
    }

    private void Publish(DateTimeOffset from, DateTimeOffset until, params X509Certificate2[] revoked) => File.WriteAllBytes(ListFile, List(from, until, revoked));

    private byte[] List(DateTimeOffset from, DateTimeOffset until, params X509Certificate2[] revoked) =>
        new TestRevocationList { Authority = authority, From = from, Until = until, Revoked = revoked }.Build();

    private Task<TestHost> StartAsync(Action<Dictionary<string, string?>>? change = null, bool behindNginx = false) => TestHost.StartAsync(options =>
    {
        options.Clock = clock;
        options.BehindNginx = behindNginx;
        options.Settings["Identity:ClientCertificateAuthorities"] = AuthorityFile;
        options.Settings["Identity:ClientCertificateRevocation:0:Authority"] = AuthorityFile;
        options.Settings["Identity:ClientCertificateRevocation:0:File"] = ListFile;
        change?.Invoke(options.Settings);
        foreach (var (name, value) in options.Settings.ToList())
        {
            if (value is null) options.Settings.Remove(name);
        }
    });

    private static Task<TestTpp> RegisterAsync(TestHost host, string roles) =>
        TestTpp.RegisterAsync(host, TppKind.Mtls, metadata => metadata["software_roles"] = new JsonArray([.. roles.Split(' ').Select(role => (JsonNode)role)]));

    private X509Certificate2 Issue(TestTpp tpp) => TestCertificates.Client(authority, $"CN={tpp.ClientId}, O=Budget App Ltd, C=GB", notAfter: start.AddDays(90));

    private static Task RefreshAsync(TestHost host) => host.Services.GetRequiredService<RevocationLists>().RefreshAsync(TestContext.Current.CancellationToken);

    private static async Task RefusedAsync(TestHost host, TestTpp client, Form? form = null)
    {
        var answer = await client.TokenAsync(form ?? FrontWorld.ClientCredentials);
        Assert.Equal((401, "invalid_client", "MT-11"), (answer.Status, answer.Error, host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule));
    }

    private static async Task<(int Status, string Rule)> CallAsync(TestHost host, TestTpp client, string token)
    {
        var answer = await client.GetAsync(Consents, token);
        var rule = host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule;
        return (answer.Status, answer.Status == 401 ? rule ?? "-" : "-");
    }
}
