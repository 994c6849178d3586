using System.Text.Json;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests.FundsConfirmation;

public sealed class FundsConfirmationConsentTests(Bank bank)
{
    private const string Path = "/funds-confirmation-consents";
    private const string Amelia = "C-100001";
    private const string Thomas = "C-100002";
    private static readonly TestCaller Tpp = new(BankApi.Tpp);
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-CBP-1")]
    [Trait("Rule", "OB-CBP-3")]
    [Trait("Rule", "OB-GEN-7")]
    [Trait("Rule", "OB-GEN-13")]
    public async Task Repeats_what_was_asked_and_adds_id_status_and_times()
    {
        const string Account = """{"SchemeName":"UK.OBIE.IBAN","Identification":"GB76 LOYD 3094 9301 2738 52","Name":"Ann Bé","SecondaryIdentification":"42","Proxy":{"Identification":"2360549017905188","Code":"TELE","Type":"x"}}""";
        var answer = await PostAsync("""{"Data":{"DebtorAccount":@@,"ExpirationDateTime":"2999-05-02T00:00:00+01:00"}}""".Replace("@@", Account, StringComparison.Ordinal));
        Assert.Equal(201, answer.Status);
        Assert.Matches("^fcc-[0-9a-f]{32}$", Id(answer));
        Assert.Equal(JsonSerializer.Serialize(JsonElement.Parse(Account)), JsonSerializer.Serialize(answer.Data.GetProperty("DebtorAccount")));
        Assert.Equal(("AWAU", "2999-05-02T00:00:00+01:00"), (answer.Data.GetProperty("Status").GetString(), answer.Data.GetProperty("ExpirationDateTime").GetString()));
        Assert.Equal($"{BankApi.Issuer}{BankApi.FundsRoot}{Path}/{Id(answer)}", answer.Link("Self"));
        Assert.Equal(answer.Body, (await SendAsync(HttpMethod.Get, $"{Path}/{Id(answer)}")).Body);

        // Not idempotent: the same once more is another one.
        void Key(HttpRequestMessage request) => request.Headers.Add("x-idempotency-key", "same");
        var body = """{"Data":{"DebtorAccount":@@}}""".Replace("@@", Account, StringComparison.Ordinal);
        Assert.NotEqual(Id(await SendAsync(HttpMethod.Post, Path, body, adjust: Key)), Id(await SendAsync(HttpMethod.Post, Path, body, adjust: Key)));
    }

    [Theory]
    [Trait("Rule", "OB-CBP-11")]
    [Trait("Rule", "OB-DAT-1")]
    [InlineData("2999-05-02T00:00:00.000+01:00", "2999-05-02T00:00:00.000+01:00")]
    [InlineData("29990502T001500Z", "2999-05-02T00:15:00Z")]
    [InlineData("2999-05-02", "2999-05-02T00:00:00Z")]
    [InlineData(null, null)]
    public async Task Takes_every_form_of_an_end_and_none(string? sent, string? answered)
    {
        var answer = await PostAsync(Body(sent is null ? "" : $",\"ExpirationDateTime\":\"{sent}\""));
        Assert.Equal(answered, answer.Data.TryGetProperty("ExpirationDateTime", out var end) ? end.GetString() : null);
    }

