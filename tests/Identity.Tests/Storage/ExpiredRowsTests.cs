using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Tests.Token;

namespace OpenBanking.Identity.Tests.Storage;

[Collection(TokenTests.Name)]
public sealed class ExpiredRowsTests(TokenWorld world)
{
    /// <summary>One-time tables stay as small as the traffic, and a late replay is still told from an unknown code.</summary>
    [Fact]
    [Trait("Rule", "R42")]
    public async Task What_has_ended_is_removed_in_small_batches_and_what_counts_stays()
    {
        var clock = world.Host.Clock;
        var sweeper = world.Host.Services.GetRequiredService<ExpiredRows>();
        var start = clock.Now;
        try
        {
            clock.StopAt(start);
            var lasting = await world.TokensAsync(world.Budget);
            await world.TokensAsync(world.Budget, approval => approval.ExpiresAt = start.AddHours(1));
            await world.Host.Database.ExecuteAsync(
                """
                INSERT INTO identity.access_tokens ("Hash", "Id", "ClientId", "Scope", "DpopKeyThumbprint", "IssuedAt", "ExpiresAt")
                SELECT decode(md5(n::text), 'hex'), gen_random_uuid(), 'budget', 'accounts', 'k', $1, $1 FROM generate_series(1, $2) n
                """,
                start,
                (3 * ExpiredRows.Batch) + 1);

            clock.StopAt(start.AddMinutes(59));
            await sweeper.SweepAsync(CancellationToken.None);
            Assert.True(await CountAsync("access_tokens") > 3 * ExpiredRows.Batch);

            clock.StopAt(start.AddDays(2));
            Assert.True(await sweeper.SweepAsync(CancellationToken.None) > 3 * ExpiredRows.Batch);
            Assert.Equal(0, await CountAsync("access_tokens"));
            Assert.Equal(0, await CountAsync("authorization_codes"));
            Assert.Equal(0, await CountAsync("spent_identifiers"));
            Assert.Equal(200, (await world.Budget.RefreshAsync(lasting.GetProperty("refresh_token").GetString()!)).Status);
        }
        finally
        {
            clock.Run();
        }
    }

    /// <summary>Only what has ended, only after its time, and the refresh tokens that came of it with it.</summary>
    [Fact]
    [Trait("Rule", "R42")]
    public async Task A_grant_that_has_ended_is_kept_for_its_time_and_then_removed()
    {
        var own = new TokenWorld();
        await own.InitializeAsync();
        var clock = own.Host.Clock;
        var sweeper = own.Host.Services.GetRequiredService<ExpiredRows>();
        var start = clock.Now;
        try
        {
            clock.StopAt(start);
            var lasting = await own.TokensAsync(own.Budget);
            var (revoked, code) = await own.ApproveAsync(own.Budget);
            var tokens = await own.Budget.RedeemAsync(code);
            await own.Host.Database.ExecuteAsync("""UPDATE identity.grants SET "RevokedAt" = $1 WHERE "Id" = $2""", start, revoked.Id);

            clock.StopAt(start.AddDays(90));
            await sweeper.SweepAsync(CancellationToken.None);
            Assert.Equal((1L, 1L), await RowsAsync());
            clock.StopAt(start.AddDays(90).AddSeconds(1));
            await sweeper.SweepAsync(CancellationToken.None);
            Assert.Equal((0L, 0L), await RowsAsync());
            Assert.Equal(400, (await own.Budget.RefreshAsync(tokens.Json.GetProperty("refresh_token").GetString()!)).Status);
            Assert.Equal(200, (await own.Budget.RefreshAsync(lasting.GetProperty("refresh_token").GetString()!)).Status);

            async Task<(long Grants, long Tokens)> RowsAsync() => (
                await own.Host.Database.ScalarAsync<long>("""SELECT count(*) FROM identity.grants WHERE "Id" = $1""", revoked.Id),
                await own.Host.Database.ScalarAsync<long>("""SELECT count(*) FROM identity.refresh_tokens WHERE "GrantId" = $1""", revoked.Id));
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    /// <summary>Each minute and on every host: without an index each look would read the whole table.</summary>
    [Fact]
    [Trait("Rule", "R42")]
    public Task What_is_removed_is_found_by_an_index() => world.Host.InScopeAsync(services =>
    {
        var model = services.GetRequiredService<IdentityDb>().Model;
        Assert.All(ExpiredRows.Kinds(new AuthorizationServerOptions()), kind => Assert.Contains(model.FindEntityType(kind.Entity)!.GetIndexes(), index => index.Properties[0].Name == kind.EndsAt));
        return Task.CompletedTask;
    });

    private Task<long> CountAsync(string table) => world.Host.Database.ScalarAsync<long>($"SELECT count(*) FROM identity.{table}");
}
