using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Tests.Token;

public sealed class TokenRequestChecksTests
{
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    private const string Good = $"code=c&redirect_uri=https%3A%2F%2Ftpp.example%2Fcb&code_verifier={Verifier}";
    private static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly SenderConstraint Key = new("the-key", null);

    internal static Client Client(params string[] grantTypes) => new()
    {
        ClientId = "client-1",
        Profile = Profile.F2,
        Name = "Budget App",
        Roles = ["AISP"],
        RedirectUris = ["https://tpp.example/cb"],
        GrantTypes = grantTypes,
        ResponseTypes = ["code"],
        Scopes = ["openid", "accounts"],
        AuthorizationDetailsTypes = ["account_information"],
        AuthenticationMethod = "private_key_jwt",
        IdTokenAlgorithm = "PS256",
        UsesDpop = true,
        Sector = "tpp.example",
        SubjectType = "pairwise",
        RequiresAuthTime = false,
        RegisteredAt = Now,
    };

    internal static Grant Grant(DateTimeOffset? expiresAt = null, DateTimeOffset? revokedAt = null, string? details = null) => new()
    {
        Id = Guid.CreateVersion7(),
        ClientId = "client-1",
        ConsentId = "consent-1",
        UserId = Guid.CreateVersion7(),
        CustomerId = "10001",
        Subject = "subject",
        Scope = "openid accounts",
        AuthorizationDetails = details,
        AuthenticatedAt = Now,
        Acr = "urn:openbanking:psd2:sca",
        Amr = ["hwk", "user", "mfa"],
        WantsAuthTime = false,
        CreatedAt = Now,
        ExpiresAt = expiresAt,
        RevokedAt = revokedAt,
    };

    internal static OAuthForm Form(string text) =>
        OAuthForm.Parse(text).Failed(out var error, out var form) ? throw new InvalidOperationException(error.Description) : form;

    private static AuthorizationCode Code(string? key = null) => new()
    {
        Hash = Handle.HashOf("c"),
        ClientId = "client-1",
        GrantId = Guid.CreateVersion7(),
        RedirectUri = "https://tpp.example/cb",
        CodeChallenge = Challenge,
        DpopKeyThumbprint = key,
        ExpiresAt = Now,
    };

    private static string? Refusal(string form, AuthorizationCode? code = null, Grant? grant = null, SenderConstraint? constraint = null, int secondsLeft = 1) =>
        AuthorizationCodeGrant.FirstRefusal(Form(form), code ?? Code(), grant ?? Grant(), constraint ?? Key, Now.AddSeconds(-secondsLeft))?.Rule;

    [Theory]
    [Trait("Rule", "TOK-01")]
    [InlineData("scope=accounts", "invalid_request", "TOK-01")]
    [InlineData("grant_type=", "invalid_request", "TOK-01")]
    [InlineData("grant_type=authorization_code", "invalid_request", "TOK-03")]
    [InlineData("grant_type=refresh_token", "invalid_request", "REF-02")]
    public void What_is_missing_is_said_before_anything_else(string form, string code, string rule)
    {
        var refusal = TokenRequestChecks.SyntaxRefusal(Form(form));

        Assert.Equal((code, rule), (refusal?.Code, refusal?.Rule));
    }

    [Theory]
    [Trait("Rule", "F2-GEN-01")]
    [Trait("Rule", "OA-21")]
    [InlineData("password")]
    [InlineData("implicit")]
    [InlineData("urn:ietf:params:oauth:grant-type:jwt-bearer")]
    [InlineData("urn:ietf:params:oauth:grant-type:token-exchange")]
    [InlineData("urn:ietf:params:oauth:grant-type:device_code")]
    [InlineData("Authorization_Code")]
    public void Other_grant_types_are_not_supported_even_if_registered(string grantType)
    {
        var refusal = TokenRequestChecks.FirstRefusal(Form("grant_type=" + grantType), Client(grantType), new AuthorizationServerOptions());

        Assert.Equal(("unsupported_grant_type", "TOK-01"), (refusal?.Code, refusal?.Rule));
    }

    [Fact]
    [Trait("Rule", "TOK-02")]
    public void A_grant_type_must_be_registered()
    {
        var form = Form("grant_type=client_credentials");

        Assert.Equal("TOK-02", TokenRequestChecks.FirstRefusal(form, Client("authorization_code"), new AuthorizationServerOptions())?.Rule);
        Assert.Null(TokenRequestChecks.FirstRefusal(form, Client("client_credentials"), new AuthorizationServerOptions()));
    }

