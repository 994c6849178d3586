using System.Text.Json.Nodes;
using OpenBanking.Identity.Clients;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Tests.Clients;

public sealed class ClientsFileTests
{
    private static readonly JsonObject Key = SigningKey.Create("ES256").PublicKey.ToJson();

    [Fact]
    [Trait("Rule", "CA-02")]
    [Trait("Rule", "PW-02")]
    public void A_good_client_is_taken_with_its_defaults()
    {
        var client = Assert.Single(Read(Good()).Clients);
        Assert.Equal(
            ("tpp-1", Profile.F2, "Budget App", "private_key_jwt", true, "PS256", "tpp.example", "pairwise"),
            (client.ClientId, client.Profile, client.Name, client.AuthenticationMethod, client.UsesDpop, client.IdTokenAlgorithm, client.Sector, client.SubjectType));
        Assert.Equal(["authorization_code", "refresh_token", "client_credentials"], client.GrantTypes);
        Assert.Equal(["openid", "offline_access", "accounts"], client.Scopes);
        Assert.Equal(["account_information"], client.AuthorizationDetailsTypes);
    }

    [Theory]
    [Trait("Rule", "F1-04")]
    [InlineData("fapi2-sp", "F2", true)]
    [InlineData("fapi2-ms", "F2, MS", true)]
    [InlineData("fapi1-advanced", "F1", false)]
    [InlineData("fapi1-baseline", "Baseline", true)]
    public void Each_profile_has_its_word_and_its_sender_constraint(string word, string profile, bool usesDpop)
    {
        var content = Read(Good(client =>
        {
            client["security_profile"] = word;
            client.Remove("dpop_bound_access_tokens");
        }));
        Assert.Equal((null, profile, usesDpop), (content.Problem, Assert.Single(content.Clients).Profile.ToString(), content.Clients[0].UsesDpop));
    }

    [Theory]
    [Trait("Rule", "F1-04")]
    [Trait("Rule", "F1-18")]
    [Trait("Rule", "F1-30")]
    [Trait("Rule", "F2-PAR-08")]
    [Trait("Rule", "MS-01")]
    [Trait("Rule", "F1-01")]
    [InlineData("fapi1-advanced", "dpop_bound_access_tokens", "client tpp-1 binds its tokens to DPoP keys, and its profile knows certificates alone (F1-04)")]
    [InlineData("fapi1-advanced", "loopback", "client tpp-1 has a redirect URI that is not https")]
    [InlineData("fapi1-baseline", "loopback", "client tpp-1 has a redirect URI that is not https")]
    [InlineData("fapi1-advanced", "no keys", "client tpp-1 needs jwks or jwks_uri")]
    [InlineData("fapi2-ms", "no keys", "client tpp-1 needs jwks or jwks_uri")]
    [InlineData("fapi1-baseline", "payments", "client tpp-1 asks for a scope that a profile for reading does not have")]
    [InlineData("fapi1-advanced", "payments", null)]
    [InlineData("fapi2-sp", "dpop_bound_access_tokens", null)]
    [InlineData("fapi2-sp", "loopback", null)]
    [InlineData("fapi2-sp", "no keys", null)]
    [InlineData("fapi1-baseline", "no keys", null)]
    public void What_a_profile_forbids_is_fine_in_another(string word, string what, string? problem) => Assert.Equal(problem, Read(Good(client =>
    {
        client["security_profile"] = word;
        client.Remove("dpop_bound_access_tokens");
        switch (what)
        {
            case "loopback":
                client["application_type"] = "native";
                client["redirect_uris"] = new JsonArray("http://127.0.0.1/callback");
                break;
            case "payments":
                client["scope"] = "openid accounts payments";
                client["software_roles"] = new JsonArray("AISP", "PISP");
                break;
            case "no keys":
                client.Remove("jwks");
                client["token_endpoint_auth_method"] = "tls_client_auth";
                client["tls_client_auth_subject_dn"] = "CN=tpp";
                break;
            default:
                client[what] = true;
                break;
        }
    })).Problem);

    [Fact]
    public void Words_that_are_known_but_not_offered_are_left_out_with_a_warning()
    {
        var content = Read(Good(client => (client["scope"], client["grant_types"], client["software_roles"]) =
            ("openid accounts payments", new JsonArray("authorization_code", "implicit"), new JsonArray("AISP", "PISP"))));
        Assert.Equal(["openid", "accounts"], content.Clients[0].Scopes);
        Assert.Equal(["authorization_code"], content.Clients[0].GrantTypes);
        Assert.Equal(2, content.Warnings.Count);
    }

