using System.Text.Json;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>What must happen once happens once, and what is over is over, whichever host is asked.</summary>
[Collection(OnTwoHosts.Name)]
public sealed class TwoHostsTests(TwoHosts hosts)
{
    private const string Accounts = "/open-banking/v4.0/aisp/accounts";
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents/";
    private const int Racers = 10;
    private static readonly int Rounds = ProofRun.Count(5, 200);

    private TestTpp Tpp => hosts.Tpp;

    private static Form ClientCredentials { get; } = Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts");

    [Fact]
    [Trait("Reliability", "R15")]
    [Trait("Rule", "OA-13")]
    [Trait("Rule", "OA-12")]
    [Trait("Rule", "TOK-10")]
    [Trait("Rule", "F2-PAR-10")]
    public async Task Of_fifty_redemptions_of_one_code_one_succeeds_and_its_tokens_are_dead_afterwards()
    {
        for (var round = 0; round < 20; round++)
        {
            var code = await hosts.CodeAsync();
            var requests = Enumerable.Range(0, 50).Select(_ => Signed("/token", Tpp.CodeRequest(code))).ToList();

            var answers = await TwoHosts.AtOnceAsync(requests.Select(request => (Func<Task<Answer>>)(() => Tpp.PostAsync("/token", request.Form, request.Proof))));

            var won = Assert.Single(answers, answer => answer.Status == 200);
            Assert.All(answers.Where(answer => answer != won), answer => Assert.Equal((400, "invalid_grant"), (answer.Status, answer.Error)));
            await DeadAsync(won.Json);
        }
    }

