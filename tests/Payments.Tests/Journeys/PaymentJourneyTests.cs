using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OpenBanking.Accounts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Tests.Messages;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Payments.Tests.Journeys;

/// <summary>A payment from its first request to the last check of its evidence, over the public interface and with a real passkey's signature.</summary>
public sealed partial class PaymentJourneyTests(SignedBank bank) : IClassFixture<SignedBank>
{
    private const string Root = "/open-banking/v4.0/pisp";

    [Fact]
    [Trait("Rule", "OB-SCA-2")]
    [Trait("Rule", "CON-04")]
    [Trait("Rule", "OB-PIS-1")]
    [Trait("Rule", "P-10")]
    [Trait("Rule", "P-12")]
    [Trait("Rule", "PK-17")]
    public async Task A_payment_is_approved_by_a_passkey_that_has_signed_it_and_the_evidence_holds()
    {
        await AccountsModule.SeedSandboxAsync(bank.Host.Services, CancellationToken.None);
        using var browser = new PortalBrowser(bank.Host);
        var activated = await browser.ActivateAsync("payer", await PortalBrowser.NewCustomerAsync(bank.Host, "payer", Bank.Amelia));
        Assert.True(activated.IsSuccess, activated.Text);

        var payment = Bank.Payment(Bank.To("99012420450061"), "12.34");
        var made = await SendAsync("/domestic-payment-consents", payment, await bank.Tpp.ClientTokenAsync("payments"));
        Assert.True(made.Status == 201, made.Body);
        var consentId = made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var requestUri = await bank.Tpp.PushAsync(TestTpp.AuthorizationRequest(consentId).With("scope", "openid payments"));
        var interaction = await browser.ArriveAndSignInAsync(bank.Tpp.AuthorizePath(requestUri));

        // Amount, payee, and what each account has.
        var page = System.Web.HttpUtility.HtmlDecode(await browser.PageAsync("/approve?interaction=" + Uri.EscapeDataString(interaction)));
        Assert.Contains("Pay £12.34 to ACME Inc", page, StringComparison.Ordinal);
        Assert.Contains("99-01-24 20450061", page, StringComparison.Ordinal);
        Assert.Contains("available", page, StringComparison.Ordinal);
        var form = await browser.ApprovalAsync(interaction);
        var account = form.Accounts[0];
        var approval = ApprovalId().Match(page).Groups["id"].Value;

        // Being signed in is not enough, and neither is a passkey that was used for another account or another document.
        Assert.Equal(400, (await DecideAsync(browser, form, account, null)).Status);
        Assert.Equal("OB-SCA-2", bank.Host.Log.LastRefusal?.Rule);
        foreach (var (digest, chosen) in new[] { (form.Digest, form.Accounts[1]), ("other", account) })
        {
            var other = await browser.UsePasskeyAsync(new ApprovalForm(approval, form.Token, digest, [chosen]));
            var refused = await DecideAsync(browser, form, account, other);
            Assert.Equal((400, "PK-17"), (refused.Status, bank.Host.Log.LastRefusal?.Rule));
            Assert.Contains("no money has moved", refused.Text, StringComparison.Ordinal);
        }

        var done = await DecideAsync(browser, form, account, await browser.UsePasskeyAsync(new ApprovalForm(approval, form.Token, form.Digest, [account])));
        var tokens = await bank.Tpp.RedeemAsync(Assert.IsType<string>(done.Code));
        payment["Data"]!["ConsentId"] = consentId;
        payment["Data"]!.AsObject().Remove("ReadRefundAccount");
        var order = await SendAsync("/domestic-payments", payment, tokens.Text("access_token")!);
        Assert.True(order.Status == 201, order.Body);

        var kept = (await AskAsync(new DescribeEvidence(consentId)))!;
        Assert.True(kept.DigestIsRight);
        Assert.Equal(("12.34", "GBP", "ACME Inc"), (kept.Payment!.Amount, kept.Payment.Currency, kept.Payment.Payee));
        Assert.Null(await AskAsync(new VerifyPasskeySignature(kept.Signature!, kept.Digest, kept.AccountIds)));
        Assert.NotNull(await AskAsync(new VerifyPasskeySignature(kept.Signature!, kept.Digest, ["another account"])));
        Assert.NotNull(await AskAsync(new VerifyPasskeySignature(kept.Signature!, "another document", kept.AccountIds)));
        Assert.NotNull(await AskAsync(new VerifyPasskeySignature(kept.Signature! with { Signature = [.. kept.Signature.Signature.Reverse()] }, kept.Digest, kept.AccountIds)));
        Assert.Equal((consentId, "12.34", account), (await AskAsync(new ListOrdersOfConsent(consentId))).Single() is var paid ? (consentId, paid.Amount, paid.AccountId) : default);

        var (exit, said) = await bank.Host.RunCommandAsync("evidence", "verify", consentId);
        Assert.Equal(0, exit);
        Assert.Contains("The evidence holds.", said, StringComparison.Ordinal);
        Assert.Equal(0, (await bank.Host.RunCommandAsync("ledger", "verify")).Exit);
    }