    public static TheoryData<string, string?, string> Bad() => new()
    {
        { "security_profile", "\"fapi3\"", "client tpp-1 has an unknown security_profile" },
        { "security_profile", null, "client tpp-1 has no security_profile" },
        { "client_id", null, "a client has no client_id" },
        { "client_id", "\"tpp 1\"", "a client_id must be 1 to 255 visible ASCII characters" },
        { "client_name", "\"Bank\\u202eexe\"", "client tpp-1 has a client_name that is too long or has characters that cannot be shown" },
        { "client_uri", "\"javascript:alert(1)\"", "client tpp-1 has a client_uri that is not https" },
        { "grant_types", "[\"password\"]", "client tpp-1 has an unknown word in grant_types" },
        { "scope", "\"openid everything\"", "client tpp-1 has an unknown word in scope" },
        { "software_roles", "[\"PISP\"]", "client tpp-1 asks for scope accounts without the role AISP (OB-SEC-6)" },
        { "redirect_uris", "[]", "client tpp-1 has no redirect_uris" },
        { "redirect_uris", "[\"http://tpp.example/callback\"]", "client tpp-1 has a redirect URI that is not https" },
        { "redirect_uris", "[\"http://127.0.0.1/callback\"]", "client tpp-1 has a redirect URI that is not https" },
        { "redirect_uris", "[\"https://tpp.example/callback?code=1\"]", "client tpp-1 has a redirect URI with a parameter that answers carry" },
        { "redirect_uris", "[\"https://tpp.example/callback#f\"]", "client tpp-1 has a redirect URI that is not a plain absolute address" },
        { "redirect_uris", "[\"https://a@tpp.example/callback\"]", "client tpp-1 has a redirect URI that is not a plain absolute address" },
        { "redirect_uris", "[\"https://a.example/1\",\"https://b.example/2\"]", "client tpp-1 has redirect URIs on several hosts and no sector_identifier_uri" },
        { "token_endpoint_auth_method", "\"client_secret_basic\"", "client tpp-1 has an unknown word in token_endpoint_auth_method" },
        { "token_endpoint_auth_signing_alg", "\"RS256\"", "client tpp-1 has an unknown word in token_endpoint_auth_signing_alg" },
        { "id_token_signed_response_alg", "\"none\"", "client tpp-1 has an unknown word in id_token_signed_response_alg" },
        { "token_endpoint_auth_method", "\"tls_client_auth\"", "client tpp-1 must have exactly one tls_client_auth_* value (MTLS-03)" },
        { "tls_client_certificate_bound_access_tokens", "true", "client tpp-1 binds its tokens both to DPoP keys and to certificates" },
        { "jwks", null, "client tpp-1 needs jwks or jwks_uri" },
        { "jwks", """{"keys":[]}""", "client tpp-1 has a jwks without a key for signatures" },
        { "jwks_uri", "\"https://tpp.example/jwks\"", "client tpp-1 has both jwks and jwks_uri" },
        { "dpop_bound_access_tokens", "\"yes\"", "client tpp-1 has a dpop_bound_access_tokens that is neither true nor false" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    [Trait("Rule", "OB-SEC-6")]
    [Trait("Rule", "OA-18")]
    [Trait("Rule", "F2-PAR-08")]
    [Trait("Rule", "MTLS-03")]
    [Trait("Rule", "DC-16")]
    [Trait("Rule", "DC-17")]
    public void What_cannot_stand_is_one_clear_sentence(string member, string? value, string problem) =>
        Assert.Equal(problem, Read(Good(client => Set(client, member, value))).Problem);

    [Theory]
    [InlineData("{}", "it must be a JSON array")]
    [InlineData("[", "it is not valid JSON")]
    [InlineData("""[{"client_id":"a","client_id":"b"}]""", "it is not valid JSON")]
    [InlineData("[1]", "each client must be a JSON object")]
    public void A_broken_file_is_one_clear_sentence(string json, string problem) =>
        Assert.Equal(problem, ClientsFile.Parse(json, Kinds.Served, allowLoopback: false, DateTimeOffset.UnixEpoch).Problem);

    [Fact]
    public void A_client_twice_is_one_clear_sentence() => Assert.Equal("client tpp-1 is in it twice", Read(Good(), Good()).Problem);

    [Theory]
    [Trait("Rule", "DC-10")]
    [Trait("Rule", "DC-13")]
    [InlineData("https://tpp.example/jwks", null)]
    [InlineData("http://tpp.example/jwks", "must be an https address")]
    [InlineData("https://127.0.0.1/jwks", "must be a public address")]
    public void A_key_address_is_judged_when_it_is_registered(string uri, string? problem) => Assert.Equal(
        problem is null ? null : "client tpp-1 has a jwks_uri that " + problem,
        Read(Good(client =>
        {
            client.Remove("jwks");
            client["jwks_uri"] = uri;
        })).Problem);

    private static JsonObject Good(Action<JsonObject>? change = null)
    {
        var client = new JsonObject
        {
            ["client_id"] = "tpp-1",
            ["client_name"] = "Budget App",
            ["security_profile"] = "fapi2-sp",
            ["redirect_uris"] = new JsonArray("https://tpp.example/callback"),
            ["software_roles"] = new JsonArray("AISP"),
            ["scope"] = "openid offline_access accounts",
            ["dpop_bound_access_tokens"] = true,
            ["jwks"] = new JsonObject { ["keys"] = new JsonArray(Key.DeepClone()) },
        };
        change?.Invoke(client);
        return client;
    }

    private static void Set(JsonObject client, string member, string? json)
    {
        client.Remove(member);
        if (json is not null) client[member] = JsonNode.Parse(json);
    }

    private static ClientsFile.Content Read(params JsonObject[] clients) =>
        ClientsFile.Parse(new JsonArray([.. clients]).ToJsonString(), Kinds.Served, allowLoopback: false, DateTimeOffset.UnixEpoch);
}
