using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests.Audit;

public sealed class AuditChainTests
{
    private const string Amelia = "C-100001";

    [Fact]
    [Trait("Rule", "OP-06")]
    [Trait("Rule", "OP-07")]
    public async Task What_happens_to_consents_and_elsewhere_stands_in_one_chain_in_its_order()
    {
        await using var api = await BankApi.StartAsync();
        var id = (await api.AccessAsync(["GB-1"])).ConsentId!;
        await api.AskAsync(new CancelConnection(id, Amelia, new DecisionOrigin("192.0.2.9", "Browser/2")));
        await api.PublishAsync(new AuditedFact("payment.accepted", "p-1", api.Clock.Now, new Dictionary<string, string?>(StringComparer.Ordinal) { ["by"] = "tpp-1" }));
        await SealAsync(api);

        Assert.Equal(new AuditReport(4, 1, null), await api.AskAsync(new VerifyAuditChain()));
        Assert.Equal(
            "consent.Create consent.Authorise consent.Cancel payment.accepted",
            await api.Database.ScalarAsync<string>("""SELECT string_agg("What", ' ' ORDER BY "Day", "Sequence") FROM consent.audit"""));
        Assert.Contains("\"address\":\"192.0.2.9\"", await api.Database.ScalarAsync<string>("""SELECT "Content" FROM consent.audit WHERE "Sequence" = 3"""), StringComparison.Ordinal);
        Assert.Equal(0L, await api.Database.ScalarAsync<long>("SELECT count(*) FROM consent.audit_pending"));
        var anchor = Assert.Single(Directory.GetFiles(api.AuditFolder));
        Assert.Contains("\"events\":4", await File.ReadAllTextAsync(anchor), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(anchor));
        await Assert.ThrowsAsync<ArgumentException>(() => api.PublishAsync(new AuditedFact("consent.Authorise", id, api.Clock.Now, new Dictionary<string, string?>(StringComparer.Ordinal))));
    }

    [Fact]
    [Trait("Rule", "OP-06")]
    public async Task A_chain_goes_over_midnight_and_its_anchors_with_it()
    {
        await using var api = await BankApi.StartAsync();
        for (var day = 0; day < 3; day++)
        {
            await api.ConsentAsync();
            await SealAsync(api);
            api.Clock.Advance(TimeSpan.FromDays(1));
        }

        // A clock that is put back takes nothing out of its order.
        api.Clock.Advance(TimeSpan.FromDays(-2));
        await api.ConsentAsync();
        await SealAsync(api);
        Assert.Equal(new AuditReport(4, 3, null), await api.AskAsync(new VerifyAuditChain()));
        var files = Directory.GetFiles(api.AuditFolder).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(3, files.Count);

        File.Delete(files[1]);
        Assert.StartsWith("An anchor before that of ", (await api.AskAsync(new VerifyAuditChain())).Problem, StringComparison.Ordinal);
    }

    /// <summary>Hosts that seal at once seal every line once.</summary>
    [Fact]
    [Trait("Rule", "OP-06")]
    public async Task Hosts_that_seal_at_once_make_one_chain()
    {
        await using var api = await BankApi.StartAsync();
        await using (var scope = api.Services.CreateAsyncScope())
        {
            var mediator = scope.ServiceProvider.GetRequiredService<MediatR.IMediator>();
            for (var number = 0; number < 200; number++)
                await mediator.Publish(new AuditedFact("test.counted", $"t-{number}", api.Clock.Now, new Dictionary<string, string?>(StringComparer.Ordinal)));
            await scope.ServiceProvider.GetRequiredService<OpenBanking.Kernel.Storage.UnitOfWork>().CommitAsync();
        }

        var sealer = api.Services.GetRequiredService<AuditSealer>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => sealer.SealAsync(CancellationToken.None)));
        await SealAsync(api);
        Assert.Equal(new AuditReport(200, 1, null), await api.AskAsync(new VerifyAuditChain()));
    }

    [Fact]
    [Trait("Rule", "CO-22")]
    [Trait("Rule", "OP-06")]
    public async Task What_is_removed_for_its_age_leaves_a_line_and_no_fault()
    {
        await using var api = await BankApi.StartAsync();
        var id = await api.ConsentAsync();
        await SealAsync(api);
        api.Clock.Advance(TimeSpan.FromDays(8));
        await api.Services.GetRequiredService<Batches<WaitingConsents>>().DoAllAsync(CancellationToken.None);
        await SealAsync(api);
        Assert.Equal(new AuditReport(2, 2, null), await api.AskAsync(new VerifyAuditChain()));
        Assert.Equal(id, await api.Database.ScalarAsync<string>("""SELECT "Subject" FROM consent.audit WHERE "What" = 'consent-removed'"""));
    }

    internal static async Task SealAsync(BankApi api)
    {
        // The host's own turn may hold the lock.
        var sealer = api.Services.GetRequiredService<AuditSealer>();
        do await sealer.SealAndAnchorAsync(CancellationToken.None);
        while (await api.Database.ScalarAsync<long>("SELECT count(*) FROM consent.audit_pending") > 0);
    }
}