    [Fact]
    [Trait("Rule", "OB-SCA-2")]
    [Trait("Rule", "P-1")]
    [Trait("Rule", "P-10")]
    public async Task A_payment_on_the_back_channel_shows_what_the_passkey_signs()
    {
        await AccountsModule.SeedSandboxAsync(bank.Host.Services, CancellationToken.None);
        using var browser = new PortalBrowser(bank.Host);
        var activated = await browser.ActivateAsync("payer2", await PortalBrowser.NewCustomerAsync(bank.Host, "payer2", Bank.Thomas));
        Assert.True(activated.IsSuccess, activated.Text);
        Assert.True((await browser.SignInAsync()).IsSuccess);
        var made = await SendAsync("/domestic-payment-consents", Bank.Payment(Bank.To("99012420450011"), "23.45"), await bank.Tpp.ClientTokenAsync("payments"));
        var consentId = made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var asked = await bank.Tpp.AskAsync(Form.Empty
            .With("scope", "openid payments")
            .With("login_hint", "payer2")
            .With("binding_message", "Till 7")
            .With("authorization_details", $$"""[{"type":"payment_initiation","consent_id":"{{consentId}}"}]"""));

        var id = (await browser.WaitingRequestsAsync()).Single();
        var page = System.Web.HttpUtility.HtmlDecode(await browser.PageAsync($"/requests/{id:D}"));
        Assert.Contains("Pay £23.45 to ACME Inc", page, StringComparison.Ordinal);
        Assert.Contains("99-01-24 20450011", page, StringComparison.Ordinal);
        Assert.Contains("available", page, StringComparison.Ordinal);

        var form = await browser.RequestFormAsync(id);
        form = form with { Accounts = [form.Accounts[0]] };
        await browser.SendRequestFormAsync(form, await browser.UsePasskeyAsync(form));
        Assert.Equal(200, (await bank.Tpp.PollAsync(asked)).Status);
        var kept = (await AskAsync(new DescribeEvidence(consentId)))!;
        Assert.Null(await AskAsync(new VerifyPasskeySignature(kept.Signature!, kept.Digest, kept.AccountIds)));
    }

    [Fact]
    [Trait("Rule", "CON-05")]
    [Trait("Rule", "OB-SCA-1")]
    [Trait("Rule", "OB-SEC-12")]
    public async Task Five_passkeys_that_do_not_fit_end_the_request()
    {
        await AccountsModule.SeedSandboxAsync(bank.Host.Services, CancellationToken.None);
        using var browser = new PortalBrowser(bank.Host);
        Assert.True((await browser.ActivateAsync("clumsy", await PortalBrowser.NewCustomerAsync(bank.Host, "clumsy", "C-100005"))).IsSuccess);
        var made = await SendAsync("/domestic-payment-consents", Bank.Payment(Bank.To("99012420450061"), "45.67"), await bank.Tpp.ClientTokenAsync("payments"));
        var consentId = made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var requestUri = await bank.Tpp.PushAsync(TestTpp.AuthorizationRequest(consentId).With("scope", "openid payments"));
        var interaction = await browser.ArriveAndSignInAsync(bank.Tpp.AuthorizePath(requestUri));
        var form = await browser.ApprovalAsync(interaction);
        for (var tries = 1; tries < 5; tries++)
        {
            Assert.Equal(400, (await FailAsync()).Status);
            Assert.Equal("PK-17", bank.Host.Log.LastRefusal?.Rule);
        }

        var last = await FailAsync();
        Assert.Equal((409, "CON-05"), (last.Status, bank.Host.Log.LastRefusal?.Rule));
        Assert.Equal("access_denied", Testing.Tpp.Answer.Query(last.Back!)["error"]);
        var ended = await bank.Tpp.SendAsync(await GetAsync("/domestic-payment-consents/" + consentId));
        Assert.Equal("RJCT", ended.Json.GetProperty("Data").GetProperty("Status").GetString());

        async Task<Decision> FailAsync() => await DecideAsync(browser, form, form.Accounts[0], await browser.UsePasskeyAsync(new ApprovalForm(Guid.NewGuid().ToString("D"), form.Token, form.Digest, [form.Accounts[0]])));
    }

