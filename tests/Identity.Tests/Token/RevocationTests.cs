using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Token;

[Collection(TokenTests.Name)]
public sealed class RevocationTests(TokenWorld world)
{
    [Fact]
    [Trait("Rule", "RS-17")]
    [Trait("Rule", "REV-05")]
    [Trait("Rule", "REV-08")]
    public async Task A_revoked_access_token_ends_at_once_and_alone()
    {
        var tokens = await world.TokensAsync(world.Budget);
        var access = tokens.GetProperty("access_token").GetString()!;

        Assert.Equal((200, null), await RevokeAsync(world.Budget, access, "refresh_token"));

        world.Host.Log.Clear();
        Assert.Equal(401, (await world.Budget.UseAsync(access)).Status);
        Assert.Equal("REV-08", world.Host.Log.LastRefusal?.Rule);
        Assert.Equal(200, (await world.Budget.RefreshAsync(tokens.GetProperty("refresh_token").GetString()!)).Status);
    }

    [Fact]
    [Trait("Rule", "REV-04")]
    [Trait("Rule", "REV-06")]
    public async Task A_revoked_refresh_token_takes_its_access_tokens_along()
    {
        var tokens = await world.TokensAsync(world.Budget);
        var (access, refresh) = (tokens.GetProperty("access_token").GetString()!, tokens.GetProperty("refresh_token").GetString()!);
        var another = (await world.Budget.RefreshAsync(refresh)).Text("access_token")!;

        Assert.Equal((200, null), await RevokeAsync(world.Budget, refresh, "something_else"));

        Assert.Equal("invalid_grant", (await world.Budget.RefreshAsync(refresh)).Error);
        Assert.Equal(401, (await world.Budget.UseAsync(access)).Status);
        Assert.Equal(401, (await world.Budget.UseAsync(another)).Status);
    }

    [Fact]
    [Trait("Rule", "REV-02")]
    public async Task What_is_not_there_or_not_any_more_is_revoked()
    {
        var access = (await world.Budget.ForItselfAsync()).Text("access_token")!;

        Assert.Equal((200, null), await RevokeAsync(world.Budget, "unknown"));
        Assert.Equal((200, null), await RevokeAsync(world.Budget, access));
        Assert.Equal((200, null), await RevokeAsync(world.Budget, access));
    }

    [Fact]
    [Trait("Rule", "REV-03")]
    [Trait("Rule", "OA-52")]
    public async Task Another_clients_token_stays()
    {
        var tokens = await world.TokensAsync(world.Budget);
        var (access, refresh) = (tokens.GetProperty("access_token").GetString()!, tokens.GetProperty("refresh_token").GetString()!);

        await world.RefusedAsync(PostAsync(world.Rival, access), 400, "invalid_grant", "REV-03");
        await world.RefusedAsync(PostAsync(world.Rival, refresh), 400, "invalid_grant", "REV-03");

        Assert.Equal(200, (await world.Budget.UseAsync(access)).Status);
        Assert.Equal(200, (await world.Budget.RefreshAsync(refresh)).Status);
    }

    [Fact]
    [Trait("Rule", "REV-01")]
    public Task A_token_must_be_named() => world.RefusedAsync(world.Budget.CallAsync("/revoke", Form.Empty, withProof: false), 400, "invalid_request", "REV-01");

    private static Task<Answer> PostAsync(TestTpp tpp, string token, string? hint = null) =>
        tpp.CallAsync("/revoke", Form.Empty.With("token", token).With("token_type_hint", hint), withProof: false);

    private static async Task<(int, string?)> RevokeAsync(TestTpp tpp, string token, string? hint = null)
    {
        var answer = await PostAsync(tpp, token, hint);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        return (answer.Status, answer.Body.Length == 0 ? null : answer.Body);
    }
}
