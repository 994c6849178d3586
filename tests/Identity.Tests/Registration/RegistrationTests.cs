using System.Text.Json.Nodes;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing;
using OpenBanking.Testing.OpenApi;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Registration;

public sealed class RegistrationTests(RegistrationWorld world) : IClassFixture<RegistrationWorld>
{
    [Fact]
    [Trait("Rule", "DCR-02")]
    [Trait("Rule", "DCR-04")]
    [Trait("Rule", "DCR-06")]
    [Trait("Rule", "SSA-03")]
    [Trait("Rule", "F2-GEN-12")]
    [Trait("Rule", "OB-DCR-1")]
    public async Task Who_registers_is_told_all_that_was_registered()
    {
        var software = world.Software();
        var redirect = "https://tpp.example/callback?tenant=1&x=a%20b";
        software.RedirectUris = [.. software.RedirectUris, redirect];
        var statement = world.Statement(software);
        var answer = await world.RegisterAsync(software, software.Metadata(statement, metadata =>
        {
            metadata["redirect_uris"] = new JsonArray(redirect);
            metadata["scope"] = "openid accounts";
            metadata["client_name"] = "Another name";
            metadata["is_admin"] = true;
            metadata["status"] = "live";
        }));

        Assert.Equal((201, "application/json", "no-store"), (answer.Status, answer.ContentType, answer.Header("Cache-Control")));
        var id = answer.Text("client_id")!;
        Assert.Matches("^[0-9a-f]{32}$", id); // and no customer is called so: a sub has 43 characters
        Assert.Equal(
            ("Budget App", statement, software.SoftwareId, software.OrganisationId, software.JwksUri, "fapi2-sp"),
            (answer.Text("client_name"), answer.Text("software_statement"), answer.Text("software_id"), answer.Text("org_id"), answer.Text("jwks_uri"), answer.Text("security_profile")));
        Assert.Equal(redirect, answer.Json.GetProperty("redirect_uris")[0].GetString());
        Assert.Equal(world.Host.Clock.Now.ToUnixTimeSeconds(), answer.Json.GetProperty("client_id_issued_at").GetInt64());
        Assert.Equal($"{world.Host.Mtls.OriginalString}/register/{id}", answer.Text("registration_client_uri"));
        Assert.Equal(43, answer.Text("registration_access_token")!.Length);
        foreach (var absent in (string[])["client_secret", "client_secret_expires_at", "is_admin", "status"]) Assert.False(answer.Json.TryGetProperty(absent, out _));

        var tpp = TestTpp.Registered(world.Host.Reach, id, TppKind.Dpop, software.Key, null);
        Assert.NotEmpty(await tpp.ClientTokenAsync());
        var consent = await tpp.CreateConsentAsync();
        Assert.Equal(201, (await tpp.ParAsync(TestTpp.AuthorizationRequest(consent, redirect))).Status);
        Assert.Equal(400, (await tpp.ParAsync(TestTpp.AuthorizationRequest(consent, redirect.Replace("%20", "+", StringComparison.Ordinal)))).Status);
    }

    [Theory]
    [Trait("Rule", "OB-DCR-2")]
    [Trait("Rule", "OB-DCR-5")]
    [Trait("Rule", "OB-DCR-14")]
    [InlineData("v3.3", "application/jose", "private_key_jwt")]
    [InlineData("v3.4", "application/jwt", "private_key_jwt")]
    [InlineData("v3.4", "application/jose", "tls_client_auth")]
    public async Task The_signed_form_is_answered_as_the_official_file_says(string version, string type, string method)
    {
        var software = world.Software();
        var jwt = software.Signed(
            world.Metadata(software, metadata =>
            {
                metadata["token_endpoint_auth_method"] = method;
                if (method == "tls_client_auth") metadata["tls_client_auth_subject_dn"] = software.Subject;
            }),
            RegistrationWorld.Audience,
            world.Host.Clock.Now);
        var answer = await world.RegisterSignedAsync(software, jwt, type);

        Assert.True(answer.Status == 201, answer.Body);
        var official = await OfficialSchemas.RegistrationAsync(version);
        Assert.Empty(official.Validate("OBClientRegistration1", answer.Body));
        Assert.Equal(RegistrationWorld.Audience, answer.Text("aud"));

        var read = await world.ManageAsync(HttpMethod.Get, software, answer.Text("client_id")!, answer.Text("registration_access_token"));
        Assert.Equal(200, read.Status);
        Assert.Empty(official.Validate("OBClientRegistration1", read.Body));
    }

