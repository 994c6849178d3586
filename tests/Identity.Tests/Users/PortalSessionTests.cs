using System.Net;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Users;

/// <summary>The portal's sessions, forms and headers, by plain HTTP.</summary>
public sealed class PortalSessionTests(PasskeyHost fixture) : IClassFixture<PasskeyHost>
{
    private const string Session = "__Host-session";

    [Fact]
    [Trait("Rule", "PO-06")]
    public async Task Each_sign_in_gives_a_new_session_and_ends_the_old_one()
    {
        using var browser = await fixture.SignedInAsync();
        var first = SessionOf(browser);
        Assert.True((await browser.SignInAsync()).IsSuccess);
        Assert.NotEqual(first, SessionOf(browser));
        Assert.False(await IsSignedInAsync(first));
        Assert.True(await IsSignedInAsync(SessionOf(browser)));
    }

    [Fact]
    [Trait("Rule", "PO-06")]
    public async Task A_cookie_that_was_planted_before_sign_in_is_worth_nothing_after_it()
    {
        using var browser = await fixture.ActivatedAsync();
        browser.Cookies.Add(fixture.Host.Main, new Cookie(Session, "planted-by-somebody", "/") { Secure = true });
        Assert.True((await browser.SignInAsync()).IsSuccess);
        Assert.NotEqual("planted-by-somebody", SessionOf(browser));
        Assert.False(await IsSignedInAsync("planted-by-somebody"));
    }

    [Fact]
    [Trait("Rule", "PO-07")]
    public async Task A_stolen_cookie_ends_with_sign_out_on_every_host()
    {
        await using var second = await TestHost.StartAsync(options =>
        {
            options.Database = fixture.Host.Database;
            options.Issuer = fixture.Host.Issuer;
            options.Clock = fixture.Host.Clock;
        });
        using var browser = await fixture.SignedInAsync();
        var stolen = SessionOf(browser);
        Assert.True(await IsSignedInAsync(stolen, second));

        using var answer = await browser.SubmitAsync("/passkeys", "/signout");
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.False(await IsSignedInAsync(stolen));
        Assert.False(await IsSignedInAsync(stolen, second));
    }

    [Fact]
    [Trait("Rule", "PO-07")]
    [Trait("Rule", "PK-16")]
    public async Task A_removed_passkey_ends_its_sessions_and_signs_in_no_more()
    {
        using var browser = await fixture.SignedInAsync();
        var (first, firstSession) = (browser.Authenticator, SessionOf(browser));
        browser.Authenticator = new SoftwareAuthenticator();
        Assert.True((await browser.FinishRegistrationAsync(await browser.RegistrationOptionsAsync(new { }), name: "Second")).IsSuccess);

        // Signed in with the second in another browser, the first is removed there.
        using var other = new PortalBrowser(fixture.Host, browser.Authenticator);
        Assert.True((await other.SignInAsync()).IsSuccess);
        using var removed = await other.SubmitAsync("/passkeys", await RemoveAddressAsync(other, "Passkey 1"));
        Assert.Equal(HttpStatusCode.SeeOther, removed.StatusCode);
        Assert.False(await IsSignedInAsync(firstSession));
        Assert.True(await IsSignedInAsync(SessionOf(other)));

        browser.Authenticator = first;
        fixture.IsRefused("PK-16", await browser.SignInAsync());
    }

