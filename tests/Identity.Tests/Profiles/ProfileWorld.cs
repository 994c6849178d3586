using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>One host with a third party of each profile, and a customer.</summary>
public sealed class ProfileWorld : IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    /// <summary><c>fapi2-sp</c>.</summary>
    public TestTpp Plain { get; private set; } = null!;

    /// <summary><c>fapi2-ms</c>.</summary>
    public TestTpp Signing { get; private set; } = null!;

    /// <summary><c>fapi1-advanced</c>, authenticates by certificate.</summary>
    public TestTpp Advanced { get; private set; } = null!;

    /// <summary><c>fapi1-advanced</c>, authenticates by assertion.</summary>
    public TestTpp Asserting { get; private set; } = null!;

    /// <summary><c>fapi1-baseline</c>.</summary>
    public TestTpp Baseline { get; private set; } = null!;

    public TestCustomer Customer { get; private set; } = null!;

    public KeySet Keys { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync();
        Plain = await RegisterAsync("fapi2-sp");
        Signing = await RegisterAsync("fapi2-ms");
        Advanced = await RegisterAsync("fapi1-advanced", TppKind.Mtls);
        Asserting = await RegisterAsync("fapi1-advanced", TppKind.PrivateKeyJwtAndCertificate);
        Baseline = await RegisterAsync("fapi1-baseline");
        Customer = await TestCustomer.CreateAsync(Host);
        using var http = Host.CreateClient();
        Keys = KeySet.Parse(await http.GetByteArrayAsync(new Uri("/jwks", UriKind.Relative))).Failed(out var fault, out var keys)
            ? throw new InvalidOperationException(fault.Reason)
            : keys;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var tpp in new[] { Plain, Signing, Advanced, Asserting, Baseline }) tpp.Dispose();
        await Host.DisposeAsync();
    }

    public Task<TestTpp> RegisterAsync(string profile, TppKind kind = TppKind.Dpop, Action<JsonObject>? change = null) => TestTpp.RegisterAsync(Host, kind, metadata =>
    {
        metadata["security_profile"] = profile;
        change?.Invoke(metadata);
    });

    /// <summary>A good request of FAPI 1.0 for a consent of this client, for the hybrid answer.</summary>
    public static async Task<Form> HybridAsync(TestTpp tpp) => TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()).With("response_type", "code id_token");

    /// <summary>The same for an answer as a JWT.</summary>
    public static async Task<Form> JarmAsync(TestTpp tpp, string mode = "jwt") => TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()).With("response_mode", mode);

    /// <summary>A refusal is right only for its reason.</summary>
    public async Task RefusedAsync(Task<Answer> call, int status, string error, string rule)
    {
        var answer = await call;
        Assert.Equal((status, error, rule), (answer.Status, answer.Error, RuleOf(answer)));
    }

    /// <summary>The authorization endpoint does not trust the request: a page, no redirect.</summary>
    public async Task PageAsync(string path, string error, string rule)
    {
        using var browser = Customer.OpenBrowser(Host);
        var answer = await browser.OpenAsync(path);
        Assert.Equal((400, "text/html", null, rule), (answer.Status, answer.ContentType, answer.Location, RuleOf(answer)));
        Assert.Matches($"\\b{error}\\b", answer.Body);
        Assert.Null(answer.Header("Set-Cookie"));
    }

    /// <summary>The one reason that the security log has for an answer; null where nothing was refused.</summary>
    public string? RuleOf(Answer answer) =>
        Host.Refusals.SingleOrDefault(refusal => refusal.InteractionId == answer.Header("x-fapi-interaction-id"))?.Rule;

    /// <summary>A browser that comes with a request, signs in and approves.</summary>
    public async Task<ReturnToClient> ApproveAsync(string path)
    {
        using var browser = Customer.OpenBrowser(Host);
        var interaction = await browser.ArriveAsync(path);
        Assert.True(await browser.SignInAsync(interaction));
        return await browser.ApproveAsync(interaction);
    }

    /// <summary>The claims of a JWT of this server, once its signature holds.</summary>
    public JsonElement Read(string jwt, string typ = "JWT", string? algorithm = null)
    {
        Assert.False(Jws.Parse(jwt).Failed(out _, out var jws));
        Assert.Null(jws!.Verify(Keys, new JwsPolicy(JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { typ })));
        Assert.Contains(Keys.Keys, key => key.KeyId == jws.KeyId);
        if (algorithm is not null) Assert.Equal(algorithm, jws.Algorithm);
        return jws.Payload;
    }

    /// <summary>The parameters behind a mark of an address: <c>?</c> or <c>#</c>.</summary>
    public static IReadOnlyDictionary<string, string> After(char mark, string address) =>
        Answer.Query(new Uri("https://x/?" + address[(address.IndexOf(mark, StringComparison.Ordinal) + 1)..]));
}

[CollectionDefinition(Name)]
public sealed class ProfileTests : ICollectionFixture<ProfileWorld>
{
    public const string Name = "profiles";
}
