using System.Text.Json.Nodes;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Registration;

public sealed class SoftwareStatementTests(RegistrationWorld world) : IClassFixture<RegistrationWorld>
{
    [Fact]
    [Trait("Rule", "SSA-06")]
    [Trait("Rule", "DC-01")]
    public async Task Without_a_statement_nobody_registers()
    {
        var software = world.Software();
        await world.RefusedAsync(
            world.RegisterAsync(software, world.Metadata(software, metadata => metadata.Remove("software_statement"))), 400, "invalid_software_statement", "SSA-06", software);
        Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software))).Status);
    }

    [Fact]
    [Trait("Rule", "SSA-01")]
    [Trait("Rule", "DC-01")]
    public async Task A_statement_that_no_known_directory_signed_is_refused()
    {
        var software = world.Software();
        var good = world.Statement(software);
        var parts = good.Split('.');
        var stranger = new TestDirectory("https://stranger.example");
        string[] bad =
        [
            "nothing",
            $"eyJhbGciOiJub25lIn0.{parts[1]}.", // alg none
            $"{parts[0]}.{parts[1]}.{new string('A', parts[2].Length)}",
            world.Official.Statement(software, world.Host.Clock.Now, key: stranger.Key), // the name of the one, the key of another
            stranger.Statement(software, world.Host.Clock.Now),
            world.Official.Statement(software, world.Host.Clock.Now, claims => claims.Remove("iss")),
            world.Official.Statement(software, world.Host.Clock.Now, claims => claims["iss"] = world.Official.Issuer + "/"),
            world.Distant.Statement(software, world.Host.Clock.Now, claims => claims["iss"] = world.Official.Issuer),
        ];
        foreach (var statement in bad)
            await world.RefusedAsync(world.RegisterAsync(software, software.Metadata(statement)), 400, "invalid_software_statement", "SSA-01", software);
        Assert.Equal(201, (await world.RegisterAsync(software, software.Metadata(good))).Status);
    }

    [Fact]
    [Trait("Rule", "OB-DCR-10")]
    public async Task A_key_in_the_message_itself_is_never_taken()
    {
        var software = world.Software();
        var (now, key) = (world.Host.Clock.Now, SigningKey.Create("ES256"));
        var statement = DpopJws.Sign(key, new JsonObject { ["iss"] = world.Official.Issuer, ["iat"] = now.ToUnixTimeSeconds() });
        await world.RefusedAsync(world.RegisterAsync(software, software.Metadata(statement)), 400, "invalid_software_statement", "OB-DCR-10", software);
        await world.RefusedAsync(
            world.RegisterSignedAsync(software, DpopJws.Sign(key, world.Metadata(software))), 400, "invalid_client_metadata", "OB-DCR-10", software);
    }

    [Theory]
    [Trait("Rule", "SSA-02")]
    [InlineData("iat")]
    [InlineData("jti")]
    [InlineData("software_id")]
    [InlineData("org_id")]
    [InlineData("software_roles")]
    [InlineData("software_jwks_endpoint")]
    [InlineData("software_redirect_uris")]
    public async Task A_statement_without_a_required_claim_is_refused(string claim)
    {
        var software = world.Software();
        await world.RefusedAsync(
            world.RegisterAsync(software, software.Metadata(world.Statement(software, claims => claims.Remove(claim)))), 400, "invalid_software_statement", "SSA-02", software);
        Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software))).Status);
    }

    [Theory]
    [Trait("Rule", "SSA-07")]
    [Trait("Rule", "DC-01")]
    [InlineData(-24 * 3600, null, true)]
    [InlineData((-24 * 3600) - 1, null, false)]
    [InlineData(30, null, true)]
    [InlineData(31, null, false)]
    [InlineData(24 * 3600, null, false)]
    [InlineData(-60, -9, true)]
    [InlineData(-60, -10, false)]
    public Task A_statement_counts_for_a_day(int issued, int? expires, bool taken) => world.AtOneMomentAsync(async now =>
    {
        var software = world.Software();
        var request = world.RegisterAsync(software, software.Metadata(world.Statement(software, claims =>
        {
            claims["iat"] = now + issued;
            if (expires is not null) claims["exp"] = now + expires.Value;
        })));
        if (taken) Assert.Equal(201, (await request).Status);
        else await world.RefusedAsync(request, 400, "invalid_software_statement", "SSA-07", software);
    });

    [Fact]
    [Trait("Rule", "SSA-05")]
    public async Task Software_that_its_directory_has_taken_out_is_refused()
    {
        var software = world.Software();
        await world.RefusedAsync(
            world.RegisterAsync(software, software.Metadata(world.Statement(software, claims => claims["org_status"] = "Revoked"))), 400, "unapproved_software_statement", "SSA-05", software);
        Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software))).Status);
    }

    [Fact]
    [Trait("Rule", "SSA-01")]
    public async Task A_directorys_keys_may_be_at_an_address()
    {
        var software = world.Software();
        var answer = await world.RegisterAsync(software, software.Metadata(world.Distant.Statement(software, world.Host.Clock.Now)));

        Assert.True(answer.Status == 201, answer.Body);
        Assert.Contains(new Uri("https://distant.example/keys"), world.Host.Outbound.Asked);
    }

    [Fact]
    [Trait("Rule", "MT-10")]
    [Trait("Rule", "SSA-09")]
    [Trait("Rule", "OB-SEC-6")]
    public async Task Roles_become_scopes()
    {
        var software = world.Software();
        software.Roles = ["AISP", "PISP", "CBPII", "ROLE-OF-THE-FUTURE"];
        var answer = await world.RegisterAsync(software, world.Metadata(software, metadata => metadata["scope"] = "openid accounts payments fundsconfirmations"));

        Assert.True(answer.Status == 201, answer.Body);
        Assert.Equal("""["AISP","PISP","CBPII"]""", answer.Json.GetProperty("software_roles").GetRawText());
        Assert.StartsWith("openid accounts", answer.Text("scope"), StringComparison.Ordinal);

        var payments = world.Software();
        payments.Roles = ["PISP"];
        await world.RefusedAsync(world.RegisterAsync(payments, world.Metadata(payments)), 400, "invalid_client_metadata", "SSA-09", payments);
    }

    [Fact]
    [Trait("Rule", "OB-DCR-15")]
    [Trait("Rule", "SSA-05")]
    [Trait("Rule", "DCM-06")]
    public async Task What_the_configuration_revokes_loses_tokens_and_access()
    {
        var (software, answer, manager) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;
        var here = TestTpp.Registered(world.Host.Reach, id, TppKind.Dpop, software.Key, null);
        var token = await here.ClientTokenAsync();
        const string consents = "/open-banking/v4.0/aisp/account-access-consents/";
        var consent = await here.CreateConsentAsync();
        Assert.Equal(200, (await here.GetAsync(consents + consent, token)).Status);

        await using (var host = await world.StartAsync(options =>
        {
            options.Database = world.Host.Database;
            options.Clock = world.Host.Clock;
            options.Issuer = world.Host.Issuer;
            options.DataPath = world.Host.DataPath;
            options.Settings["Identity:Directories:0:Revoked:0"] = software.SoftwareId;
        }))
        {
            // On the host that runs on as it was, too.
            Assert.Equal((401, "OB-DCR-15"), ((await here.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts"))).Status, world.Host.Log.LastRefusal?.Rule));
            Assert.Equal(401, (await here.GetAsync(consents + consent, token)).Status);
            await world.RefusedAsync(world.ManageAsync(HttpMethod.Get, software, id, manager), 403, "access_denied", "DCM-06");
            await world.RefusedOnAsync(host, world.RegisterAsync(software, world.Metadata(software), host: host), 400, "unapproved_software_statement", "SSA-05");
        }

        await using var again = await world.StartAsync(options =>
        {
            options.Database = world.Host.Database;
            options.Clock = world.Host.Clock;
            options.Issuer = world.Host.Issuer;
            options.DataPath = world.Host.DataPath;
        });
        Assert.Equal(200, (await here.GetAsync(consents + consent, token)).Status);
        Assert.Equal(200, (await world.ManageAsync(HttpMethod.Get, software, id, manager)).Status);
    }

    /// <summary>By command, beside hosts that run on: nothing is started again.</summary>
    [Fact]
    [Trait("Rule", "OB-DCR-15")]
    [Trait("Rule", "SSA-05")]
    [Trait("Rule", "DCM-06")]
    public async Task What_an_operator_revokes_is_out_at_the_next_request_and_back_when_it_is_restored()
    {
        var form = Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts");
        var (software, answer, manager) = await world.RegisteredAsync();
        var (other, otherAnswer, _) = await world.RegisteredAsync();
        var id = answer.Text("client_id")!;
        using var tpp = TestTpp.Registered(world.Host.Reach, id, TppKind.Dpop, software.Key, null);
        using var beside = TestTpp.Registered(world.Host.Reach, otherAnswer.Text("client_id")!, TppKind.Dpop, other.Key, null);
        var sibling = world.Software(software.OrganisationId);

        // By its software, and then by its organisation too: either holds while the other is taken back.
        Assert.Equal(new RevocationAnswer.Done(1), await SendAsync(new RevokeStatements(world.Official.Issuer, software.SoftwareId)));
        Assert.Equal((401, "OB-DCR-15"), ((await tpp.TokenAsync(form)).Status, world.Host.Log.LastRefusal?.Rule));
        Assert.Equal(200, (await beside.TokenAsync(form)).Status);
        await world.RefusedAsync(world.ManageAsync(HttpMethod.Get, software, id, manager), 403, "access_denied", "DCM-06");
        Assert.Equal(new RevocationAnswer.Done(1), await SendAsync(new RevokeStatements(world.Official.Issuer, software.OrganisationId)));
        await world.RefusedAsync(world.RegisterAsync(sibling, world.Metadata(sibling)), 400, "unapproved_software_statement", "SSA-05", sibling);
        Assert.Equal(new RevocationAnswer.Done(0), await SendAsync(new RestoreStatements(world.Official.Issuer, software.SoftwareId)));
        Assert.Equal(401, (await tpp.TokenAsync(form)).Status);

        Assert.Equal(new RevocationAnswer.Done(0), await SendAsync(new RestoreStatements(world.Official.Issuer, software.OrganisationId)));
        Assert.Equal(200, (await tpp.TokenAsync(form)).Status);
        Assert.Equal(201, (await world.RegisterAsync(sibling, world.Metadata(sibling))).Status);
        Assert.Equal(new RevocationAnswer.WasNotRevoked(), await SendAsync(new RestoreStatements(world.Official.Issuer, software.OrganisationId)));
        Assert.IsType<RevocationAnswer.UnknownDirectory>(await SendAsync(new RevokeStatements("https://nobody.example", software.SoftwareId)));
    }

    private Task<RevocationAnswer> SendAsync(IRequest<RevocationAnswer> change) =>
        world.Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(change));
}
