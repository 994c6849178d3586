using System.Text.Json.Nodes;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests;

/// <summary>One host, a third party of each kind and a customer, for all tests of the way to a code.</summary>
public class FrontWorld : IAsyncLifetime
{
    /// <summary>Whether requests come by a proxy.</summary>
    public virtual bool BehindNginx => false;

    public TestHost Host { get; private set; } = null!;

    /// <summary><c>private_key_jwt</c> and DPoP.</summary>
    public TestTpp Tpp { get; private set; } = null!;

    /// <summary>Another of the same kind.</summary>
    public TestTpp Other { get; private set; } = null!;

    /// <summary><c>tls_client_auth</c>.</summary>
    public TestTpp Mtls { get; private set; } = null!;

    /// <summary><c>self_signed_tls_client_auth</c>.</summary>
    public TestTpp SelfSigned { get; private set; } = null!;

    public TestCustomer Customer { get; private set; } = null!;

    public TestCustomer SecondCustomer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync(options => options.BehindNginx = BehindNginx);
        Tpp = await TestTpp.RegisterAsync(Host);
        Other = await TestTpp.RegisterAsync(Host);
        Mtls = await TestTpp.RegisterAsync(Host, TppKind.Mtls);
        SelfSigned = await TestTpp.RegisterAsync(Host, TppKind.SelfSigned);
        Customer = await TestCustomer.CreateAsync(Host);
        SecondCustomer = await TestCustomer.CreateAsync(Host);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var tpp in new[] { Tpp, Other, Mtls, SelfSigned }) tpp.Dispose();
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A refusal is right only for its reason.</summary>
    public async Task RefusedAsync(Task<Answer> call, int status, string error, string rule)
    {
        var answer = await call;
        var refusals = Host.Refusals.Where(refusal => refusal.InteractionId == answer.Header("x-fapi-interaction-id")).ToList();
        Assert.True(refusals.Count == 1, $"{refusals.Count} refusals where one was due; the answer was {answer.Status} {answer.Body}");
        Assert.Equal((status, error, rule), (answer.Status, answer.Error, refusals[0].Rule));
        Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
    }

    /// <summary>Changes claims as a line of a table says: times are seconds from now, null takes a claim out.</summary>
    public void Change(JsonObject claims, string change)
    {
        var issuer = Host.Issuer.OriginalString;
        var text = change.Replace("ISSUER", issuer, StringComparison.Ordinal).Replace("CAPITALS", issuer.ToUpperInvariant(), StringComparison.Ordinal)
            .Replace("LONG", new string('j', 256), StringComparison.Ordinal);
        var now = Host.Clock.Now.ToUnixTimeSeconds();
        foreach (var (name, value) in JsonNode.Parse(text)!.AsObject().ToList())
        {
            claims.Remove(name);
            if (name is "exp" or "iat" or "nbf" && value is JsonValue number && number.TryGetValue<long>(out var seconds)) claims[name] = now + seconds;
            else if (value is not null) claims[name] = value.DeepClone();
        }
    }

    /// <summary>A token request that any client may make, to try client authentication and proofs on.</summary>
    public static Form ClientCredentials { get; } = Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts");
}

/// <summary>The same behind nginx.</summary>
public sealed class ProxiedFrontWorld : FrontWorld
{
    public override bool BehindNginx => true;
}

[CollectionDefinition(Name)]
public sealed class ProxiedFrontTests : ICollectionFixture<ProxiedFrontWorld>
{
    public const string Name = "the way to a code, behind nginx";
}

[CollectionDefinition(Name)]
public sealed class FrontTests : ICollectionFixture<FrontWorld>
{
    public const string Name = "the way to a code";
}
