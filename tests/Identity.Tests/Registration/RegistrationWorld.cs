using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Storage;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Registration;

/// <summary>A host that trusts a directory by a file and another by an address.</summary>
public sealed class RegistrationWorld : IAsyncLifetime
{
    public const string Audience = "0015800000jfAW1AAM";
    private readonly string folder = Directory.CreateTempSubdirectory("openbanking-registration-").FullName;

    internal TestHost Host { get; private set; } = null!;

    internal TestDirectory Official { get; } = new();

    /// <summary>Its keys are at an address.</summary>
    internal TestDirectory Distant { get; } = new("https://distant.example", "ES256");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "jwks.json"), Official.Jwks);
        Host = await StartAsync();
    }

    internal async Task<TestHost> StartAsync(Action<TestHostOptions>? choose = null)
    {
        var host = await TestHost.StartAsync(options =>
        {
            options.Settings["Identity:Directories:0:Issuer"] = Official.Issuer;
            options.Settings["Identity:Directories:0:Jwks"] = Path.Combine(folder, "jwks.json");
            options.Settings["Identity:Directories:0:Audience"] = Audience[..18];
            options.Settings["Identity:Directories:0:Profiles:0"] = "fapi2-sp";
            options.Settings["Identity:Directories:0:Profiles:1"] = "fapi1-advanced";
            options.Settings["Identity:Directories:1:Issuer"] = Distant.Issuer;
            options.Settings["Identity:Directories:1:Jwks"] = "https://distant.example/keys";
            choose?.Invoke(options);
        });
        host.Outbound.Answer("https://distant.example/keys", Distant.Jwks);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    internal TestSoftware Software(string? organisationId = null)
    {
        var software = new TestSoftware(Host.IssueClientCertificate, organisationId);
        Host.Outbound.Answer(software.JwksUri, software.Jwks);
        return software;
    }

    internal string Statement(TestSoftware software, Action<JsonObject>? change = null) => Official.Statement(software, Host.Clock.Now, change);

    internal JsonObject Metadata(TestSoftware software, Action<JsonObject>? change = null) => software.Metadata(Statement(software), change);

    internal Task<Answer> RegisterAsync(TestSoftware software, JsonObject metadata, X509Certificate2? certificate = null, TestHost? host = null) =>
        SendAsync(HttpMethod.Post, "/register", metadata.ToJsonString(), "application/json", certificate ?? software.Certificate, null, host);

    internal Task<Answer> RegisterSignedAsync(TestSoftware software, string jwt, string type = "application/jose", TestHost? host = null) =>
        SendAsync(HttpMethod.Post, "/register", jwt, type, software.Certificate, null, host);

    internal string Signed(TestSoftware software, Action<JsonObject>? claims = null, Action<JsonObject>? metadata = null) =>
        software.Signed(Metadata(software, metadata), Host.Issuer.OriginalString, Host.Clock.Now, claims);

    internal Task<Answer> ManageAsync(HttpMethod method, TestSoftware software, string clientId, string? token, JsonObject? body = null, X509Certificate2? certificate = null, TestHost? host = null) =>
        SendAsync(method, "/register/" + clientId, body?.ToJsonString(), "application/json", certificate ?? software.Certificate, token, host);

    internal async Task<Answer> SendAsync(
        HttpMethod method, string path, string? body, string type, X509Certificate2? certificate, string? token, TestHost? host = null)
    {
        using var http = (host ?? Host).CreateClient(mtls: true, certificate);
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", token.Contains(' ', StringComparison.Ordinal) ? token : "Bearer " + token);
        return await Answer.OfAsync(await http.SendAsync(request));
    }

    /// <summary>A third party that has registered just now, to be used as any other.</summary>
    internal async Task<(TestSoftware Software, Answer Answer, string Token)> RegisteredAsync(Action<JsonObject>? change = null)
    {
        var software = Software();
        var answer = await RegisterAsync(software, Metadata(software, change));
        Assert.True(answer.Status == 201, answer.Body);
        return (software, answer, answer.Text("registration_access_token")!);
    }

    internal Task<int> CountAsync(TestSoftware software) => Host.InScopeAsync(services =>
        services.GetRequiredService<IdentityDb>().Clients.CountAsync(client => client.SoftwareId == software.SoftwareId));

    /// <summary>Has time stand at a whole second, so that a test can stand exactly on an edge.</summary>
    internal Task AtOneMomentAsync(Func<long, Task> test) => Host.Clock.AtOneMomentAsync(() => test(Host.Clock.Now.ToUnixTimeSeconds()));

    /// <summary>Refused, for this reason, and nothing came of it.</summary>
    internal Task RefusedAsync(Task<Answer> request, int status, string error, string rule, TestSoftware? software = null) =>
        RefusedOnAsync(Host, request, status, error, rule, software);

    internal async Task RefusedOnAsync(TestHost host, Task<Answer> request, int status, string error, string rule, TestSoftware? software = null)
    {
        var answer = await request;
        var reason = host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule;
        Assert.True((answer.Status, answer.Error, reason) == (status, error, rule), $"{answer.Status} {reason} {answer.Body}");
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        if (software is not null) Assert.Equal(0, await CountAsync(software));
    }
}