    [Fact]
    [Trait("Rule", "PK-16")]
    public async Task The_last_passkey_stays()
    {
        using var browser = await fixture.SignedInAsync();
        var page = await browser.PageAsync("/passkeys");
        Assert.DoesNotContain("/remove", page, StringComparison.Ordinal);
        using var answer = await browser.SubmitAsync("/passkeys", $"/passkeys/{IdIn(page, "/name")}/remove");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("PK-16", fixture.Host.Log.LastRefusal?.Rule);
        Assert.True((await browser.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-16")]
    public async Task Two_removals_at_one_moment_leave_one_passkey()
    {
        using var browser = await fixture.SignedInAsync();
        browser.Authenticator = new SoftwareAuthenticator();
        await browser.FinishRegistrationAsync(await browser.RegistrationOptionsAsync(new { }), name: "Second");
        var token = await browser.TokenAsync("/passkeys");
        string[] addresses = [await RemoveAddressAsync(browser, "Passkey 1"), await RemoveAddressAsync(browser, "Second")];
        await Task.WhenAll(addresses.Select(address => browser.PostFormAsync(address, ("__RequestVerificationToken", token))));
        var left = await fixture.Host.Database.ScalarAsync<long>(
            """SELECT count(*) FROM identity.passkeys WHERE "UserId" = $1""", Guid.Parse(browser.Authenticator.UserHandle));
        Assert.Equal(1, left);
    }

    [Fact]
    [Trait("Rule", "PO-15")]
    public async Task Names_and_removals_need_a_fresh_sign_in()
    {
        using var browser = await fixture.SignedInAsync();
        var id = IdIn(await browser.PageAsync("/passkeys"), "/name");
        using (var renamed = await browser.SubmitAsync("/passkeys", $"/passkeys/{id}/name", ("name", "Blue key")))
            Assert.Equal("/passkeys", renamed.Header("Location"));
        Assert.Contains("Blue key", await browser.PageAsync("/passkeys"), StringComparison.Ordinal);

        using (var bad = await browser.SubmitAsync("/passkeys", $"/passkeys/{id}/name", ("name", "evil\u202Etext")))
            Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);

        fixture.Host.Clock.Advance(TimeSpan.FromMinutes(4));
        await browser.PageAsync("/passkeys");
        fixture.Host.Clock.Advance(TimeSpan.FromSeconds(61));
        using var late = await browser.SubmitAsync("/passkeys", $"/passkeys/{id}/name", ("name", "Red key"));
        Assert.StartsWith("/signin?ended=fresh", late.Header("Location"), StringComparison.Ordinal);
        Assert.Equal("PO-15", fixture.Host.Log.LastRefusal?.Rule);
        fixture.Host.Clock.Advance(TimeSpan.FromMinutes(-5) - TimeSpan.FromSeconds(1));
    }

    [Theory]
    [Trait("Rule", "OB-SCA-1")]
    [InlineData(299, true)]
    [InlineData(300, false)]
    public async Task An_idle_session_ends_after_five_minutes(int seconds, bool good)
    {
        await using var host = await TestHost.StartAsync();
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var browser = new PortalBrowser(host);
        await browser.ActivateAsync("ada", code);
        var now = host.Clock.Now;
        host.Clock.StopAt(now);
        await browser.SignInAsync();
        host.Clock.StopAt(now + TimeSpan.FromSeconds(seconds));
        using var answer = await browser.GetAsync("/signins");
        Assert.Equal(good ? HttpStatusCode.OK : HttpStatusCode.SeeOther, answer.StatusCode);
    }

    [Fact]
    [Trait("Rule", "PO-08")]
    public async Task Cookies_carry_every_flag()
    {
        using var browser = await fixture.ActivatedAsync();
        var options = await browser.SignInOptionsAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/passkeys/assertion", UriKind.Relative))
        {
            Content = TestHttp.Json(System.Text.Json.JsonSerializer.Serialize(
                new { ceremony = options.Ceremony, credential = browser.Authenticator.Get(options.PublicKey, browser.Origin) })),
        };
        request.Headers.Add("Origin", browser.Origin);
        request.Headers.Add("RequestVerificationToken", await browser.TokenAsync());
        using var client = fixture.Host.CreateClient(cookies: browser.Cookies);
        using var answer = await client.SendAsync(request);
        var cookies = answer.Headers.GetValues("Set-Cookie").ToList();
        using var fresh = fixture.Host.CreateClient();
        using var page = await fresh.GetAsync(new Uri("/signin", UriKind.Relative));
        cookies.AddRange(page.Headers.GetValues("Set-Cookie"));

        // Lax: who comes from a third party's site while a page of ours is open must not get a new token that ends the old one's.
        foreach (var name in new[] { Session, "__Host-device", "__Host-antiforgery" })
        {
            var cookie = Assert.Single(cookies, cookie => cookie.StartsWith(name + "=", StringComparison.Ordinal));
            foreach (var flag in "secure httponly samesite=lax path=/".Split(' ')) Assert.Contains(flag, cookie, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Too many fields, too large, no form at all: refused as what it is, before and without its token.</summary>
    [Fact]
    [Trait("Rule", "PO-01")]
    [Trait("Rule", "OP-13")]
    public async Task A_form_that_cannot_be_read_is_refused_and_changes_nothing()
    {
        using var browser = await fixture.SignedInAsync();
        var token = await browser.TokenAsync("/passkeys");
        (string, string)[] many = [("__RequestVerificationToken", token), .. Enumerable.Range(0, 1500).Select(number => ($"f{number}", "x"))];
        using (var answer = await browser.PostFormAsync("/signout", many)) Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("PO-01", fixture.Host.Log.LastRefusal?.Rule);
        using var large = new FormUrlEncodedContent([KeyValuePair.Create("large", new string('x', 70_000))]);
        var tooLarge = await browser.PostTextAsync("/signout", "", request => (request.Content, request.Headers.ExpectContinue) = (large, true));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "HTTP-14"), (tooLarge.Status, fixture.Host.Log.LastRefusal?.Rule));
        fixture.IsRefused("PO-01", await browser.PostTextAsync("/passkeys/assertion/options", "no part of it", request =>
        {
            request.Headers.Remove("RequestVerificationToken");
            request.Content!.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        }));
        Assert.True(await IsSignedInAsync(SessionOf(browser)));
    }

    [Fact]
    [Trait("Rule", "PO-01")]
    [Trait("Rule", "CON-02")]
    public async Task A_form_without_this_customers_token_changes_nothing()
    {
        using var browser = await fixture.SignedInAsync();
        using var other = await fixture.SignedInAsync();
        foreach (var token in new[] { "", await other.TokenAsync("/passkeys"), await new PortalBrowser(fixture.Host).TokenAsync() })
        {
            using var answer = await browser.PostFormAsync("/signout", ("__RequestVerificationToken", token));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal("PO-01", fixture.Host.Log.LastRefusal?.Rule);
            Assert.Contains("That did not work", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.True(await IsSignedInAsync(SessionOf(browser)));
    }

    [Theory]
    [Trait("Rule", "PO-02")]
    [InlineData("/signout")]
    [InlineData("/passkeys/registration")]
    [InlineData("/passkeys/assertion")]
    [InlineData("/passkeys/01900000-0000-7000-8000-000000000000/name")]
    public async Task Nothing_is_changed_by_get(string path)
    {
        using var browser = await fixture.SignedInAsync();
        using var answer = await browser.GetAsync(path);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Theory]
    [Trait("Rule", "PO-03")]
    [Trait("Rule", "PO-04")]
    [Trait("Rule", "PO-16")]
    [Trait("Rule", "HTTP-16")]
    [InlineData("/", 200)]
    [InlineData("/signin", 200)]
    [InlineData("/activate", 200)]
    [InlineData("/signout", 405)]
    [InlineData("/nothing-here", 404)]
    [InlineData("/approve", 400)]
    public async Task Every_page_has_its_headers(string path, int status)
    {
        using var client = fixture.Host.CreateClient();
        client.DefaultRequestHeaders.Add("Accept", "text/html");
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        var policy = answer.Header("Content-Security-Policy");
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("DENY", answer.Header("X-Frame-Options"));
        Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Contains("no-store", answer.Header("Cache-Control"), StringComparison.Ordinal);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "PO-05")]
    [Trait("Rule", "HTTP-08")]
    [InlineData("//evil")]
    [InlineData("/\\evil")]
    [InlineData("https:evil")]
    [InlineData("/%09/evil")]
    [InlineData("/%5cevil")]
    [InlineData("\t//evil")]
    [InlineData("javascript:alert(1)")]
    public async Task A_return_address_that_is_not_ours_is_the_start_page(string address)
    {
        using var browser = new PortalBrowser(fixture.Host);
        var page = await browser.PageAsync($"/signin?returnUrl={Uri.EscapeDataString(address)}");
        Assert.Contains("data-next=\"/\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", page, StringComparison.Ordinal);
        Assert.Contains("data-next=\"/passkeys\"", await browser.PageAsync("/signin?returnUrl=%2Fpasskeys"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "PO-11")]
    public async Task Without_a_session_every_page_of_a_customer_leads_to_sign_in()
    {
        using var browser = new PortalBrowser(fixture.Host);
        foreach (var path in new[] { "/connections", "/connections/any", "/connections/any/cancel", "/passkeys", "/signins" })
        {
            using var answer = await browser.GetAsync(path);
            Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
            Assert.StartsWith("/signin?", answer.Header("Location"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Files_are_served_with_their_types_and_may_be_kept()
    {
        using var browser = new PortalBrowser(fixture.Host);
        var page = await browser.PageAsync("/signin");
        foreach (var (name, type) in new[] { ("portal.css", "text/css"), ("passkey.js", "text/javascript"), ("icon.svg", "image/svg+xml") })
        {
            var start = page.IndexOf($"/portal/{name}?v=", StringComparison.Ordinal);
            var address = page[start..page.IndexOf('"', start)];
            using var answer = await browser.GetAsync(address);
            Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
            Assert.Contains("immutable", answer.Header("Cache-Control"), StringComparison.Ordinal);
        }

        Assert.Equal("font/woff2", (await browser.GetAsync("/portal/fonts/inter-latin-wght-normal.woff2")).Content.Headers.ContentType?.MediaType);
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("/portal/../appsettings.json")).StatusCode);
    }

    private static string IdIn(string page, string after)
    {
        var end = page.IndexOf(after, StringComparison.Ordinal);
        return page[(end - 36)..end];
    }

    private static async Task<string> RemoveAddressAsync(PortalBrowser browser, string name)
    {
        var page = await browser.PageAsync("/passkeys");
        return $"/passkeys/{IdIn(page[page.IndexOf($">{name}<", StringComparison.Ordinal)..], "/remove")}/remove";
    }

    private string SessionOf(PortalBrowser browser) => browser.Cookies.GetCookies(fixture.Host.Main)[Session]?.Value ?? "";

    private async Task<bool> IsSignedInAsync(string session, TestHost? host = null)
    {
        var cookies = new CookieContainer();
        var on = host ?? fixture.Host;
        cookies.Add(on.Main, new Cookie(Session, session, "/") { Secure = true });
        using var client = on.CreateClient(cookies: cookies);
        using var answer = await client.GetAsync(new Uri("/signins", UriKind.Relative));
        return answer.StatusCode == HttpStatusCode.OK;
    }
}
