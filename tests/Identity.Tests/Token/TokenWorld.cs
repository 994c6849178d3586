using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Token;

/// <summary>One host with two DPoP clients and two mTLS clients, for all tests of tokens; they run one after the other.</summary>
public class TokenWorld : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("openbanking-tokens-").FullName;
    private readonly X509Certificate2 authority = TestCertificates.Authority();

    /// <summary>Whether requests come by a proxy.</summary>
    protected virtual bool BehindNginx => false;

    internal TestHost Host { get; private set; } = null!;

    /// <summary>Authenticates with an assertion and binds to a key; ID tokens with PS256.</summary>
    internal TestTpp Budget { get; private set; } = null!;

    /// <summary>The same in another sector; ID tokens with ES256.</summary>
    internal TestTpp Rival { get; private set; } = null!;

    /// <summary>Authenticates with a certificate and binds to it.</summary>
    internal TestTpp Lender { get; private set; } = null!;

    internal TestTpp OtherLender { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var (budget, rival) = (New("budget", TppKind.Dpop, "PS256"), New("rival", TppKind.Dpop, "ES256"));
        var (lender, otherLender) = (New("lender", TppKind.Mtls, "PS256"), New("other-lender", TppKind.Mtls, "PS256"));
        TestTpp[] all = [budget, rival, lender, otherLender];
        await File.WriteAllTextAsync(Path.Combine(folder, "clients.json"), new JsonArray([.. all.Select(tpp => tpp.Registration!.DeepClone())]).ToJsonString());
        await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
        Host = await TestHost.StartAsync(options =>
        {
            options.BehindNginx = BehindNginx;
            options.Settings["Identity:ClientsFile"] = Path.Combine(folder, "clients.json");
            options.Settings["Identity:ClientCertificateAuthorities"] = Path.Combine(folder, "ca.pem");
        });
        (Budget, Rival, Lender, OtherLender) = (budget.At(Host.Reach), rival.At(Host.Reach), lender.At(Host.Reach), otherLender.At(Host.Reach));
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        authority.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A grant with its code, as the customer's approval leaves them behind.</summary>
    internal async Task<(Grant Grant, string Code)> ApproveAsync(TestTpp tpp, Action<Approval>? choose = null)
    {
        var approval = new Approval();
        choose?.Invoke(approval);
        var now = Host.Clock.Now;
        var code = Handle.New();
        var userId = approval.UserId ?? Guid.CreateVersion7();
        var grant = await Host.InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityDb>();
            var client = await db.Clients.SingleAsync(row => row.ClientId == tpp.ClientId);
            var made = new Grant
            {
                Id = Guid.CreateVersion7(now),
                ClientId = tpp.ClientId,
                ConsentId = approval.ConsentId,
                UserId = userId,
                CustomerId = "10001",
                Subject = await services.GetRequiredService<PairwiseSubject>().ForAsync(client, userId, CancellationToken.None),
                Scope = approval.Scope,
                AuthorizationDetails = approval.Details,
                Nonce = approval.Nonce,
                Claims = approval.Claims,
                AuthenticatedAt = now,
                Acr = "urn:openbanking:psd2:sca",
                Amr = ["hwk", "user", "mfa"],
                WantsAuthTime = approval.WantsAuthTime,
                CreatedAt = now,
                ExpiresAt = approval.ExpiresAt,
            };
            db.Add(made);
            db.Add(new AuthorizationCode
            {
                Hash = code.Hash,
                ClientId = tpp.ClientId,
                GrantId = made.Id,
                RedirectUri = tpp.RedirectUri,
                CodeChallenge = TestTpp.Challenge(TestTpp.Verifier),
                DpopKeyThumbprint = approval.Key,
                ExpiresAt = now + AuthorizationCode.Lifetime,
            });
            await db.SaveChangesAsync();
            return made;
        });
        return (grant, code.Value);
    }

    /// <summary>Another certificate for the same client.</summary>
    internal X509Certificate2 Renew(TestTpp tpp) => TestCertificates.Client(authority, tpp.Certificate!.Subject);

    /// <summary>The tokens of a fresh approval.</summary>
    internal async Task<JsonElement> TokensAsync(TestTpp tpp, Action<Approval>? choose = null)
    {
        var answer = await tpp.RedeemAsync((await ApproveAsync(tpp, choose)).Code);
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }

    internal async Task RefusedAsync(Task<Answer> request, int status, string error, string rule)
    {
        var answer = await request;
        Assert.Equal((status, error, rule), (answer.Status, answer.Error, RuleOf(answer)));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    internal string? RuleOf(Answer answer) => Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule;

    /// <summary>Each in a sector of its own.</summary>
    private TestTpp New(string id, TppKind kind, string idTokenAlgorithm) => TestTpp.New(
        Reach.Nowhere,
        kind,
        metadata =>
        {
            metadata["redirect_uris"] = new JsonArray($"https://{id}.example/cb");
            metadata["id_token_signed_response_alg"] = idTokenAlgorithm;
        },
        issue: subject => TestCertificates.Client(authority, subject),
        id: id);
}

