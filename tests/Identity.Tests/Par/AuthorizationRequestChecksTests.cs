using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;

namespace OpenBanking.Identity.Tests.Par;

public sealed class AuthorizationRequestChecksTests
{
    private static readonly Client Client = new()
    {
        ClientId = "tpp",
        Profile = Profile.F2,
        Name = "Budget App",
        Roles = ["AISP"],
        RedirectUris = ["https://tpp.example/callback"],
        GrantTypes = ["authorization_code"],
        ResponseTypes = ["code"],
        Scopes = ["openid", "accounts"],
        AuthorizationDetailsTypes = ["account_information"],
        AuthenticationMethod = "private_key_jwt",
        IdTokenAlgorithm = "PS256",
        UsesDpop = true,
        Sector = "tpp.example",
        SubjectType = "pairwise",
        RequiresAuthTime = false,
        RegisteredAt = DateTimeOffset.UnixEpoch,
    };

    private static readonly AuthorizationRequest Good = new()
    {
        ResponseType = "code",
        RedirectUri = "https://tpp.example/callback",
        Scope = "openid accounts",
        State = "s",
        Nonce = "n",
        CodeChallenge = new string('a', 43),
        CodeChallengeMethod = "S256",
        AuthorizationDetails = """[{"type":"account_information","consent_id":"c1"}]""",
    };

    [Fact]
    [Trait("Rule", "PAR-03")]
    public void The_good_request_passes() => Assert.Null(AuthorizationRequestChecks.FirstRefusal(Good, Client));