    [Fact]
    [Trait("Rule", "OB-DCR-11")]
    public async Task A_refusal_is_as_the_official_file_says()
    {
        var software = world.Software();
        var answer = await world.RegisterAsync(software, world.Metadata(software, metadata => metadata["response_types"] = new JsonArray("token")));

        Assert.Equal(400, answer.Status);
        foreach (var version in (string[])["v3.3", "v3.4"]) Assert.Empty((await OfficialSchemas.RegistrationAsync(version)).Validate("RegistrationError", answer.Body));
    }

    [Fact]
    [Trait("Rule", "DCR-11")]
    [Trait("Rule", "MTLS-02")]
    public async Task Who_shows_no_certificate_of_the_ecosystem_is_not_heard()
    {
        var software = world.Software();
        var body = world.Metadata(software).ToJsonString();
        using var stranger = TestCertificates.SelfSigned($"CN={software.OrganisationId}");
        await world.RefusedAsync(world.SendAsync(HttpMethod.Post, "/register", body, "application/json", null, null), 401, "invalid_client", "DCR-11", software);
        await world.RefusedAsync(world.SendAsync(HttpMethod.Post, "/register", body, "application/json", stranger, null), 401, "invalid_client", "MTLS-02", software);

        Assert.Equal(201, (await world.SendAsync(HttpMethod.Post, "/register", body, "application/json", software.Certificate, null)).Status);
    }

    [Theory]
    [Trait("Rule", "DCR-01")]
    [InlineData("text/plain", "{}")]
    [InlineData("application/json", "[]")]
    [InlineData("application/json", "{")]
    [InlineData("application/json", """{"a":1,"a":2}""")]
    public async Task A_body_that_has_no_one_meaning_is_refused(string type, string body) => await world.RefusedAsync(
        world.SendAsync(HttpMethod.Post, "/register", body, type, world.Software().Certificate, null), 400, "invalid_client_metadata", "DCR-01");

    [Theory]
    [Trait("Rule", "DCR-16")]
    [InlineData(64 * 1024, 400, "invalid_software_statement", "SSA-06")]
    [InlineData((64 * 1024) + 1, 413, "invalid_client_metadata", "DCR-16")]
    public async Task A_body_of_more_than_64_kb_is_refused(int length, int status, string error, string rule)
    {
        var body = "{\"x\":\"" + new string('x', length - 8) + "\"}";
        await world.RefusedAsync(
            world.SendAsync(HttpMethod.Post, "/register", body, "application/json", world.Software().Certificate, null), status, error, rule);
    }

    [Fact]
    [Trait("Rule", "DC-07")]
    public async Task What_only_the_server_says_is_refused()
    {
        foreach (var (name, value) in new (string, JsonNode)[]
        {
            ("client_id", "mine"), ("client_secret", "secret"), ("client_id_issued_at", 1), ("client_secret_expires_at", 0),
            ("registration_access_token", "mine"), ("registration_client_uri", "https://evil.example/"), ("org_id", "0015800001041RHAAY"),
        })
        {
            var software = world.Software();
            await world.RefusedAsync(
                world.RegisterAsync(software, world.Metadata(software, metadata => metadata[name] = value)), 400, "invalid_client_metadata", "DC-07", software);
        }
    }

