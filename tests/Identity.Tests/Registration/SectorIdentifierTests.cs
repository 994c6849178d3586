using System.Text.Json.Nodes;

namespace OpenBanking.Identity.Tests.Registration;

public sealed class SectorIdentifierTests(RegistrationWorld world) : IClassFixture<RegistrationWorld>
{
    private const string Sector = "https://sector.example/uris.json";

    [Theory]
    [Trait("Rule", "DCR-12")]
    [InlineData("""["https://a.example/1","https://b.example/2"]""", true)]
    [InlineData("""["https://a.example/1","https://b.example/2","https://c.example/3"]""", true)]
    [InlineData("""["https://a.example/1"]""", false)]
    [InlineData("""["https://a.example/1","https://b.example/2/"]""", false)]
    [InlineData("""{"uris":["https://a.example/1","https://b.example/2"]}""", false)]
    [InlineData("""[1,"https://a.example/1"]""", false)]
    [InlineData("<html>", false)]
    public async Task A_sector_says_itself_who_is_of_it(string list, bool taken)
    {
        world.Host.Outbound.Answer(Sector, list);
        var software = world.Software();
        software.RedirectUris = ["https://a.example/1", "https://b.example/2"];
        var request = world.RegisterAsync(software, world.Metadata(software, metadata =>
        {
            metadata["redirect_uris"] = new JsonArray("https://a.example/1", "https://b.example/2");
            metadata["sector_identifier_uri"] = Sector;
        }));
        if (!taken)
        {
            await world.RefusedAsync(request, 400, "invalid_client_metadata", "DCR-12", software);
            return;
        }

        var answer = await request;
        Assert.Equal((201, Sector), (answer.Status, answer.Text("sector_identifier_uri")));
    }

    [Fact]
    [Trait("Rule", "DCR-12")]
    public async Task Who_has_no_redirect_uri_is_of_the_sector_by_its_keys()
    {
        var software = world.Software();
        JsonObject Metadata() => world.Metadata(software, metadata =>
        {
            metadata["redirect_uris"] = new JsonArray();
            metadata["response_types"] = new JsonArray();
            metadata["grant_types"] = new JsonArray("client_credentials");
            metadata["sector_identifier_uri"] = Sector;
        });
        world.Host.Outbound.Answer(Sector, """["https://keys.evil.example/"]""");
        await world.RefusedAsync(world.RegisterAsync(software, Metadata()), 400, "invalid_client_metadata", "DCR-12", software);

        world.Host.Outbound.Answer(Sector, $"[\"{software.JwksUri}\"]");
        Assert.Equal(201, (await world.RegisterAsync(software, Metadata())).Status);
    }

    [Theory]
    [Trait("Rule", "DC-15")]
    [Trait("Rule", "DCR-12")]
    [InlineData("http://sector.example/uris.json", "DCR-12")]
    [InlineData("https://192.168.0.1/uris.json", "DC-15")]
    [InlineData("https://169.254.169.254/", "DC-15")]
    [InlineData("file:///etc/passwd", "DCR-12")]
    public async Task A_sector_is_never_asked_where_no_third_party_is(string address, string rule)
    {
        var software = world.Software();
        var asked = world.Host.Outbound.Asked.Count;
        await world.RefusedAsync(
            world.RegisterAsync(software, world.Metadata(software, metadata => metadata["sector_identifier_uri"] = address)), 400, "invalid_client_metadata", rule, software);
        Assert.Equal(asked, world.Host.Outbound.Asked.Count);
    }

    [Fact]
    [Trait("Rule", "DC-15")]
    [Trait("Rule", "DCR-14")]
    public async Task Links_for_customers_are_never_called()
    {
        var asked = world.Host.Outbound.Asked.Count;
        var (_, answer, _) = await world.RegisteredAsync(metadata =>
        {
            foreach (var name in (string[])["client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "policy_uri#cy"]) metadata[name] = $"https://tpp.example/{name[..3]}";
        });

        Assert.Equal("https://tpp.example/log", answer.Text("logo_uri"));
        Assert.Equal("https://tpp.example/pol", answer.Text("policy_uri#cy"));
        Assert.Equal(asked, world.Host.Outbound.Asked.Count);
    }
}
