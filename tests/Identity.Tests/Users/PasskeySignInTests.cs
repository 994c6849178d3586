using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Users;

/// <summary>Section 9 of the attack catalogue for sign-in: each attack between two honest sign-ins.</summary>
public sealed class PasskeySignInTests(PasskeyHost fixture) : IClassFixture<PasskeyHost>
{
    private const byte Up = SoftwareAuthenticator.UserPresent;
    private const byte Uv = SoftwareAuthenticator.UserVerified;

    public static TheoryData<string, string, Tampering> Attacks => new()
    {
        { "PK-01", "not verified", new Tampering { Flags = Up } },
        { "PK-01", "not present", new Tampering { Flags = Uv } },
        { "PK-02", "another host", new Tampering { Origin = "https://evil.example" } },
        { "PK-02", "a subdomain", new Tampering { Origin = "https://login.localhost:5001" } },
        { "PK-02", "http", new Tampering { Origin = "http://localhost:5001" } },
        { "PK-02", "another port", new Tampering { Origin = "https://localhost:1" } },
        { "PK-02", "no port", new Tampering { Origin = "https://localhost" } },
        { "PK-02", "null", new Tampering { Origin = "null" } },
        { "PK-03", "another relying party", new Tampering { RpId = "evil.example" } },
        { "PK-04", "in a frame", new Tampering { CrossOrigin = true } },
        { "PK-04", "under a foreign page", new Tampering { TopOrigin = "https://evil.example" } },
        { "PK-05", "a registration", new Tampering { Type = "webauthn.create" } },
        { "PK-06", "a challenge of the client's own", new Tampering { Challenge = Base64Url.EncodeToString(new byte[32]) } },
        { "PK-06", "an empty challenge", new Tampering { Challenge = "" } },
        { "PK-07", "another user handle", new Tampering { UserHandle = "01900000-0000-7000-8000-000000000000" } },
        { "PK-08", "id and rawId differ", new Tampering { Id = "AAAA" } },
        { "PK-08", "no rawId", new Tampering { WithoutRawId = true } },
        { "PK-08", "client data with a name twice", new Tampering { ClientData = """{"type":"webauthn.get","type":"webauthn.get","challenge":"AA","origin":"https://localhost"}""" } },
        { "PK-08", "client data that is no JSON", new Tampering { ClientData = "{" } },
        { "PK-08", "client data with half a character", new Tampering { ClientData = """{"type":"\ud800","challenge":"AA","origin":"https://localhost"}""" } },
        { "PK-08", "client data with a name of half a character", new Tampering { ClientData = """{"\ud800":1,"\ud800x":2,"type":"webauthn.get"}""" } },
        { "PK-09", "no signature", new Tampering { Signature = (_, _, _) => [] } },
        { "PK-09", "a signature of zeros", new Tampering { Signature = (good, _, _) => new byte[good.Length] } },
        { "PK-09", "r and s zero", new Tampering { Signature = (_, _, _) => [0x30, 6, 2, 1, 0, 2, 1, 0] } },
        { "PK-09", "over other data", new Tampering { Signature = (_, data, key) => key.SignData([.. data, 0], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) } },
        { "PK-09", "not in DER", new Tampering { Signature = (_, data, key) => key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation) } },
        { "PK-09", "by another key", new Tampering { SignedBy = new SoftwareAuthenticator() } },
        { "PK-14", "backed up though not eligible", new Tampering { Flags = Up | Uv | SoftwareAuthenticator.BackedUp } },
        { "PK-14", "eligible all at once", new Tampering { Flags = Up | Uv | SoftwareAuthenticator.BackupEligible } },
    };

    [Theory]
    [Trait("Rule", "PK-01")]
    [Trait("Rule", "PK-02")]
    [Trait("Rule", "PK-03")]
    [Trait("Rule", "PK-04")]
    [Trait("Rule", "PK-05")]
    [Trait("Rule", "PK-06")]
    [Trait("Rule", "PK-07")]
    [Trait("Rule", "PK-08")]
    [Trait("Rule", "PK-09")]
    [Trait("Rule", "PK-14")]
    [Trait("Rule", "OB-SCA-1")]
    [MemberData(nameof(Attacks), DisableDiscoveryEnumeration = true)]
    public async Task Refuses_what_is_not_an_honest_answer(string rule, string attack, Tampering tampering)
    {
        using var browser = await fixture.ActivatedAsync();
        Assert.True((await browser.SignInAsync()).IsSuccess, attack);
        var sessions = await SessionsAsync();

        fixture.IsRefused(rule, await browser.SignInAsync(tampering: tampering));
        Assert.Equal(sessions, await SessionsAsync());

        Assert.True((await browser.SignInAsync()).IsSuccess, attack);
    }

    /// <summary>Half a surrogate pair passes the parser and fails whoever reads it.</summary>
    [Theory]
    [Trait("Rule", "PK-08")]
    [InlineData("""{"type":"\ud800"}""")]
    [InlineData("""{"type":"public-key","id":"\ud800","rawId":"\ud800","response":{}}""")]
    [InlineData("""{"type":"public-key","id":"AA","rawId":"AA","response":{"clientDataJSON":"\udc00"}}""")]
    [InlineData("""{"\ud800type":"public-key","type":"public-key","id":"AA","rawId":"AA","response":{"\ud800":1}}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task Refuses_an_answer_with_half_a_character(string credential)
    {
        using var browser = await fixture.ActivatedAsync();
        var options = await browser.SignInOptionsAsync();
        fixture.IsRefused("PK-08", await browser.PostTextAsync("/passkeys/assertion", $$"""{"ceremony":"{{options.Ceremony}}","credential":{{credential}}}"""));
        Assert.True((await browser.SignInAsync()).IsSuccess);
    }

    /// <summary>The database has no place for a NUL, and nobody's name is longer than a page.</summary>
    [Fact]
    [Trait("Rule", "OP-09")]
    public async Task Refuses_names_that_can_be_nobodys()
    {
        using var browser = new PortalBrowser(fixture.Host);
        foreach (var name in new[] { "al\0ice", new string('x', 257) })
        {
            fixture.IsRefused("OP-09", await browser.SignInOptionsAsync(name));
            fixture.IsRefused("OP-09", await browser.RegistrationOptionsAsync(new { username = name, activationCode = "0000-0000-0000-0000" }));
        }

        Assert.True((await browser.SignInOptionsAsync(new string('x', 256))).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-02")]
    public async Task Refuses_an_origin_with_a_path()
    {
        using var browser = await fixture.ActivatedAsync();
        fixture.IsRefused("PK-02", await browser.SignInAsync(tampering: new Tampering { Origin = browser.Origin + "/" }));
        Assert.True((await browser.SignInAsync(tampering: new Tampering { TopOrigin = browser.Origin })).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-06")]
    public async Task A_challenge_is_used_up_by_success()
    {
        using var browser = await fixture.ActivatedAsync();
        var options = await browser.SignInOptionsAsync();
        Assert.True((await browser.FinishSignInAsync(options)).IsSuccess);
        fixture.IsRefused("PK-06", await browser.FinishSignInAsync(options));
    }

    [Fact]
    [Trait("Rule", "PK-06")]
    public async Task A_challenge_is_used_up_by_failure()
    {
        using var browser = await fixture.ActivatedAsync();
        var options = await browser.SignInOptionsAsync();
        fixture.IsRefused("PK-01", await browser.FinishSignInAsync(options, new Tampering { Flags = Up }));
        fixture.IsRefused("PK-06", await browser.FinishSignInAsync(options));
    }

    [Fact]
    [Trait("Rule", "PK-06")]
    public async Task Of_many_answers_at_one_moment_one_counts()
    {
        using var browser = await fixture.ActivatedAsync();
        var options = await browser.SignInOptionsAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => browser.FinishSignInAsync(options)));
        Assert.Single(answers, answer => answer.IsSuccess);
        Assert.All(answers.Where(answer => !answer.IsSuccess), answer => Assert.Equal(HttpStatusCode.BadRequest, answer.Status));
    }

    [Theory]
    [Trait("Rule", "PK-06")]
    [InlineData(299, true)]
    [InlineData(300, false)]
    public async Task A_challenge_lives_five_minutes(int seconds, bool good)
    {
        await using var host = await TestHost.StartAsync();
        var code = await PortalBrowser.NewCustomerAsync(host, "ada");
        using var browser = new PortalBrowser(host);
        Assert.True((await browser.ActivateAsync("ada", code)).IsSuccess);

        var begun = host.Clock.Now;
        host.Clock.StopAt(begun);
        var options = await browser.SignInOptionsAsync();
        host.Clock.StopAt(begun + TimeSpan.FromSeconds(seconds));
        Assert.Equal(good, (await browser.FinishSignInAsync(options)).IsSuccess);
        if (!good) Assert.Equal("PK-06", host.Log.LastRefusal?.Rule);
    }

    [Fact]
    [Trait("Rule", "PK-06")]
    public async Task A_challenge_of_another_browser_is_refused()
    {
        using var victim = await fixture.ActivatedAsync();
        using var attacker = new PortalBrowser(fixture.Host, victim.Authenticator);
        await attacker.SignInOptionsAsync();
        fixture.IsRefused("PK-06", await attacker.FinishSignInAsync(await victim.SignInOptionsAsync()));
        Assert.True((await victim.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-06")]
    public async Task A_challenge_for_registration_is_no_good_for_sign_in()
    {
        using var browser = await fixture.SignedInAsync();
        var options = await browser.RegistrationOptionsAsync(new { });
        Assert.True(options.IsSuccess);
        var assertion = browser.Authenticator.Get(
            System.Text.Json.JsonElement.Parse($$"""{"challenge":"{{options.PublicKey.GetProperty("challenge").GetString()}}","rpId":"localhost"}"""), browser.Origin);
        fixture.IsRefused("PK-06", await browser.PostAsync("/passkeys/assertion", new { ceremony = options.Ceremony, credential = assertion }));
        Assert.True((await browser.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-07")]
    public async Task A_typed_name_must_be_the_passkeys_owner()
    {
        var (username, code) = await fixture.NewCustomerAsync();
        var (other, _) = await fixture.NewCustomerAsync();
        using var browser = new PortalBrowser(fixture.Host);
        await browser.ActivateAsync(username, code);
        Assert.True((await browser.SignInAsync(username.ToUpperInvariant())).IsSuccess);
        fixture.IsRefused("PK-07", await browser.SignInAsync(other));
        fixture.IsRefused("PK-07", await browser.SignInAsync("nobody at all"));
        Assert.True((await browser.SignInAsync(username)).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-10")]
    public async Task A_counter_that_does_not_grow_is_refused_and_the_customer_is_told()
    {
        using var authenticator = new SoftwareAuthenticator { Counter = 5 };
        using var browser = await fixture.ActivatedAsync(authenticator);
        Assert.True((await browser.SignInAsync(tampering: new Tampering { Counter = 7 })).IsSuccess);
        fixture.IsRefused("PK-10", await browser.SignInAsync(tampering: new Tampering { Counter = 7 }));
        fixture.IsRefused("PK-10", await browser.SignInAsync(tampering: new Tampering { Counter = 6 }));
        fixture.IsRefused("PK-10", await browser.SignInAsync(tampering: new Tampering { Counter = 0 }));
        Assert.True((await browser.SignInAsync(tampering: new Tampering { Counter = 8 })).IsSuccess);

        Assert.Contains("looked like a copy", await browser.PageAsync("/passkeys"), StringComparison.Ordinal);
        Assert.Contains("may have been copied", await browser.PageAsync("/signins"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "PK-10")]
    public async Task A_key_and_its_copy_at_one_moment_are_not_both_let_in()
    {
        using var authenticator = new SoftwareAuthenticator { Counter = 1 };
        using var browser = await fixture.ActivatedAsync(authenticator);
        var options = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => browser.SignInOptionsAsync()));
        var answers = await Task.WhenAll(options.Select(option => browser.FinishSignInAsync(option, new Tampering { Counter = 9 })));
        Assert.Single(answers, answer => answer.IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-14")]
    public async Task A_synced_passkey_stays_eligible_for_backup()
    {
        using var browser = await fixture.ActivatedAsync();
        const byte Synced = Up | Uv | SoftwareAuthenticator.BackupEligible;
        var (username, code) = await fixture.NewCustomerAsync();
        using var synced = new PortalBrowser(fixture.Host);
        Assert.True((await synced.ActivateAsync(username, code, new Tampering { Flags = Synced })).IsSuccess);
        Assert.True((await synced.SignInAsync(tampering: new Tampering { Flags = Synced | SoftwareAuthenticator.BackedUp })).IsSuccess);
        fixture.IsRefused("PK-14", await synced.SignInAsync(tampering: new Tampering { Flags = Up | Uv }));
    }

    [Fact]
    [Trait("Rule", "PK-15")]
    [Trait("Rule", "PO-12")]
    public async Task The_options_do_not_tell_whether_a_customer_exists()
    {
        var (username, _) = await fixture.NewCustomerAsync();
        using var browser = await fixture.ActivatedAsync();
        var answers = new[] { await browser.SignInOptionsAsync(username), await browser.SignInOptionsAsync("nobody"), await browser.SignInOptionsAsync() };
        Assert.All(answers, answer =>
        {
            Assert.True(answer.IsSuccess);
            Assert.Equal(answers[0].Text.Length, answer.Text.Length);
            Assert.True(!answer.PublicKey.TryGetProperty("allowCredentials", out var allowed) || allowed.GetArrayLength() == 0);
            Assert.Equal("required", answer.PublicKey.GetProperty("userVerification").GetString());
        });
    }

    [Fact]
    [Trait("Rule", "PK-16")]
    public async Task A_passkey_that_is_not_known_is_refused()
    {
        using var browser = await fixture.ActivatedAsync();
        using var stranger = new SoftwareAuthenticator { UserHandle = browser.Authenticator.UserHandle };
        var known = browser.Authenticator;
        browser.Authenticator = stranger;
        fixture.IsRefused("PK-16", await browser.SignInAsync());
        browser.Authenticator = known;
        Assert.True((await browser.SignInAsync()).IsSuccess);
    }

    [Theory]
    [Trait("Rule", "PK-08")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"ceremony":1}""")]
    [InlineData("""{"ceremony":"a","ceremony":"b"}""")]
    public async Task A_body_that_is_not_the_form_is_refused(string body)
    {
        using var browser = await fixture.ActivatedAsync();
        fixture.IsRefused("PK-08", await browser.PostTextAsync("/passkeys/assertion", body));

        // It is refused unread, so who sends it all the same may find the connection closed.
        fixture.IsRefused("PK-08", await browser.PostTextAsync("/passkeys/assertion", new string('[', 70_000), request => request.Headers.ExpectContinue = true));
        Assert.True((await browser.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PO-01")]
    [Trait("Rule", "PK-12")]
    public async Task Only_pages_of_our_own_may_ask()
    {
        using var browser = await fixture.ActivatedAsync();
        const string Path = "/passkeys/assertion/options";
        fixture.IsRefused("PO-01", await browser.PostTextAsync(Path, "{}", request => request.Headers.Remove("RequestVerificationToken")));
        fixture.IsRefused("PO-01", await browser.PostTextAsync(Path, "{}", request => request.Headers.Remove("Origin")));
        fixture.IsRefused("PO-01", await browser.PostTextAsync(Path, "{}", request => request.Headers.Add("Sec-Fetch-Site", "cross-site")));
        fixture.IsRefused("PO-01", await browser.PostTextAsync(Path, "{}", request =>
        {
            request.Headers.Remove("Origin");
            request.Headers.Add("Origin", "https://evil.example");
        }));
        Assert.True((await browser.PostTextAsync(Path, "{}", request => request.Headers.Add("Sec-Fetch-Site", "same-origin"))).IsSuccess);
    }

    private Task<long> SessionsAsync() =>
        fixture.Host.Database.ScalarAsync<long>("""SELECT count(*) FROM identity.portal_sessions WHERE "EndedAt" IS NULL""");
}
