using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Tests.Registration;
using OpenBanking.Kernel.Jose;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Storage;

/// <summary>
/// A request whose presumption fails at the commit is judged once more. Here it always fails the first time, for every request of
/// whole journeys, and nobody outside can tell.
/// </summary>
public sealed class JudgedTwiceTests : IAsyncLifetime
{
    private readonly RegistrationWorld world = new();

    public ValueTask InitializeAsync() => world.InitializeAsync();

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task A_request_that_is_judged_twice_is_answered_as_one_that_is_judged_once()
    {
        await using var twice = await world.StartAsync(options => options.Replace = services => services.AddSingleton<IStartupFilter, FailFirst>());
        await twice.InScopeAsync(services => services.GetRequiredService<IdentityDb>().Database.ExecuteSqlAsync($"CREATE SEQUENCE public.failed"));

        var once = await JourneyAsync(world.Host);
        var again = await JourneyAsync(twice);

        Assert.Equal(once, again);
        var failed = await twice.InScopeAsync(services => services.GetRequiredService<IdentityDb>().Database
            .SqlQuery<long>($"""SELECT last_value AS "Value" FROM public.failed""").SingleAsync());
        Assert.True(failed >= once.Count, $"{failed} of {once.Count} were judged twice");
    }

    /// <summary>Where keys have to be fetched in the middle of a request, the connection is given back; what was presumed until then is still to be proven.</summary>
    [Fact]
    [Trait("Rule", "CA-10")]
    public async Task An_assertion_shown_before_is_refused_though_the_request_beside_it_needs_other_keys()
    {
        var host = world.Host;
        const string Keys = "https://keys.tpp.example/judged-twice";
        using var second = SigningKey.Create("ES256");
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata =>
        {
            metadata.Remove("jwks");
            metadata["jwks_uri"] = Keys;
            metadata["request_object_signing_alg"] = "ES256";
        });
        host.Outbound.Answer(Keys, KeySet(tpp.Key));
        var request = TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync());
        host.Clock.Advance(TimeSpan.FromSeconds(61)); // Until then no set is fetched again.
        var assertion = tpp.Assertion();
        Assert.Equal(201, (await tpp.ParAsync(With(tpp.Signed(request)))).Status);

        host.Outbound.Answer(Keys, KeySet(tpp.Key, second));
        host.Log.Clear();
        var replayed = await tpp.ParAsync(With(tpp.Signed(request, key: second)));

        Assert.Equal((401, "invalid_client", "CA-10"), (replayed.Status, replayed.Error, host.Log.LastRefusal?.Rule));
        Assert.Equal(201, (await tpp.ParAsync(tpp.Signed(request, key: second))).Status);

        Form With(Form form) => form.With("client_assertion_type", TestTpp.JwtBearer).With("client_assertion", assertion);
    }

    /// <summary>Every step's status, its headers' names, its cookies and the names in its body.</summary>
    private async Task<List<string>> JourneyAsync(TestHost host)
    {
        var seen = new List<string>();

        // Registration, plain, signed and changed.
        var software = world.Software();
        host.Outbound.Answer(software.JwksUri, software.Jwks);
        var registered = Note("register", await world.RegisterAsync(software, world.Metadata(software), host: host));
        var (id, token) = (registered.Text("client_id")!, registered.Text("registration_access_token"));
        Note("registration", await world.ManageAsync(HttpMethod.Get, software, id, token, host: host));
        Note("change", await world.ManageAsync(HttpMethod.Put, software, id, token, world.Metadata(software, metadata => metadata["client_id"] = id), host: host));
        Note("end", await world.ManageAsync(HttpMethod.Delete, software, id, token, host: host));
        var other = world.Software();
        host.Outbound.Answer(other.JwksUri, other.Jwks);
        var signed = other.Signed(world.Metadata(other), host.Issuer.OriginalString, host.Clock.Now);
        Note("register signed", await world.RegisterSignedAsync(other, signed, host: host));
        Note("register signed again", await world.RegisterSignedAsync(other, signed, host: host));

        // A consent, and the way through the browser.
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata =>
        {
            TestTpp.OnTheBackchannel()(metadata);
            metadata["scope"] = "openid accounts offline_access";
        });
        var customer = await TestCustomer.CreateAsync(host);
        using var browser = await customer.SignInAsync();
        var own = Note("client credentials", await tpp.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts"))).Text("access_token")!;
        const string Consent = """{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""";
        var consent = Note("consent", await tpp.ApiAsync(HttpMethod.Post, "/open-banking/v4.0/aisp/account-access-consents", own, Consent))
            .Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var pushed = Note("par", await tpp.ParAsync(TestTpp.AuthorizationRequest(consent).With("scope", "openid accounts offline_access").With("prompt", "consent")));
        Note("par without a scope", await tpp.ParAsync(TestTpp.AuthorizationRequest(consent).With("scope", "none")));
        var interaction = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(pushed.Text("request_uri")!));
        seen.Add("cookies " + string.Join(' ', browser.Cookies.GetAllCookies().Select(cookie => Letters(cookie.Name)).Order(StringComparer.Ordinal)));
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(interaction));
        var tokens = Note("code", await tpp.RedeemAsync(decision.Code!));
        Note("code again", await tpp.RedeemAsync(decision.Code!));
        Note("no assertion", await tpp.PostAsync("/token", tpp.CodeRequest("none")));

        // The back channel: the second approval of a consent, in the portal.
        var beside = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()).With("scope", "openid accounts offline_access").With("prompt", "consent"))));
        tokens = Note("second code", await tpp.RedeemAsync((await browser.DecideAsync(await browser.ApprovalAsync(beside))).Code!));
        var asked = Note("bc-authorize", await tpp.BackchannelAsync(Form.Empty
            .With("scope", "openid accounts").With("login_hint", customer.Username).With("binding_message", "Till 7").With("authorization_details", TestTpp.Details(await tpp.CreateConsentAsync()))));
        Note("poll", await tpp.PollAsync(asked.Text("auth_req_id")!));
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        Note("approve", await browser.ApproveRequestAsync((await browser.WaitingRequestsAsync()).Single()));
        Note("poll for tokens", await tpp.PollAsync(asked.Text("auth_req_id")!));
        Note("poll again", await tpp.PollAsync(asked.Text("auth_req_id")!));

        // What tokens are good for.
        Note("accounts", await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!));
        Note("introspect", await tpp.CallAsync("/introspect", Form.Empty.With("token", tokens.Text("access_token"))));
        Note("refresh", await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.Text("refresh_token"))));
        Note("revoke", await tpp.CallAsync("/revoke", Form.Empty.With("token", tokens.Text("refresh_token"))));
        Note("end of the consent", await tpp.ApiAsync(HttpMethod.Delete, "/open-banking/v4.0/aisp/account-access-consents/" + consent, own));
        Note("end again", await tpp.ApiAsync(HttpMethod.Delete, "/open-banking/v4.0/aisp/account-access-consents/" + consent, own));
        return seen;

        Answer Note(string step, Answer answer)
        {
            var headers = string.Join(' ', answer.Headers.Keys.Order(StringComparer.OrdinalIgnoreCase));
            var cookies = answer.Header("Set-Cookie")?.Split("__Host-").Length - 1;
            var body = answer.Body.StartsWith('{') ? string.Join(' ', answer.Json.EnumerateObject().Select(member => member.Name)) : answer.ContentType;
            seen.Add(string.Create(CultureInfo.InvariantCulture, $"{step}: {answer.Status} {answer.Error} [{headers}] [{cookies}] {body}"));
            return answer;
        }
    }

    private static string Letters(string name) => string.Join('-', name.Split('-').Take(2)); // What is random stands behind.

    private static string KeySet(params SigningKey[] keys) =>
        new JsonObject { ["keys"] = new JsonArray([.. keys.Select(key => (JsonNode)key.PublicKey.ToJson())]) }.ToJsonString();

    /// <summary>Puts a statement before everything that a request leaves for its commit, which fails as one of a replay does.</summary>
    private sealed class FailFirst : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, following) =>
            {
                var unit = http.RequestServices.GetRequiredService<UnitOfWork>();
                unit.Presuming = true;
                unit.TryPresume("DO $$ BEGIN PERFORM nextval('public.failed'); RAISE not_null_violation; END $$");
                return following(http);
            });
            next(app);
        };
    }
}
