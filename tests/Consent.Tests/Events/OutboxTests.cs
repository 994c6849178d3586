using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Events;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests.Events;

/// <summary>What is written when something happens, before anybody is told.</summary>
public sealed class OutboxTests(Bank bank)
{
    private const string Amelia = "C-100001";
    private const string Revoked = "urn:uk:org:openbanking:events:consent-authorization-revoked";
    private const string Updated = "urn:uk:org:openbanking:events:resource-update";
    private const string Linked = "urn:uk:org:openbanking:events:account-access-consent-linked-account-update";
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-CON-20")]
    [Trait("Rule", "OB-EVT-5")]
    [Trait("Rule", "OB-EVT-14")]
    public async Task A_third_party_hears_that_its_customer_has_stopped_an_access_and_not_what_it_did_itself()
    {
        var access = await api.AccessAsync(["GB-1"]);
        Assert.Empty(await HappenedAsync(access.ConsentId!));
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(access.ConsentId!, Amelia, new DecisionOrigin(null, null))));
        var happened = Assert.Single(await HappenedAsync(access.ConsentId!));
        Assert.Equal(
            new Happened(Revoked, BankApi.Tpp, "account-access-consent", "aisp/account-access-consents/" + access.ConsentId, null), happened);

        // What is stopped cannot be stopped again, and nothing happens twice.
        Assert.Equal(CancellationAnswer.WasNotActive, await api.AskAsync(new CancelConnection(access.ConsentId!, Amelia, new DecisionOrigin(null, null))));
        Assert.Single(await HappenedAsync(access.ConsentId!));

        var suspended = (await api.AccessAsync(["GB-1"])).ConsentId!;
        Assert.Equal(SuspensionAnswer.Suspended, await api.AskAsync(new SuspendConsent(suspended, "fraud desk", "A pattern of theft")));
        Assert.Equal(Revoked, Assert.Single(await HappenedAsync(suspended)).Type);

        var given = await api.AccessAsync(["GB-1"]);
        Assert.Equal(204, (await api.SendAsync(HttpMethod.Delete, "/account-access-consents/" + given.ConsentId, new TestCaller(BankApi.Tpp))).Status);
        Assert.Empty(await HappenedAsync(given.ConsentId!));
    }

    [Fact]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "OB-EVT-5")]
    public async Task A_third_party_hears_that_an_access_has_reached_its_end()
    {
        await using var own = await BankApi.StartAsync();
        var end = own.Clock.Now.AddHours(1);
        var access = await own.AccessAsync(["GB-1"], expires: end);
        own.Clock.StopAt(end.AddSeconds(-1));
        Assert.Equal("AUTH", (await own.GetAsync("/account-access-consents/" + access.ConsentId, new TestCaller(BankApi.Tpp))).Data.GetProperty("Status").GetString());
        Assert.Empty(await HappenedAsync(access.ConsentId!, own));
        own.Clock.StopAt(end.AddSeconds(1));
        Assert.Equal("EXPD", (await own.GetAsync("/account-access-consents/" + access.ConsentId, new TestCaller(BankApi.Tpp))).Data.GetProperty("Status").GetString());
        Assert.Equal(Updated, Assert.Single(await HappenedAsync(access.ConsentId!, own)).Type);
    }

    [Fact]
    [Trait("Rule", "OB-CON-16")]
    [Trait("Rule", "OB-EVT-5")]
    public async Task A_third_party_hears_of_accounts_that_come_and_go_and_of_those_alone()
    {
        var access = (await api.AccessAsync(["GB-1", "GB-2"])).ConsentId!;
        var other = (await api.AccessAsync(["GB-2"])).ConsentId!;
        var over = (await api.AccessAsync(["GB-1"])).ConsentId!;
        await api.AskAsync(new CancelConnection(over, Amelia, new DecisionOrigin(null, null)));

        await api.PublishAsync(new LinkedAccountChanged(api.Account("GB-1"), LinkedAccountCause.Closed));
        await api.PublishAsync(new LinkedAccountChanged(api.Account("GB-1"), LinkedAccountCause.Switched));
        await api.PublishAsync(new LinkedAccountChanged(api.Account("GB-1"), LinkedAccountCause.Other));
        Assert.Equal(
            [
                new Happened(Linked, BankApi.Tpp, "account-access-consent", "aisp/account-access-consents/" + access, "UK.OBIE.AccountClosure"),
                new Happened(Linked, BankApi.Tpp, "account-access-consent", "aisp/account-access-consents/" + access, "UK.OBIE.CASS"),
                new Happened(Linked, BankApi.Tpp, "account-access-consent", "aisp/account-access-consents/" + access, null),
            ],
            await HappenedAsync(access));
        Assert.Empty(await HappenedAsync(other));
        Assert.Equal(Revoked, Assert.Single(await HappenedAsync(over)).Type);
    }

    [Fact]
    [Trait("Rule", "D-11")]
    [Trait("Rule", "OB-EVT-5")]
    public async Task A_third_party_hears_that_the_other_holder_has_taken_a_joint_account_out()
    {
        var access = (await api.AccessAsync(["GB-1", "JT-1"])).ConsentId!;
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(access, "C-100002", new DecisionOrigin(null, null))));
        Assert.Equal(Linked, Assert.Single(await HappenedAsync(access)).Type);

        // Out of it already, it is no news what becomes of the account.
        await api.PublishAsync(new LinkedAccountChanged(api.Account("JT-1"), LinkedAccountCause.Closed));
        Assert.Single(await HappenedAsync(access));
    }

    [Fact]
    [Trait("Rule", "OB-EVT-14")]
    public async Task An_event_stands_or_falls_with_its_transaction_and_shares_its_number()
    {
        var client = "tpp-" + Guid.CreateVersion7().ToString("N");
        var (first, second) = (Event(client, "one"), Event(client, "two"));
        await using (var scope = api.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<IMediator>().Publish(first, TestContext.Current.CancellationToken);
            await scope.ServiceProvider.GetRequiredService<UnitOfWork>().RollbackAsync();
        }

        Assert.Equal(0, await CountAsync(client));
        await using (var scope = api.Services.CreateAsyncScope())
        {
            var mediator = scope.ServiceProvider.GetRequiredService<IMediator>();
            await mediator.Publish(first, TestContext.Current.CancellationToken);
            await mediator.Publish(second, TestContext.Current.CancellationToken);
            await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(TestContext.Current.CancellationToken);
        }

        await api.PublishAsync(second);
        Assert.Equal(3, await CountAsync(client));
        Assert.Equal(2L, await api.Database.ScalarAsync<long>("""SELECT count(DISTINCT "Transaction") FROM consent.events WHERE "ClientId" = $1""", client));
    }

    [Fact]
    public void Every_consent_that_can_end_by_itself_has_a_name_in_events() => Assert.Equal(
        ConsentKind.All.Where(kind => States.Of(kind).Any(row => row.On is ConsentEvent.Cancel or ConsentEvent.Suspend or ConsentEvent.Expire)).Select(kind => kind.Name).Order(StringComparer.Ordinal),
        ConsentEvents.Resources.Select(resource => resource.Kind.Name).Order(StringComparer.Ordinal));

    private static ResourceChanged Event(string client, string id) =>
        new(EventType.ResourceUpdate, client, "domestic-payment", id, "pisp/domestic-payments/" + id);

    private Task<long> CountAsync(string client) => api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.events WHERE "ClientId" = $1""", client);

    private async Task<List<Happened>> HappenedAsync(string resource, BankApi? of = null)
    {
        await using var database = NpgsqlDataSource.Create((of ?? api).Database.ConnectionString);
        await using var select = database.CreateCommand("""SELECT "Type", "ClientId", "ResourceType", "Path", "Reason" FROM consent.events WHERE "ResourceId" = $1 ORDER BY "Sequence" """);
        select.Parameters.Add(new NpgsqlParameter<string> { TypedValue = resource });
        await using var rows = await select.ExecuteReaderAsync();
        var happened = new List<Happened>();
        while (await rows.ReadAsync())
            happened.Add(new Happened(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), rows.IsDBNull(4) ? null : rows.GetString(4)));
        return happened;
    }

    private sealed record Happened(string Type, string ClientId, string ResourceType, string Path, string? Reason);
}
