using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.CoreBank;

/// <summary>The data plane over HTTP to a core of somebody else's, well and unwell.</summary>
public sealed class ConnectorTests(ConnectedBank bank) : IClassFixture<ConnectedBank>
{
    private static readonly string[] Paths = ["/accounts", "/balances", "/transactions"];

    private static readonly string[] AllPaths =
    [
        .. Paths, "/party", "/products", "/beneficiaries", "/standing-orders", "/direct-debits", "/scheduled-payments", "/offers", "/statements",
    ];

    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-AIS-7")]
    [Trait("Rule", "OB-PERM-4")]
    public async Task Third_parties_read_of_it_what_was_chosen_and_allowed()
    {
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);
        var accounts = (await api.GetAsync("/accounts", caller)).Data.GetProperty("Account").EnumerateArray().ToList();
        Assert.Equal([api.Account("GB-1"), api.Account("JT-1")], accounts.Select(account => account.GetProperty("AccountId").GetString()));
        Assert.Equal(4, (await api.GetAsync("/balances", caller)).Data.GetProperty("Balance").GetArrayLength());
        Assert.Equal(403, (await api.GetAsync($"/accounts/{api.Account("GB-2")}/balances", caller)).Status);

        // Says more than anybody has asked for, in every object.
        bank.Core.Spoil = (_, _, answer) => AddEverywhere(answer);
        foreach (var path in AllPaths)
        {
            var answer = await api.GetAsync(path, caller);
            Assert.Equal(200, answer.Status);
            Assert.DoesNotContain("dossier", answer.Body, StringComparison.Ordinal);
        }