    public static TheoryData<string, string, string, AuthorizationRequestRow> Bad() => new()
    {
        { "registration", "registration_not_supported", "ID-22", Row(r => r with { Registration = "{}" }) },
        { "no response_type", "invalid_request", "ID-21", Row(r => r with { ResponseType = null }) },
        { "empty response_type", "unsupported_response_type", "F2-PAR-01", Row(r => r with { ResponseType = "" }) },
        { "token", "unsupported_response_type", "F2-PAR-01", Row(r => r with { ResponseType = "token" }) },
        { "code id_token", "unsupported_response_type", "F2-PAR-01", Row(r => r with { ResponseType = "code id_token" }) },
        { "code token", "unsupported_response_type", "F2-PAR-01", Row(r => r with { ResponseType = "code token" }) },
        { "none", "unsupported_response_type", "F2-PAR-01", Row(r => r with { ResponseType = "none" }) },
        { "fragment", "invalid_request", "F2-PAR-17", Row(r => r with { ResponseMode = "fragment" }) },
        { "web_message", "invalid_request", "F2-PAR-17", Row(r => r with { ResponseMode = "web_message" }) },
        { "jwt", "invalid_request", "F2-PAR-17", Row(r => r with { ResponseMode = "jwt" }) },
        { "no redirect_uri", "invalid_request", "F2-PAR-06", Row(r => r with { RedirectUri = null }) },
        { "no scope", "invalid_scope", "OA-50", Row(r => r with { Scope = null }) },
        { "blank scope", "invalid_scope", "OA-50", Row(r => r with { Scope = " " }) },
        { "scope of others", "invalid_scope", "OA-50", Row(r => r with { Scope = "openid accounts payments" }) },
        { "ten thousand scopes", "invalid_scope", "OA-50", Row(r => r with { Scope = string.Join(' ', Enumerable.Range(0, 10_000)) }) },
        { "no challenge", "invalid_request", "F2-PAR-05", Row(r => r with { CodeChallenge = null }) },
        { "no method", "invalid_request", "PKCE-02", Row(r => r with { CodeChallengeMethod = null }) },
        { "plain", "invalid_request", "PKCE-02", Row(r => r with { CodeChallengeMethod = "plain" }) },
        { "s256", "invalid_request", "PKCE-02", Row(r => r with { CodeChallengeMethod = "s256" }) },
        { "42 characters", "invalid_request", "PKCE-03", Row(r => r with { CodeChallenge = new string('a', 42) }) },
        { "44 characters", "invalid_request", "PKCE-03", Row(r => r with { CodeChallenge = new string('a', 44) }) },
        { "padding", "invalid_request", "PKCE-03", Row(r => r with { CodeChallenge = new string('a', 42) + "=" }) },
        { "4097 of state", "invalid_request", "OA-36", Row(r => r with { State = new string('s', 4097) }) },
        { "513 of nonce", "invalid_request", "F2-PAR-14", Row(r => r with { Nonce = new string('n', 513) }) },
        { "NUL in nonce", "invalid_request", "F2-PAR-14", Row(r => r with { Nonce = "a\0b" }) },
        { "short dpop_jkt", "invalid_request", "DPOP-14", Row(r => r with { DpopKeyThumbprint = "abc" }) },
        { "details as object", "invalid_authorization_details", "RAR-01", Row(r => r with { AuthorizationDetails = "{}" }) },
        { "no details", "invalid_authorization_details", "RAR-01", Row(r => r with { AuthorizationDetails = "[]" }) },
        { "details of text", "invalid_authorization_details", "RAR-01", Row(r => r with { AuthorizationDetails = "[\"a\"]" }) },
        { "no type", "invalid_authorization_details", "RAR-01", Row(r => r with { AuthorizationDetails = """[{"consent_id":"c1"}]""" }) },
        { "type is a number", "invalid_authorization_details", "RAR-01", Row(r => r with { AuthorizationDetails = """[{"type":1,"consent_id":"c1"}]""" }) },
        { "duplicate member", "invalid_authorization_details", "RAR-01", Row(r => r with { AuthorizationDetails = """[{"type":"account_information","consent_id":"c1","consent_id":"c2"}]""" }) },
        { "unknown type", "invalid_authorization_details", "RAR-02", Row(r => r with { AuthorizationDetails = """[{"type":"payment","consent_id":"c1"}]""" }) },
        { "unknown field", "invalid_authorization_details", "RAR-02", Row(r => r with { AuthorizationDetails = """[{"type":"account_information","consent_id":"c1","actions":["read"]}]""" }) },
        { "consent_id missing", "invalid_authorization_details", "RAR-02", Row(r => r with { AuthorizationDetails = """[{"type":"account_information"}]""" }) },
        { "consent_id is a number", "invalid_authorization_details", "RAR-02", Row(r => r with { AuthorizationDetails = """[{"type":"account_information","consent_id":1}]""" }) },
        { "the same twice", "invalid_authorization_details", "RAR-02", Row(r => r with { AuthorizationDetails = Details(2) }) },
        { "two consents", "invalid_request", "CO-03", Row(r => r with { AuthorizationDetails = """[{"type":"account_information","consent_id":"c1"},{"type":"account_information","consent_id":"c2"}]""" }) },
        { "eleven elements", "invalid_authorization_details", "RAR-14", Row(r => r with { AuthorizationDetails = Details(11) }) },
        { "17 KB", "invalid_authorization_details", "RAR-14", Row(r => r with { AuthorizationDetails = Details(1) + new string(' ', 16 * 1024) }) },
        { "claims no JSON", "invalid_request", "ID-10", Row(r => r with { Claims = "{" }) },
        { "claims an array", "invalid_request", "ID-10", Row(r => r with { Claims = "[]" }) },
        { "id_token a text", "invalid_request", "ID-10", Row(r => r with { Claims = """{"id_token":"acr"}""" }) },
        { "wish a text", "invalid_request", "ID-10", Row(r => r with { Claims = """{"id_token":{"acr":"sca"}}""" }) },
        { "essential a text", "invalid_request", "ID-10", Row(r => r with { Claims = """{"id_token":{"acr":{"essential":"true"}}}""" }) },
        { "prompt none and more", "invalid_request", "ID-13", Row(r => r with { Prompt = "none login" }) },
        { "max_age negative", "invalid_request", "ID-16", Row(r => r with { MaxAge = "-1" }) },
        { "max_age a word", "invalid_request", "ID-16", Row(r => r with { MaxAge = "soon" }) },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    [Trait("Rule", "PAR-03")]
    [Trait("Rule", "F2-PAR-01")]
    [Trait("Rule", "F2-PAR-05")]
    [Trait("Rule", "F2-PAR-06")]
    [Trait("Rule", "F2-PAR-14")]
    [Trait("Rule", "F2-PAR-17")]
    [Trait("Rule", "PKCE-01")]
    [Trait("Rule", "PKCE-02")]
    [Trait("Rule", "PKCE-03")]
    [Trait("Rule", "ID-10")]
    [Trait("Rule", "ID-13")]
    [Trait("Rule", "ID-16")]
    [Trait("Rule", "ID-21")]
    [Trait("Rule", "ID-22")]
    [Trait("Rule", "RAR-01")]
    [Trait("Rule", "RAR-02")]
    [Trait("Rule", "RAR-14")]
    [Trait("Rule", "RAR-15")]
    [Trait("Rule", "KEY-09")]
    [Trait("Rule", "DPOP-14")]
    [Trait("Rule", "CO-03")]
    [Trait("Rule", "OA-10")]
    [Trait("Rule", "OA-19")]
    [Trait("Rule", "OA-20")]
    [Trait("Rule", "OA-36")]
    [Trait("Rule", "OA-49")]
    [Trait("Rule", "OA-50")]
    public void A_request_with_one_thing_wrong_is_refused_for_it(string what, string code, string rule, AuthorizationRequestRow row)
    {
        var refusal = AuthorizationRequestChecks.FirstRefusal(row.Change(Good), Client);
        Assert.Equal((what, code, rule), (what, refusal?.Code, refusal?.Rule));
    }

    public static TheoryData<string, AuthorizationRequestRow> Fine() => new()
    {
        { "query", Row(r => r with { ResponseMode = "query" }) },
        { "form_post", Row(r => r with { ResponseMode = "form_post" }) },
        { "4096 of state", Row(r => r with { State = new string('s', 4096) }) },
        { "512 of nonce", Row(r => r with { Nonce = new string('n', 512) }) },
        { "no state, no nonce", Row(r => r with { State = null, Nonce = null }) },
        { "max_age 0", Row(r => r with { MaxAge = "0" }) },
        { "prompt", Row(r => r with { Prompt = "login consent" }) },
        { "unknown claims", Row(r => r with { Claims = """{"id_token":{"given_name":null,"x":{"essential":true,"odd":1}},"other":1}""" }) },
        { "acr_values", Row(r => r with { AcrValues = "urn:unknown" }) },
        { "scope twice", Row(r => r with { Scope = "openid openid accounts" }) },
    };

    [Theory]
    [MemberData(nameof(Fine))]
    [Trait("Rule", "ID-08")]
    [Trait("Rule", "ID-11")]
    public void What_is_allowed_passes(string what, AuthorizationRequestRow row) =>
        Assert.Equal((what, null), (what, AuthorizationRequestChecks.FirstRefusal(row.Change(Good), Client)?.Rule));

    [Theory]
    [Trait("Rule", "OA-17")]
    [Trait("Rule", "PAR-13")]
    [InlineData("https://tpp.example/Callback")]
    [InlineData("https://TPP.example/callback")]
    [InlineData("HTTPS://tpp.example/callback")]
    [InlineData("https://tpp.example/callback/")]
    [InlineData("https://tpp.example/a/../callback")]
    [InlineData("https://tpp.example/..;/callback")]
    [InlineData("https://tpp.example/%2e%2e/callback")]
    [InlineData("https://tpp.example:443/callback")]
    [InlineData("https://tpp.example:8443/callback")]
    [InlineData("https://tpp.example@evil.test/callback")]
    [InlineData("https://a@b@tpp.example/callback")]
    [InlineData("https://tpp.example/callback?x=1")]
    [InlineData("https://tpp.example/callback#f")]
    [InlineData("https:\\\\tpp.example\\callback")]
    [InlineData("https://tpp.example.evil.test/callback")]
    [InlineData("https://tpp.еxample/callback")]
    [InlineData("https://tpp.example./callback")]
    [InlineData("https://tpp.example/callback\t")]
    [InlineData("https://tpp.example/callback\n")]
    [InlineData(" https://tpp.example/callback")]
    public void A_redirect_uri_is_compared_byte_for_byte(string uri) =>
        Assert.Equal("PAR-13", AuthorizationRequestChecks.FirstRefusal(Good with { RedirectUri = uri }, Client)?.Rule);

    [Fact]
    [Trait("Rule", "RAR-03")]
    public void A_type_of_details_must_be_the_clients() => Assert.Equal(
        "RAR-03", AuthorizationDetails.Of(Good, ClientWith(types: [])).Failed(out var refusal, out _) ? refusal.Rule : null);

    [Fact]
    [Trait("Rule", "TOK-02")]
    public void A_client_without_the_grant_cannot_push() =>
        Assert.Equal(("unauthorized_client", "TOK-02"), Refusal(AuthorizationRequestChecks.FirstRefusal(Good, ClientWith(grants: ["client_credentials"]))));

    [Theory]
    [Trait("Rule", "CO-03")]
    [Trait("Rule", "OB-SEC-4")]
    [InlineData("c1", null, null)]
    [InlineData(null, """{"id_token":{"openbanking_intent_id":{"value":"c1"}}}""", null)]
    [InlineData(null, """{"userinfo":{"openbanking_intent_id":{"value":"c1"}}}""", null)]
    [InlineData("c1", """{"id_token":{"openbanking_intent_id":{"value":"c1"}},"userinfo":{"openbanking_intent_id":{"value":"c1"}}}""", null)]
    [InlineData("c1", """{"id_token":{"openbanking_intent_id":null}}""", null)]
    [InlineData("c1", """{"id_token":{"openbanking_intent_id":{"value":"c2"}}}""", "CO-03")]
    [InlineData("c1", """{"id_token":{"openbanking_intent_id":{"value":5}}}""", "CO-03")]
    [InlineData(null, """{"id_token":{"openbanking_intent_id":{"value":"c1"}},"userinfo":{"openbanking_intent_id":{"value":"c2"}}}""", "CO-03")]
    [InlineData(null, """{"id_token":{"openbanking_intent_id":{"values":["c1","c2"]}}}""", "CO-03")]
    [InlineData(null, """{"id_token":{"openbanking_intent_id":null}}""", "OB-SEC-4")]
    [InlineData(null, """{"id_token":{"openbanking_intent_id":{"value":""}}}""", "OB-SEC-4")]
    [InlineData(null, """{"id_token":{"openbanking_intent_id":{"value":"c 1"}}}""", "OB-SEC-4")]
    [InlineData(null, null, "OB-SEC-4")]
    public void A_request_names_one_consent(string? detailed, string? claims, string? rule)
    {
        var request = Good with
        {
            AuthorizationDetails = detailed is null ? null : $$"""[{"type":"account_information","consent_id":"{{detailed}}"}]""",
            Claims = claims,
        };
        var failed = RequestedConsent.Of(request, Client).Failed(out var refusal, out var consent);
        Assert.Equal((rule, failed ? null : "c1"), (refusal?.Rule, consent?.ConsentId));
    }

    [Fact]
    [Trait("Rule", "CO-02")]
    [Trait("Rule", "CON-07")]
    [Trait("Rule", "OB-SEC-13")]
    [Trait("Rule", "RAR-11")]
    public void A_consent_must_be_the_clients_open_and_of_the_scope()
    {
        var consent = new RequestedConsent("c1", "account_information");
        var found = new AuthorisableConsent.Found(ConsentKind.AccountAccess, Continues: false, ExpiresAt: null);
        Assert.Null(consent.Refusal(Good, found));
        Assert.Equal(("invalid_request", "CO-02"), Refusal(consent.Refusal(Good, new AuthorisableConsent.Unknown())));
        Assert.Equal(("access_denied", "OB-SEC-13"), Refusal(consent.Refusal(Good, new AuthorisableConsent.InWrongState())));
        Assert.Equal(("invalid_scope", "RAR-11"), Refusal(consent.Refusal(Good with { Scope = "openid" }, found)));
        Assert.Equal(("invalid_authorization_details", "RAR-02"), Refusal(consent.Refusal(Good, found with { Kind = ConsentKind.DomesticPayment })));
    }

    [Theory]
    [Trait("Rule", "ID-07")]
    [Trait("Rule", "ID-08")]
    [Trait("Rule", "ID-09")]
    [InlineData(null, null, Acr.Sca)]
    [InlineData("urn:unknown " + Acr.Ca, null, Acr.Ca)]
    [InlineData("urn:unknown", null, Acr.Sca)]
    [InlineData(null, """{"id_token":{"acr":{"essential":true,"value":"urn:openbanking:psd2:ca"}}}""", Acr.Ca)]
    [InlineData(null, """{"id_token":{"acr":{"essential":true,"values":["urn:unknown","urn:openbanking:psd2:sca"]}}}""", Acr.Sca)]
    [InlineData(null, """{"id_token":{"acr":{"essential":true,"value":"urn:unknown"}}}""", null)]
    [InlineData(Acr.Sca, """{"id_token":{"acr":{"essential":true,"value":"urn:unknown"}}}""", null)]
    [InlineData(null, """{"id_token":{"acr":{"value":"urn:unknown"}}}""", Acr.Sca)]
    [InlineData(null, """{"id_token":{"acr":{"essential":true}}}""", Acr.Sca)]
    public void The_context_reached_is_the_first_wish_that_can_be_met(string? acrValues, string? claims, string? reached)
    {
        var request = Good with { AcrValues = acrValues, Claims = claims };
        Assert.False(RequestedClaims.Of(request).Failed(out _, out var requested));
        Assert.Equal(reached, Acr.Reached(request, requested!));
    }

    [Fact]
    [Trait("Rule", "OA-36")]
    public void A_stored_request_is_the_one_that_was_pushed()
    {
        var request = Good with { State = "a\r\nb\"</script>\0ü", Claims = """{"id_token":null}""" };
        Assert.Equal(request, AuthorizationRequest.FromJson(request.ToJson()));
    }

    private static (string?, string?) Refusal(Identity.Protocol.OAuthError? refusal) => (refusal?.Code, refusal?.Rule);

    private static string Details(int elements) => "[" + string.Join(',', Enumerable.Repeat("""{"type":"account_information","consent_id":"c1"}""", elements)) + "]";

    private static Client ClientWith(string[]? grants = null, string[]? types = null) => new()
    {
        ClientId = Client.ClientId,
        Profile = Client.Profile,
        Name = Client.Name,
        Roles = Client.Roles,
        RedirectUris = Client.RedirectUris,
        GrantTypes = grants ?? Client.GrantTypes,
        ResponseTypes = Client.ResponseTypes,
        Scopes = Client.Scopes,
        AuthorizationDetailsTypes = types ?? Client.AuthorizationDetailsTypes,
        AuthenticationMethod = Client.AuthenticationMethod,
        IdTokenAlgorithm = Client.IdTokenAlgorithm,
        UsesDpop = Client.UsesDpop,
        Sector = Client.Sector,
        SubjectType = Client.SubjectType,
        RequiresAuthTime = Client.RequiresAuthTime,
        RegisteredAt = Client.RegisteredAt,
    };

    private static AuthorizationRequestRow Row(Func<AuthorizationRequest, AuthorizationRequest> change) => new(change);
}

/// <summary>What a row of the table changes of the good request.</summary>
public sealed class AuthorizationRequestRow
{
    internal AuthorizationRequestRow(Func<AuthorizationRequest, AuthorizationRequest> change) => Change = change;

    internal Func<AuthorizationRequest, AuthorizationRequest> Change { get; }
}
