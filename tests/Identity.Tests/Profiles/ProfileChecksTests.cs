using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Tests.Par;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>The table of request checks, a row at a time, for each profile: what one forbids is fine in another.</summary>
public sealed class ProfileChecksTests
{
    private static readonly AuthorizationRequest Good = new()
    {
        ResponseType = "code",
        RedirectUri = "https://tpp.example/callback",
        Scope = "openid accounts",
        State = "s",
        Nonce = "n",
        CodeChallenge = new string('a', 43),
        CodeChallengeMethod = "S256",
        IsPushed = true,
    };

    public static TheoryData<string, string?, string?, string?, string?, AuthorizationRequestRow> Rows() => new()
    {
        // What                        fapi2-sp      fapi2-ms      fapi1-advanced fapi1-baseline
        { "code",                      null,         null,         "F1-02",       null,        Row(r => r) },
        { "code id_token",             "F2-PAR-01",  "F2-PAR-01",  null,          "ID-21",     Row(r => r with { ResponseType = "code id_token" }) },
        { "id_token code",             "F2-PAR-01",  "F2-PAR-01",  "F1-02",       "ID-21",     Row(r => r with { ResponseType = "id_token code" }) },
        { "code token",                "F2-PAR-01",  "F2-PAR-01",  "F1-02",       "ID-21",     Row(r => r with { ResponseType = "code token" }) },
        { "id_token",                  "F2-PAR-01",  "F2-PAR-01",  "F1-02",       "ID-21",     Row(r => r with { ResponseType = "id_token" }) },
        { "none",                      "F2-PAR-01",  "F2-PAR-01",  "F1-02",       "ID-21",     Row(r => r with { ResponseType = "none" }) },
        { "no type",                   "ID-21",      "ID-21",      "ID-21",       "ID-21",     Row(r => r with { ResponseType = null }) },
        { "code, query",               null,         null,         "F1-02",       null,        Row(r => r with { ResponseMode = "query" }) },
        { "code, form_post",           null,         null,         "F1-02",       null,        Row(r => r with { ResponseMode = "form_post" }) },
        { "code, fragment",            "F2-PAR-17",  "F2-PAR-17",  "F1-02",       "OA-20",     Row(r => r with { ResponseMode = "fragment" }) },
        { "code, jwt",                 "F2-PAR-17",  null,         null,          "OA-20",     Row(r => r with { ResponseMode = "jwt" }) },
        { "code, query.jwt",           "F2-PAR-17",  null,         null,          "OA-20",     Row(r => r with { ResponseMode = "query.jwt" }) },
        { "code, fragment.jwt",        "F2-PAR-17",  null,         null,          "OA-20",     Row(r => r with { ResponseMode = "fragment.jwt" }) },
        { "code, form_post.jwt",       "F2-PAR-17",  null,         null,          "OA-20",     Row(r => r with { ResponseMode = "form_post.jwt" }) },
        { "code, web_message",         "F2-PAR-17",  "F2-PAR-17",  "OA-20",       "OA-20",     Row(r => r with { ResponseMode = "web_message" }) },
        { "code, JWT",                 "F2-PAR-17",  "F2-PAR-17",  "OA-20",       "OA-20",     Row(r => r with { ResponseMode = "JWT" }) },
        { "hybrid, query",             "F2-PAR-01",  "F2-PAR-01",  "F1-03",       "ID-21",     Row(r => Hybrid(r) with { ResponseMode = "query" }) },
        { "hybrid, fragment",          "F2-PAR-01",  "F2-PAR-01",  null,          "ID-21",     Row(r => Hybrid(r) with { ResponseMode = "fragment" }) },
        { "hybrid, form_post",         "F2-PAR-01",  "F2-PAR-01",  null,          "ID-21",     Row(r => Hybrid(r) with { ResponseMode = "form_post" }) },
        { "hybrid, query.jwt",         "F2-PAR-01",  "F2-PAR-01",  "JARM-04",     "ID-21",     Row(r => Hybrid(r) with { ResponseMode = "query.jwt" }) },
        { "hybrid, jwt",               "F2-PAR-01",  "F2-PAR-01",  null,          "ID-21",     Row(r => Hybrid(r) with { ResponseMode = "jwt" }) },
        { "hybrid, fragment.jwt",      "F2-PAR-01",  "F2-PAR-01",  null,          "ID-21",     Row(r => Hybrid(r) with { ResponseMode = "fragment.jwt" }) },
        { "hybrid without openid",     "F2-PAR-01",  "F2-PAR-01",  "F1-13",       "ID-21",     Row(r => Hybrid(r) with { Scope = "accounts" }) },
        { "no redirect_uri",           "F2-PAR-06",  "F2-PAR-06",  "F1-17",       "F1-17",     Row(r => Fit(r) with { RedirectUri = null }) },
        { "redirect_uri of others",    "PAR-13",     "PAR-13",     "F1-17",       "F1-17",     Row(r => Fit(r) with { RedirectUri = "https://tpp.example/callback/" }) },
        { "no nonce",                  null,         null,         "F1-27",       "F1-27",     Row(r => Fit(r) with { Nonce = null }) },
        { "no nonce, no openid",       null,         null,         null,          null,        Row(r => Fit(r) with { Nonce = null, Scope = "accounts" }) },
        { "no state",                  null,         null,         null,          null,        Row(r => Fit(r) with { State = null }) },
        { "no state, no openid",       null,         null,         "F1-28",       "F1-28",     Row(r => Fit(r) with { State = null, Scope = "accounts" }) },
        { "no PKCE, pushed",           "F2-PAR-05",  "F2-PAR-05",  "F1-11",       "PKCE-01",   Row(r => Fit(r) with { CodeChallenge = null, CodeChallengeMethod = null }) },
        { "no PKCE, by value",         "F2-PAR-05",  "F2-PAR-05",  null,          "PKCE-01",   Row(r => Fit(r) with { CodeChallenge = null, CodeChallengeMethod = null, IsPushed = false }) },
        { "plain PKCE, by value",      "PKCE-02",    "PKCE-02",    "PKCE-02",     "PKCE-02",   Row(r => Fit(r) with { CodeChallengeMethod = "plain", IsPushed = false }) },
        { "short PKCE, by value",      "PKCE-03",    "PKCE-03",    "PKCE-03",     "PKCE-03",   Row(r => Fit(r) with { CodeChallenge = new string('a', 42), IsPushed = false }) },
        { "long nonce",                "F2-PAR-14",  "F2-PAR-14",  "F2-PAR-14",   "F2-PAR-14", Row(r => Fit(r) with { Nonce = new string('n', 513) }) },
        { "scope of others",           "OA-50",      "OA-50",      "OA-50",       "OA-50",     Row(r => Fit(r) with { Scope = "openid payments" }) },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    [Trait("Rule", "F1-02")]
    [Trait("Rule", "F1-03")]
    [Trait("Rule", "F1-11")]
    [Trait("Rule", "F1-13")]
    [Trait("Rule", "F1-17")]
    [Trait("Rule", "F1-27")]
    [Trait("Rule", "F1-28")]
    [Trait("Rule", "F2-PAR-01")]
    [Trait("Rule", "F2-PAR-05")]
    [Trait("Rule", "F2-PAR-17")]
    [Trait("Rule", "JARM-04")]
    [Trait("Rule", "PKCE-01")]
    [Trait("Rule", "PKCE-02")]
    [Trait("Rule", "ID-21")]
    [Trait("Rule", "OA-10")]
    [Trait("Rule", "OA-19")]
    [Trait("Rule", "OA-20")]
    public void A_request_is_judged_by_its_clients_profile(string what, string? sp, string? ms, string? advanced, string? baseline, AuthorizationRequestRow row)
    {
        var rules = (Rule("fapi2-sp", row.Change), Rule("fapi2-ms", row.Change), Rule("fapi1-advanced", row.Change), Rule("fapi1-baseline", row.Change));
        Assert.Equal((what, (sp, ms, advanced, baseline)), (what, rules));
    }

    [Theory]
    [Trait("Rule", "PAR-02")]
    [Trait("Rule", "PAR-12")]
    [Trait("Rule", "F2-PAR-03")]
    [Trait("Rule", "F1-01")]
    [Trait("Rule", "MS-01")]
    [InlineData("fapi2-sp", true, false, null)]
    [InlineData("fapi2-sp", true, true, null)]
    [InlineData("fapi2-sp", false, true, "F2-PAR-03")]
    [InlineData("fapi2-sp", false, false, "F2-PAR-03")]
    [InlineData("fapi2-ms", true, false, "MS-01")]
    [InlineData("fapi2-ms", true, true, null)]
    [InlineData("fapi2-ms", false, true, "F2-PAR-03")]
    [InlineData("fapi1-advanced", true, false, "F1-01")]
    [InlineData("fapi1-advanced", true, true, null)]
    [InlineData("fapi1-advanced", false, false, "F1-01")]
    [InlineData("fapi1-advanced", false, true, null)]
    [InlineData("fapi1-baseline", true, false, null)]
    [InlineData("fapi1-baseline", false, false, null)]
    [InlineData("fapi1-baseline", false, true, null)]
    [InlineData("fapi1-baseline", false, false, "PAR-12", "push")]
    [InlineData("fapi1-baseline", true, false, null, "push")]
    [InlineData("fapi1-advanced", false, true, "PAR-12", "push")]
    [InlineData("fapi1-baseline", true, false, "MS-01", "sign")]
    [InlineData("fapi1-baseline", false, true, null, "sign")]
    [InlineData("fapi2-sp", true, false, "MS-01", "sign")]
    [InlineData("fapi2-sp", true, true, null, "sign")]
    public void How_a_request_may_arrive_is_the_profile_and_the_registration(string profile, bool pushed, bool signed, string? rule, string? registered = null)
    {
        var arrived = new AuthorizationRequest { IsPushed = pushed, RequestObject = signed ? "e30.e30.x" : null };
        var client = Client(profile, requiresPush: registered == "push", requiresSigning: registered == "sign");
        Assert.Equal(rule, AuthorizationRequestChecks.RefusalOfArrival(arrived, client)?.Rule);
        if (pushed) Assert.Equal("PAR-02", AuthorizationRequestChecks.RefusalOfArrival(arrived with { RequestUri = "urn:x" }, client)?.Rule);
    }

    /// <summary>Only what the client has registered, though its profile has more.</summary>
    [Theory]
    [Trait("Rule", "DCR-07")]
    [InlineData("code", "code", null)]
    [InlineData("code", "code id_token", "DCR-07")]
    [InlineData("code id_token", "code", "DCR-07")]
    [InlineData("code id_token", "code id_token", null)]
    [InlineData("code id_token", "id_token", "F1-02")]
    public void A_request_has_a_response_type_that_its_client_has_registered(string registered, string asked, string? rule)
    {
        var request = Good with { ResponseType = asked, ResponseMode = "jwt" };
        var refusal = AuthorizationRequestChecks.FirstRefusal(request, Client("fapi1-advanced", types: [registered]));
        Assert.Equal((rule, rule == "DCR-07" ? "unauthorized_client" : refusal?.Code), (refusal?.Rule, refusal?.Code));
    }

    [Theory]
    [Trait("Rule", "HTTP-07")]
    [Trait("Rule", "JARM-09")]
    [InlineData("https://tpp.example/callback", 4096, true)]
    [InlineData("https://tpp.example/callback", 4097, false)]
    [InlineData("https://tpp.example/other", 1, false)]
    [InlineData(null, 1, false)]
    public void A_refusal_goes_to_a_registered_address_or_nowhere(string? address, int state, bool may) => Assert.Equal(
        may, AuthorizationRequestChecks.MayBeAnswered(Good with { RedirectUri = address, State = new string('s', state) }, Client("fapi1-advanced")));

    private static string? Rule(string profile, Func<AuthorizationRequest, AuthorizationRequest> change)
    {
        var client = Client(profile);
        var request = change(Good);

        // Marked as fitting: the type and mode of this profile, so that the row's own change decides.
        if (request.Registration == "fit") request = (profile == "fapi1-advanced" ? request with { ResponseMode = "jwt" } : request) with { Registration = null };
        return AuthorizationRequestChecks.FirstRefusal(request, client)?.Rule;
    }

    private static AuthorizationRequest Fit(AuthorizationRequest request) => request with { Registration = "fit" };

    private static AuthorizationRequest Hybrid(AuthorizationRequest request) => request with { ResponseType = "code id_token" };

    private static Client Client(string profile, bool requiresPush = false, bool requiresSigning = false, string[]? types = null) => new()
    {
        ClientId = "tpp",
        Profile = ProfileRules.Names[profile],
        Name = "Budget App",
        Roles = ["AISP"],
        RedirectUris = ["https://tpp.example/callback"],
        GrantTypes = ["authorization_code"],
        ResponseTypes = types ?? ["code", "code id_token"],
        Scopes = ["openid", "accounts"],
        AuthorizationDetailsTypes = ["account_information"],
        AuthenticationMethod = "private_key_jwt",
        IdTokenAlgorithm = "PS256",
        RequiresPushedRequests = requiresPush || ProfileRules.PushesRequests.HoldsFor(ProfileRules.Names[profile]),
        RequiresSignedRequests = requiresSigning || ProfileRules.SignsRequests.HoldsFor(ProfileRules.Names[profile]),
        UsesDpop = false,
        Sector = "tpp.example",
        SubjectType = "pairwise",
        RequiresAuthTime = false,
        RegisteredAt = DateTimeOffset.UnixEpoch,
    };

    private static AuthorizationRequestRow Row(Func<AuthorizationRequest, AuthorizationRequest> change) => new(change);
}