    [Fact]
    [Trait("Reliability", "R20")]
    public async Task Twenty_flows_complete_with_each_step_on_the_other_host()
    {
        for (var flow = 0; flow < 20; flow++)
        {
            // Each second flow begins on the other host, too.
            if (flow % 2 == 1) await Tpp.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/jwks"));
            var tokens = await TokensAsync();
            var token = tokens.GetProperty("access_token").GetString()!;
            Assert.Equal(200, (await Tpp.GetAsync(Accounts, token)).Status);
            Assert.Equal(200, (await Tpp.GetAsync("/open-banking/v4.0/aisp/transactions", token)).Status);
            var refresh = await Tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.GetProperty("refresh_token").GetString()));
            Assert.Equal(200, (await Tpp.GetAsync(Accounts, refresh.Text("access_token")!)).Status);
        }
    }

    [Fact]
    public async Task All_hosts_of_a_database_trust_one_authority_and_are_trusted_by_it()
    {
        Assert.Equal(hosts.First.Authority.Thumbprint, hosts.Second.Authority.Thumbprint);
        foreach (var (host, issuer) in new[] { (hosts.First, hosts.First), (hosts.Second, hosts.First), (hosts.First, hosts.Second) })
        {
            using var tpp = hosts.CertifiedAt(host, issuer);
            Assert.Equal(200, (await tpp.TokenAsync(ClientCredentials)).Status);
        }
    }

    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Rule", "CA-10")]
    public async Task A_client_assertion_is_taken_once()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var form = Tpp.Authenticated();
            foreach (var name in new[] { "grant_type", "scope" }) form = form.With(name, ClientCredentials[name]);
            await OnceAsync(
                Racer(() => Tpp.PostAsync("/token", form, Tpp.Proof("POST", Tpp.Address("/token")))),
                answer => answer.Status == 200,
                answer => (answer.Status, answer.Error) == (401, "invalid_client"),
                answer => $"{answer.Status} {answer.Body}");
        }

        Reported("client assertion");
    }

    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Rule", "DPOP-12")]
    public async Task A_proof_is_taken_once()
    {
        var token = await Tpp.ClientTokenAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var atToken = Tpp.Proof("POST", Tpp.Address("/token"));
            await OnceAsync(
                Racer(() => Tpp.PostAsync("/token", Signed("/token", ClientCredentials).Form, atToken)),
                answer => answer.Status == 200,
                answer => (answer.Status, answer.Error) == (400, "invalid_dpop_proof"),
                answer => $"{answer.Status} {answer.Body}");

            var path = Consents + "no-such-consent";
            var atResource = Tpp.Proof("GET", Tpp.Address(path), token);
            await OnceAsync(
                Racer(async () =>
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, path);
                    request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + token);
                    request.Headers.TryAddWithoutValidation("DPoP", atResource);
                    return await Tpp.SendAsync(request);
                }),
                answer => answer.Status == 400, // Past the proof: there is no such consent.
                answer => answer.Status == 401,
                answer => $"{answer.Status} {answer.Body}");
        }

        Reported("proof, at the token endpoint and at the API");
    }

    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Rule", "PAR-09")]
    public async Task A_pushed_request_is_completed_once_from_however_many_browsers()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var path = Tpp.AuthorizePath(await hosts.PushAsync());
            var waiting = new List<(PortalBrowser Browser, ApprovalForm Form)>();
            for (var racer = 0; racer < 4; racer++)
            {
                var browser = await hosts.BrowserAsync();
                waiting.Add((browser, await browser.ApprovalAsync(await browser.ArriveAndSignInAsync(path))));
            }

            await OnceAsync(
                waiting.Select(at => (Func<Task<Decision>>)(() => at.Browser.DecideAsync(at.Form))),
                decision => decision.Code is not null,
                decision => decision is { Status: 409, Back: null },
                decision => $"{decision.Status} {decision.Text}");
        }

        Reported("pushed request, from several browsers");
    }

    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Rule", "CO-08")]
    public async Task An_approval_counts_once_however_often_it_is_clicked()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var browser = await hosts.BrowserAsync();
            var form = await browser.ApprovalAsync(await browser.ArriveAndSignInAsync(Tpp.AuthorizePath(await hosts.PushAsync())));
            await OnceAsync(
                Racer(() => browser.DecideAsync(form)),
                decision => decision.Code is not null,
                decision => decision is { Status: 409 or 400, Back: null },
                decision => $"{decision.Status} {decision.Text}");
        }

        Reported("approval, clicked several times");
    }

    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Rule", "CO-09")]
    public async Task A_consent_is_approved_once_whichever_of_its_requests_the_customer_decides()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var consent = await Tpp.CreateConsentAsync();
            var waiting = new List<(PortalBrowser Browser, ApprovalForm Form)>();
            for (var racer = 0; racer < 4; racer++)
            {
                var browser = await hosts.BrowserAsync();
                waiting.Add((browser, await browser.ApprovalAsync(await browser.ArriveAndSignInAsync(Tpp.AuthorizePath(await hosts.PushAsync(consent))))));
            }

            await OnceAsync(
                waiting.Select(at => (Func<Task<Decision>>)(() => at.Browser.DecideAsync(at.Form))),
                decision => decision.Code is not null,
                decision => decision is { Status: 409, Code: null }, // Shown anew, as what would be continued now, or led back.
                decision => $"{decision.Status} {decision.Text}");
        }

        Reported("consent, by several requests");
    }

    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Rule", "PK-04")]
    public async Task A_passkeys_answer_signs_in_once()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var browser = await hosts.BrowserAsync();
            var options = await browser.SignInOptionsAsync();
            var answer = JsonSerializer.Serialize(new { ceremony = options.Ceremony, credential = browser.Authenticator.Get(options.PublicKey, browser.Origin) });
            await OnceAsync(
                Racer(() => browser.PostTextAsync("/passkeys/assertion", answer)),
                answered => answered.IsSuccess,
                answered => (int)answered.Status == 400,
                answered => $"{answered.Status} {answered.Text}");
        }

        Reported("passkey's answer");
    }

    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Rule", "PO-14")]
    public async Task An_activation_code_makes_one_passkey()
    {
        const int Last = 2;
        var customer = hosts.Customers[Last];
        var (username, code) = (customer.GetProperty("username").GetString()!, customer.GetProperty("activationCode").GetString()!);
        for (var round = 0; round < Rounds; round++)
        {
            // The sandbox's codes may be used again; this one is put back to what a bank's is, unspent.
            await hosts.ExecuteAsync("UPDATE identity.activation_codes SET \"Reusable\" = false, \"UsedAt\" = NULL");
            try
            {
                var begun = new List<(PortalBrowser Browser, PasskeyAnswer Options)>();
                for (var racer = 0; racer < Racers; racer++)
                {
                    var browser = new PortalBrowser(hosts.Both);
                    begun.Add((browser, await browser.RegistrationOptionsAsync(new { username, activationCode = code })));
                }

                await OnceAsync(
                    begun.Select(at => (Func<Task<PasskeyAnswer>>)(() => at.Browser.FinishRegistrationAsync(at.Options))),
                    answered => answered.IsSuccess,
                    answered => (int)answered.Status == 400,
                    answered => $"{answered.Status} {answered.Text}");
            }
            finally
            {
                await hosts.ExecuteAsync("UPDATE identity.activation_codes SET \"Reusable\" = true");
            }
        }

        Reported("activation code");
    }

    [Fact]
    [Trait("Rule", "CO-16")]
    public async Task What_is_revoked_on_one_host_is_dead_on_the_other_at_the_next_request()
    {
        using var first = hosts.TppAt(hosts.First);
        using var second = hosts.TppAt(hosts.Second);
        var ways = new Func<string, JsonElement, Task>[]
        {
            // The customer, in the portal.
            async (consent, _) =>
            {
                var browser = await hosts.BrowserAsync(reach: hosts.First.Reach);
                Assert.True((await browser.SignInAsync()).IsSuccess);
                using var cancelled = await browser.SubmitAsync($"/connections/{consent}/cancel", $"/connections/{consent}/cancel");
                Assert.Equal(303, (int)cancelled.StatusCode);
            },

            // The third party, by deleting the consent.
            async (consent, _) => Assert.Equal(204, (await first.ApiAsync(HttpMethod.Delete, Consents + consent, await first.ClientTokenAsync())).Status),

            // The third party, by giving its tokens back.
            async (_, tokens) => Assert.Equal(200, (await first.CallAsync("/revoke", Form.Empty.With("token", tokens.GetProperty("refresh_token").GetString()))).Status),
        };
        foreach (var revoke in ways)
        {
            var (consent, tokens) = await GrantedAsync();
            var token = tokens.GetProperty("access_token").GetString()!;
            Assert.Equal(200, (await second.GetAsync(Accounts, token)).Status);

            await revoke(consent, tokens);

            Assert.Equal(401, (await second.GetAsync(Accounts, token)).Status);
            await DeadAsync(tokens);
        }
    }

    /// <summary>The other way to a customer: each step on the other host, and what may happen once raced for on both.</summary>
    [Fact]
    [Trait("Reliability", "R16")]
    [Trait("Reliability", "R20")]
    [Trait("Rule", "CIBA-25")]
    [Trait("Rule", "CIBA-32")]
    [Trait("Rule", "CO-08")]
    public async Task A_request_without_a_browser_is_approved_once_and_gives_its_tokens_once_on_two_hosts()
    {
        for (var round = 0; round < 3; round++)
        {
            var browser = await hosts.BrowserAsync();
            Assert.True((await browser.SignInAsync()).IsSuccess);
            var asked = await Tpp.AskAsync(Form.Empty
                .With("scope", "openid accounts")
                .With("login_hint", hosts.Customers[0].GetProperty("username").GetString())
                .With("binding_message", "Till 7")
                .With("authorization_details", TestTpp.Details(await Tpp.CreateConsentAsync())));
            var form = await browser.RequestFormAsync(Assert.Single(await browser.WaitingRequestsAsync()));
            var passkey = await browser.UsePasskeyAsync(form);
            await OnceAsync(
                Racer(() => browser.SendRequestFormAsync(form, passkey)),
                answer => answer.Status == 303,
                answer => answer.Status is 400 or 409,
                answer => $"{answer.Status} {answer.Body}");

            var token = "";
            await OnceAsync(
                Enumerable.Range(0, Racers).Select(_ => Signed("/token", Form.Empty.With("grant_type", TestTpp.CibaGrant).With("auth_req_id", asked))).ToList()
                    .Select(poll => (Func<Task<Answer>>)(() => Tpp.PostAsync("/token", poll.Form, poll.Proof))),
                answer => answer.Status == 200 && (token = answer.Text("access_token")!).Length > 0,
                answer => (answer.Status, answer.Error) == (400, "invalid_grant"),
                answer => $"{answer.Status} {answer.Body}");
            foreach (var host in new[] { hosts.First, hosts.Second })
            {
                using var tpp = hosts.TppAt(host);
                Assert.Equal(200, (await tpp.GetAsync(Accounts, token)).Status);
            }
        }

        ProofRun.Passed("R16", $"3 rounds of {Racers} approvals of one waiting request and {Racers} polls for its tokens on two hosts: 1 success each");
    }

    private static void Reported(string what) =>
        ProofRun.Passed("R16", $"{Rounds} rounds of uses of one {what} at one moment on two hosts: 1 success in each");

    private (Form Form, string Proof) Signed(string path, Form form)
    {
        var all = Tpp.Authenticated();
        foreach (var name in new[] { "client_id", "client_assertion_type", "client_assertion" }) form = form.With(name, all[name]);
        return (form, Tpp.Proof("POST", Tpp.Address(path)));
    }

    private static IEnumerable<Func<Task<T>>> Racer<T>(Func<Task<T>> action) => Enumerable.Repeat(action, Racers);

    /// <summary>Exactly one succeeds; all others are refused as they should be.</summary>
    private static async Task OnceAsync<T>(IEnumerable<Func<Task<T>>> actions, Func<T, bool> isSuccess, Func<T, bool> isRefusal, Func<T, string> describe)
    {
        var answers = await TwoHosts.AtOnceAsync(actions);
        var all = string.Join('\n', answers.Select(describe).Distinct());
        Assert.True(answers.Count(isSuccess) == 1, $"{answers.Count(isSuccess)} succeeded: {all}");
        Assert.True(answers.Count(isRefusal) == answers.Length - 1, $"Refused otherwise than it should be: {all}");
    }

    private async Task<JsonElement> TokensAsync() => (await GrantedAsync()).Tokens;

    private async Task<(string Consent, JsonElement Tokens)> GrantedAsync()
    {
        var consent = await Tpp.CreateConsentAsync();
        return (consent, await hosts.GrantAsync(consent));
    }

    private async Task DeadAsync(JsonElement tokens)
    {
        foreach (var host in new[] { hosts.First, hosts.Second })
        {
            using var tpp = hosts.TppAt(host);
            Assert.Equal(401, (await tpp.GetAsync(Accounts, tokens.GetProperty("access_token").GetString()!)).Status);
            var refresh = await tpp.TokenAsync(Form.Empty.With("grant_type", "refresh_token").With("refresh_token", tokens.GetProperty("refresh_token").GetString()));
            Assert.Equal((400, "invalid_grant"), (refresh.Status, refresh.Error));
        }
    }
}
