using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests.AccountAccess;

public sealed class ConnectionTests
{
    private const string Amelia = "C-100001";
    private static readonly DecisionOrigin Browser = new("192.0.2.9", "Browser/2");

    [Fact]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-7")]
    public async Task Lists_what_was_granted_active_first_and_keeps_what_has_ended()
    {
        await using var api = await BankApi.StartAsync();
        await api.ConsentAsync();
        var cancelled = await api.AccessAsync(["GB-1"]);
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        var expired = await api.AccessAsync(["GB-1"], expires: api.Clock.Now.AddMinutes(5));
        var deleted = await api.AccessAsync(["GB-1"]);
        var active = await api.AccessAsync(["GB-1", "GB-2"]);
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(cancelled.ConsentId!, Amelia, Browser)));
        await api.SendAsync(HttpMethod.Delete, "/account-access-consents/" + deleted.ConsentId, new TestCaller(BankApi.Tpp));
        await api.GetAsync("/accounts", active);
        api.Clock.Advance(TimeSpan.FromMinutes(10));

        var list = await api.AskAsync(new ListConnections(Amelia));
        Assert.Equal(4, list.Count);
        Assert.Equal((active.ConsentId, true, "Active", 2, "Tidy Budget"), (list[0].ConsentId, list[0].IsActive, list[0].StatusText, list[0].AccountCount, list[0].ClientName));
        Assert.NotNull(list[0].LastUsedAt);
        Assert.All(list.Skip(1), ended => Assert.Equal((false, "Inactive"), (ended.IsActive, ended.StatusText)));
        Assert.Equal(1, api.Ended.Count(expired.ConsentId!));
        Assert.Empty(await api.AskAsync(new ListConnections("C-100002")));
    }

    [Fact]
    [Trait("Rule", "D-3")]
    public async Task Tells_one_in_full_with_its_history()
    {
        await using var api = await BankApi.StartAsync();
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);
        await api.AskAsync(new CancelConnection(caller.ConsentId!, Amelia, Browser));
        await api.ApproveAsync(caller.ConsentId!, []);
        await api.SendAsync(HttpMethod.Delete, "/account-access-consents/" + caller.ConsentId, new TestCaller(BankApi.Tpp));

        var detail = await api.AskAsync(new DescribeConnection(caller.ConsentId!, Amelia));
        Assert.Equal(["Everyday", "Household"], detail!.Accounts.Select(account => account.Name));
        Assert.Equal(
            [
                "Your account details", "Your regular payments", "Your account transactions", "Your statements", "Your account features and benefits", "Your card details",
                "Your contact and party details",
            ],
            detail.Groups.Select(group => group.Title));
        Assert.Equal(
            [("Access requested", "Tidy Budget"), ("Access approved", "You"), ("Access cancelled", "You"), ("Access continued", "You"), ("Access given up", "Tidy Budget")],
            detail.History.Select(entry => (entry.What, entry.By)));
        Assert.Equal("192.0.2.9", await api.Database.ScalarAsync<string>("""SELECT "Address" FROM consent.history WHERE "ConsentId" = $1 AND "Event" = 'Cancel'""", caller.ConsentId));
    }

    [Fact]
    [Trait("Rule", "OP-07")]
    public async Task Nothing_changes_that_cannot_be_written_into_the_history()
    {
        await using var api = await BankApi.StartAsync();
        var caller = await api.AccessAsync(["GB-1"]);
        await api.Database.ExecuteAsync("ALTER TABLE consent.history RENAME TO away");

        await Assert.ThrowsAnyAsync<Exception>(() => api.AskAsync(new CancelConnection(caller.ConsentId!, Amelia, Browser)));

        await api.Database.ExecuteAsync("ALTER TABLE consent.away RENAME TO history");
        Assert.Equal("AUTH", await api.Database.ScalarAsync<string>("""SELECT "State" FROM consent.consents WHERE "Id" = $1""", caller.ConsentId));
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(caller.ConsentId!, Amelia, Browser)));
    }

    [Fact]
    [Trait("Rule", "OB-CON-3")]
    public async Task Tells_a_tester_every_change_with_the_code_that_went_with_it()
    {
        await using var api = await BankApi.StartAsync();
        var caller = await api.AccessAsync(["GB-1"]);
        await api.AskAsync(new CancelConnection(caller.ConsentId!, Amelia, Browser));
        await api.ApproveAsync(caller.ConsentId!, []);

        var changes = await api.AskAsync(new ListConsentChanges(caller.ConsentId!));

        Assert.Equal(
            [(null, "AWAU", "U036"), ("AWAU", "AUTH", "U038"), ("AUTH", "CANC", "CUST"), ("CANC", "AUTH", null)],
            changes!.Select(change => (change.From, change.To, change.ReasonCode)));
        foreach (var id in new[] { "aac-" + new string('0', 32), "\0", "" }) Assert.Null(await api.AskAsync(new ListConsentChanges(id)));
    }

    [Fact]
    [Trait("Rule", "CO-19")]
    public async Task Another_customers_access_is_like_none()
    {
        await using var api = await BankApi.StartAsync();
        var caller = await api.AccessAsync(["GB-1"]);
        foreach (var id in new[] { caller.ConsentId!, "aac-" + new string('0', 32), "\0", "" })
        {
            Assert.Null(await api.AskAsync(new DescribeConnection(id, "C-100002")));
            Assert.Equal(CancellationAnswer.NotFound, await api.AskAsync(new CancelConnection(id, "C-100002", Browser)));
        }

        Assert.Equal(200, (await api.GetAsync("/accounts", caller)).Status);
    }

    [Fact]
    [Trait("Rule", "D-7")]
    [Trait("Rule", "OB-SEC-17")]
    [Trait("Rule", "CON-06")]
    public async Task Cancels_once_and_says_so_once()
    {
        await using var api = await BankApi.StartAsync();
        var caller = await api.AccessAsync(["GB-1"]);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.AskAsync(new CancelConnection(caller.ConsentId!, Amelia, Browser))));
        Assert.Single(answers, CancellationAnswer.Cancelled);
        Assert.Equal(19, answers.Count(answer => answer == CancellationAnswer.WasNotActive));
        Assert.Equal(1, api.Ended.Count(caller.ConsentId!));
    }

    [Fact]
    [Trait("Rule", "D-11")]
    [Trait("Rule", "CO-19")]
    public async Task A_joint_holder_sees_the_others_access_to_the_joint_account_and_may_take_it_out()
    {
        const string Thomas = "C-100002";
        await using var api = await BankApi.StartAsync();
        var alone = await api.AccessAsync(["GB-1"]);
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);

        var seen = Assert.Single(await api.AskAsync(new ListConnections(Thomas)));
        Assert.Equal((caller.ConsentId, true, true, 1), (seen.ConsentId, seen.GivenByOtherHolder, seen.IsActive, seen.AccountCount));
        Assert.False((await api.AskAsync(new ListConnections(Amelia))).First(own => own.ConsentId == caller.ConsentId).GivenByOtherHolder);
        Assert.Null(await api.AskAsync(new DescribeConnection(alone.ConsentId!, Thomas)));
        Assert.Equal(["Household"], (await api.AskAsync(new DescribeConnection(caller.ConsentId!, Thomas)))!.Accounts.Select(account => account.Name));

        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(caller.ConsentId!, Thomas, Browser)));
        Assert.Equal(CancellationAnswer.WasNotActive, await api.AskAsync(new CancelConnection(caller.ConsentId!, Thomas, Browser)));
        Assert.Single((await api.GetAsync("/accounts", caller)).Data.GetProperty("Account").EnumerateArray());
        Assert.Equal(403, (await api.GetAsync($"/accounts/{api.Account("JT-1")}/balances", caller)).Status);
        Assert.Equal(0, api.Ended.Count(caller.ConsentId!));
        Assert.False(Assert.Single(await api.AskAsync(new ListConnections(Thomas))).IsActive);
        var history = (await api.AskAsync(new DescribeConnection(caller.ConsentId!, Amelia)))!.History;
        Assert.Equal(("Joint account taken out", "The other account holder"), (history[^1].What, history[^1].By));

        // Continuing the access does not bring it back.
        Assert.Equal([api.Account("GB-1")], Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(caller.ConsentId!, [])).AccountIds);
        Assert.Equal(403, (await api.GetAsync($"/accounts/{api.Account("JT-1")}/balances", caller)).Status);
    }

    [Fact]
    [Trait("Rule", "D-11")]
    public async Task An_access_to_nothing_but_the_joint_account_ends_when_the_other_holder_stops_it()
    {
        await using var api = await BankApi.StartAsync();
        var caller = await api.AccessAsync(["JT-1"]);
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(caller.ConsentId!, "C-100002", Browser)));
        Assert.Equal(1, api.Ended.Count(caller.ConsentId!));
        Assert.Equal((403, "OB-DEC-9"), ((await api.GetAsync("/accounts", caller)) is var answer ? (answer.Status, answer.Rule) : default));
    }

    [Fact]
    [Trait("Rule", "D-2")]
    [Trait("Rule", "D-11")]
    public async Task An_ended_access_tells_since_when()
    {
        const string Thomas = "C-100002";
        await using var api = await BankApi.StartAsync();
        var cancelled = await api.AccessAsync(["GB-1"]);
        var expires = api.Clock.Now.AddMinutes(5);
        var expired = await api.AccessAsync(["GB-1"], expires: expires);
        var joint = await api.AccessAsync(["GB-1", "JT-1"]);
        var active = await api.AccessAsync(["GB-1"]);

        api.Clock.Advance(TimeSpan.FromMinutes(1));
        var first = api.Clock.Now;
        await api.AskAsync(new CancelConnection(cancelled.ConsentId!, Amelia, Browser));
        await api.AskAsync(new CancelConnection(joint.ConsentId!, Thomas, Browser));
        api.Clock.Advance(TimeSpan.FromMinutes(10));
        var second = api.Clock.Now;
        await api.SendAsync(HttpMethod.Delete, "/account-access-consents/" + cancelled.ConsentId, new TestCaller(BankApi.Tpp));
        await api.AskAsync(new CancelConnection(joint.ConsentId!, Amelia, Browser));

        var ended = (await api.AskAsync(new ListConnections(Amelia))).ToDictionary(connection => connection.ConsentId, connection => connection.EndedAt, StringComparer.Ordinal);
        Assert.Equal(first, ended[cancelled.ConsentId!]!.Value, TimeSpan.FromSeconds(50));
        Assert.Equal(expires, ended[expired.ConsentId!]!.Value, TimeSpan.FromSeconds(50));
        Assert.Equal(second, ended[joint.ConsentId!]!.Value, TimeSpan.FromSeconds(50));
        Assert.Null(ended[active.ConsentId!]);

        // For the other holder it was over when the joint account was taken out.
        Assert.Equal(first, Assert.Single(await api.AskAsync(new ListConnections(Thomas))).EndedAt!.Value, TimeSpan.FromSeconds(50));
    }

    [Fact]
    [Trait("Rule", "D-12")]
    [Trait("Rule", "OB-SEC-17")]
    public async Task Everything_of_one_third_party_ends_at_once_and_nothing_else()
    {
        await using var api = await BankApi.StartAsync();
        var one = await api.AccessAsync(["GB-1"]);
        var two = await api.AccessAsync(["GB-2", "JT-1"]);
        var gone = await api.AccessAsync(["GB-1"]);
        await api.AskAsync(new CancelConnection(gone.ConsentId!, Amelia, Browser));
        var ofOther = await api.ConsentAsync(BankApi.OtherTpp);
        Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(ofOther, [api.Account("GB-1")], clientId: BankApi.OtherTpp));
        var othersOwn = await api.ConsentAsync();
        var somebody = api.Customers.First(customer => customer.CustomerId != Amelia && customer.Accounts.Any(account => account.Tag != "JT-1"));
        var tag = somebody.Accounts.First(account => account.Tag != "JT-1").Tag;
        Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(othersOwn, [api.Account(tag)], somebody.CustomerId));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => api.AskAsync(new CancelAllOfClient(BankApi.Tpp, Amelia, Browser))));
        Assert.Equal(2, answers.Sum());
        Assert.Equal((1, 1, 1), (api.Ended.Count(one.ConsentId!), api.Ended.Count(two.ConsentId!), api.Ended.Count(gone.ConsentId!)));
        Assert.Equal((403, 403), ((await api.GetAsync("/accounts", one)).Status, (await api.GetAsync("/accounts", two)).Status));
        Assert.Equal((0, 0), (api.Ended.Count(ofOther), api.Ended.Count(othersOwn)));
        var still = Assert.Single(await api.AskAsync(new ListConnections(Amelia)), connection => connection.IsActive);
        Assert.Equal(ofOther, still.ConsentId);
        Assert.Equal("CANC CUST", await api.Database.ScalarAsync<string>("""SELECT "State" || ' ' || "ReasonCode" FROM consent.consents WHERE "Id" = $1""", two.ConsentId));
        Assert.Equal("192.0.2.9", await api.Database.ScalarAsync<string>("""SELECT "Address" FROM consent.history WHERE "ConsentId" = $1 AND "Event" = 'Cancel'""", two.ConsentId));

        Assert.Equal(0, await api.AskAsync(new CancelAllOfClient(BankApi.Tpp, Amelia, Browser)));
        Assert.Equal(0, await api.AskAsync(new CancelAllOfClient("nobody", Amelia, Browser)));
    }

    [Fact]
    [Trait("Rule", "D-11")]
    [Trait("Rule", "D-12")]
    public async Task The_other_holder_stops_only_the_joint_account_of_it()
    {
        const string Thomas = "C-100002";
        await using var api = await BankApi.StartAsync();
        var mixed = await api.AccessAsync(["GB-1", "JT-1"]);
        var joint = await api.AccessAsync(["JT-1"]);
        var alone = await api.AccessAsync(["GB-1"]);

        Assert.Equal(2, await api.AskAsync(new CancelAllOfClient(BankApi.Tpp, Thomas, Browser)));
        Assert.DoesNotContain(await api.AskAsync(new ListConnections(Thomas)), connection => connection.IsActive);
        Assert.Equal((0, 1, 0), (api.Ended.Count(mixed.ConsentId!), api.Ended.Count(joint.ConsentId!), api.Ended.Count(alone.ConsentId!)));
        Assert.Single((await api.GetAsync("/accounts", mixed)).Data.GetProperty("Account").EnumerateArray());
        Assert.Equal(200, (await api.GetAsync("/accounts", alone)).Status);
    }
}
