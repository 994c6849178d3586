using System.Text;
using OpenBanking.Consent.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests.AccountAccess;

public sealed class AccountAccessConsentTests(Bank bank)
{
    private const string Path = "/account-access-consents";
    private static readonly TestCaller Tpp = new(BankApi.Tpp);
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-CON-18")]
    [Trait("Rule", "OB-GEN-7")]
    [Trait("Rule", "OB-GEN-13")]
    [Trait("Rule", "OB-AIS-3")]
    public async Task Repeats_what_was_asked_and_adds_id_status_and_times()
    {
        var answer = await PostAsync("""
            {"Data":{"Permissions":["ReadBalances","ReadAccountsBasic","ReadAccountsDetail","ReadBalances"],"ExpirationDateTime":"2999-05-02T00:00:00+01:00",
            "TransactionFromDateTime":"2017-05-03T00:00:00.5Z","TransactionToDateTime":"20171203T1040","Else":1},"Risk":{}}
            """);
        Assert.Equal(201, answer.Status);
        var data = answer.Data;
        Assert.Equal(["ReadBalances", "ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances"], data.GetProperty("Permissions").EnumerateArray().Select(code => code.GetString()));
        Assert.Equal("2999-05-02T00:00:00+01:00", data.GetProperty("ExpirationDateTime").GetString());
        Assert.Equal("2017-05-03T00:00:00.5Z", data.GetProperty("TransactionFromDateTime").GetString());

        // A form that a response must not have is written as the same moment with its zone (OB-DAT-2).
        Assert.Equal("2017-12-03T10:40:00Z", data.GetProperty("TransactionToDateTime").GetString());
        Assert.Matches("^aac-[0-9a-f]{32}$", data.GetProperty("ConsentId").GetString());
        Assert.Equal("AWAU", data.GetProperty("Status").GetString());
        Assert.Equal("{}", answer.Json.GetProperty("Risk").GetRawText());
        Assert.Equal($"{BankApi.Issuer}{BankApi.Root}{Path}/{data.GetProperty("ConsentId").GetString()}", answer.Link("Self"));
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());