    [Fact]
    [Trait("Rule", "P-8")]
    [Trait("Rule", "P-10")]
    [Trait("Rule", "OB-PIS-26")]
    [Trait("Rule", "PK-17")]
    public async Task A_payment_that_two_must_approve_is_signed_by_the_passkey_of_each()
    {
        await AccountsModule.SeedSandboxAsync(bank.Host.Services, CancellationToken.None);
        using var first = new PortalBrowser(bank.Host);
        using var second = new PortalBrowser(bank.Host);
        using var stranger = new PortalBrowser(bank.Host);
        foreach (var (browser, name, customer) in new[] { (first, "baker", "C-100004"), (second, "director", "C-100006"), (stranger, "nobody", "C-100003") })
        {
            var activated = await browser.ActivateAsync(name, await PortalBrowser.NewCustomerAsync(bank.Host, name, customer));
            Assert.True(activated.IsSuccess, $"{name}: {activated.Text}");
            var signedIn = await browser.SignInAsync();
            Assert.True(signedIn.IsSuccess, $"{name}: {signedIn.Text}");
        }

        var payment = Bank.Payment(
            asked =>
            {
                Bank.To("99012420450061")(asked);
                Bank.From("99012420450094")(asked);
            },
            "34.56");
        var made = await SendAsync("/domestic-payment-consents", payment, await bank.Tpp.ClientTokenAsync("payments"));
        var consentId = made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var requestUri = await bank.Tpp.PushAsync(TestTpp.AuthorizationRequest(consentId).With("scope", "openid payments"));
        var interaction = await first.ArriveAndSignInAsync(bank.Tpp.AuthorizePath(requestUri));
        var page = System.Web.HttpUtility.HtmlDecode(await first.PageAsync("/approve?interaction=" + Uri.EscapeDataString(interaction)));
        Assert.Contains("needs one more person's approval", page, StringComparison.Ordinal);
        var form = await first.ApprovalAsync(interaction);
        var done = await DecideAsync(first, form, form.Accounts[0], await first.UsePasskeyAsync(new ApprovalForm(ApprovalId().Match(page).Groups["id"].Value, form.Token, form.Digest, form.Accounts)));
        var tokens = await bank.Tpp.RedeemAsync(Assert.IsType<string>(done.Code));
        payment["Data"]!["ConsentId"] = consentId;
        payment["Data"]!.AsObject().Remove("ReadRefundAccount");
        var order = await SendAsync("/domestic-payments", payment, tokens.Text("access_token")!);
        Assert.Equal("PATC", order.Json.GetProperty("Data").GetProperty("Status").GetString());
        var address = "/approvals/" + order.Json.GetProperty("Data").GetProperty("DomesticPaymentId").GetString();

        // The other finds it from the start page; a stranger finds nothing.
        Assert.Contains("A payment waits for your approval.", await second.PageAsync("/"), StringComparison.Ordinal);
        Assert.Contains(address, await second.PageAsync("/approvals"), StringComparison.Ordinal);
        Assert.DoesNotContain(address, await stranger.PageAsync("/approvals"), StringComparison.Ordinal);
        using (var hidden = await stranger.GetAsync(address)) Assert.Equal(System.Net.HttpStatusCode.NotFound, hidden.StatusCode);

        var seen = System.Web.HttpUtility.HtmlDecode(await second.PageAsync(address));
        Assert.Contains("Pay £34.56 to ACME Inc", seen, StringComparison.Ordinal);
        Assert.Contains("1 of 2 have approved", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("VAT reserve", seen, StringComparison.Ordinal);
        var further = await second.FormAsync(address);
        foreach (var wrong in new[] { further with { Digest = "other" }, further with { Accounts = ["other"] } })
        {
            using var refused = await SubmitAsync(second, address, further, await second.UsePasskeyAsync(wrong));
            Assert.Equal((System.Net.HttpStatusCode.BadRequest, "PK-17"), (refused.StatusCode, bank.Host.Log.LastRefusal?.Rule));
        }

        using (var approved = await SubmitAsync(second, address, further, await second.UsePasskeyAsync(further))) Assert.Equal(System.Net.HttpStatusCode.SeeOther, approved.StatusCode);
        Assert.Contains("Everybody has approved who must", await second.PageAsync(address), StringComparison.Ordinal);
        using (var again = await SubmitAsync(second, address, further, await second.UsePasskeyAsync(further))) Assert.Equal(System.Net.HttpStatusCode.Conflict, again.StatusCode);

        var (exit, said) = await bank.Host.RunCommandAsync("evidence", "verify", consentId);
        Assert.True(exit == 0, said);
        Assert.Equal(2, said.Split("signed by the passkey").Length - 1);
    }

    private static Task<HttpResponseMessage> SubmitAsync(PortalBrowser browser, string address, ApprovalForm form, (string Ceremony, string Credential) passkey) => browser.PostFormAsync(
        address,
        ("__RequestVerificationToken", form.Token), ("digest", form.Digest), ("decision", "approve"), ("ceremony", passkey.Ceremony), ("credential", passkey.Credential));

    private static async Task<Decision> DecideAsync(PortalBrowser browser, ApprovalForm form, string account, (string Ceremony, string Credential)? passkey)
    {
        using var answer = await browser.PostFormAsync(
            "/approve",
            [
                ("__RequestVerificationToken", form.Token), ("interaction", form.Interaction), ("digest", form.Digest), ("decision", "approve"), ("account", account),
                ("ceremony", passkey?.Ceremony ?? ""), ("credential", passkey?.Credential ?? ""),
            ]);
        var text = await answer.Content.ReadAsStringAsync();
        var back = System.Web.HttpUtility.HtmlDecode(Back().Match(text).Groups["address"].Value);
        return new Decision((int)answer.StatusCode, back.Length > 0 ? new Uri(back) : null, text);
    }

    private async Task<HttpRequestMessage> GetAsync(string path)
    {
        var token = await bank.Tpp.ClientTokenAsync("payments");
        var request = new HttpRequestMessage(HttpMethod.Get, Root + path);
        request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + token);
        request.Headers.TryAddWithoutValidation("DPoP", bank.Tpp.Proof("GET", bank.Tpp.Address(Root + path), token));
        return request;
    }

    private async Task<Answer> SendAsync(string path, JsonObject body, string token)
    {
        var content = body.ToJsonString();
        using var request = new HttpRequestMessage(HttpMethod.Post, Root + path) { Content = TestHttp.Json(content) };
        request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + token);
        request.Headers.TryAddWithoutValidation("DPoP", bank.Tpp.Proof("POST", bank.Tpp.Address(Root + path), token));
        request.Headers.TryAddWithoutValidation("x-idempotency-key", Bank.NewKey());
        request.Headers.TryAddWithoutValidation("x-jws-signature", bank.Sign(content));
        return await bank.Tpp.SendAsync(request);
    }

    private Task<T> AskAsync<T>(MediatR.IRequest<T> question) =>
        bank.Host.InScopeAsync(services => ((MediatR.IMediator)services.GetService(typeof(MediatR.IMediator))!).Send(question));

    [GeneratedRegex("""data-request="(?<id>[0-9a-f-]{36})""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ApprovalId();

    [GeneratedRegex("""href="(?<address>https://tpp[^"]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Back();
}