    public static TheoryData<string, string, string, string> Beyond() => new()
    {
        { "redirect_uris", """["https://tpp.example/elsewhere"]""", "invalid_redirect_uri", "SSA-04" },
        { "redirect_uris", """["https://tpp.example/callback","https://tpp.example/callback/"]""", "invalid_redirect_uri", "SSA-04" },
        { "jwks", """{"keys":[]}""", "invalid_client_metadata", "SSA-04" },
        { "jwks_uri", "\"https://keys.evil.example/\"", "invalid_client_metadata", "SSA-04" },
        { "software_roles", """["AISP","PISP"]""", "invalid_client_metadata", "DC-05" },
        { "scope", "\"openid accounts payments\"", "invalid_client_metadata", "SSA-09" },
        { "authorization_details_types", """["payment_initiation"]""", "invalid_client_metadata", "SSA-09" },
        { "software_id", "\"another\"", "invalid_client_metadata", "OB-DCR-9" },
        { "security_profile", "\"fapi1-baseline\"", "invalid_client_metadata", "DCR-15" },
        { "security_profile", "\"none\"", "invalid_client_metadata", "DCR-15" },
        { "token_endpoint_auth_method", "\"self_signed_tls_client_auth\"", "invalid_client_metadata", "CA-01" },
        { "token_endpoint_auth_method", "\"client_secret_post\"", "invalid_client_metadata", "CA-01" },
        { "token_endpoint_auth_signing_alg", "\"RS256\"", "invalid_client_metadata", "DCR-09" },
        { "response_types", """["code","token"]""", "invalid_client_metadata", "OB-DCR-6" },
        { "require_pushed_authorization_requests", "false", "invalid_client_metadata", "DC-06" },
        { "logo_uri", "\"javascript:alert(1)\"", "invalid_client_metadata", "DCR-14" },
    };

