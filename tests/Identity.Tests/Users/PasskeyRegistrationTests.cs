using System.Formats.Cbor;
using System.Security.Cryptography;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Identity.Tests.Users;

/// <summary>Section 9 of the attack catalogue for registration.</summary>
public sealed class PasskeyRegistrationTests(PasskeyHost fixture) : IClassFixture<PasskeyHost>
{
    private const byte Up = SoftwareAuthenticator.UserPresent;
    private const byte Uv = SoftwareAuthenticator.UserVerified;
    private static readonly byte[] X = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] Modulus = RSA.Create(2048).ExportParameters(false).Modulus!;

    public static TheoryData<string, string, Tampering> Attacks => new()
    {
        { "PK-01", "not verified", new Tampering { Flags = Up } },
        { "PK-01", "not present", new Tampering { Flags = Uv } },
        { "PK-02", "another host", new Tampering { Origin = "https://evil.example" } },
        { "PK-03", "another relying party", new Tampering { RpId = "evil.example" } },
        { "PK-04", "in a frame", new Tampering { CrossOrigin = true } },
        { "PK-05", "a sign-in", new Tampering { Type = "webauthn.get" } },
        { "PK-06", "another challenge", new Tampering { Challenge = "AAAA" } },
        { "PK-08", "id and rawId differ", new Tampering { Id = "AAAA" } },
        { "PK-13", "RS1", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 3), (3, -65535), (-1, Modulus), (-2, new byte[] { 1, 0, 1 })) } },
        { "PK-13", "ES256K", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 2), (3, -47), (-1, 8), (-2, X), (-3, X)) } },
        { "PK-13", "PS256, not offered", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 3), (3, -37), (-1, Modulus), (-2, new byte[] { 1, 0, 1 })) } },
        { "PK-13", "an RSA key that says ES256", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 3), (3, -7), (-1, Modulus), (-2, new byte[] { 1, 0, 1 })) } },
        { "PK-13", "a point off the curve", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 2), (3, -7), (-1, 1), (-2, X), (-3, X)) } },
        { "PK-13", "a huge RSA key", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 3), (3, -257), (-1, RandomNumberGenerator.GetBytes(2048)), (-2, new byte[] { 1, 0, 1 })) } },
        { "PK-13", "a huge exponent", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 3), (3, -257), (-1, Modulus), (-2, Modulus)) } },
        { "PK-13", "a small RSA key", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 3), (3, -257), (-1, RSA.Create(1024).ExportParameters(false).Modulus!), (-2, new byte[] { 1, 0, 1 })) } },
        { "PK-13", "a label twice", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 2), (3, -7), (3, -7), (-1, 1), (-2, X), (-3, X)) } },
        { "PK-13", "a private key", new Tampering { PublicKey = SoftwareAuthenticator.Cose((1, 2), (3, -7), (-1, 1), (-2, X), (-3, X), (-4, X)) } },
        { "PK-13", "no CBOR", new Tampering { AttestationObject = [0xFF, 0xFF] } },
        { "PK-13", "nothing", new Tampering { AttestationObject = [] } },
        { "PK-13", "arrays in arrays in arrays", new Tampering { AttestationObject = [0xA1, 0x63, 0x66, 0x6D, 0x74, .. Enumerable.Repeat((byte)0x81, 30_000)] } },
        { "PK-13", "a length of two to the sixty", new Tampering { AttestationObject = [0xA1, 0x68, .. "authData"u8, 0x5B, 0x10, 0, 0, 0, 0, 0, 0, 0] } },
        { "PK-14", "backed up though not eligible", new Tampering { Flags = Up | Uv | SoftwareAuthenticator.BackedUp } },
    };

    [Theory]
    [Trait("Rule", "PK-13")]
    [Trait("Rule", "PK-01")]
    [Trait("Rule", "PK-05")]
    [MemberData(nameof(Attacks), DisableDiscoveryEnumeration = true)]
    public async Task Refuses_what_is_not_an_honest_credential(string rule, string attack, Tampering tampering)
    {
        var (username, code) = await fixture.NewCustomerAsync(reusable: false);
        using var browser = new PortalBrowser(fixture.Host);
        var before = await PasskeysAsync();

        fixture.IsRefused(rule, await browser.ActivateAsync(username, code, tampering));
        Assert.Equal(before, await PasskeysAsync());

        // A failed ceremony spends its challenge, not the customer's code.
        Assert.True((await browser.ActivateAsync(username, code)).IsSuccess, attack);
        Assert.True((await browser.SignInAsync()).IsSuccess, attack);
    }

    [Fact]
    [Trait("Rule", "PK-13")]
    public async Task Takes_the_key_that_windows_makes()
    {
        using var authenticator = new SoftwareAuthenticator();
        authenticator.UseRsa();
        using var browser = await fixture.ActivatedAsync(authenticator);
        Assert.True((await browser.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-13")]
    public async Task Offers_what_it_takes_and_asks_for_what_it_needs()
    {
        var (username, code) = await fixture.NewCustomerAsync();
        using var browser = new PortalBrowser(fixture.Host);
        var options = (await browser.RegistrationOptionsAsync(new { username, activationCode = code })).PublicKey;
        Assert.Equal([-7, -257], options.GetProperty("pubKeyCredParams").EnumerateArray().Select(entry => entry.GetProperty("alg").GetInt32()));
        Assert.Equal("required", options.GetProperty("authenticatorSelection").GetProperty("userVerification").GetString());
        Assert.Equal("required", options.GetProperty("authenticatorSelection").GetProperty("residentKey").GetString());
        Assert.Equal("none", options.GetProperty("attestation").GetString());
        Assert.Equal("localhost", options.GetProperty("rp").GetProperty("id").GetString());
    }

    [Fact]
    [Trait("Rule", "PK-14")]
    public async Task A_faked_attestation_counts_as_none()
    {
        var statement = new CborWriter(CborConformanceMode.Ctap2Canonical);
        statement.WriteStartMap(2);
        statement.WriteTextString("alg");
        statement.WriteInt32(-7);
        statement.WriteTextString("sig");
        statement.WriteByteString(new byte[70]);
        statement.WriteEndMap();
        var (username, code) = await fixture.NewCustomerAsync();
        using var browser = new PortalBrowser(fixture.Host);
        var tampering = new Tampering { AttestationFormat = "packed", AttestationStatement = statement.Encode() };
        Assert.True((await browser.ActivateAsync(username, code, tampering)).IsSuccess);
        Assert.True((await browser.SignInAsync()).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-11")]
    public async Task A_credential_id_of_another_customer_is_refused()
    {
        using var owner = await fixture.ActivatedAsync();
        var (username, code) = await fixture.NewCustomerAsync();
        using var thief = new PortalBrowser(fixture.Host, new SoftwareAuthenticator { CredentialId = owner.Authenticator.CredentialId });
        fixture.IsRefused("PK-11", await thief.ActivateAsync(username, code));
        Assert.True((await owner.SignInAsync()).IsSuccess);
        thief.Authenticator.CredentialId = RandomNumberGenerator.GetBytes(32);
        Assert.True((await thief.ActivateAsync(username, code)).IsSuccess);
    }

    [Fact]
    [Trait("Rule", "PK-11")]
    public async Task Of_two_customers_who_bring_one_credential_id_at_one_moment_one_gets_it()
    {
        var id = RandomNumberGenerator.GetBytes(32);
        var browsers = new List<PortalBrowser>();
        var options = new List<PasskeyAnswer>();
        for (var i = 0; i < 6; i++)
        {
            var (username, code) = await fixture.NewCustomerAsync();
            var browser = new PortalBrowser(fixture.Host, new SoftwareAuthenticator { CredentialId = id });
            browsers.Add(browser);
            options.Add(await browser.RegistrationOptionsAsync(new { username, activationCode = code }));
        }

        var answers = await Task.WhenAll(browsers.Select((browser, i) => browser.FinishRegistrationAsync(options[i])));
        Assert.Single(answers, answer => answer.IsSuccess);
        Assert.All(answers, answer => Assert.True((int)answer.Status is 200 or 400));
        browsers.ForEach(browser => browser.Dispose());
    }

    [Fact]
    [Trait("Rule", "PK-12")]
    [Trait("Rule", "PO-15")]
    public async Task Adding_a_passkey_needs_a_fresh_sign_in()
    {
        using var stranger = new PortalBrowser(fixture.Host);
        fixture.IsRefused("PK-12", await stranger.RegistrationOptionsAsync(new { }));

        using var browser = await fixture.SignedInAsync();
        var first = browser.Authenticator;
        browser.Authenticator = new SoftwareAuthenticator();
        Assert.True((await browser.FinishRegistrationAsync(await browser.RegistrationOptionsAsync(new { }), name: "Spare key")).IsSuccess);
        Assert.Equal(first.UserHandle, browser.Authenticator.UserHandle);
        Assert.Contains("Spare key", await browser.PageAsync("/passkeys"), StringComparison.Ordinal);
        Assert.True((await browser.SignInAsync()).IsSuccess);

        var begun = await browser.RegistrationOptionsAsync(new { });
        fixture.Host.Clock.Advance(TimeSpan.FromMinutes(4));
        await browser.PageAsync("/");
        fixture.Host.Clock.Advance(TimeSpan.FromSeconds(61));
        fixture.IsRefused("PK-12", await browser.RegistrationOptionsAsync(new { }));
        Assert.False((await browser.FinishRegistrationAsync(begun)).IsSuccess);
        fixture.Host.Clock.Advance(TimeSpan.FromMinutes(-5) - TimeSpan.FromSeconds(1));
    }

    [Fact]
    [Trait("Rule", "PK-12")]
    public async Task A_user_id_in_the_request_changes_nothing()
    {
        using var victim = await fixture.ActivatedAsync();
        using var browser = await fixture.SignedInAsync();
        var own = browser.Authenticator.UserHandle;
        browser.Authenticator = new SoftwareAuthenticator();
        var options = await browser.RegistrationOptionsAsync(new { userId = victim.Authenticator.UserHandle, user = new { id = victim.Authenticator.UserHandle } });
        Assert.True((await browser.FinishRegistrationAsync(options)).IsSuccess);
        Assert.Equal(own, browser.Authenticator.UserHandle);
    }

    [Fact]
    [Trait("Rule", "PK-06")]
    public async Task A_challenge_for_sign_in_is_no_good_for_registration()
    {
        using var browser = await fixture.SignedInAsync();
        var options = await browser.SignInOptionsAsync();
        var registration = await browser.RegistrationOptionsAsync(new { });
        var credential = browser.Authenticator.Create(registration.PublicKey, browser.Origin);
        fixture.IsRefused("PK-06", await browser.PostAsync("/passkeys/registration", new { ceremony = options.Ceremony, credential }));
    }

    private Task<long> PasskeysAsync() => fixture.Host.Database.ScalarAsync<long>("SELECT count(*) FROM identity.passkeys");
}