/// <summary>What a test's customer approves.</summary>
internal sealed class Approval
{
    public string ConsentId { get; set; } = "consent-" + Guid.CreateVersion7();

    public Guid? UserId { get; set; }

    public string Scope { get; set; } = "openid accounts";

    public string? Details { get; set; }

    public string? Nonce { get; set; }

    public string? Claims { get; set; }

    public bool WantsAuthTime { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public string? Key { get; set; }
}

/// <summary>What the tests of tokens say again and again.</summary>
internal static class TokenCalls
{
    /// <summary>A token request with a proof that a test has made.</summary>
    public static Task<Answer> TokenAsync(this TestTpp tpp, Form form, string proof) =>
        tpp.PostAsync("/token", tpp.Authenticated().All.Aggregate(form, (all, own) => all.With(own.Name, own.Value)), proof);

    public static Task<Answer> RedeemAsync(this TestTpp tpp, string code, SigningKey key) =>
        tpp.TokenAsync(tpp.CodeRequest(code), tpp.Proof(HttpMethod.Post, "/token", key: key));

    public static Task<Answer> RefreshAsync(this TestTpp tpp, string refreshToken, SigningKey? key = null, string? scope = null, string? details = null)
    {
        var form = Form.Empty.With("grant_type", "refresh_token").With("refresh_token", refreshToken).With("scope", scope).With("authorization_details", details);
        return key is null ? tpp.TokenAsync(form) : tpp.TokenAsync(form, tpp.Proof(HttpMethod.Post, "/token", key: key));
    }

    public static Task<Answer> ForItselfAsync(this TestTpp tpp, string scope = "accounts") =>
        tpp.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", scope));

    /// <summary>Calls an API with a token as this client shows one.</summary>
    public static Task<Answer> UseAsync(this TestTpp tpp, string token, string path = "/userinfo", HttpMethod? method = null) => tpp.ApiAsync(method ?? HttpMethod.Get, path, token);

    /// <summary>Sends what a test puts together by itself.</summary>
    public static async Task<Answer> SendAsync(
        this TestTpp tpp, HttpMethod method, string path, HttpContent? content = null, string? authorization = null, string? proof = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (proof is not null) request.Headers.TryAddWithoutValidation("DPoP", proof);
        return await tpp.SendAsync(request);
    }

    /// <summary>A proof for one of the bank's addresses as this client knows it.</summary>
    public static string Proof(this TestTpp tpp, HttpMethod method, string path, string? token = null, SigningKey? key = null) =>
        tpp.Proof(method.Method, tpp.Address(path), token, key: key);
}

/// <summary>The same behind nginx.</summary>
public sealed class ProxiedTokenWorld : TokenWorld
{
    protected override bool BehindNginx => true;
}

[CollectionDefinition(Name)]
public sealed class ProxiedTokenTests : ICollectionFixture<ProxiedTokenWorld>
{
    public const string Name = "Tokens, behind nginx";
}

[CollectionDefinition(Name)]
public sealed class TokenTests : ICollectionFixture<TokenWorld>
{
    public const string Name = "Tokens";
}
