using System.Net;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>The dashboard as it comes over the wire, and so without script: many entries, use over time, notices.</summary>
[Collection(nameof(PortalHost))]
public sealed class DashboardTests(PortalHost portal)
{
    private readonly TestHost host = portal.Host;

    [Fact]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-9")]
    [Trait("Rule", "PO-04")]
    public async Task A_long_list_comes_in_pages_that_keep_what_was_searched_for()
    {
        using var tidy = await TestTpp.RegisterAsync(host, change: metadata => metadata["client_name"] = "Tidy Money");
        using var alba = await TestTpp.RegisterAsync(host, change: metadata => metadata["client_name"] = "Alba Credit");
        var customer = await TestCustomer.CreateAsync(host);
        await ManyAsync(tidy, customer, 43);
        await ManyAsync(alba, customer, 4, kind: "fcc-");
        using var browser = await customer.SignInAsync();

        var page = await browser.PageAsync("/connections");
        Assert.Equal(20, Entries(page));
        Assert.Contains("1 to 20 of 44 connections.", page, StringComparison.Ordinal);
        Assert.Contains("Page 1 of 3", page, StringComparison.Ordinal);
        Assert.Contains("""rel="next" href="/connections?page=2" """.TrimEnd(), page, StringComparison.Ordinal);
        Assert.DoesNotContain("rel=\"prev\"", page, StringComparison.Ordinal);

        foreach (var last in new[] { "3", "4", "99" })
        {
            page = await browser.PageAsync("/connections?page=" + last);
            Assert.Equal(4, Entries(page));
            Assert.Contains("41 to 44 of 44 connections.", page, StringComparison.Ordinal);
            Assert.DoesNotContain("rel=\"next\"", page, StringComparison.Ordinal);
        }

        foreach (var odd in new[] { "0", "-1", "two", "99999999999", "%00" })
            Assert.Contains("Page 1 of 3", await browser.PageAsync("/connections?page=" + odd), StringComparison.Ordinal);

        page = await browser.PageAsync("/connections?q=tidy&show=active&kind=data&by=me&sort=ends&page=2");
        Assert.Contains("21 to 40 of 43 connections.", page, StringComparison.Ordinal);
        Assert.Contains("/connections?q=tidy&amp;show=active&amp;kind=data&amp;by=me&amp;sort=ends&amp;page=3", page, StringComparison.Ordinal);
        Assert.Contains("value=\"tidy\"", page, StringComparison.Ordinal);

        // Four consents of one card issuer for one account are one entry (D-9).
        Assert.Equal(1, Entries(await browser.PageAsync("/connections?kind=funds")));
        Assert.Equal(0, Entries(await browser.PageAsync("/connections?by=other")));
        Assert.Equal(0, Entries(await browser.PageAsync("/connections?show=inactive")));
        Assert.Equal(20, Entries(await browser.PageAsync("/connections?q=" + Uri.EscapeDataString("account 1"))));

        page = await browser.PageAsync("/connections?q=" + Uri.EscapeDataString("\"><script>alert(1)</script>"));
        Assert.Contains("No connection fits your search.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D-3")]
    [Trait("Rule", "D-4")]
    [Trait("Rule", "X-12")]
    public async Task Use_over_time_is_drawn_and_said_in_words()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        var customer = await TestCustomer.CreateAsync(host);
        var consent = await portal.GrantAsync(tpp, customer.CustomerId, customer.AccountIds[0]);
        await portal.UseAsync(consent, times: 2);
        host.Clock.Advance(TimeSpan.FromDays(29));
        await portal.UseAsync(consent, times: 5);
        var (first, last) = (Day(-29), Day(0));
        using var browser = await customer.SignInAsync();