    [Theory]
    [MemberData(nameof(Beyond))]
    [Trait("Rule", "SSA-04")]
    [Trait("Rule", "SSA-09")]
    [Trait("Rule", "DC-05")]
    [Trait("Rule", "DC-06")]
    [Trait("Rule", "DC-16")]
    [Trait("Rule", "DCR-09")]
    [Trait("Rule", "DCR-15")]
    [Trait("Rule", "OB-DCR-5")]
    [Trait("Rule", "OB-DCR-6")]
    [Trait("Rule", "OB-DCR-8")]
    [Trait("Rule", "OB-DCR-9")]
    public async Task What_goes_beyond_statement_or_policy_is_refused(string member, string value, string error, string rule)
    {
        var software = world.Software();
        await world.RefusedAsync(
            world.RegisterAsync(software, world.Metadata(software, metadata => metadata[member] = JsonNode.Parse(value))), 400, error, rule, software);

        Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software))).Status);
    }

    [Theory]
    [Trait("Rule", "DC-04")]
    [Trait("Rule", "OB-DCR-4")]
    [Trait("Rule", "DCR-05")]
    [InlineData("http://tpp.example/callback", "DCR-05")]
    [InlineData("https://localhost/callback", "OB-DCR-4")]
    [InlineData("https://127.0.0.1/callback", "OB-DCR-4")]
    [InlineData("http://localhost.evil.test/callback", "DCR-05")]
    [InlineData("javascript:alert(1)", "DCR-05")]
    [InlineData("data:text/html,x", "DCR-05")]
    [InlineData("com.example.tpp:/callback", "DCR-05")]
    [InlineData("https://tpp.example/callback#x", "DCR-05")]
    [InlineData("https://*.tpp.example/callback", "DCR-05")]
    public async Task A_bad_redirect_uri_is_refused_even_if_the_statement_has_it(string uri, string rule)
    {
        var software = world.Software();
        software.RedirectUris = [.. software.RedirectUris, uri];
        await world.RefusedAsync(
            world.RegisterAsync(software, world.Metadata(software, metadata => metadata["redirect_uris"] = new JsonArray(uri))), 400, "invalid_redirect_uri", rule, software);

        Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software))).Status);
    }

    [Fact]
    [Trait("Rule", "OB-DCR-4")]
    [Trait("Rule", "DCR-09")]
    public async Task What_is_left_out_is_the_statements_or_the_strongest()
    {
        var (software, answer, _) = await world.RegisteredAsync(metadata =>
        {
            foreach (var name in (string[])["redirect_uris", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "id_token_signed_response_alg", "grant_types", "response_types"])
                metadata.Remove(name);
        });

        Assert.Equal(software.RedirectUris, answer.Json.GetProperty("redirect_uris").EnumerateArray().Select(uri => uri.GetString()!));
        Assert.Equal(
            ("private_key_jwt", "PS256", "PS256"),
            (answer.Text("token_endpoint_auth_method"), answer.Text("token_endpoint_auth_signing_alg"), answer.Text("id_token_signed_response_alg")));
    }

    [Theory]
    [Trait("Rule", "DCR-15")]
    [InlineData("""["code"]""", null, "fapi2-sp")]
    [InlineData("""["code id_token"]""", null, "fapi1-advanced")]
    [InlineData("""["code"]""", "fapi1-advanced", "fapi1-advanced")]
    public async Task The_profile_is_the_policys(string responseTypes, string? asked, string profile)
    {
        var (_, answer, _) = await world.RegisteredAsync(metadata =>
        {
            metadata["response_types"] = JsonNode.Parse(responseTypes);
            if (asked is not null) metadata["security_profile"] = asked;
        });

        Assert.Equal(profile, answer.Text("security_profile"));
    }

    /// <summary>What customers read beside the name of an app is its directory's word, never its own.</summary>
    [Fact]
    [Trait("Rule", "DC-17")]
    [Trait("Rule", "SSA-03")]
    public async Task The_organisations_name_is_the_statements()
    {
        var (software, answer, _) = await world.RegisteredAsync(metadata => metadata["org_name"] = "Bank of England");
        Assert.Equal("Budget App Ltd", answer.Text("org_name"));
        var shown = await world.Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(new DescribeClient(answer.Text("client_id")!)));
        Assert.Equal(("Budget App Ltd", software.SoftwareId), (shown?.OrganisationName, answer.Text("software_id")));
    }

    [Fact]
    [Trait("Rule", "SSA-08")]
    [Trait("Rule", "DC-02")]
    public async Task The_statement_of_another_organisation_or_software_is_refused()
    {
        var (software, other) = (world.Software(), world.Software());
        await world.RefusedAsync(
            world.RegisterAsync(software, world.Metadata(software), other.Certificate), 400, "unapproved_software_statement", "SSA-08", software);
        using var sibling = world.Host.IssueClientCertificate($"CN={other.SoftwareId}, OU={software.OrganisationId}, O=Budget App Ltd, C=GB");
        await world.RefusedAsync(
            world.RegisterAsync(software, world.Metadata(software), sibling), 400, "unapproved_software_statement", "SSA-08", software);
        using var namesake = world.Host.IssueClientCertificate("CN=Budget App, O=Budget App Ltd, C=GB");
        await world.RefusedAsync(
            world.RegisterAsync(software, world.Metadata(software), namesake), 400, "unapproved_software_statement", "SSA-08", software);

        using var older = world.Host.IssueClientCertificate($"CN={software.SoftwareId}, OU={software.OrganisationId}, O=Budget App Ltd, C=GB");
        Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software), older)).Status);
    }

    [Theory]
    [Trait("Rule", "SSA-08")]
    [InlineData("OID.2.5.4.97=PSDGB-FCA-{number}, CN=A, C=GB", true)]
    [InlineData("OID.2.5.4.97=PSDGB-OB-{org}, CN=A, C=GB", true)]
    [InlineData("OID.2.5.4.97=PSDGB-FCA-9{number}, CN=A, C=GB", false)]
    [InlineData("OID.2.5.4.97=PSDGB-FCA-{number}-2, CN=A, C=GB", false)]
    [InlineData("O={org}, CN=A, C=GB", false)]
    [InlineData("CN={org}, C=GB", true)]
    [InlineData("CN={org}x, C=GB", false)]
    public async Task An_organisation_is_known_by_its_identifiers(string subject, bool taken)
    {
        var software = world.Software();
        using var certificate = world.Host.IssueClientCertificate(subject
            .Replace("{number}", software.RegistrationNumber, StringComparison.Ordinal).Replace("{org}", software.OrganisationId, StringComparison.Ordinal));
        var answer = await world.RegisterAsync(software, world.Metadata(software), certificate);

        Assert.Equal(taken ? 201 : 400, answer.Status);
    }

    [Theory]
    [Trait("Rule", "SSA-08")]
    [Trait("Rule", "MTLS-04")]
    [InlineData("{subject}", true)]
    [InlineData("cn={org}, organizationIdentifier=PSDGB-FCA-{number} , O=Budget App\\20Ltd , C=gb", true)]
    [InlineData("CN={org},organizationIdentifier=PSDGB-FCA-{number},O=Another Ltd,C=GB", false)]
    [InlineData("CN={org},O=Budget App Ltd,C=GB", false)]
    public async Task The_subject_of_an_mtls_client_is_that_of_the_certificate_shown(string subject, bool taken)
    {
        var software = world.Software();
        var name = subject.Replace("{subject}", software.Subject, StringComparison.Ordinal)
            .Replace("{number}", software.RegistrationNumber, StringComparison.Ordinal).Replace("{org}", software.OrganisationId, StringComparison.Ordinal);
        var request = world.RegisterAsync(software, world.Metadata(software, metadata =>
        {
            metadata["token_endpoint_auth_method"] = "tls_client_auth";
            metadata["tls_client_auth_subject_dn"] = name;
        }));
        if (!taken)
        {
            await world.RefusedAsync(request, 400, "invalid_client_metadata", "SSA-08", software);
            return;
        }

        var answer = await request;
        Assert.True(answer.Status == 201, answer.Body);
        using var tpp = TestTpp.Registered(world.Host.Reach, answer.Text("client_id")!, TppKind.Mtls, software.Key, software.Certificate);
        Assert.NotEmpty(await tpp.ClientTokenAsync());
    }

    [Fact]
    [Trait("Rule", "OB-DCR-7")]
    [Trait("Rule", "DCR-10")]
    public async Task Each_method_needs_its_own_member()
    {
        var software = world.Software();
        await world.RefusedAsync(
            world.RegisterSignedAsync(software, world.Signed(software, metadata: metadata => metadata.Remove("token_endpoint_auth_signing_alg"))),
            400, "invalid_client_metadata", "OB-DCR-7", software);
        await world.RefusedAsync(
            world.RegisterSignedAsync(software, world.Signed(software, metadata: metadata => metadata["token_endpoint_auth_method"] = "tls_client_auth")),
            400, "invalid_client_metadata", "DCR-10", software);

        Assert.Equal(201, (await world.RegisterSignedAsync(software, world.Signed(software))).Status);
    }

    [Theory]
    [Trait("Rule", "DC-17")]
    [InlineData("<script>alert(1)</script>", null)]
    [InlineData("Bank\u202eexe", "DC-17")]
    [InlineData("Bank\u200b", "DC-17")]
    public async Task A_name_that_cannot_be_shown_is_refused(string name, string? rule)
    {
        var software = world.Software();
        software.Name = name;
        var request = world.RegisterAsync(software, world.Metadata(software));
        if (rule is null) Assert.Equal(201, (await request).Status);
        else await world.RefusedAsync(request, 400, "invalid_client_metadata", rule, software);
    }
}
