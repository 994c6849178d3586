using OpenBanking.Consent.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

public sealed class AccountEndpointsTests(Bank bank)
{
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-GEN-1")]
    [Trait("Rule", "OB-GEN-2")]
    [Trait("Rule", "OB-HDR-9")]
    [Trait("Rule", "OB-AIS-7")]
    [Trait("Rule", "OB-PAG-1")]
    [Trait("Rule", "OB-PAG-8")]
    public async Task Lists_exactly_the_accounts_that_were_chosen()
    {
        var caller = await api.AccessAsync(["GB-1", "EUR-1"]);
        var answer = await api.GetAsync("/accounts", caller);

        Assert.Equal(200, answer.Status);
        Assert.Equal([api.Account("GB-1"), api.Account("EUR-1")], answer.Data.GetProperty("Account").EnumerateArray().Select(account => account.GetProperty("AccountId").GetString()));
        Assert.Equal(BankApi.Issuer + BankApi.Root + "/accounts", answer.Link("Self"));
        Assert.Equal(1, answer.Json.GetProperty("Meta").GetProperty("TotalPages").GetInt32());
        Assert.Equal("application/json; charset=utf-8", answer.ContentHeaders.ContentType!.ToString());
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
    }

    [Theory]
    [Trait("Rule", "OB-AIS-9")]
    [InlineData("GB-1", "UK.OBIE.SortCodeAccountNumber", "^[0-9]{14}$")]
    [InlineData("EUR-1", "UK.OBIE.IBAN", "^GB[0-9]{2}OBNK[0-9]{14}$")]
    [InlineData("CARD-1", "UK.OBIE.PAN", "^[0-9]{16}$")]
    public async Task Names_an_account_by_its_scheme(string tag, string scheme, string form)
    {
        var caller = await api.AccessAsync([tag]);
        var account = (await api.GetAsync("/accounts/" + api.Account(tag), caller)).Data.GetProperty("Account")[0].GetProperty("Account")[0];

        Assert.Equal(scheme, account.GetProperty("SchemeName").GetString());
        Assert.Matches(form, account.GetProperty("Identification").GetString());
    }