    [Fact]
    [Trait("Rule", "TOK-12")]
    public void A_resource_must_be_known()
    {
        var refusal = TokenRequestChecks.FirstRefusal(
            Form("grant_type=client_credentials&resource=https://evil.test"), Client("client_credentials"), new AuthorizationServerOptions());

        Assert.Equal(("invalid_target", "TOK-12"), (refusal?.Code, refusal?.Rule));
    }

    [Fact]
    public void A_good_redemption_passes() => Assert.Null(Refusal(Good));

    [Theory]
    [Trait("Rule", "F2-GEN-07")]
    [Trait("Rule", "OA-16")]
    [InlineData(1, null)]
    [InlineData(0, "F2-GEN-07")]
    public void A_code_ends_on_the_second(int secondsLeft, string? rule) => Assert.Equal(rule, Refusal(Good, secondsLeft: secondsLeft));

    [Fact]
    [Trait("Rule", "TOK-11")]
    public void A_code_ends_with_its_consent()
    {
        Assert.Equal("TOK-11", Refusal(Good, grant: Grant(revokedAt: Now)));
        Assert.Equal("TOK-11", Refusal(Good, grant: Grant(expiresAt: Now.AddSeconds(-1))));
        Assert.Null(Refusal(Good, grant: Grant(expiresAt: Now)));
    }

    [Fact]
    [Trait("Rule", "DPOP-14")]
    [Trait("Rule", "DPOP-15")]
    [Trait("Rule", "F2-GEN-08")]
    public void A_bound_code_needs_its_key()
    {
        Assert.Null(Refusal(Good, Code("the-key")));
        Assert.Equal("DPOP-14", Refusal(Good, Code("another-key")));
        Assert.Equal("DPOP-14", Refusal(Good, Code("the-key"), constraint: new SenderConstraint(null, "the-key")));
    }

    [Theory]
    [Trait("Rule", "TOK-04")]
    [Trait("Rule", "OA-15")]
    [InlineData("")]
    [InlineData("&redirect_uri=")]
    [InlineData("&redirect_uri=https%3A%2F%2Ftpp.example%2Fcb%2F")]
    [InlineData("&redirect_uri=https%3A%2F%2FTPP.example%2Fcb")]
    public void The_redirect_uri_must_be_the_same(string parameter) =>
        Assert.Equal("TOK-04", Refusal($"code=c&code_verifier={Verifier}{parameter}"));

    [Theory]
    [Trait("Rule", "PKCE-03")]
    [Trait("Rule", "PKCE-04")]
    [Trait("Rule", "PKCE-05")]
    [Trait("Rule", "OA-11")]
    [InlineData(0, "PKCE-04")]
    [InlineData(42, "PKCE-03")]
    [InlineData(43, "PKCE-05")]
    [InlineData(128, "PKCE-05")]
    [InlineData(129, "PKCE-03")]
    public void A_verifier_is_43_to_128_characters_and_the_right_one(int length, string rule) =>
        Assert.Equal(rule, Refusal($"code=c&redirect_uri=https%3A%2F%2Ftpp.example%2Fcb&code_verifier={new string('a', length)}"));

    [Theory]
    [Trait("Rule", "PKCE-03")]
    [InlineData("%2B")]
    [InlineData("%C3%A4")]
    [InlineData("%00")]
    public void A_verifier_has_only_unreserved_characters(string character) =>
        Assert.Equal("PKCE-03", Refusal($"code=c&redirect_uri=https%3A%2F%2Ftpp.example%2Fcb&code_verifier={new string('a', 43)}{character}"));

    /// <summary>Of two faults the earlier in the fixed order is named.</summary>
    [Fact]
    [Trait("Rule", "HTTP-12")]
    public void Checks_come_in_their_order()
    {
        const string nothing = "code=c";

        Assert.Equal("F2-GEN-07", Refusal(nothing, Code("another-key"), Grant(revokedAt: Now), secondsLeft: 0));
        Assert.Equal("TOK-11", Refusal(nothing, Code("another-key"), Grant(revokedAt: Now)));
        Assert.Equal("DPOP-14", Refusal(nothing, Code("another-key")));
        Assert.Equal("TOK-04", Refusal(nothing));
        Assert.Equal("PKCE-04", Refusal("code=c&redirect_uri=https%3A%2F%2Ftpp.example%2Fcb"));
    }
}
