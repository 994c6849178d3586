using System.Net;
using System.Text.Json;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>What is stored about a customer, as page and as file: all of it, to nobody else, and never a secret.</summary>
[Collection(nameof(PortalHost))]
public sealed class OwnDataTests(PortalHost portal)
{
    // What every customer has whatever the clock says; payments that lie in the future do not stay there.
    private static readonly string[] Sections = ["contact", "payees", "standing_orders", "direct_debits", "statements"];
    private readonly TestHost host = portal.Host;

    [Fact]
    [Trait("Rule", "PO-15")]
    [Trait("Rule", "PO-01")]
    [Trait("Rule", "PO-02")]
    [Trait("Rule", "PO-07")]
    public async Task It_takes_a_sign_in_that_is_minutes_old()
    {
        using var browser = await portal.SignInAsync(portal.Bank[2]);
        using (var forged = await browser.PostFormAsync("/my-data/download"))
            Assert.Equal((HttpStatusCode.BadRequest, "PO-01"), (forged.StatusCode, host.Log.LastRefusal?.Rule));
        using (var read = await browser.GetAsync("/my-data/download")) Assert.Equal(HttpStatusCode.MethodNotAllowed, read.StatusCode);

        host.Clock.Advance(TimeSpan.FromMinutes(4) + TimeSpan.FromSeconds(30));
        var token = await browser.TokenAsync("/my-data");
        Assert.Equal(200, (await DownloadAsync(browser)).Status);
        Assert.Contains("Your transactions", await browser.PageAsync("/my-data"), StringComparison.Ordinal);

        host.Clock.Advance(TimeSpan.FromSeconds(31));
        var page = await browser.PageAsync("/my-data");
        Assert.Contains("First sign in again", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Your transactions", page, StringComparison.Ordinal);
        var late = await Answer.OfAsync(await browser.PostFormAsync("/my-data/download", ("__RequestVerificationToken", token)));
        Assert.Equal((303, "/signin?ended=fresh&returnUrl=%2Fmy-data", "PO-15"), (late.Status, late.Header("Location"), host.Log.LastRefusal?.Rule));

        // Signed in once more, it is there; signed out, it is not.
        Assert.True((await browser.SignInAsync()).IsSuccess);
        Assert.Contains("Your transactions", await browser.PageAsync("/my-data"), StringComparison.Ordinal);
        token = await browser.TokenAsync("/my-data");
        using (await browser.SubmitAsync("/my-data", "/signout"))
        using (var over = await browser.PostFormAsync("/my-data/download", ("__RequestVerificationToken", token)))
            Assert.NotEqual(HttpStatusCode.OK, over.StatusCode);
    }

    [Fact]
    [Trait("Rule", "PO-16")]
    [Trait("Rule", "PO-17")]
    [Trait("Rule", "OP-01")]
    public async Task The_file_holds_what_every_module_keeps_and_no_secret()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        var customer = portal.Bank.First(candidate => candidate.Accounts.Count > 1);
        using var browser = await portal.SignInAsync(customer);
        var interaction = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()))));
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(interaction), accounts: [customer.Accounts[0].AccountId]);
        var tokens = await tpp.RedeemAsync(decision.Code!);
        Assert.Equal(200, (await tpp.ApiAsync(HttpMethod.Get, "/open-banking/v4.0/aisp/accounts", tokens.Text("access_token")!)).Status);
        var declined = await browser.ArriveAndSignInAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()))));
        await browser.DecideAsync(await browser.ApprovalAsync(declined), "cancel");

        var answer = await DownloadAsync(browser);
        Assert.Equal(("application/json", "no-store", "nosniff"), (answer.ContentType, answer.Header("Cache-Control"), answer.Header("X-Content-Type-Options")));
        Assert.StartsWith("attachment; filename=my-data-", answer.Header("Content-Disposition"), StringComparison.Ordinal);
        var file = answer.Json;
        Assert.Equal(
            [
                "customer", "passkeys", "sign_ins", "devices", "permits", "requests", "accesses", "payment_approvals", "approvals", "declined", "dismissed_notices", "contact", "accounts", "payees", "standing_orders", "direct_debits",
                "scheduled_payments", "offers", "statements", "transactions", "funds_checks", "payments",
            ],
            file.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Object).Select(member => member.Name));
        Assert.All(file.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Object), member => Assert.NotEqual("", member.Value.GetProperty("purpose").GetString()));

        Assert.Equal(customer.CustomerId, Records(file, "customer").Single().GetProperty("customer_number").GetString());
        Assert.NotEmpty(Records(file, "passkeys"));
        Assert.Contains(Records(file, "sign_ins"), record => record.TryGetProperty("third_party", out var name) && name.GetString() == "Budget App");
        Assert.NotEmpty(Records(file, "devices"));
        Assert.Contains(Records(file, "permits"), record => record.GetProperty("scope").GetString()!.Contains("accounts", StringComparison.Ordinal));
        var access = Records(file, "accesses").First(record => record.GetProperty("third_party").GetString() == "Budget App");
        Assert.Equal([customer.Accounts[0].Name], access.GetProperty("accounts").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(1, access.GetProperty("uses")[0].GetProperty("times").GetInt32());
        Assert.Equal(["Access requested", "Access approved"], access.GetProperty("history").EnumerateArray().Select(step => step.GetProperty("what").GetString()));
        Assert.Contains(Records(file, "approvals"), record => record.GetProperty("shown").GetString()!.Contains("Budget App", StringComparison.Ordinal));
        Assert.NotEmpty(Records(file, "declined"));
        Assert.Equal(customer.Accounts.Count, Records(file, "accounts").Count());
        Assert.Equal([], Sections.Where(section => !Records(file, section).Any()));
        Assert.True(Records(file, "transactions").Count() > 500, "More than one page of the bank's own list.");

        // No secret, hashed or not, and no card number in full.
        var secrets = new List<string> { tokens.Text("access_token")!, tokens.Text("refresh_token")!, decision.Code!, interaction, await browser.TokenAsync("/my-data") };
        secrets.AddRange(browser.Cookies.GetAllCookies().Select(cookie => cookie.Value));
        secrets.AddRange(portal.Bank.SelectMany(other => other.Accounts).Select(account => account.Identification).Where(number => number.Length == 16));
        secrets.AddRange(await SecretsInStoreAsync());
        Assert.DoesNotContain(secrets, secret => secret.Length > 8 && answer.Body.Contains(secret, StringComparison.OrdinalIgnoreCase));
        foreach (var word in new[] { "hash", "public_key", "credential", "sign_count" }) Assert.DoesNotContain($"\"{word}", answer.Body, StringComparison.OrdinalIgnoreCase);

        // Who did not ask for it sees that somebody did.
        Assert.Contains("Your data was downloaded", await browser.PageAsync("/signins"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "CO-19")]
    [Trait("Rule", "D-11")]
    public async Task Nothing_in_it_is_of_other_people_but_what_the_customer_may_see()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        var joint = portal.Bank.SelectMany(customer => customer.Accounts.Select(account => (Customer: customer, account.AccountId, account.Name)))
            .GroupBy(entry => entry.AccountId, StringComparer.Ordinal).First(group => group.Count() > 1).ToList();
        var (giver, other) = (joint[0].Customer, joint[1].Customer);
        var own = giver.Accounts.First(account => account.AccountId != joint[0].AccountId);
        var consent = await portal.GrantAsync(tpp, giver.CustomerId, own.AccountId, joint[0].AccountId);
        var theirs = await portal.GrantAsync(tpp, giver.CustomerId, own.AccountId);
        using (var giving = await portal.SignInAsync(giver)) Assert.Contains("192.0.2.1", (await DownloadAsync(giving)).Body, StringComparison.Ordinal);

        using var browser = await portal.SignInAsync(other);
        var answer = await DownloadAsync(browser);
        var seen = Records(answer.Json, "accesses").Single(record => record.GetProperty("id").GetString() == consent);
        Assert.Equal("the other holder of a joint account", seen.GetProperty("given_by").GetString());
        Assert.Equal([joint[1].Name], seen.GetProperty("accounts").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("The other account holder", seen.GetProperty("history")[1].GetProperty("by").GetString());
        foreach (var foreign in new[] { theirs, own.AccountId, giver.CustomerId, giver.Username, "192.0.2.1\"" })
            Assert.DoesNotContain($"\"{foreign}", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Records(answer.Json, "approvals"), record => record.GetProperty("access").GetString() == consent);
    }

    [Fact]
    [Trait("Rule", "PO-04")]
    [Trait("Rule", "PO-18")]
    public async Task Names_from_outside_are_text_on_the_page()
    {
        using var tpp = await TestTpp.RegisterAsync(host, change: metadata => metadata["client_name"] = "<img src=x onerror=alert(1)> Budg\u0435t");
        var customer = await TestCustomer.CreateAsync(host);
        await portal.GrantAsync(tpp, customer.CustomerId, customer.AccountIds[0]);
        using var browser = await customer.SignInAsync();
        var page = await browser.PageAsync("/my-data");
        Assert.Contains("<img src=x onerror=alert(1)> Budg[U+0435]t", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
    }

    private static async Task<Answer> DownloadAsync(PortalBrowser browser) => await Answer.OfAsync(await browser.SubmitAsync("/my-data", "/my-data/download"));

    private static JsonElement.ArrayEnumerator Records(JsonElement file, string section) => file.GetProperty(section).GetProperty("records").EnumerateArray();

    // What the tables hold of keys and hashes, in the spellings in which it could have slipped out.
    private async Task<IReadOnlyList<string>> SecretsInStoreAsync()
    {
        var found = new List<string>();
        foreach (var column in new[]
        {
            "\"CredentialId\" FROM identity.passkeys", "\"PublicKey\" FROM identity.passkeys", "\"Hash\" FROM identity.activation_codes", "\"Hash\" FROM identity.portal_sessions",
            "\"Hash\" FROM identity.known_devices", "\"Hash\" FROM identity.access_tokens", "\"Hash\" FROM identity.refresh_tokens",
        })
        {
            foreach (var value in new[] { "encode(v, 'hex')", "translate(rtrim(encode(v, 'base64'), '='), '+/', '-_')" })
            {
                var all = await host.Database.ScalarAsync<string>($"SELECT coalesce(string_agg({value}, ' '), '') FROM (SELECT {column}) AS t(v)");
                found.AddRange(all!.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            }
        }

        return found;
    }
}
