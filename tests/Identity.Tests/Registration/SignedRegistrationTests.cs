using System.Net;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Registration;

public sealed class SignedRegistrationTests(RegistrationWorld world) : IClassFixture<RegistrationWorld>
{
    public static TheoryData<string, string?, string> Bad() => new()
    {
        { "iss", null, "OB-DCR-3" },
        { "iss", "\"\"", "OB-DCR-3" },
        { "iss", "\"another\"", "OB-DCR-3" },
        { "iss", $"\"{new string('a', 23)}\"", "OB-DCR-3" },
        { "aud", null, "SSA-10" },
        { "aud", "\"https://another.example\"", "SSA-10" },
        { "iat", null, "SSA-10" },
        { "jti", null, "OB-DCR-3" },
        { "jti", "\"1\"", "OB-DCR-3" },
        { "jti", "\"f3a0c1de-0000-1000-8000-000000000000\"", "OB-DCR-3" },
        { "exp", null, "OB-DCR-3" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    [Trait("Rule", "SSA-10")]
    [Trait("Rule", "OB-DCR-3")]
    public async Task The_request_says_who_sends_it_to_whom(string claim, string? value, string rule)
    {
        var software = world.Software();
        await world.RefusedAsync(
            world.RegisterSignedAsync(software, world.Signed(software, claims =>
            {
                claims.Remove(claim);
                if (value is not null) claims[claim] = JsonNode.Parse(value);
            })),
            400, "invalid_client_metadata", rule, software);
        Assert.Equal(201, (await world.RegisterSignedAsync(software, world.Signed(software))).Status);
    }

    [Theory]
    [Trait("Rule", "OB-DCR-3")]
    [Trait("Rule", "SSA-10")]
    [InlineData("exp", -9, null)]
    [InlineData("exp", -10, "OB-DCR-3")]
    [InlineData("iat", 30, null)]
    [InlineData("iat", 31, "SSA-10")]
    [InlineData("nbf", 31, "SSA-10")]
    public Task The_request_counts_in_its_time(string claim, int offset, string? rule) => world.AtOneMomentAsync(async now =>
    {
        var software = world.Software();
        var request = world.RegisterSignedAsync(software, world.Signed(software, claims => claims[claim] = now + offset));
        if (rule is null) Assert.Equal(201, (await request).Status);
        else await world.RefusedAsync(request, 400, "invalid_client_metadata", rule, software);
    });

    [Fact]
    [Trait("Rule", "SSA-10")]
    public async Task The_request_is_signed_by_a_key_of_the_software()
    {
        var software = world.Software();
        var (now, us) = (world.Host.Clock.Now, world.Host.Issuer.OriginalString);
        var good = world.Signed(software);
        var parts = good.Split('.');
        foreach (var bad in (string[])[
            software.Signed(world.Metadata(software), us, now, key: SigningKey.Create("ES256")),
            software.Signed(world.Metadata(software), us, now, typ: "dpop+jwt"),
            $"eyJhbGciOiJub25lIn0.{parts[1]}.",
            $"{parts[0]}.{parts[1]}.{new string('A', parts[2].Length)}",
            "nothing",
        ])
        {
            await world.RefusedAsync(world.RegisterSignedAsync(software, bad), 400, "invalid_client_metadata", "SSA-10", software);
        }

        Assert.Equal(201, (await world.RegisterSignedAsync(software, good)).Status);
    }

    [Theory]
    [Trait("Rule", "DC-10")]
    [Trait("Rule", "DC-13")]
    [InlineData("https://10.0.0.1/jwks")]
    [InlineData("https://169.254.169.254/latest")]
    [InlineData("https://[fd00::1]/jwks")]
    [InlineData("http://keys.tpp.example/jwks")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://keys.tpp.example/")]
    public async Task Keys_are_never_fetched_from_where_no_third_party_is(string address)
    {
        var software = world.Software();
        var asked = world.Host.Outbound.Asked.Count;
        var statement = world.Statement(software, claims => claims["software_jwks_endpoint"] = address);
        await world.RefusedAsync(world.RegisterAsync(software, software.Metadata(statement)), 400, "invalid_client_metadata", "DC-10", software);
        await world.RefusedAsync(
            world.RegisterSignedAsync(software, software.Signed(software.Metadata(statement), world.Host.Issuer.OriginalString, world.Host.Clock.Now)),
            400, "invalid_client_metadata", "DC-10", software);

        Assert.Equal(asked, world.Host.Outbound.Asked.Count);
        Assert.Equal(201, (await world.RegisterSignedAsync(software, world.Signed(software))).Status);
    }

    [Theory]
    [Trait("Rule", "DC-12")]
    [Trait("Rule", "DC-14")]
    [InlineData("redirect")]
    [InlineData("compressed")]
    [InlineData("long")]
    [InlineData("many")]
    [InlineData("type")]
    [InlineData("away")]
    public async Task Keys_that_cannot_be_had_in_bounds_are_none(string how)
    {
        var software = world.Software();
        world.Host.Outbound.Answer(software.JwksUri, (_, _) => how == "away" ? throw new HttpRequestException("away") : Task.FromResult(AnswerOf(software, how)));
        await world.RefusedAsync(world.RegisterSignedAsync(software, world.Signed(software)), 400, "invalid_client_metadata", "SSA-10", software);
        Assert.DoesNotContain(new Uri("https://127.0.0.1/"), world.Host.Outbound.Asked);

        world.Host.Outbound.Answer(software.JwksUri, software.Jwks);
        Assert.Equal(201, (await world.RegisterSignedAsync(software, world.Signed(software))).Status);
    }

    private static HttpResponseMessage AnswerOf(TestSoftware software, string how)
    {
        var key = software.Key.PublicKey.ToJson();
        var many = new JsonObject { ["keys"] = new JsonArray([.. Enumerable.Range(0, 51).Select(_ => (JsonNode)key.DeepClone())]) }.ToJsonString();
        var body = how switch { "long" => software.Jwks + new string(' ', 64 * 1024), "many" => many, _ => software.Jwks };
        var answer = new HttpResponseMessage(how == "redirect" ? HttpStatusCode.Found : HttpStatusCode.OK)
        {
            Content = new StringContent(body, System.Text.Encoding.UTF8, how == "type" ? "text/html" : "application/json"),
        };
        if (how == "redirect") answer.Headers.Location = new Uri("https://127.0.0.1/");
        if (how == "compressed") answer.Content.Headers.ContentEncoding.Add("gzip");
        return answer;
    }
}
