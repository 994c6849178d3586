namespace OpenBanking.Identity.Tests.Registration;

/// <summary>How many clients there can be of one piece of software, of one organisation, and how often one may ask.</summary>
public sealed class RegistrationLimitsTests(RegistrationWorld world) : IClassFixture<RegistrationWorld>
{
    [Fact]
    [Trait("Rule", "OB-DCR-9")]
    [Trait("Rule", "DC-03")]
    [Trait("Rule", "SSA-07")]
    public async Task A_piece_of_software_has_one_client()
    {
        var software = world.Software();
        var jwt = world.Signed(software);
        var statement = world.Statement(software, claims => claims["jti"] = "one");
        Assert.Equal(201, (await world.RegisterSignedAsync(software, jwt)).Status);

        await world.RefusedAsync(world.RegisterSignedAsync(software, jwt), 400, "invalid_client_metadata", "DC-03");
        await world.RefusedAsync(world.RegisterAsync(software, software.Metadata(statement)), 400, "invalid_client_metadata", "OB-DCR-9");
        await world.RefusedAsync(
            world.RegisterAsync(software, software.Metadata(world.Statement(software, claims => (claims["jti"], claims["software_client_name"]) = ("one", "Other")))),
            400, "invalid_software_statement", "SSA-07");
        Assert.Equal(1, await world.CountAsync(software));
    }

    [Fact]
    [Trait("Rule", "DC-03")]
    public async Task Of_many_at_one_moment_on_two_hosts_one_is_registered()
    {
        await using var second = await world.StartAsync(options =>
        {
            options.Database = world.Host.Database;
            options.Clock = world.Host.Clock;
            options.Issuer = world.Host.Issuer;
            options.DataPath = world.Host.DataPath;
        });
        var software = world.Software();
        second.Outbound.Answer(software.JwksUri, software.Jwks);
        var jwt = world.Signed(software);
        var plain = world.Metadata(software);
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(turn => turn % 3 == 0
            ? world.RegisterAsync(software, plain, host: turn % 2 == 0 ? world.Host : second)
            : world.RegisterSignedAsync(software, jwt, host: turn % 2 == 0 ? world.Host : second)));

        Assert.Equal(1, answers.Count(answer => answer.Status == 201));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((400, "invalid_client_metadata"), (answer.Status, answer.Error)));
        Assert.Equal(1, await world.CountAsync(software));
    }

    [Fact]
    [Trait("Rule", "DC-18")]
    public async Task An_organisation_registers_ten_in_an_hour()
    {
        await using var host = await world.StartAsync(options =>
        {
            options.Database = world.Host.Database;
            options.Clock = world.Host.Clock;
            options.DataPath = world.Host.DataPath;
            options.Settings["RateLimits:RegistrationsPerOrganisationAndHour"] = "10";
        });
        var organisation = world.Software().OrganisationId;
        for (var turn = 0; turn < 10; turn++)
        {
            var software = world.Software(organisation);
            Assert.Equal(201, (await world.RegisterAsync(software, world.Metadata(software), host: host)).Status);
        }

        var eleventh = world.Software(organisation);
        await world.RefusedOnAsync(host, world.RegisterAsync(eleventh, world.Metadata(eleventh), host: host), 429, "temporarily_unavailable", "DC-18");
        var stranger = world.Software();
        Assert.Equal(201, (await world.RegisterAsync(stranger, world.Metadata(stranger), host: host)).Status);
        Assert.Equal(0, await world.CountAsync(eleventh));
    }

    [Fact]
    [Trait("Rule", "DCR-16")]
    public async Task One_certificate_may_not_flood_the_endpoint()
    {
        await using var host = await world.StartAsync(options => (options.Settings["RateLimits:ClientRequests"], options.Settings["RateLimits:WindowSeconds"]) = ("5", "600"));
        using var certificate = host.IssueClientCertificate("CN=flood");
        using var other = host.IssueClientCertificate("CN=other");
        for (var turn = 0; turn < 5; turn++)
            Assert.Equal(400, (await world.SendAsync(HttpMethod.Post, "/register", "{}", "application/json", certificate, null, host)).Status);

        var answer = await world.SendAsync(HttpMethod.Post, "/register", "{}", "application/json", certificate, null, host);
        Assert.Equal((429, "DCR-16"), (answer.Status, host.Log.LastRefusal?.Rule));
        Assert.NotNull(answer.Header("Retry-After"));
        Assert.Equal(400, (await world.SendAsync(HttpMethod.Post, "/register", "{}", "application/json", other, null, host)).Status);
    }
}
