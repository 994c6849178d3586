using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Token;

[Collection(TokenTests.Name)]
public class ClientCredentialsGrantTests(TokenWorld world)
{
    private const string Accounts = "/open-banking/v4.0/aisp/accounts";

    [Fact]
    [Trait("Rule", "TOK-08")]
    [Trait("Rule", "TOK-09")]
    public async Task A_client_gets_an_access_token_for_itself_and_nothing_else()
    {
        var answer = await world.Budget.ForItselfAsync("openid accounts accounts offline_access");

        Assert.Equal((200, "accounts", "DPoP"), (answer.Status, answer.Text("scope"), answer.Text("token_type")));
        Assert.Null(answer.Text("refresh_token"));
        Assert.Null(answer.Text("id_token"));
    }

    [Theory]
    [Trait("Rule", "F2-GEN-10")]
    [Trait("Rule", "TOK-07")]
    [Trait("Rule", "OA-50")]
    [InlineData("", "F2-GEN-10")]
    [InlineData("openid", "F2-GEN-10")]
    [InlineData("accounts payments", "TOK-07")]
    [InlineData("ACCOUNTS", "TOK-07")]
    public Task Scope_names_an_api_that_the_client_is_registered_for(string scope, string rule) =>
        world.RefusedAsync(world.Budget.ForItselfAsync(scope), 400, "invalid_scope", rule);

    [Fact]
    [Trait("Rule", "OA-49")]
    public async Task Ten_thousand_scopes_are_refused_as_one()
    {
        // Short enough to be read at all.
        var scope = string.Join(' ', Enumerable.Range(0, 10_000).Select(number => new string([Letter(number / 676), Letter(number / 26), Letter(number)])));

        Assert.Equal(400, (await world.Budget.ForItselfAsync(scope)).Status);

        static char Letter(int number) => (char)('a' + (number % 26));
    }

    [Fact]
    [Trait("Rule", "RAR-09")]
    public Task Details_need_a_customer() => world.RefusedAsync(
        world.Budget.TokenAsync(Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts").With("authorization_details", "[]")),
        400,
        "invalid_authorization_details",
        "RAR-09");

    /// <summary>The role counts when the token is asked for and again each time it is used.</summary>
    [Fact]
    [Trait("Rule", "OB-SEC-1")]
    [Trait("Rule", "OB-SEC-6")]
    [Trait("Rule", "MT-10")]
    public async Task The_accounts_scope_needs_the_role()
    {
        var before = await world.TokensAsync(world.OtherLender, approval => approval.Scope = "openid accounts");
        var token = before.GetProperty("access_token").GetString()!;
        Assert.NotEqual(403, (await world.OtherLender.UseAsync(token, Accounts)).Status);
        try
        {
            await world.Host.Database.ExecuteAsync("UPDATE identity.clients SET \"Roles\" = '{PISP}' WHERE \"ClientId\" = $1", world.OtherLender.ClientId);

            await world.RefusedAsync(world.OtherLender.ForItselfAsync(), 400, "invalid_scope", "OB-SEC-6");
            Assert.Equal(200, (await world.OtherLender.UseAsync(token)).Status);
            Assert.Equal(403, (await world.OtherLender.UseAsync(token, Accounts)).Status);
            Assert.Equal("OB-SEC-6", world.Host.Log.LastRefusal?.Rule);
        }
        finally
        {
            await world.Host.Database.ExecuteAsync("UPDATE identity.clients SET \"Roles\" = '{AISP}' WHERE \"ClientId\" = $1", world.OtherLender.ClientId);
        }

        Assert.Equal((200, "accounts"), ((await world.OtherLender.ForItselfAsync()).Status, (await world.OtherLender.ForItselfAsync()).Text("scope")));
    }

    [Fact]
    [Trait("Rule", "F2-GEN-03")]
    [Trait("Rule", "OA-28")]
    public async Task A_client_that_binds_to_its_certificate_must_show_one()
    {
        // It authenticates with an assertion, so nothing else asks for the certificate.
        await world.Host.Database.ExecuteAsync("UPDATE identity.clients SET \"UsesDpop\" = false WHERE \"ClientId\" = $1", world.Rival.ClientId);
        try
        {
            await world.RefusedAsync(world.Rival.ForItselfAsync(), 400, "invalid_request", "F2-GEN-03");
        }
        finally
        {
            await world.Host.Database.ExecuteAsync("UPDATE identity.clients SET \"UsesDpop\" = true WHERE \"ClientId\" = $1", world.Rival.ClientId);
        }
    }
}