        await bank.MendAsync(caller);
    }

    [Fact]
    [Trait("Rule", "OB-PAG-5")]
    [Trait("Rule", "OB-AIS-12")]
    [Trait("Rule", "OB-DAT-4")]
    public async Task Pages_lead_through_all_its_transactions_and_back()
    {
        var caller = await api.AccessAsync(["GB-1", "GB-2", "JT-1"]);
        var (ids, page) = (new List<string>(), await api.GetAsync("/transactions", caller));
        var first = Ids(page);
        ids.AddRange(first);
        while (page.Link("Next") is { } next)
        {
            page = await api.GetAsync(next, caller);
            ids.AddRange(Ids(page));
        }

        Assert.True(ids.Count > 200, $"{ids.Count} transactions");
        Assert.Equal(ids.Count, ids.Distinct().Count());
        while (page.Link("Prev") is { } previous) page = await api.GetAsync(previous, caller);
        Assert.Equal(first, Ids(page));

        var credits = await api.AccessAsync(["GB-1"], ["ReadAccountsBasic", "ReadTransactionsBasic", "ReadTransactionsCredits"]);
        Assert.All(
            (await api.GetAsync("/transactions", credits)).Data.GetProperty("Transaction").EnumerateArray(),
            row => Assert.Equal("Credit", row.GetProperty("CreditDebitIndicator").GetString()));
        Assert.Empty(Ids(await api.GetAsync("/transactions?fromBookingDateTime=2001-01-01T00:00:00&toBookingDateTime=2001-12-31T00:00:00", credits)));
    }

    [Theory]
    [Trait("Rule", "OP-23")]
    [Trait("Rule", "OP-03")]
    [Trait("Rule", "OB-HTTP-6")]
    [InlineData("silent")]
    [InlineData("reset")]
    [InlineData("broken")]
    [InlineData("refuses us")]
    [InlineData("elsewhere")]
    [InlineData("a page")]
    [InlineData("half")]
    [InlineData("endless")]
    [InlineData("trickles")]
    public async Task A_core_that_does_not_answer_as_agreed_is_503_and_never_500(string how)
    {
        var caller = await api.AccessAsync(["GB-1"]);
        await bank.MendAsync(caller);
        api.Log.Clear();
        bank.Core.Instead = Unwell(how);
        foreach (var path in Paths) AssertAway(await api.GetAsync(path, caller));
        Assert.DoesNotContain("A fault while answering", api.Log.Text, StringComparison.Ordinal);
        await bank.MendAsync(caller);
    }

    [Theory]
    [Trait("Rule", "OP-23")]
    [InlineData("a number for a text")]
    [InlineData("a member less")]
    [InlineData("a text too long")]
    [InlineData("a NUL")]
    [InlineData("an absurd amount")]
    [InlineData("an amount as a number")]
    [InlineData("no zone")]
    [InlineData("an account not asked for")]
    [InlineData("an account twice")]
    [InlineData("no list")]
    public async Task An_answer_that_cannot_be_believed_is_no_answer(string what)
    {
        var caller = await api.AccessAsync(["GB-1"]);
        await bank.MendAsync(caller);
        bank.Core.Spoil = (_, _, answer) => Spoil(what, answer.AsObject());
        AssertAway(await api.GetAsync("/accounts", caller));
        await bank.MendAsync(caller);
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task What_may_be_asked_again_is_and_what_was_understood_is_not()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        await bank.MendAsync(caller);
        var before = bank.Core.Asked;
        bank.Core.Instead = context =>
        {
            // Well again after one failure.
            bank.Core.Instead = null;
            context.Abort();
            return Task.CompletedTask;
        };
        Assert.Equal(200, (await api.GetAsync("/accounts", caller)).Status);
        Assert.Equal(2, bank.Core.Asked - before);

        before = bank.Core.Asked;
        bank.Core.Instead = context => Status(context, 400);
        AssertAway(await api.GetAsync("/accounts", caller));
        Assert.Equal(1, bank.Core.Asked - before);

        before = bank.Core.Asked;
        bank.Core.Instead = context =>
        {
            context.Response.Headers.RetryAfter = "77";
            return Status(context, 503);
        };
        Assert.Equal("77", AssertAway(await api.GetAsync("/accounts", caller)));
        Assert.Equal(1, bank.Core.Asked - before);
        await bank.MendAsync(caller);
    }

    [Fact]
    [Trait("Rule", "OP-23")]
    public async Task A_core_that_fails_is_left_alone_and_then_asked_once()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        await bank.MendAsync(caller);
        api.Clock.StopAt(api.Clock.Now);
        try
        {
            bank.Core.Instead = context => Status(context, 500);
            for (var count = 0; count < 5; count++) AssertAway(await api.GetAsync("/accounts", caller));

            var before = bank.Core.Asked;
            AssertAway(await api.GetAsync("/accounts", caller));
            Assert.Equal(0, bank.Core.Asked - before);

            // A moment before the end of its rest it is still left alone.
            api.Clock.Advance(TimeSpan.FromSeconds(ConnectedBank.RestSeconds) - TimeSpan.FromMilliseconds(1));
            AssertAway(await api.GetAsync("/accounts", caller));
            Assert.Equal(0, bank.Core.Asked - before);

            api.Clock.Advance(TimeSpan.FromMilliseconds(1));
            AssertAway(await api.GetAsync("/accounts", caller));
            Assert.Equal(1, bank.Core.Asked - before);

            bank.Core.Mend();
            AssertAway(await api.GetAsync("/accounts", caller));
            api.Clock.Advance(TimeSpan.FromSeconds(ConnectedBank.RestSeconds));
            Assert.Equal(200, (await api.GetAsync("/accounts", caller)).Status);
        }
        finally
        {
            api.Clock.Run();
        }
    }

    [Fact]
    [Trait("Rule", "CON-06")]
    public async Task While_it_is_away_accesses_are_still_seen_and_ended_and_none_is_given()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var waiting = await api.ConsentAsync();
        await bank.MendAsync(caller);
        bank.Core.Instead = context => Status(context, 500);

        var away = await Assert.ThrowsAsync<Contracts.CoreBankAwayException>(() => api.ApproveAsync(waiting, [api.Account("GB-1")]));
        Assert.True(away.RetryAfter > TimeSpan.Zero);
        Assert.Contains(await api.AskAsync(new ListConnections("C-100001")), connection => connection.ConsentId == caller.ConsentId && connection is { IsActive: true, AccountCount: 1 });
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(caller.ConsentId!, "C-100001", new DecisionOrigin(null, null))));
        var after = await api.GetAsync("/accounts", caller);
        Assert.Equal((403, "OB-DEC-9"), (after.Status, after.Rule));

        await bank.MendAsync(await AfterRest(waiting));
    }

    private async Task<TestCaller> AfterRest(string consentId)
    {
        bank.Core.Mend();
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(consentId, [api.Account("GB-1")]));
        return new TestCaller(BankApi.Tpp, consentId);
    }

    private static string AssertAway(ApiAnswer answer)
    {
        Assert.Equal(503, answer.Status);
        Assert.Equal(["U000"], answer.Faults);
        var wait = answer.Headers.GetValues("Retry-After").Single();
        Assert.InRange(int.Parse(wait, System.Globalization.CultureInfo.InvariantCulture), 1, 100);
        return wait;
    }

    private static Func<HttpContext, Task> Unwell(string how) => how switch
    {
        "silent" => async context => await Task.Delay(TimeSpan.FromSeconds(3), context.RequestAborted),
        "reset" => context =>
        {
            context.Abort();
            return Task.CompletedTask;
        }
        ,
        "broken" => context => Status(context, 500),
        "refuses us" => context => Status(context, 401),
        "elsewhere" => context =>
        {
            context.Response.Headers.Location = "https://core.example/";
            return Status(context, 302);
        }
        ,
        "a page" => context =>
        {
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<h1>Maintenance</h1>");
        }
        ,
        "half" => context => Say(context, """{"accounts":[{"id":"""),
        "endless" => async context =>
        {
            context.Response.ContentType = "application/json";
            var filling = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested) await context.Response.Body.WriteAsync(filling, context.RequestAborted);
        }
        ,
        "trickles" => async context =>
        {
            context.Response.ContentType = "application/json";
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(" ", context.RequestAborted);
                await Task.Delay(20, context.RequestAborted);
            }
        }
        ,
        _ => throw new ArgumentOutOfRangeException(nameof(how)),
    };

    private static void Spoil(string what, JsonObject answer)
    {
        if (answer["accounts"] is not JsonArray accounts) return;
        var account = accounts[0]!.AsObject();
        switch (what)
        {
            case "a number for a text": account["name"] = 5; break;
            case "a member less": account.Remove("currency"); break;
            case "a text too long": account["holderName"] = new string('x', 100_000); break;
            case "a NUL": account["name"] = "a\0b"; break;
            case "an absurd amount": account["balance"] = "99999999999999999999"; break;
            case "an amount as a number": account["balance"] = 5.25; break;
            case "no zone": account["openedAt"] = "2026-01-01T00:00:00"; break;
            case "an account not asked for": account["id"] = new string('b', 32); break;
            case "an account twice": accounts.Add(account.DeepClone()); break;
            case "no list": answer["accounts"] = null; break;
            default: throw new ArgumentOutOfRangeException(nameof(what));
        }
    }

    private static void AddEverywhere(JsonNode? node)
    {
        if (node is JsonArray items)
        {
            foreach (var item in items) AddEverywhere(item);
        }
        else if (node is JsonObject members)
        {
            foreach (var (_, member) in members.ToList()) AddEverywhere(member);
            members["dossier"] = new JsonObject { ["dossier"] = "dossier" };
        }
    }

    private static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private static Task Say(HttpContext context, string text)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(text);
    }

    private static List<string> Ids(ApiAnswer page) =>
        [.. page.Data.GetProperty("Transaction").EnumerateArray().Select(row => row.GetProperty("TransactionId").GetString()!)];
}