    [Theory]
    [Trait("Rule", "OB-CBP-1")]
    [Trait("Rule", "OB-CBP-11")]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "OB-ERR-5")]
    [Trait("Rule", "OB-GEN-4")]
    [Trait("Rule", "OB-GEN-5")]
    [Trait("Rule", "OB-GEN-16")]
    [InlineData("""{}""", "OB-CBP-1", "U004 Data")]
    [InlineData("""{"Data":{}}""", "OB-CBP-1", "U004 Data.DebtorAccount")]
    [InlineData("""{"Data":[]}""", "OB-GEN-5", "U010 Data")]
    [InlineData("""{"Data":{"DebtorAccount":{}}}""", "OB-CBP-1", "U004 Data.DebtorAccount.SchemeName|U004 Data.DebtorAccount.Identification")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"US.ABA","Identification":"1"}}}""", "OB-CBP-1", "U027 Data.DebtorAccount.SchemeName")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"1234"}}}""", "OB-CBP-1", "U021 Data.DebtorAccount.Identification")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":""}}}""", "OB-CBP-1", "U002 Data.DebtorAccount.Identification")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":"5555"}}}""", "OB-CBP-1", "U021 Data.DebtorAccount.Identification")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":5}}}""", "OB-GEN-5", "U010 Data.DebtorAccount.Identification")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":"5555444433331111","Name":"","Proxy":{}}}}""", "OB-CBP-1", "U002 Data.DebtorAccount.Name|U004 Data.DebtorAccount.Proxy.Identification|U004 Data.DebtorAccount.Proxy.Code")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":"5555444433331111","Name":"a\u0000b"}}}""", "OB-GEN-4", "U002 Data.DebtorAccount.Name")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":"5555444433331111","Proxy":{"Identification":"1","Code":"NONE"}}}}""", "OB-CBP-1", "U002 Data.DebtorAccount.Proxy.Code")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":"5555444433331111"},"ExpirationDateTime":"soon"}}""", "OB-CBP-11", "U003 Data.ExpirationDateTime")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":"5555444433331111"},"ExpirationDateTime":"2020-01-01"}}""", "OB-CON-19", "U003 Data.ExpirationDateTime")]
    [InlineData("""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.PAN","Identification":"5555444433331111"}},"Risk":{}}""", "OB-GEN-16", "U010 Risk")]
    public async Task Refuses_what_the_standard_does_not_allow_all_faults_at_once(string body, string rule, string faults)
    {
        var answer = await PostAsync(body);
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal(faults.Split('|'), answer.Faults);
    }

    [Theory]
    [Trait("Rule", "OB-CBP-1")]
    [InlineData(256, 350, 34, 201)]
    [InlineData(257, 350, 34, 400)]
    [InlineData(256, 351, 34, 400)]
    [InlineData(256, 350, 35, 400)]
    public async Task Takes_texts_up_to_their_length(int identification, int name, int secondary, int status)
    {
        var body = new { Data = new { DebtorAccount = new { SchemeName = "UK.OBIE.Wallet", Identification = new string('i', identification), Name = new string('n', name), SecondaryIdentification = new string('s', secondary) } } };
        var answer = await PostAsync(JsonSerializer.Serialize(body));
        Assert.Equal((status, status == 201 ? null : "OB-CBP-1"), (answer.Status, answer.Rule));
    }

    [Fact]
    [Trait("Rule", "OB-CBP-9")]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "OB-HTTP-2")]
    [Trait("Rule", "OB-CON-13")]
    [Trait("Rule", "CO-01")]
    [Trait("Rule", "CO-24")]
    public async Task Knows_its_own_consents_until_they_are_deleted()
    {
        var access = await api.ConsentAsync();
        foreach (var id in new[] { "fcc-00000000000000000000000000000000", "1", "..%2F..", access })
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
            {
                var unknown = await SendAsync(method, $"{Path}/{id}");
                Assert.Equal((400, "OB-HTTP-1", "U011"), (unknown.Status, unknown.Rule, unknown.Faults[0]));
            }
        }

        var mine = Id(await PostAsync(Body()));
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            var foreign = await SendAsync(method, $"{Path}/{mine}", caller: new TestCaller(BankApi.OtherTpp));
            Assert.Equal((403, "OB-HTTP-2"), (foreign.Status, foreign.Rule));
        }

        // And the other family does not know it.
        Assert.Equal("OB-HTTP-1", (await api.GetAsync("/account-access-consents/" + mine, Tpp)).Rule);
        Assert.Equal(204, (await SendAsync(HttpMethod.Delete, $"{Path}/{mine}")).Status);
        Assert.Equal(1, api.Ended.Count(mine));
        Assert.Equal("OB-HTTP-1", (await SendAsync(HttpMethod.Get, $"{Path}/{mine}")).Rule);
        Assert.Equal("OB-HTTP-1", (await SendAsync(HttpMethod.Delete, $"{Path}/{mine}")).Rule);
    }

    [Fact]
    [Trait("Rule", "C-1")]
    [Trait("Rule", "OB-CBP-2")]
    [Trait("Rule", "RAR-06")]
    [Trait("Rule", "CON-01")]
    public async Task Shows_the_one_account_that_it_names_and_grants_that()
    {
        var id = Id(await PostAsync(Body()));
        var found = Assert.IsType<AuthorisableConsent.Found>(await api.AskAsync(new FindConsentForAuthorisation(id, BankApi.Tpp)));
        Assert.Equal(ConsentKind.FundsConfirmation, found.Kind);

        var shown = (await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Amelia)))!;
        Assert.Equal((ConsentKind.FundsConfirmation, false, "Everyday"), (shown.Kind, shown.ChoosesAccounts, Assert.Single(shown.Accounts).Name));
        Assert.Contains("Never your balance, and nothing else of your account", shown.Groups.SelectMany(group => group.Parts));

        // What was not shown cannot be added, and what is shown can be changed by nobody.
        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await api.ApproveAsync(id, [api.Account("GB-2")]));
        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await api.ApproveAsync(id, [api.Account("GB-1"), api.Account("GB-2")]));
        Assert.IsType<AuthorisationAnswer.Changed>(await api.ApproveAsync(id, [api.Account("GB-1")], digest: new string('A', 43)));
        var authorised = Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(id, [api.Account("GB-1")]));
        Assert.Equal((ConsentKind.FundsConfirmation, api.Account("GB-1")), (authorised.Kind, Assert.Single(authorised.AccountIds)));
        Assert.Equal(shown.Digest, await api.Database.ScalarAsync<string>("""SELECT "Digest" FROM consent.evidence WHERE "ConsentId" = $1""", id));
        Assert.Equal(new FundsConfirmationDecision.Granted(Amelia, api.Account("GB-1")), await api.AskAsync(new OpenFundsConfirmation(id, BankApi.Tpp)));
    }

    [Fact]
    [Trait("Rule", "OB-SEC-12")]
    [Trait("Rule", "PY-15")]
    public async Task An_account_of_somebody_else_is_nothing_to_approve()
    {
        var id = Id(await PostAsync(Body()));
        Assert.Empty((await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Thomas)))!.Accounts);
        Assert.IsType<AuthorisationAnswer.NoAccountChosen>(await api.ApproveAsync(id, [], Thomas));
        Assert.IsType<AuthorisationAnswer.AccountNotOffered>(await api.ApproveAsync(id, [api.Account("GB-1")], Thomas));
        await api.AskAsync(new RejectConsent(id, BankApi.Tpp, RejectionCause.NoEligibleAccount, Thomas, null));
        var rejected = (await SendAsync(HttpMethod.Get, $"{Path}/{id}")).Data;
        Assert.Equal(("RJCT", "AC02"), (rejected.GetProperty("Status").GetString(), rejected.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString()));
    }

    [Fact]
    [Trait("Rule", "OB-CON-12")]
    [Trait("Rule", "D-7")]
    [Trait("Rule", "D-2")]
    public async Task Cancelled_by_its_customer_it_takes_a_new_consent()
    {
        var id = Id(await PostAsync(Body()));
        await api.ApproveAsync(id, []);
        Assert.True(Assert.IsType<AuthorisableConsent.Found>(await api.AskAsync(new FindConsentForAuthorisation(id, BankApi.Tpp))).Continues);
        Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(id, []));

        var entry = Assert.Single(await api.AskAsync(new ListConnections(Amelia)), connection => connection.ConsentIds.Contains(id));
        Assert.Equal((ConsentKind.FundsConfirmation, true), (entry.Kind, entry.IsActive));
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(id, Amelia, new DecisionOrigin(null, null))));
        Assert.Equal(1, api.Ended.Count(id));
        Assert.IsType<AuthorisableConsent.InWrongState>(await api.AskAsync(new FindConsentForAuthorisation(id, BankApi.Tpp)));
        var read = await SendAsync(HttpMethod.Get, $"{Path}/{id}");
        Assert.Equal(("CANC", "CUST"), (read.Data.GetProperty("Status").GetString(), read.Data.GetProperty("StatusReason")[0].GetProperty("StatusReasonCode").GetString()));
    }

    [Fact]
    [Trait("Rule", "OB-CON-17")]
    public async Task Several_consents_for_one_account_stand_side_by_side()
    {
        var (first, second) = (Id(await PostAsync(Body())), Id(await PostAsync(Body())));
        await api.ApproveAsync(first, []);
        await api.ApproveAsync(second, []);
        await SendAsync(HttpMethod.Delete, $"{Path}/{first}");
        Assert.IsType<FundsConfirmationDecision.Granted>(await api.AskAsync(new OpenFundsConfirmation(second, BankApi.Tpp)));
        Assert.Equal(new FundsConfirmationDecision.Refused(ConsentRefusal.Unknown), await api.AskAsync(new OpenFundsConfirmation(first, BankApi.Tpp)));
    }

    [Fact]
    [Trait("Rule", "D-9")]
    public async Task The_customer_sees_one_entry_for_an_issuer_and_an_account()
    {
        await using var own = await BankApi.StartAsync();
        var ids = new List<string>();
        foreach (var tag in new[] { "GB-1", "GB-1", "GB-2" })
        {
            var id = Id(await own.SendAsync(HttpMethod.Post, Path, Tpp, Body().Replace(Identification("GB-1"), Identification(tag), StringComparison.Ordinal), null, BankApi.FundsRoot));
            Assert.IsType<AuthorisationAnswer.Authorised>(await own.ApproveAsync(id, []));
            ids.Add(id);
            own.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal([(ids[2], true, ids[2]), (ids[1], true, $"{ids[1]} {ids[0]}")], await ListAsync());
        var detail = (await own.AskAsync(new DescribeConnection(ids[0], Amelia)))!;
        Assert.Equal((ids[1], 4), (detail.Summary.ConsentId, detail.History.Count));
        Assert.Null(await own.AskAsync(new DescribeConnection(ids[0], Thomas)));

        // It is active as long as one of them is, and then tells of the one that ended last.
        await own.AskAsync(new CancelConnection(ids[1], Amelia, new DecisionOrigin(null, null)));
        Assert.Equal([(ids[2], true, ids[2]), (ids[0], true, $"{ids[0]} {ids[1]}")], await ListAsync());
        await own.AskAsync(new CancelConnection(ids[0], Amelia, new DecisionOrigin(null, null)));
        Assert.Equal([(ids[2], true, ids[2]), (ids[1], false, $"{ids[1]} {ids[0]}")], await ListAsync());

        async Task<IEnumerable<(string, bool, string)>> ListAsync() =>
            (await own.AskAsync(new ListConnections(Amelia))).Select(entry => (entry.ConsentId, entry.IsActive, string.Join(' ', entry.ConsentIds)));
    }

    private string Body(string more = "") =>
        """{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"@@"}MORE}}"""
            .Replace("@@", Identification("GB-1"), StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal);

    private string Identification(string tag) => api.Customers.SelectMany(customer => customer.Accounts).First(account => account.Tag == tag).Identification;

    private static string Id(ApiAnswer answer) => answer.Data.GetProperty("ConsentId").GetString()!;

    private Task<ApiAnswer> PostAsync(string body) => SendAsync(HttpMethod.Post, Path, body);

    private Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? body = null, TestCaller? caller = null, Action<HttpRequestMessage>? adjust = null) =>
        api.SendAsync(method, path, caller ?? Tpp, body, adjust, BankApi.FundsRoot);
}