        var page = await browser.PageAsync("/connections/" + consent);
        Assert.Contains($"Data was read 7 times on 2 days of the 30 to {last}, most often on {last} (5 times).", page, StringComparison.Ordinal);
        Assert.Contains("<svg viewBox=\"0 0 300 80\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"use-words\"", page, StringComparison.Ordinal);
        Assert.Equal(2, Count(page, "class=\"chart-bar\""));
        Assert.Equal(28, Count(page, "class=\"chart-none\""));
        Assert.Contains($"<tr><td>{first}</td><td>2</td></tr>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);

        // A day later the first of them is out of the picture.
        host.Clock.Advance(TimeSpan.FromDays(1));
        using var later = await customer.SignInAsync();
        Assert.Contains("Data was read 5 times on 1 day of the 30 to", await later.PageAsync("/connections/" + consent), StringComparison.Ordinal);

        var unused = await portal.GrantAsync(tpp, customer.CustomerId, customer.AccountIds[0]);
        Assert.Contains($"Not used in the 30 days to {Day(0)}.", await later.PageAsync("/connections/" + unused), StringComparison.Ordinal);

        string Day(int days) => host.Clock.Now.UtcDateTime.AddDays(days).ToString("d MMMM yyyy", System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    [Trait("Rule", "D-13")]
    [Trait("Rule", "PO-01")]
    [Trait("Rule", "PO-02")]
    [Trait("Rule", "PO-05")]
    [Trait("Rule", "CO-19")]
    public async Task A_notice_stays_until_its_own_customer_dismisses_it()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        var (customer, stranger) = (await TestCustomer.CreateAsync(host), await TestCustomer.CreateAsync(host));
        var consent = await portal.GrantAsync(tpp, customer.CustomerId, customer.AccountIds[0]);
        var ending = await PortalHost.GrantAsync(host, tpp, customer.CustomerId, host.Clock.Now.AddDays(10), customer.AccountIds[0]);
        using var browser = await customer.SignInAsync();
        await ShownAsync(both: true);

        // No form of ours, no method but this one, and nobody else's.
        using (var forged = await browser.PostFormAsync("/notices/dismiss", ("Granted", consent)))
            Assert.Equal((HttpStatusCode.BadRequest, "PO-01"), (forged.StatusCode, host.Log.LastRefusal?.Rule));
        using (var read = await browser.GetAsync("/notices/dismiss?Granted=" + consent)) Assert.Equal(HttpStatusCode.MethodNotAllowed, read.StatusCode);
        using (var other = await stranger.SignInAsync())
        {
            var unknown = await Answer.OfAsync(await other.SubmitAsync("/connections", "/notices/dismiss", ("Granted", "aac-" + new string('0', 32))));
            var foreign = await Answer.OfAsync(await other.SubmitAsync("/connections", "/notices/dismiss", ("Granted", consent)));
            Assert.Equal((404, unknown.Body, "CO-19"), (foreign.Status, foreign.Body, host.Log.LastRefusal?.Rule));
        }

        await ShownAsync(both: true);

        using (var dismissed = await browser.SubmitAsync("/", "/notices/dismiss", ("back", "//evil"), ("Granted", consent), ("Granted", ending)))
            Assert.Equal((HttpStatusCode.SeeOther, "/"), (dismissed.StatusCode, dismissed.Header("Location")));
        await ShownAsync(both: false);
        using (var rest = await browser.SubmitAsync("/", "/notices/dismiss", ("back", "/connections"), ("EndsSoon", ending)))
            Assert.Equal("/connections", rest.Header("Location"));
        Assert.DoesNotContain("aria-label=\"Notices\"", await browser.PageAsync("/connections"), StringComparison.Ordinal);

        async Task ShownAsync(bool both)
        {
            foreach (var path in new[] { "/", "/connections" })
            {
                var page = await browser.PageAsync(path);
                Assert.Equal(both, page.Contains("New: Budget App can see data of your accounts through 2 new accesses.", StringComparison.Ordinal));
                Assert.Contains("The access of Budget App ends on", page, StringComparison.Ordinal);
                Assert.Equal(both, page.Contains("Dismiss all 2 notices", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    [Trait("Rule", "D-11")]
    public async Task Both_holders_of_a_joint_account_see_what_became_of_it()
    {
        using var tpp = await TestTpp.RegisterAsync(host);
        var joint = portal.Bank.SelectMany(customer => customer.Accounts.Select(account => (Customer: customer, account.AccountId, account.Name)))
            .GroupBy(entry => entry.AccountId, StringComparer.Ordinal).First(group => group.Count() > 1).ToList();
        var (giver, other) = (joint[0].Customer, joint[1].Customer);
        var own = giver.Accounts.First(account => account.AccountId != joint[0].AccountId);
        var consent = await portal.GrantAsync(tpp, giver.CustomerId, own.AccountId, joint[0].AccountId);
        await host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(new CancelConnection(consent, other.CustomerId, new DecisionOrigin("192.0.2.66", "Other browser"))));

        using var browser = await portal.SignInAsync(giver);
        var page = await browser.PageAsync("/connections/" + consent);
        Assert.Equal(1, Count(page, "<span class=\"badge\">Taken out</span>"));
        Assert.Contains("Joint account taken out", page, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.66", page, StringComparison.Ordinal);

        using var second = await portal.SignInAsync(other);
        page = await second.PageAsync("/connections?by=other&show=inactive");
        Assert.Contains("Given by the other holder of your joint account.", page, StringComparison.Ordinal);
        page = await second.PageAsync("/connections/" + consent);
        Assert.DoesNotContain(own.Name + "<", page, StringComparison.Ordinal);
        Assert.DoesNotContain("192.0.2.1<", page, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "PO-11")]
    [Trait("Rule", "PO-16")]
    [Trait("Rule", "PO-03")]
    public async Task Without_a_session_the_new_pages_lead_to_sign_in_and_come_back()
    {
        using var browser = new PortalBrowser(host);
        foreach (var (path, back) in new[] { ("/my-data", "%2Fmy-data"), ("/connections?page=2", "%2Fconnections") })
        {
            using var answer = await browser.GetAsync(path);
            Assert.Equal((HttpStatusCode.SeeOther, "/signin?returnUrl=" + back), (answer.StatusCode, answer.Header("Location")));
        }

        using var signedIn = await portal.SignInAsync(portal.Bank[1]);
        foreach (var path in new[] { "/my-data", "/connections" })
        {
            using var page = await signedIn.GetAsync(path);
            Assert.Equal(("DENY", "no-store"), (page.Header("X-Frame-Options"), page.Header("Cache-Control")));
            Assert.Contains("frame-ancestors 'none'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
            Assert.StartsWith("302; url=/signin?ended=idle", page.Header("Refresh"), StringComparison.Ordinal);
        }
    }

    // Many at once, as they would lie there after years.
    private async Task ManyAsync(TestTpp tpp, TestCustomer customer, int count, string kind = "aac-") => await host.Database.ExecuteAsync(
        """
        INSERT INTO consent.consents ("Id", "ClientId", "State", "CreatedAt", "StateChangedAt", "GrantedAt", "AuthenticatedAt", "Permissions", "StoppedAccountIds", "CustomerId", "AccountIds", "Terms")
        SELECT $5 || md5($1 || n::text), $1, 'AUTH', $4 - n * interval '1 day', $4, $4 - n * interval '1 day', $4, ARRAY['ReadAccountsBasic'], '{}', $2, ARRAY[$3], '{}'
        FROM generate_series(1, $6) n
        """,
        tpp.ClientId, customer.CustomerId, customer.AccountIds[0], host.Clock.Now.ToUniversalTime(), kind, count);

    private static int Entries(string page) => Count(page, "class=\"card connection\"");

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
