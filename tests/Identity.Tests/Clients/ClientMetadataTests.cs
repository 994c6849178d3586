using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Identity.Clients;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Tests.Clients;

/// <summary>The rules of metadata by their ids; one good client from which every other differs in a member or two.</summary>
public sealed class ClientMetadataTests
{
    private static readonly JsonObject Key = SigningKey.Create("ES256").PublicKey.ToJson();
    private static readonly MetadataPolicy Outside = new(Kinds.Served, AllowLoopback: false, AllowLoopbackRedirects: false, MetadataPolicy.AllMethods);

    public static TheoryData<string, string, string?> Cases() => new()
    {
        // What is sent, and the rule that it breaks; the line before or after it is the other side.
        { "nothing changed", "{}", null },
        { "profile", """{"security_profile":"fapi3"}""", "DCR-15" },
        { "no profile", """{"security_profile":null}""", "DCR-15" },
        { "list is a text", """{"redirect_uris":"https://tpp.example/callback"}""", "DCR-01" },
        { "text is a number", """{"client_name":1}""", "DCR-01" },
        { "flag is a text", """{"require_auth_time":"yes"}""", "DCR-01" },
        { "unknown members", """{"is_admin":true,"status":"live","x":{"y":1}}""", null },

        { "redirect by http", """{"redirect_uris":["http://tpp.example/callback"]}""", "DCR-05" },
        { "redirect to a fragment", """{"redirect_uris":["https://tpp.example/callback#x"]}""", "DCR-05" },
        { "redirect with a wildcard", """{"redirect_uris":["https://*.tpp.example/callback"]}""", "DCR-05" },
        { "redirect to script", """{"redirect_uris":["javascript:alert(1)"]}""", "DCR-05" },
        { "redirect to data", """{"redirect_uris":["data:text/html,x"]}""", "DCR-05" },
        { "redirect to an app", """{"redirect_uris":["com.example.tpp:/callback"],"application_type":"native"}""", "DCR-05" },
        { "redirect to localhost", """{"redirect_uris":["https://localhost/callback"]}""", "OB-DCR-4" },
        { "redirect to loopback", """{"redirect_uris":["https://127.0.0.1/callback"]}""", "OB-DCR-4" },
        { "redirect to what looks like localhost, by http", """{"redirect_uris":["http://localhost.evil.test/callback"]}""", "DCR-05" },
        { "redirect with a name of the answer", """{"redirect_uris":["https://tpp.example/callback?state=1"]}""", "OA-18" },
        { "redirect with a query", """{"redirect_uris":["https://tpp.example/callback?tenant=1"]}""", null },
        { "no redirect", """{"redirect_uris":[]}""", "DCR-05" },
        { "no redirect, and none needed", """{"redirect_uris":[],"grant_types":["client_credentials"],"response_types":[]}""", null },

        { "code without a response type", """{"response_types":[]}""", "DCR-07" },
        { "response type without code", """{"grant_types":["client_credentials"],"response_types":["code"]}""", "DCR-07" },
        { "hybrid in a profile that has none", """{"response_types":["code id_token"]}""", "OB-DCR-6" },
        { "token", """{"response_types":["code","token"]}""", "OB-DCR-6" },
        { "hybrid in its profile", """{"response_types":["code id_token"],"security_profile":"fapi1-advanced"}""", null },
        { "password", """{"grant_types":["authorization_code","password"]}""", "DC-06" },

        { "keys twice", """{"jwks_uri":"https://tpp.example/jwks"}""", "DCR-08" },
        { "no keys", """{"jwks":null}""", "DCR-08" },
        { "keys at an address", """{"jwks":null,"jwks_uri":"https://tpp.example/jwks"}""", null },
        { "keys at an address of ours", """{"jwks":null,"jwks_uri":"https://10.0.0.1/jwks"}""", "DC-10" },

        { "no authentication", """{"token_endpoint_auth_method":"none"}""", "CA-01" },
        { "a secret", """{"token_endpoint_auth_method":"client_secret_basic"}""", "CA-01" },
        { "assertions by RS256", """{"token_endpoint_auth_signing_alg":"RS256"}""", "DCR-09" },
        { "assertions by ES256", """{"token_endpoint_auth_signing_alg":"ES256"}""", null },
        { "ID tokens by none", """{"id_token_signed_response_alg":"none"}""", "DCR-09" },
        { "request objects by none", """{"request_object_signing_alg":"none"}""", "DCR-09" },
        { "request objects by RS256", """{"request_object_signing_alg":"RS256"}""", "DCR-09" },
        { "request objects by PS256", """{"request_object_signing_alg":"PS256"}""", null },

        { "a certificate with no name", """{"token_endpoint_auth_method":"tls_client_auth"}""", "DCR-10" },
        { "a certificate with two names", """{"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"CN=a","tls_client_auth_san_dns":"a.example"}""", "DCR-10" },
        { "a certificate with no distinguished name", """{"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"a"}""", "DCR-10" },
        { "a certificate with one name", """{"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"CN=a"}""", null },

        { "two hosts", """{"redirect_uris":["https://a.example/1","https://b.example/2"]}""", "DCR-13" },
        { "one host twice", """{"redirect_uris":["https://a.example/1","https://a.example/2"]}""", null },
        { "two hosts of one sector", """{"redirect_uris":["https://a.example/1","https://b.example/2"],"sector_identifier_uri":"https://a.example/sector"}""", null },
        { "a sector by http", """{"sector_identifier_uri":"http://a.example/sector"}""", "DCR-12" },

        { "logo by script", """{"logo_uri":"javascript:alert(1)"}""", "DCR-14" },
        { "terms by data", """{"tos_uri":"data:text/html,x"}""", "DCR-14" },
        { "policy by http", """{"policy_uri":"http://tpp.example/policy"}""", "DCR-14" },
        { "policy in Welsh by http", """{"policy_uri#cy":"http://tpp.example/policy"}""", "DCR-14" },
        { "links", """{"logo_uri":"https://tpp.example/logo","policy_uri#cy":"https://tpp.example/polisi","client_name#cy":"Cyllideb"}""", null },
        { "a name that turns around", """{"client_name":"Bank\u202eexe"}""", "DC-17" },
        { "a name in Welsh that turns around", """{"client_name#cy":"Bank\u202eexe"}""", "DC-17" },
        { "a name of 100", $$"""{"client_name":"{{new string('n', 100)}}"}""", null },
        { "a name of 101", $$"""{"client_name":"{{new string('n', 101)}}"}""", "DC-17" },

        { "requests that are not pushed", """{"require_pushed_authorization_requests":false}""", "DC-06" },
        { "requests that are not pushed, in a profile without", """{"require_pushed_authorization_requests":false,"security_profile":"fapi1-advanced"}""", null },
        { "requests that are pushed", """{"require_pushed_authorization_requests":true}""", null },
        { "tokens bound to nothing", """{"dpop_bound_access_tokens":false}""", "DC-06" },
        { "tokens bound to neither", """{"dpop_bound_access_tokens":false,"tls_client_certificate_bound_access_tokens":false}""", "DC-06" },
        { "tokens bound to both", """{"dpop_bound_access_tokens":true,"tls_client_certificate_bound_access_tokens":true}""", "DCR-15" },
        { "tokens bound to certificates", """{"dpop_bound_access_tokens":false,"tls_client_certificate_bound_access_tokens":true}""", null },
        { "DPoP where the profile has none", """{"dpop_bound_access_tokens":true,"security_profile":"fapi1-advanced"}""", "F1-04" },

        { "a scope beyond the roles", """{"scope":"openid accounts payments"}""", "SSA-09" },
        { "a scope within the roles", """{"scope":"openid accounts payments","software_roles":["AISP","PISP"]}""", null },
        { "details beyond the roles", """{"authorization_details_types":["payment_initiation"]}""", "SSA-09" },
        { "an unknown scope", """{"scope":"openid everything"}""", "DC-05" },
        { "a role of another trade", """{"software_roles":["AISP","KING"]}""", "DCR-01" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    [Trait("Rule", "CA-01")]
    [Trait("Rule", "DC-05")]
    [Trait("Rule", "DC-06")]
    [Trait("Rule", "DC-10")]
    [Trait("Rule", "DC-16")]
    [Trait("Rule", "DC-17")]
    [Trait("Rule", "DCR-01")]
    [Trait("Rule", "DCR-05")]
    [Trait("Rule", "DCR-07")]
    [Trait("Rule", "DCR-08")]
    [Trait("Rule", "DCR-09")]
    [Trait("Rule", "DCR-10")]
    [Trait("Rule", "DCR-12")]
    [Trait("Rule", "DCR-13")]
    [Trait("Rule", "DCR-14")]
    [Trait("Rule", "DCR-15")]
    [Trait("Rule", "F1-02")]
    [Trait("Rule", "F1-04")]
    [Trait("Rule", "F2-PAR-03")]
    [Trait("Rule", "OA-18")]
    [Trait("Rule", "OB-DCR-4")]
    [Trait("Rule", "OB-DCR-6")]
    [Trait("Rule", "SSA-09")]
    public void Each_rule_has_two_sides(string what, string change, string? rule)
    {
        _ = Judge(change).Failed(out var fault, out _);

        Assert.True(fault?.Rule == rule, $"{what}: {fault?.Rule ?? "taken"}");
    }

    [Theory]
    [Trait("Rule", "DCR-03")]
    [InlineData("""{"redirect_uris":["http://tpp.example/callback"]}""", "invalid_redirect_uri")]
    [InlineData("""{"redirect_uris":["https://localhost/callback"]}""", "invalid_redirect_uri")]
    [InlineData("""{"token_endpoint_auth_method":"none"}""", "invalid_client_metadata")]
    public void A_fault_has_the_code_of_the_standard(string change, string code)
    {
        Assert.True(Judge(change).Failed(out var fault, out _));
        Assert.Equal(code, fault.Code);
    }

    [Fact]
    [Trait("Rule", "DCR-08")]
    public void Two_keys_of_one_kid_are_refused()
    {
        var other = SigningKey.Create("ES256").PublicKey.ToJson();
        JsonObject Set(string kid)
        {
            other["kid"] = kid;
            return new JsonObject { ["jwks"] = new JsonObject { ["keys"] = new JsonArray(Key.DeepClone(), other.DeepClone()) } };
        }

        Assert.False(Judge(Set("another").ToJsonString()).Failed(out _, out _));
        Assert.True(Judge(Set(Key["kid"]!.GetValue<string>()).ToJsonString()).Failed(out var fault, out _));
        Assert.Equal("DCR-08", fault.Rule);
    }

    [Fact]
    [Trait("Rule", "DCR-04")]
    public void What_was_taken_is_said_and_what_is_unknown_is_not()
    {
        Assert.False(Judge("""{"scope":"openid accounts payments","software_roles":["AISP","PISP"],"grant_types":["authorization_code","implicit"],"is_admin":true,"client_name#cy":"Cyllideb"}""").Failed(out _, out var judged));

        Assert.Equal("openid accounts", judged.Metadata["scope"]!.GetValue<string>());
        Assert.Equal("""["authorization_code"]""", judged.Metadata["grant_types"]!.ToJsonString());
        Assert.Equal("""["code"]""", judged.Metadata["response_types"]!.ToJsonString());
        Assert.Equal("PS256", judged.Metadata["id_token_signed_response_alg"]!.GetValue<string>());
        Assert.True(judged.Metadata["dpop_bound_access_tokens"]!.GetValue<bool>());
        Assert.Equal("Cyllideb", judged.Metadata["client_name#cy"]!.GetValue<string>());
        Assert.False(judged.Metadata.ContainsKey("is_admin"));
        Assert.Equal(2, judged.LeftOut.Count);
    }

    private static Kernel.Outcome<JudgedClient, MetadataFault> Judge(string change)
    {
        var client = new JsonObject
        {
            ["client_name"] = "Budget App",
            ["security_profile"] = "fapi2-sp",
            ["redirect_uris"] = new JsonArray("https://tpp.example/callback"),
            ["software_roles"] = new JsonArray("AISP"),
            ["scope"] = "openid offline_access accounts",
            ["jwks"] = new JsonObject { ["keys"] = new JsonArray(Key.DeepClone()) },
        };
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            client.Remove(name);
            if (value is not null) client[name] = value.DeepClone();
        }

        return ClientMetadata.Judge("tpp-1", JsonElement.Parse(client.ToJsonString()), Outside, DateTimeOffset.UnixEpoch);
    }
}