        var read = await api.GetAsync($"{Path}/{data.GetProperty("ConsentId").GetString()}", Tpp);
        Assert.Equal(answer.Body, read.Body);
    }

    [Fact]
    [Trait("Rule", "OB-CON-9")]
    [Trait("Rule", "OB-GEN-5")]
    public async Task Sets_no_end_where_none_was_asked()
    {
        var answer = await PostAsync("""{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""");
        foreach (var name in new[] { "ExpirationDateTime", "TransactionFromDateTime", "TransactionToDateTime" }) Assert.False(answer.Data.TryGetProperty(name, out _));
    }

    [Fact]
    [Trait("Rule", "OB-AIS-1")]
    [Trait("Rule", "OB-IDM-2")]
    public async Task Makes_a_new_one_each_time_whatever_the_idempotency_key()
    {
        const string Body = """{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""";
        void Key(HttpRequestMessage request) => request.Headers.Add("x-idempotency-key", "same");
        var (first, second) = (await api.SendAsync(HttpMethod.Post, Path, Tpp, Body, Key), await api.SendAsync(HttpMethod.Post, Path, Tpp, Body, Key));
        Assert.NotEqual(first.Data.GetProperty("ConsentId").GetString(), second.Data.GetProperty("ConsentId").GetString());
    }

    [Theory]
    [Trait("Rule", "OB-ERR-1")]
    [Trait("Rule", "OB-ERR-2")]
    [Trait("Rule", "OB-ERR-3")]
    [Trait("Rule", "OB-ERR-4")]
    [Trait("Rule", "OB-AIS-2")]
    [Trait("Rule", "OB-AIS-4")]
    [Trait("Rule", "OB-AIS-5")]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "OB-DAT-7")]
    [Trait("Rule", "OB-DAT-8")]
    [Trait("Rule", "OB-GEN-5")]
    [Trait("Rule", "OB-GEN-16")]
    [Trait("Rule", "OB-ERR-5")]
    [Trait("Rule", "CO-23")]
    [InlineData("""{"Risk":{}}""", "OB-AIS-2", "U004 Data")]
    [InlineData("""{"data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""", "OB-AIS-2", "U004 Data")]
    [InlineData("""{"Data":{},"Risk":{}}""", "OB-AIS-2", "U004 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":[]},"Risk":{}}""", "OB-AIS-2", "U002 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":["ReadBalances"]},"Risk":{}}""", "OB-AIS-2", "U002 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic","ReadTransactionsBasic"]},"Risk":{}}""", "OB-AIS-2", "U002 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic","ReadTransactionsCredits","ReadTransactionsDebits"]},"Risk":{}}""", "OB-AIS-2", "U002 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic","ReadEverything"]},"Risk":{}}""", "OB-AIS-4", "U002 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":["readaccountsbasic"]},"Risk":{}}""", "OB-AIS-4", "U002 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic","ReadOfferings"]},"Risk":{}}""", "OB-AIS-4", "U002 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"]}}""", "OB-AIS-5", "U004 Risk")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{"X":1}}""", "OB-GEN-16", "U010 Risk")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":null}""", "OB-GEN-5", "U010 Risk")]
    [InlineData("""{"Data":{"Permissions":"ReadAccountsBasic"},"Risk":{}}""", "OB-GEN-5", "U010 Data.Permissions")]
    [InlineData("""{"Data":{"Permissions":[null]},"Risk":{}}""", "OB-GEN-5", "U010 Data.Permissions[0]")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"],"ExpirationDateTime":1},"Risk":{}}""", "OB-GEN-5", "U010 Data.ExpirationDateTime")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"],"ExpirationDateTime":"soon"},"Risk":{}}""", "OB-DAT-8", "U003 Data.ExpirationDateTime")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"],"ExpirationDateTime":"2020-01-01"},"Risk":{}}""", "OB-CON-19", "U003 Data.ExpirationDateTime")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"],"TransactionFromDateTime":"2020-02-30"},"Risk":{}}""", "OB-DAT-8", "U003 Data.TransactionFromDateTime")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"],"TransactionFromDateTime":"2020-02-02","TransactionToDateTime":"2020-02-01"},"Risk":{}}""", "OB-DAT-7", "U003 Data.TransactionToDateTime")]
    [InlineData("""{"Data":{"Permissions":["ReadOfferings"],"ExpirationDateTime":"x","TransactionToDateTime":"y"}}""", "OB-AIS-4", "U002 Data.Permissions|U003 Data.ExpirationDateTime|U003 Data.TransactionToDateTime|U004 Risk")]
    public async Task Refuses_what_the_standard_does_not_allow_all_faults_at_once(string body, string rule, string faults)
    {
        var answer = await PostAsync(body);
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal(faults.Split('|'), answer.Faults);
        Assert.Equal(["Id", "Errors"], answer.Json.EnumerateObject().Select(member => member.Name));
        Assert.All(answer.Json.GetProperty("Errors").EnumerateArray(), error => Assert.NotEqual("", error.GetProperty("Message").GetString()));
    }

    [Theory]
    [Trait("Rule", "OB-GEN-4")]
    [Trait("Rule", "PY-20")]
    [Trait("Rule", "CO-24")]
    [InlineData("", "OB-GEN-4")]
    [InlineData("[]", "OB-GEN-4")]
    [InlineData("null", "OB-GEN-4")]
    [InlineData("{", "OB-GEN-4")]
    [InlineData("{}{}", "OB-GEN-4")]
    [InlineData("""{"Data":{},}""", "OB-GEN-4")]
    [InlineData("""{"Data":"\ud800"}""", "OB-GEN-4")]
    [InlineData("""{"\ud800":1}""", "OB-GEN-4")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"]},"Data":{},"Risk":{}}""", "PY-20")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"],"permissions":["ReadPAN"]},"Risk":{}}""", "PY-20")]
    [InlineData("""{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{},"x":[{"a":1,"\u0041":2}]}""", "PY-20")]
    public async Task Refuses_a_body_that_can_be_read_in_two_ways_or_in_none(string body, string rule)
    {
        var answer = await PostAsync(body);
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal(["U010"], answer.Faults);
    }

    [Fact]
    [Trait("Rule", "OB-GEN-4")]
    [Trait("Rule", "HTTP-14")]
    public async Task Refuses_what_is_no_utf8_too_deep_or_too_large()
    {
        var latin = await api.SendAsync(HttpMethod.Post, Path, Tpp, "{}", request => request.Content = Json([.. "{\"a\":\""u8, 0xE9, .. "\"}"u8]));
        Assert.Equal((400, "OB-GEN-4"), (latin.Status, latin.Rule));
        var utf16 = await api.SendAsync(HttpMethod.Post, Path, Tpp, "{}", request => request.Content = Json(Encoding.Unicode.GetBytes("{}")));
        Assert.Equal((400, "OB-GEN-4"), (utf16.Status, utf16.Rule));
        var deep = await PostAsync(string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40));
        Assert.Equal((400, "OB-GEN-4"), (deep.Status, deep.Rule));

        var good = """{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""";
        Assert.Equal(201, (await PostAsync(good + new string(' ', (64 * 1024) - good.Length))).Status);
        var large = await PostAsync(good + new string(' ', (64 * 1024) - good.Length + 1));
        Assert.Equal((413, "HTTP-14"), (large.Status, large.Rule));
        var unsized = await api.SendAsync(HttpMethod.Post, Path, Tpp, good, request =>
        {
            request.Content = Json(Encoding.UTF8.GetBytes(good + new string(' ', 100_000)));
            request.Headers.TransferEncodingChunked = true;
        });
        Assert.Equal((413, "HTTP-14"), (unsized.Status, unsized.Rule));

        static ByteArrayContent Json(byte[] bytes) => new(bytes) { Headers = { ContentType = new("application/json") } };
    }

    [Theory]
    [Trait("Rule", "OB-HDR-6")]
    [Trait("Rule", "OB-HDR-7")]
    [Trait("Rule", "OB-HDR-8")]
    [Trait("Rule", "OB-HDR-2")]
    [Trait("Rule", "OB-HDR-5")]
    [InlineData("Content-Type", "text/plain", 415, "OB-HDR-6")]
    [InlineData("Content-Type", "application/jose+jwe", 415, "OB-HDR-6")]
    [InlineData("Content-Type", "application/json; charset=utf-16", 415, "OB-HDR-6")]
    [InlineData("Content-Type", "", 415, "OB-HDR-6")]
    [InlineData("Content-Type", "application/json; charset=\"UTF-8\"", 201, null)]
    [InlineData("Accept", "application/jose+jwe", 406, "OB-HDR-7")]
    [InlineData("Accept", "application/json;charset=iso-8859-1", 406, "OB-HDR-7")]
    [InlineData("x-fapi-interaction-id", "not a uuid", 400, "OB-HDR-2")]
    [InlineData("x-fapi-auth-date", "2017-09-10T19:43:31Z", 400, "OB-HDR-5")]
    [InlineData("x-fapi-auth-date", "Sun, 10 Sep 2017 19:43:31 GMT", 201, null)]
    [InlineData("x-fapi-auth-date", "Sun, 10 Sep 2017 19:43:31 UTC", 201, null)]
    [InlineData("x-fapi-customer-ip-address", "whatever", 201, null)]
    [InlineData("x-client-id", "whatever", 201, null)]
    public async Task Judges_the_headers_of_every_request(string name, string value, int status, string? rule)
    {
        var answer = await api.SendAsync(HttpMethod.Post, Path, Tpp, """{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""", request =>
        {
            System.Net.Http.Headers.HttpHeaders headers = name == "Content-Type" ? request.Content!.Headers : request.Headers;
            headers.Remove(name);
            if (value.Length > 0) headers.TryAddWithoutValidation(name, value);
        });
        Assert.Equal((status, rule), (answer.Status, answer.Rule));
        Assert.True(Guid.TryParse(answer.Headers.GetValues("x-fapi-interaction-id").Single(), out _));
        if (status is 406 or 415) Assert.Empty(answer.Body);
        if (status == 400) Assert.Equal(["U006 " + name], answer.Faults);
    }

    [Theory]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "CO-24")]
    [InlineData("aac-00000000000000000000000000000000")]
    [InlineData("1")]
    [InlineData("%01")]
    [InlineData("..%2F..%2Fetc")]
    [InlineData("%27%3BDROP%20TABLE%20x--")]
    [InlineData("aac-0000000000000000000000000000000%C3%A9")]
    [InlineData("%5B%22aac-00000000000000000000000000000000%22%5D")]
    [InlineData("long")]
    public async Task Does_not_know_an_id_that_was_never_given(string id)
    {
        if (id == "long") id = new string('a', 7000); // As long as a request line lets it be.
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            var answer = await api.SendAsync(method, $"{Path}/{id}", Tpp);
            Assert.Equal((400, "OB-HTTP-1"), (answer.Status, answer.Rule));
            Assert.Equal(["U011"], answer.Faults);
        }
    }

    [Fact]
    [Trait("Rule", "OB-HTTP-2")]
    [Trait("Rule", "CO-01")]
    [Trait("Rule", "CO-20")]
    public async Task Forbids_the_consent_of_another_third_party_and_changes_nothing()
    {
        var id = await api.ConsentAsync();
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            var answer = await api.SendAsync(method, $"{Path}/{id}", new TestCaller(BankApi.OtherTpp));
            Assert.Equal((403, "OB-HTTP-2"), (answer.Status, answer.Rule));
        }

        Assert.Equal("AWAU", await StatusAsync(id));
    }

    [Fact]
    [Trait("Rule", "OB-CON-13")]
    public async Task A_deleted_consent_is_gone_and_its_tokens_with_it()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var deleted = await api.SendAsync(HttpMethod.Delete, $"{Path}/{caller.ConsentId}", Tpp);
        Assert.Equal((204, ""), (deleted.Status, deleted.Body));
        Assert.Equal(1, api.Ended.Count(caller.ConsentId!));
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            var answer = await api.SendAsync(method, $"{Path}/{caller.ConsentId}", Tpp);
            Assert.Equal((400, "OB-HTTP-1"), (answer.Status, answer.Rule));
        }

        Assert.IsType<AuthorisableConsent.Unknown>(await api.AskAsync(new FindConsentForAuthorisation(caller.ConsentId!, BankApi.Tpp)));
    }

    [Theory]
    [Trait("Rule", "OB-CON-14")]
    [Trait("Rule", "OB-CON-3")]
    [InlineData("AWAU", "U036")]
    [InlineData("AUTH", "U038")]
    [InlineData("RJCT", "U037")]
    [InlineData("CANC", "CUST")]
    [InlineData("EXPD", "TKXP")]
    public async Task Every_state_can_be_read_with_its_reason_and_deleted(string state, string reason)
    {
        await using var own = await BankApi.StartAsync();
        var id = await BringToAsync(own, state);
        var answer = await own.GetAsync($"{Path}/{id}", Tpp);
        Assert.Equal((200, state), (answer.Status, answer.Data.GetProperty("Status").GetString()));
        Assert.Equal(reason, answer.Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString());
        Assert.Equal(204, (await own.SendAsync(HttpMethod.Delete, $"{Path}/{id}", Tpp)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-CON-2")]
    [Trait("Rule", "OB-CON-12")]
    public async Task The_time_of_the_status_moves_with_the_status_and_only_then()
    {
        await using var own = await BankApi.StartAsync();
        var start = own.Clock.Now;
        own.Clock.StopAt(start);
        var id = await own.ConsentAsync();
        var created = await TimesAsync();
        own.Clock.StopAt(start.AddMinutes(1));
        Assert.Equal(created, await TimesAsync());
        await own.ApproveAsync(id, [own.Account("GB-1")]);
        var authorised = await TimesAsync();
        Assert.Equal(created.Created, authorised.Created);
        Assert.True(authorised.Updated > created.Updated);

        // Authenticating again changes no state, so it moves no time.
        own.Clock.StopAt(start.AddMinutes(2));
        Assert.IsType<AuthorisationAnswer.Authorised>(await own.ApproveAsync(id, []));
        Assert.Equal(authorised, await TimesAsync());

        async Task<(DateTimeOffset Created, DateTimeOffset Updated)> TimesAsync()
        {
            var data = (await own.GetAsync($"{Path}/{id}", Tpp)).Data;
            return (data.GetProperty("CreationDateTime").GetDateTimeOffset(), data.GetProperty("StatusUpdateDateTime").GetDateTimeOffset());
        }
    }

    [Fact]
    [Trait("Rule", "OB-CON-19")]
    public async Task Whoever_touches_it_first_after_its_end_finds_it_expired_and_it_is_said_once()
    {
        await using var own = await BankApi.StartAsync();
        var end = own.Clock.Now.AddHours(1);
        var caller = await own.AccessAsync(["GB-1"], expires: end);
        own.Clock.StopAt(end.AddSeconds(-1));
        Assert.Equal("AUTH", (await own.GetAsync($"{Path}/{caller.ConsentId}", Tpp)).Data.GetProperty("Status").GetString());

        own.Clock.StopAt(end);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => own.GetAsync($"{Path}/{caller.ConsentId}", Tpp)));
        Assert.All(answers, answer => Assert.Equal("EXPD", answer.Data.GetProperty("Status").GetString()));
        Assert.Equal(1, own.Ended.Count(caller.ConsentId!));
        Assert.Equal(1L, await own.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.history WHERE "ConsentId" = $1 AND "Event" = 'Expire'""", caller.ConsentId));
    }

    [Fact]
    [Trait("Rule", "OB-CON-15")]
    [Trait("Rule", "CO-22")]
    [Trait("Rule", "OB-HDR-11")]
    public async Task Lets_one_third_party_have_so_many_waiting_and_no_more_until_old_ones_lapse()
    {
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Consent:MaxUnauthorised"] = "3" });
        var first = await own.ConsentAsync();
        await own.ConsentAsync();
        await own.ConsentAsync();
        const string Body = """{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""";
        var refused = await own.SendAsync(HttpMethod.Post, Path, Tpp, Body);
        Assert.Equal((429, "CO-22", ""), (refused.Status, refused.Rule, refused.Body));
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal(201, (await own.SendAsync(HttpMethod.Post, Path, new TestCaller(BankApi.OtherTpp), Body)).Status);

        await own.ApproveAsync(first, [own.Account("GB-1")]);
        await own.ConsentAsync();
        Assert.Equal(429, (await own.SendAsync(HttpMethod.Post, Path, Tpp, Body)).Status);
        own.Clock.Advance(TimeSpan.FromDays(8));
        await own.ConsentAsync();
        Assert.Equal("AUTH", (await own.GetAsync($"{Path}/{first}", Tpp)).Data.GetProperty("Status").GetString());
    }

    [Theory]
    [Trait("Rule", "OB-CON-15")]
    [InlineData("Consent:UnauthorisedLifetime", "23:59:59")]
    [InlineData("Consent:MaxUnauthorised", "0")]
    public async Task Does_not_start_with_a_setting_that_breaks_a_rule(string name, string value)
    {
        var fault = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => BankApi.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { [name] = value }));
        Assert.StartsWith(name + " must be", fault.Message, StringComparison.Ordinal);
    }

    private Task<ApiAnswer> PostAsync(string body) => api.SendAsync(HttpMethod.Post, Path, Tpp, body);

    private async Task<string?> StatusAsync(string id) => (await api.GetAsync($"{Path}/{id}", Tpp)).Data.GetProperty("Status").GetString();

    private static async Task<string> BringToAsync(BankApi own, string state)
    {
        var id = await own.ConsentAsync(expires: own.Clock.Now.AddHours(1));
        if (state == "RJCT") await own.AskAsync(new RejectConsent(id, BankApi.Tpp, RejectionCause.Declined, "C-100001", null));
        if (state is "AUTH" or "CANC" or "EXPD") await own.ApproveAsync(id, [own.Account("GB-1")]);
        if (state == "CANC") await own.AskAsync(new CancelConnection(id, "C-100001", new Identity.Contracts.DecisionOrigin(null, null)));
        if (state == "EXPD") own.Clock.Advance(TimeSpan.FromHours(2));
        return id;
    }
}
