using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Storage;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Registration;

public sealed class ClientConfigurationTests(RegistrationWorld world) : IClassFixture<RegistrationWorld>
{
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents/";

    [Fact]
    [Trait("Rule", "DCM-01")]
    [Trait("Rule", "DCM-08")]
    [Trait("Rule", "DC-09")]
    public async Task A_registration_is_opened_by_its_own_token_alone()
    {
        var (software, answer, token) = await world.RegisteredAsync();
        var (other, otherAnswer, otherToken) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;

        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete])
        {
            await world.RefusedAsync(world.ManageAsync(method, software, id, null), 401, "invalid_token", "DCM-01");
            await world.RefusedAsync(world.ManageAsync(method, software, id, "guess"), 401, "invalid_token", "DCM-01");
            await world.RefusedAsync(world.ManageAsync(method, software, id, "Basic " + token), 401, "invalid_token", "DCM-01");
            await world.RefusedAsync(world.ManageAsync(method, other, id, otherToken), 401, "invalid_token", "DC-09");
        }

        var read = await world.ManageAsync(HttpMethod.Get, software, id, token);
        Assert.Equal((200, token, "no-store"), (read.Status, read.Text("registration_access_token"), read.Header("Cache-Control")));
        Assert.Equal(answer.Json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal), read.Json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal(200, (await world.ManageAsync(HttpMethod.Get, other, otherAnswer.Text("client_id")!, otherToken)).Status);
    }

    [Fact]
    [Trait("Rule", "DCM-01")]
    public async Task A_refusal_says_how_to_authenticate()
    {
        var (software, answer, _) = await world.RegisteredAsync();
        var refused = await world.ManageAsync(HttpMethod.Get, software, answer.Text("client_id")!, "guess");
        Assert.StartsWith("Bearer ", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "DCM-09")]
    public async Task A_registration_is_managed_over_a_certificate_of_its_organisation()
    {
        var (software, answer, token) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;
        await world.RefusedAsync(world.SendAsync(HttpMethod.Get, "/register/" + id, null, "", null, token), 401, "invalid_token", "DCM-09");
        await world.RefusedAsync(world.ManageAsync(HttpMethod.Get, software, id, token, certificate: world.Software().Certificate), 401, "invalid_token", "DCM-09");
        Assert.Equal(200, (await world.ManageAsync(HttpMethod.Get, software, id, token)).Status);
    }

    [Fact]
    [Trait("Rule", "DCM-05")]
    public async Task A_token_that_is_shown_for_nobody_is_revoked()
    {
        var (software, answer, token) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;
        Assert.Equal(200, (await world.ManageAsync(HttpMethod.Get, software, id, token)).Status);
        await world.RefusedAsync(world.ManageAsync(HttpMethod.Get, software, "nobody", token), 401, "invalid_token", "DCM-05");
        await world.RefusedAsync(world.ManageAsync(HttpMethod.Get, software, id, token), 401, "invalid_token", "DCM-01");
    }

    [Fact]
    [Trait("Rule", "OB-DCR-12")]
    [Trait("Rule", "OB-DCR-14")]
    [Trait("Rule", "DCM-06")]
    public async Task A_token_of_the_client_itself_opens_it_too()
    {
        var (software, tpp) = await MtlsClientAsync();
        var (_, other, _) = await world.RegisteredAsync();
        var token = await tpp.ClientTokenAsync();
        Assert.Equal(200, (await world.ManageAsync(HttpMethod.Get, software, tpp.ClientId, token)).Status);

        foreach (var id in (string[])["nobody", other.Text("client_id")!])
        {
            token = await tpp.ClientTokenAsync();
            await world.RefusedAsync(world.ManageAsync(HttpMethod.Get, software, id, token), 401, "invalid_token", "OB-DCR-12");
            await world.RefusedAsync(world.ManageAsync(HttpMethod.Get, software, tpp.ClientId, token), 401, "invalid_token", "DCM-01");
        }

        // Who did not register has no registration.
        using var fromFile = await TestTpp.RegisterAsync(world.Host, TppKind.Mtls);
        await world.RefusedAsync(
            world.ManageAsync(HttpMethod.Get, software, fromFile.ClientId, await fromFile.ClientTokenAsync(), certificate: fromFile.Certificate), 403, "access_denied", "DCM-06");
    }

    [Fact]
    [Trait("Rule", "DCM-07")]
    public async Task Other_methods_are_not_offered()
    {
        var (software, answer, token) = await world.RegisteredAsync();
        Assert.Equal(405, (await world.ManageAsync(HttpMethod.Patch, software, answer.Text("client_id")!, token, [])).Status);
        Assert.Equal(405, (await world.ManageAsync(HttpMethod.Post, software, answer.Text("client_id")!, token, [])).Status);
    }

    [Fact]
    [Trait("Rule", "PW-06")]
    public async Task A_client_does_not_lose_its_customers_by_moving()
    {
        var (software, answer, token) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;
        software.RedirectUris = [.. software.RedirectUris, "https://moved.example/back"];
        JsonObject Moved(string? sector) => world.Metadata(software, metadata =>
        {
            metadata["client_id"] = id;
            metadata["redirect_uris"] = new JsonArray("https://moved.example/back");
            if (sector is not null) metadata["sector_identifier_uri"] = sector;
        });
        await world.RefusedAsync(world.ManageAsync(HttpMethod.Put, software, id, token, Moved(null)), 400, "invalid_client_metadata", "PW-06");
        Assert.Equal("tpp.example", await SectorAsync(id));

        // Its old host says that the new one is of its sector, so the customers stay who they were.
        world.Host.Outbound.Answer("https://tpp.example/sector.json", """["https://moved.example/back"]""");
        Assert.Equal(200, (await world.ManageAsync(HttpMethod.Put, software, id, token, Moved("https://tpp.example/sector.json"))).Status);
        Assert.Equal("tpp.example", await SectorAsync(id));
    }

    private Task<string> SectorAsync(string clientId) => world.Host.InScopeAsync(services =>
        services.GetRequiredService<IdentityDb>().Clients.Where(client => client.ClientId == clientId).Select(client => client.Sector).SingleAsync());

    [Fact]
    [Trait("Rule", "DCM-02")]
    [Trait("Rule", "OB-DCR-13")]
    public async Task An_update_replaces_everything_and_ends_no_token()
    {
        var (software, answer, manager) = await world.RegisteredAsync(metadata => (metadata["tos_uri"], metadata["scope"]) = ("https://tpp.example/terms", "openid accounts offline_access"));
        var id = answer.Text("client_id")!;
        using var tpp = TestTpp.Registered(world.Host.Reach, id, TppKind.Dpop, software.Key, null);
        var token = await tpp.ClientTokenAsync();
        var consent = await tpp.CreateConsentAsync();
        var updated = await world.ManageAsync(HttpMethod.Put, software, id, manager, world.Metadata(software, metadata =>
        {
            metadata["client_id"] = id;
            metadata["redirect_uris"] = new JsonArray("https://tpp.example/other");
        }));

        Assert.True(updated.Status == 200, updated.Body);
        Assert.Equal((id, manager, "openid accounts"), (updated.Text("client_id"), updated.Text("registration_access_token"), updated.Text("scope")));
        Assert.False(updated.Json.TryGetProperty("tos_uri", out _));
        Assert.Equal(answer.Json.GetProperty("client_id_issued_at").GetInt64(), updated.Json.GetProperty("client_id_issued_at").GetInt64());
        var read = await world.ManageAsync(HttpMethod.Get, software, id, manager);
        Assert.Equal("https://tpp.example/other", Assert.Single(read.Json.GetProperty("redirect_uris").EnumerateArray()).GetString());

        Assert.Equal(200, (await tpp.GetAsync(Consents + consent, token)).Status);
        Assert.Equal(400, (await tpp.ParAsync(TestTpp.AuthorizationRequest(consent))).Status);
        Assert.Equal(201, (await tpp.ParAsync(TestTpp.AuthorizationRequest(consent, "https://tpp.example/other"))).Status);
    }

    public static TheoryData<string, string?, string, string> BadUpdates() => new()
    {
        { "client_id", null, "invalid_client_metadata", "DCM-02" },
        { "client_id", "\"another\"", "invalid_client_metadata", "DCM-02" },
        { "registration_access_token", "\"mine\"", "invalid_client_metadata", "DC-07" },
        { "registration_client_uri", "\"https://evil.example\"", "invalid_client_metadata", "DC-07" },
        { "client_secret_expires_at", "0", "invalid_client_metadata", "DC-07" },
        { "client_id_issued_at", "1", "invalid_client_metadata", "DC-07" },
        { "software_statement", null, "invalid_software_statement", "SSA-06" },
        { "redirect_uris", """["https://evil.example/"]""", "invalid_redirect_uri", "SSA-04" },
        { "scope", "\"openid accounts payments\"", "invalid_client_metadata", "SSA-09" },
        { "token_endpoint_auth_method", "\"none\"", "invalid_client_metadata", "CA-01" },
        { "token_endpoint_auth_method", "\"tls_client_auth\"", "invalid_client_metadata", "DCR-10" },
        { "response_types", "[]", "invalid_client_metadata", "DCR-07" },
        { "dpop_bound_access_tokens", "false", "invalid_client_metadata", "DC-06" },
    };

    [Theory]
    [MemberData(nameof(BadUpdates))]
    [Trait("Rule", "DCM-02")]
    [Trait("Rule", "DCM-03")]
    [Trait("Rule", "DC-06")]
    [Trait("Rule", "DC-07")]
    [Trait("Rule", "DC-08")]
    [Trait("Rule", "SSA-06")]
    public async Task An_update_is_judged_like_a_registration(string member, string? value, string error, string rule)
    {
        var (software, answer, token) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;
        await world.RefusedAsync(
            world.ManageAsync(HttpMethod.Put, software, id, token, world.Metadata(software, metadata =>
            {
                metadata["client_id"] = id;
                metadata.Remove(member);
                if (value is not null) metadata[member] = JsonNode.Parse(value);
            })),
            400, error, rule);

        var read = await world.ManageAsync(HttpMethod.Get, software, id, token);
        Assert.Equal(answer.Body.Length, read.Body.Length);
        Assert.Equal(200, (await world.ManageAsync(HttpMethod.Put, software, id, token, world.Metadata(software, metadata => metadata["client_id"] = id))).Status);
    }

    [Fact]
    [Trait("Rule", "OB-DCR-9")]
    public async Task A_client_stays_with_its_software()
    {
        var (software, answer, token) = await world.RegisteredAsync();
        var sibling = world.Software(software.OrganisationId);
        await world.RefusedAsync(
            world.ManageAsync(HttpMethod.Put, software, answer.Text("client_id")!, token, world.Metadata(sibling, metadata => metadata["client_id"] = answer.Text("client_id"))),
            400, "invalid_client_metadata", "OB-DCR-9");
    }

    [Fact]
    [Trait("Rule", "DC-03")]
    [Trait("Rule", "DCM-03")]
    public async Task An_update_may_be_signed_and_counts_once()
    {
        var (software, answer, token) = await world.RegisteredAsync();
        var (id, jwt) = (answer.Text("client_id")!, world.Signed(software));
        Task<Answer> PutAsync() => world.SendAsync(HttpMethod.Put, "/register/" + id, jwt, "application/jose", software.Certificate, token);

        Assert.Equal((200, id), ((await PutAsync()) is { } first ? (first.Status, first.Text("client_id")) : default));
        await world.RefusedAsync(PutAsync(), 400, "invalid_client_metadata", "DC-03");
    }

    [Fact]
    [Trait("Rule", "DCM-04")]
    [Trait("Rule", "DCM-05")]
    [Trait("Rule", "DC-09")]
    [Trait("Rule", "OB-DCR-13")]
    public async Task A_client_that_is_deleted_ends_with_its_tokens_at_once()
    {
        var (software, answer, manager) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;
        using var tpp = TestTpp.Registered(world.Host.Reach, id, TppKind.Dpop, software.Key, null);
        var customer = await TestCustomer.CreateAsync(world.Host);
        var consent = await tpp.CreateConsentAsync();
        var pushed = await tpp.PushAsync(TestTpp.AuthorizationRequest(await tpp.CreateConsentAsync()));
        var tokens = await tpp.RedeemAsync(await tpp.AuthoriseAsync(customer, consent));
        var (access, own) = (tokens.Text("access_token")!, await tpp.ClientTokenAsync());
        Assert.Equal(200, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", access)).Status);

        await world.Host.Database.ExecuteAsync("INSERT INTO consent.event_subscriptions (\"Id\", \"ClientId\", \"Version\", \"PushAt\", \"Failures\") VALUES ('sub-1', $1, '4.0', now(), 0), ('sub-2', 'another', '4.0', now(), 0)", id);
        var deleted = await world.ManageAsync(HttpMethod.Delete, software, id, manager);
        Assert.Equal("sub-2", await world.Host.Database.ScalarAsync<string>("SELECT string_agg(\"Id\", ' ') FROM consent.event_subscriptions WHERE \"Id\" IN ('sub-1', 'sub-2')"));
        Assert.Equal((204, ""), (deleted.Status, deleted.Body));

        Assert.Equal(401, (await tpp.GetAsync("/open-banking/v4.0/aisp/accounts", access)).Status);
        Assert.Equal(401, (await tpp.GetAsync(Consents + consent, own)).Status);
        var refused = await tpp.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts"));
        Assert.Equal((401, "invalid_client"), (refused.Status, refused.Error));
        using (var browser = customer.OpenBrowser()) Assert.Equal(400, (await browser.OpenAsync(tpp.AuthorizePath(pushed))).Status);
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete])
            await world.RefusedAsync(world.ManageAsync(method, software, id, manager), 401, "invalid_token", "DCM-01");

        // The consent stays on record, and the software may come again as another client (OB-DCR-15).
        Assert.Equal(1, await world.Host.InScopeAsync(services => services.GetRequiredService<IdentityDb>().Database
            .SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM consent.consents WHERE \"Id\" = {consent}").SingleAsync()));
        Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software))).Status);
    }

    private async Task<(TestSoftware Software, TestTpp Tpp)> MtlsClientAsync()
    {
        var software = world.Software();
        var answer = await world.RegisterAsync(software, world.Metadata(software, metadata =>
        {
            metadata["token_endpoint_auth_method"] = "tls_client_auth";
            metadata["tls_client_auth_subject_dn"] = software.Subject;
        }));
        Assert.True(answer.Status == 201, answer.Body);
        return (software, TestTpp.Registered(world.Host.Reach, answer.Text("client_id")!, TppKind.Mtls, software.Key, software.Certificate));
    }
}
