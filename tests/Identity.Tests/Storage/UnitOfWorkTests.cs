using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Tests.Token;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Tests.Storage;

[Collection(TokenTests.Name)]
public sealed class UnitOfWorkTests(TokenWorld world)
{
    /// <summary>A question has the connection opened without a transaction; what is changed afterwards must not commit by itself.</summary>
    [Fact]
    public async Task What_is_changed_after_a_question_is_undone_with_the_request()
    {
        var row = NewRow();
        await using (var scope = world.Host.Services.CreateAsyncScope())
        {
            var (unit, db) = Of(scope);
            Assert.NotNull(await scope.ServiceProvider.GetRequiredService<ClientRegister>().FindAsync(world.Budget.ClientId, CancellationToken.None));
            await db.Set<SpentIdentifier>().Where(known => known.Hash == row.Hash).ExecuteDeleteAsync();
            db.Add(row);
            await db.SaveChangesAsync();
            await unit.RollbackAsync();
        }

        Assert.False(await IsStoredAsync(row));
    }

    [Fact]
    [Trait("Rule", "CA-10")]
    public async Task What_was_presumed_and_does_not_hold_undoes_all()
    {
        var now = world.Host.Clock.Now;
        var until = now.AddMinutes(1);
        var (jti, beside) = (Guid.CreateVersion7().ToString(), NewRow());

        Assert.True(await InScopeAsync(presuming: true, (replays, _) => replays.IsFirstAssertionAsync("somebody", jti, until, CancellationToken.None)));
        Assert.False(await InScopeAsync(presuming: true, async (replays, db) =>
        {
            Assert.True(await replays.IsFirstAssertionAsync("somebody", jti, until, CancellationToken.None));
            db.InsertAtCommit(beside);
            return true;
        }));
        Assert.False(await IsStoredAsync(beside));
        Assert.True(await InScopeAsync(presuming: false, async (replays, _) =>
        {
            Assert.False(await replays.IsFirstAssertionAsync("somebody", jti, until, CancellationToken.None));
            return true;
        }));
    }

    private static (UnitOfWork Unit, IdentityDb Db) Of(AsyncServiceScope scope) =>
        (scope.ServiceProvider.GetRequiredService<UnitOfWork>(), scope.ServiceProvider.GetRequiredService<IdentityDb>());

    private static SpentIdentifier NewRow() => new() { Hash = RandomNumberGenerator.GetBytes(32), Until = DateTimeOffset.UnixEpoch };

    private async Task<bool> InScopeAsync(bool presuming, Func<ReplayGuard, IdentityDb, Task<bool>> work)
    {
        await using var scope = world.Host.Services.CreateAsyncScope();
        var (unit, db) = Of(scope);
        unit.Presuming = presuming;
        Assert.True(await work(scope.ServiceProvider.GetRequiredService<ReplayGuard>(), db));
        return await unit.CommitAsync();
    }

    private Task<bool> IsStoredAsync(SpentIdentifier row) => world.Host.InScopeAsync(services =>
        services.GetRequiredService<IdentityDb>().Set<SpentIdentifier>().AnyAsync(known => known.Hash == row.Hash));
}