    [Fact]
    [Trait("Rule", "OB-HTTP-3")]
    [Trait("Rule", "OB-HTTP-5")]
    [Trait("Rule", "CO-12")]
    public async Task Forbids_an_account_that_the_consent_does_not_cover()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        await api.AccessAsync(["GB-2"]);
        foreach (var path in new[] { "", "/balances", "/transactions" })
        {
            var answer = await api.GetAsync($"/accounts/{api.Account("GB-2")}{path}", caller);
            Assert.Equal((403, "OB-HTTP-5"), (answer.Status, answer.Rule));
            answer = await api.GetAsync($"/accounts/{new string('a', 32)}{path}", caller);
            Assert.Equal((403, "OB-HTTP-5"), (answer.Status, answer.Rule));
            answer = await api.GetAsync($"/accounts/{api.Account("GB-1")}{path}", caller);
            Assert.Equal(200, answer.Status);
        }
    }

    [Theory]
    [Trait("Rule", "OB-HTTP-5")]
    [InlineData("foobar")]
    [InlineData("22289")]
    [InlineData("%27%20OR%201%3D1--")]
    [InlineData("%01")]
    [InlineData("GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG")]
    public async Task Answers_garbage_in_the_place_of_an_account_id_with_400(string id)
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var answer = await api.GetAsync("/accounts/" + id, caller);
        Assert.Equal((400, "OB-HTTP-5"), (answer.Status, answer.Rule));
        Assert.Equal(["U002 AccountId"], answer.Faults);
    }

    [Fact]
    [Trait("Rule", "CO-13")]
    [Trait("Rule", "OB-CON-16")]
    public async Task An_account_that_was_closed_leaves_the_consent_and_the_others_stay()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await own.AccessAsync(["GB-3", "GB-4"], customerId: "C-100002");
        await own.Database.ExecuteAsync("""UPDATE accounts.accounts SET "State" = 'Closed' WHERE "Id" = $1""", own.Account("GB-3"));

        Assert.Single((await own.GetAsync("/accounts", caller)).Data.GetProperty("Account").EnumerateArray());
        foreach (var path in new[] { "", "/balances", "/transactions" })
        {
            var answer = await own.GetAsync($"/accounts/{own.Account("GB-3")}{path}", caller);
            Assert.Equal((403, "OB-HTTP-5"), (answer.Status, answer.Rule));
        }

        Assert.All((await own.GetAsync("/balances", caller)).Data.GetProperty("Balance").EnumerateArray(), row => Assert.Equal(own.Account("GB-4"), row.GetProperty("AccountId").GetString()));
        Assert.All((await own.GetAsync("/transactions", caller)).Data.GetProperty("Transaction").EnumerateArray(), row => Assert.Equal(own.Account("GB-4"), row.GetProperty("AccountId").GetString()));
    }

    [Fact]
    [Trait("Rule", "OB-AIS-10")]
    [Trait("Rule", "OB-AIS-11")]
    [Trait("Rule", "OB-HTTP-7")]
    public async Task An_account_that_was_switched_is_still_told_of_and_one_that_is_frozen_is_not()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await own.AccessAsync(["GB-3", "GB-4"], customerId: "C-100002");
        Assert.False((await own.GetAsync($"/accounts/{own.Account("GB-3")}", caller)).Data.GetProperty("Account")[0].TryGetProperty("SwitchStatus", out _));
        await StateAsync("switched");
        foreach (var path in new[] { "/accounts", $"/accounts/{own.Account("GB-3")}" })
        {
            var account = (await own.GetAsync(path, caller)).Data.GetProperty("Account")[0];
            Assert.Equal((own.Account("GB-3"), "UK.CASS.SwitchCompleted"), (account.GetProperty("AccountId").GetString(), account.GetProperty("SwitchStatus").GetString()));
        }

        foreach (var kind in new[] { "balances", "transactions", "standing-orders", "statements" }) Assert.Equal(403, (await own.GetAsync($"/accounts/{own.Account("GB-3")}/{kind}", caller)).Status);
        Assert.DoesNotContain(own.Account("GB-3"), (await own.GetAsync("/balances", caller)).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(await own.AskAsync(new Contracts.ListOwnAccounts("C-100002")), account => account.AccountId == own.Account("GB-3"));

        await StateAsync("frozen");
        Assert.Equal((403, "OB-HTTP-5"), ((await own.GetAsync($"/accounts/{own.Account("GB-3")}", caller)).Status, (await own.GetAsync($"/accounts/{own.Account("GB-3")}", caller)).Rule));
        await StateAsync("open");
        Assert.Equal(2, (await own.GetAsync("/accounts", caller)).Data.GetProperty("Account").GetArrayLength());

        async Task StateAsync(string state) => Assert.IsType<Contracts.SandboxAnswer.Done>(await own.AskAsync(new Contracts.SetSandboxAccountState(own.Account("GB-3"), state)));
    }

    [Fact]
    [Trait("Rule", "CO-13")]
    public async Task An_account_that_is_no_longer_the_customers_is_not_shown()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await own.AccessAsync(["GB-3", "JT-1"], customerId: "C-100002");
        await own.Database.ExecuteAsync("""DELETE FROM accounts.holders WHERE "AccountId" = $1 AND "CustomerId" = 'C-100002'""", own.Account("JT-1"));

        Assert.Single((await own.GetAsync("/accounts", caller)).Data.GetProperty("Account").EnumerateArray());
        Assert.Equal(403, (await own.GetAsync($"/accounts/{own.Account("JT-1")}/transactions", caller)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-GEN-10")]
    [Trait("Rule", "OB-GEN-11")]
    [Trait("Rule", "OB-GEN-15")]
    [Trait("Rule", "OB-DEC-12")]
    public async Task Knows_a_trailing_slash_but_no_further_segment_and_no_other_method()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var id = api.Account("GB-1");
        foreach (var path in new[] { "/accounts", $"/accounts/{id}", $"/accounts/{id}/balances", $"/accounts/{id}/transactions", "/balances", "/transactions" })
        {
            Assert.Equal(200, (await api.GetAsync(path + "/", caller)).Status);
            Assert.Equal(405, (await api.SendAsync(HttpMethod.Put, path, caller, "{}")).Status);
            Assert.Equal(405, (await api.SendAsync(HttpMethod.Delete, path, caller)).Status);
        }

        foreach (var path in new[] { $"/accounts/{id}/foobar", $"/accounts/{id}/balances/x", "/foobar", $"/accounts/{id}/product/x", "/product", "/balances/x" })
        {
            var answer = await api.GetAsync(path, caller);
            Assert.Equal((404, ""), (answer.Status, answer.Body));
        }
    }

    [Theory]
    [Trait("Rule", "OB-PERM-2")]
    [Trait("Rule", "CO-14")]
    [InlineData("/balances")]
    [InlineData("/accounts/{0}/balances")]
    [InlineData("/transactions")]
    [InlineData("/accounts/{0}/transactions")]
    public async Task Forbids_what_the_consent_has_no_permission_for(string path)
    {
        var caller = await api.AccessAsync(["GB-1"], ["ReadAccountsBasic"]);
        var answer = await api.GetAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, path, api.Account("GB-1")), caller);
        Assert.Equal((403, "OB-PERM-2"), (answer.Status, answer.Rule));
        Assert.Equal(200, (await api.GetAsync("/accounts", caller)).Status);
    }

    [Fact]
    [Trait("Rule", "CO-16")]
    [Trait("Rule", "OB-DEC-9")]
    public async Task Reads_nothing_from_the_first_request_after_the_customer_has_cancelled()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var first = await api.GetAsync("/transactions", caller);
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(caller.ConsentId!, caller.CustomerId, new Identity.Contracts.DecisionOrigin(null, null))));

        foreach (var path in new[] { "/accounts", "/balances", "/transactions", first.Link("Next")! })
        {
            var answer = await api.GetAsync(path, caller);
            Assert.Equal((403, "OB-DEC-9"), (answer.Status, answer.Rule));
            Assert.Equal(["U028"], answer.Faults);
        }
    }

    [Fact]
    [Trait("Rule", "CO-17")]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "RS-07")]
    [Trait("Rule", "DPOP-22")]
    public async Task Reads_until_the_second_before_the_end_and_not_in_it()
    {
        await using var own = await BankApi.StartAsync();
        var end = DateTimeOffset.UtcNow.AddHours(1);
        var caller = await own.AccessAsync(["GB-1"], expires: end);
        own.Clock.StopAt(end.AddSeconds(-1));
        Assert.Equal(200, (await own.GetAsync("/accounts", caller)).Status);

        own.Clock.StopAt(end);
        var answer = await own.GetAsync("/accounts", caller);
        Assert.Equal((401, "OB-CON-19"), (answer.Status, answer.Rule));
        Assert.Equal(["TKXP"], answer.Faults);
        Assert.Equal(
            ["DPoP realm=\"open-banking\", error=\"invalid_token\", algs=\"PS256 ES256\"", "Bearer realm=\"open-banking\""],
            answer.Headers.GetValues("WWW-Authenticate"));
        Assert.Equal(1, own.Ended.Count(caller.ConsentId!));
    }

    [Fact]
    [Trait("Rule", "OB-SEC-17")]
    [Trait("Rule", "OB-HTTP-2")]
    [Trait("Rule", "OB-SEC-4")]
    public async Task Answers_the_other_states_as_the_table_says()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var foreign = await api.GetAsync("/accounts", caller with { ClientId = BankApi.OtherTpp });
        Assert.Equal((403, "OB-HTTP-2"), (foreign.Status, foreign.Rule));

        var waiting = await api.GetAsync("/accounts", new TestCaller(BankApi.Tpp, await api.ConsentAsync()));
        Assert.Equal((403, "OB-SEC-4"), (waiting.Status, waiting.Rule));

        await api.SendAsync(HttpMethod.Delete, "/account-access-consents/" + caller.ConsentId, new TestCaller(BankApi.Tpp));
        var gone = await api.GetAsync("/accounts", caller);
        Assert.Equal((401, "OB-SEC-17"), (gone.Status, gone.Rule));
        Assert.Empty(gone.Body);
    }

    [Fact]
    [Trait("Rule", "CO-21")]
    [Trait("Rule", "OB-AIS-25")]
    [Trait("Rule", "OB-HDR-3")]
    public async Task Whether_the_customer_is_there_opens_nothing_and_closes_nothing()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        for (var count = 0; count < 12; count++)
        {
            foreach (var present in new[] { false, true })
            {
                Assert.Equal(200, (await BalancesAsync("GB-1", present)).Status);
                Assert.Equal(403, (await BalancesAsync("GB-2", present)).Status);
            }
        }

        Task<ApiAnswer> BalancesAsync(string tag, bool present) => api.SendAsync(
            HttpMethod.Get,
            $"/accounts/{api.Account(tag)}/balances",
            caller,
            adjust: request =>
            {
                if (present) request.Headers.Add("x-fapi-customer-ip-address", "192.0.2.7");
            });
    }
}
