using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Vrp;

public sealed class VrpConsentTests(Bank bank)
{
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-GEN-7")]
    [Trait("Rule", "OB-GEN-13")]
    [Trait("Rule", "OB-CON-3")]
    [Trait("Rule", "OB-VRP-18")]
    public async Task Repeats_what_was_asked_and_tells_the_account_once_it_was_chosen()
    {
        var body = VrpRequests.Consent();
        var made = await bank.PostAsync(VrpRequests.Consents, body);
        Assert.Equal(201, made.Status);
        var id = Text(made.Data, "ConsentId");
        Assert.Matches("^vrp-[0-9a-f]{32}$", id);
        foreach (var (name, value) in body["Data"]!.AsObject()) Assert.True(JsonNode.DeepEquals(value, JsonNode.Parse(made.Data.GetProperty(name).GetRawText())), name);
        Assert.True(JsonNode.DeepEquals(body["Risk"], JsonNode.Parse(made.Json.GetProperty("Risk").GetRawText())));
        Assert.Equal(("AWAU", "U036"), (Text(made.Data, "Status"), Text(made.Data.GetProperty("StatusReason")[0], "StatusReasonCode")));
        Assert.False(made.Data.TryGetProperty("DebtorAccount", out _));
        Assert.Equal($"{BankApi.Issuer}{BankApi.PaymentsRoot}{VrpRequests.Consents}/{id}", made.Link("Self"));

        await bank.ApprovedAsync(id!);
        var approved = (await bank.GetAsync($"{VrpRequests.Consents}/{id}")).Data;
        Assert.Equal("AUTH", Text(approved, "Status"));
        Assert.Equal(("99012420450011", "Amelia Hartwell"), (Text(approved.GetProperty("DebtorAccount"), "Identification"), Text(approved.GetProperty("DebtorAccount"), "Name")));

        // Who named the account learns nothing new.
        var named = VrpRequests.Consent(asked => VrpRequests.Set(asked, "Data.Initiation.DebtorAccount", """{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"99012420450011","Name":"A Hartwell"}"""));
        var namedId = await bank.VrpConsentAsync(named);
        await bank.ApprovedAsync(namedId, null);
        Assert.False((await bank.GetAsync($"{VrpRequests.Consents}/{namedId}")).Data.TryGetProperty("DebtorAccount", out _));
    }

    public static TheoryData<string, string?, string, string> Wrongs => new()
    {
        // path in Data, value as JSON (null takes it away), rule, code and path of the fault
        { "ControlParameters", null, "PY-21", "U004 Data.ControlParameters" },
        { "ControlParameters.VRPType", null, "PY-21", "U004 Data.ControlParameters.VRPType" },
        { "ControlParameters.PSUAuthenticationMethods", null, "PY-21", "U004 Data.ControlParameters.PSUAuthenticationMethods" },
        { "ControlParameters.MaximumIndividualAmount", null, "PY-21", "U004 Data.ControlParameters.MaximumIndividualAmount" },
        { "ControlParameters.PeriodicLimits", null, "PY-21", "U004 Data.ControlParameters.PeriodicLimits" },
        { "ControlParameters.PeriodicLimits", "[]", "OB-GEN-8", "U002 Data.ControlParameters.PeriodicLimits" },
        { "ControlParameters.VRPType", "[]", "OB-GEN-8", "U002 Data.ControlParameters.VRPType" },
        { "ControlParameters.VRPType", """["UK.OBIE.VRPType.Sweeping","CVRP1"]""", "OB-V401-22", "U002 Data.ControlParameters.VRPType" },
        { "ControlParameters.PSUAuthenticationMethods", """["UK.OBIE.Trust"]""", "OB-GEN-8", "U002 Data.ControlParameters.PSUAuthenticationMethods" },
        { "ControlParameters.PSUInteractionTypes", """["Never"]""", "OB-GEN-8", "U002 Data.ControlParameters.PSUInteractionTypes[0]" },
        { "ControlParameters.MaximumIndividualAmount.Amount", "\"0.00\"", "PY-10", "U002 Data.ControlParameters.MaximumIndividualAmount.Amount" },
        { "ControlParameters.MaximumIndividualAmount.Amount", "\"1.001\"", "PY-11", "U002 Data.ControlParameters.MaximumIndividualAmount.Amount" },
        { "ControlParameters.MaximumIndividualAmount.Currency", "\"EUR\"", "OB-VRP-12", "U023 Data.ControlParameters.MaximumIndividualAmount.Currency" },
        { "ControlParameters.PeriodicLimits.0.Currency", "\"EUR\"", "OB-VRP-12", "U023 Data.ControlParameters.PeriodicLimits[0].Currency" },
        { "ControlParameters.PeriodicLimits.0.Amount", "\"0\"", "PY-10", "U002 Data.ControlParameters.PeriodicLimits[0].Amount" },
        { "ControlParameters.PeriodicLimits.0.PeriodType", "\"Quarter\"", "OB-GEN-8", "U002 Data.ControlParameters.PeriodicLimits[0].PeriodType" },
        { "ControlParameters.PeriodicLimits", """[{"PeriodType":"Fortnight","PeriodAlignment":"Calendar","Amount":"1.00","Currency":"GBP"}]""", "OB-VRP-3", "U002 Data.ControlParameters.PeriodicLimits[0].PeriodAlignment" },
        { "ControlParameters.PeriodicLimits", """[{"PeriodType":"Day","PeriodAlignment":"Calendar","Amount":"1.00","Currency":"GBP"},{"PeriodType":"Day","PeriodAlignment":"Consent","Amount":"1.00","Currency":"GBP"}]""", "OB-VRP-4", "U002 Data.ControlParameters.PeriodicLimits[1].PeriodType" },
        { "ControlParameters.SupplementaryData", """{"Own":"data"}""", "OB-GEN-9", "U002 Data.ControlParameters.SupplementaryData" },
        { "ControlParameters.ValidToDateTime", "\"2020-01-01T00:00:00Z\"", "OB-CON-19", "U003 Data.ControlParameters.ValidToDateTime" },
        { "ControlParameters.ValidFromDateTime", "\"9999-12-31T00:00:00Z\"", "OB-PIS-12", "U003 Data.ControlParameters.ValidFromDateTime" },
        { "ControlParameters.ValidFromDateTime", "\"soon\"", "OB-DAT-8", "U003 Data.ControlParameters.ValidFromDateTime" },
        { "Initiation", null, "PY-21", "U004 Data.Initiation" },
        { "Initiation.CreditorAccount", null, "OB-VRP-2", "U001 Data.Initiation.CreditorAccount" },
        { "Initiation.CreditorAccount.SchemeName", "\"US.ABA\"", "OB-PIS-11", "U027 Data.Initiation.CreditorAccount.SchemeName" },
        { "Initiation.CreditorAccount.Identification", "\"12\"", "PY-14", "U021 Data.Initiation.CreditorAccount.Identification" },
        { "Initiation.DebtorAccount", """{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"99012420450061"}""", "PY-14", "U002 Data.Initiation.CreditorAccount" },
        { "ReadRefundAccount", "\"Perhaps\"", "OB-GEN-8", "U002 Data.ReadRefundAccount" },
    };

    [Theory]
    [MemberData(nameof(Wrongs))]
    [Trait("Rule", "OB-VRP-1")]
    [Trait("Rule", "OB-VRP-2")]
    [Trait("Rule", "OB-VRP-3")]
    [Trait("Rule", "OB-VRP-4")]
    [Trait("Rule", "OB-VRP-12")]
    [Trait("Rule", "OB-GEN-8")]
    [Trait("Rule", "OB-GEN-9")]
    [Trait("Rule", "OB-V401-22")]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "OB-PIS-12")]
    public async Task Refuses_what_breaks_a_rule(string path, string? value, string rule, string fault)
    {
        var answer = await bank.PostAsync(VrpRequests.Consents, VrpRequests.Consent(asked => VrpRequests.Set(asked, "Data." + path, value)));
        Assert.Equal((400, rule, fault), (answer.Status, answer.Rule, answer.Faults[0]));
    }

    [Theory]
    [Trait("Rule", "OB-VRP-2")]
    [Trait("Rule", "OB-VRP-4")]
    [Trait("Rule", "OB-VRP-20")]
    [Trait("Rule", "OB-GEN-9")]
    [Trait("Rule", "OB-DEC-17")]
    [InlineData("ControlParameters.MaximumIndividualAmount.Amount", "\"9999999999999.99\"")]
    [InlineData("ControlParameters.SupplementaryData", "{}")]
    [InlineData("ControlParameters.PSUInteractionTypes", null)]
    [InlineData("ControlParameters.VRPType", """["UK.OBIE.VRPType.Other"]""")]
    [InlineData("Initiation.RemittanceInformation", """{"Unstructured":[]}""")]
    [InlineData("Initiation.RemittanceInformation", null)]
    [InlineData("ControlParameters.PeriodicLimits", """
        [{"PeriodType":"Day","PeriodAlignment":"Calendar","Amount":"1.00","Currency":"GBP"},{"PeriodType":"Week","PeriodAlignment":"Calendar","Amount":"1","Currency":"GBP"},
         {"PeriodType":"Fortnight","PeriodAlignment":"Consent","Amount":"1.00","Currency":"GBP"},{"PeriodType":"Month","PeriodAlignment":"Calendar","Amount":"1.00","Currency":"GBP"},
         {"PeriodType":"Half-year","PeriodAlignment":"Consent","Amount":"1.00","Currency":"GBP"},{"PeriodType":"Year","PeriodAlignment":"Calendar","Amount":"9999999999999.99","Currency":"GBP"}]
        """)]
    public async Task Takes_what_keeps_the_rules(string path, string? value) =>
        Assert.Equal(201, (await bank.PostAsync(VrpRequests.Consents, VrpRequests.Consent(asked => VrpRequests.Set(asked, "Data." + path, value)))).Status);

    [Fact]
    [Trait("Rule", "OB-VRP-2")]
    public async Task Payments_that_are_no_sweeping_may_leave_their_payee_open()
    {
        var body = VrpRequests.Consent(asked =>
        {
            VrpRequests.Set(asked, "Data.ControlParameters.VRPType", """["UK.OBIE.VRPType.Other"]""");
            VrpRequests.Set(asked, "Data.Initiation.CreditorAccount", null);
        });
        var payer = await bank.VrpPayerAsync(body);
        void Payee(JsonObject order, string identification) =>
            VrpRequests.Set(order, "Data.Instruction.CreditorAccount", $$"""{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"{{identification}}","Name":"Anybody"}""");
        Assert.Equal(201, (await bank.VrpAsync(payer, consent: body, change: order => Payee(order, VrpRequests.Savings))).Status);
        Assert.Equal(201, (await bank.VrpAsync(payer, consent: body, change: order => Payee(order, "08080021325698"))).Status);
        foreach (var (wrong, rule, fault) in new[] { ("12", "PY-14", "U021 Data.Instruction.CreditorAccount.Identification"), ("99012420450011", "PY-14", "U002 Data.Instruction.CreditorAccount") })
        {
            var answer = await bank.VrpAsync(payer, consent: body, change: order => Payee(order, wrong));
            Assert.Equal((400, rule, fault), (answer.Status, answer.Rule, answer.Faults[0]));
        }
    }

    [Fact]
    [Trait("Rule", "OB-VRP-21")]
    [Trait("Rule", "OB-DEC-18")]
    public async Task Begins_today_or_later_and_ends_after_that()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 6, 22, 59, 59, TimeSpan.Zero));
        async Task<string> WithAsync(string? from, string? to = null)
        {
            var answer = await bank.PostAsync(
                VrpRequests.Consents,
                VrpRequests.Consent(asked =>
                {
                    if (from is not null) VrpRequests.Parameters(asked)["ValidFromDateTime"] = from;
                    if (to is not null) VrpRequests.Parameters(asked)["ValidToDateTime"] = to;
                }),
                at: own);
            return answer.Status == 201 ? "taken" : $"{answer.Rule} {answer.Faults[0]}";
        }

        // It is still the 6th in London, and the hour does not count.
        Assert.Equal("taken", await WithAsync("2026-06-06T00:00:00+01:00"));
        Assert.Equal("OB-VRP-21 U003 Data.ControlParameters.ValidFromDateTime", await WithAsync("2026-06-05T23:59:59+01:00"));
        Assert.Equal("taken", await WithAsync("2027-06-01T00:00:00Z", "2027-06-01T00:00:01Z"));
        Assert.Equal("OB-VRP-21 U003 Data.ControlParameters.ValidToDateTime", await WithAsync("2027-06-01T00:00:00Z", "2027-06-01T00:00:00Z"));
        own.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("OB-VRP-21 U003 Data.ControlParameters.ValidFromDateTime", await WithAsync("2026-06-06T23:59:59+01:00"));

        var choices = own.Services.GetRequiredService<CurrentChoices>();
        choices.Now = choices.Now with { AllowPastVrpStart = true };
        Assert.Equal("taken", await WithAsync("2020-06-06T00:00:00Z"));
    }

    [Fact]
    [Trait("Rule", "V-1")]
    [Trait("Rule", "V-3")]
    [Trait("Rule", "V-4")]
    [Trait("Rule", "OB-VRP-6")]
    public async Task The_customer_is_shown_payee_purpose_limits_and_term_in_words()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 6, 12, 0, 0, TimeSpan.Zero));
        var id = await bank.VrpConsentAsync(
            VrpRequests.Consent(asked =>
            {
                VrpRequests.Limits("100.00", VrpRequests.Limit("Month", "Calendar", "300.00"), VrpRequests.Limit("Fortnight", "Consent", "200.00"))(asked);
                VrpRequests.Set(asked, "Data.Initiation.UltimateCreditor", """{"Name":"A Landlord"}""");
                VrpRequests.Set(asked, "Data.Initiation.UltimateDebtor", """{"Name":"A Daughter"}""");
                VrpRequests.Parameters(asked)["ValidToDateTime"] = "2027-06-30T22:59:00Z";
            }),
            own);
        var shown = (await own.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Bank.Amelia)))!;
        var payment = shown.Payment!;
        Assert.Equal(("100.00", "Thomas Hale", "99-01-24 20450061", true, true), (payment.Amount.ToWire(), payment.PayeeName, payment.PayeeAccount, payment.IsWithinLimits, payment.GivesRefundAccount));
        Assert.Equal(
            [
                "Purpose: Sweeping: moving money between your own accounts",
                "In all, at most: £300.00 per calendar month",
                "First month: £250.00 from 6 June 2026 to 30 June 2026, in proportion to the days left in it",
                "In all, at most: £200.00 every 14 days from 6 June 2026",
                "Starts: As soon as you approve",
                "Ends: 30 June 2027, 23:59",
                "Reference: Sweep",
                "Paid on to: A Landlord",
                "Paid for: A Daughter",
            ],
            payment.Lines.Select(line => $"{line.Label}: {line.Value}"));

        // Only accounts that can pay in pounds, and not the one that is paid.
        Assert.DoesNotContain(shown.Accounts, account => account.AccountId == own.Account("EUR-1"));
        Assert.Contains(shown.Accounts, account => account.AccountId == own.Account("GB-1"));

        // A page of yesterday says less than is true today, so its approval is for something else.
        own.Clock.Advance(TimeSpan.FromDays(1));
        Assert.IsType<AuthorisationAnswer.Changed>(await own.ApproveAsync(id, [own.Account("GB-1")], digest: shown.Digest));
        Assert.IsType<AuthorisationAnswer.Authorised>(await own.ApproveAsync(id, [own.Account("GB-1")]));
    }

    [Fact]
    [Trait("Rule", "OB-VRP-22")]
    public async Task An_account_that_needs_several_approvers_cannot_be_chosen()
    {
        const string Baker = "C-100004";
        var single = await bank.ConsentAsync();
        Assert.Contains((await api.AskAsync(new DescribeForApproval(single, BankApi.Tpp, Baker)))!.Accounts, account => account.AccountId == api.Account("BUS-1"));
        var id = await bank.VrpConsentAsync(VrpRequests.Consent());
        var shown = (await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Baker)))!;
        Assert.DoesNotContain(shown.Accounts, account => account.AccountId == api.Account("BUS-1"));
        Assert.Contains(shown.Accounts, account => account.AccountId == api.Account("BUS-2"));
        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await api.ApproveAsync(id, [api.Account("BUS-1")], Baker));
    }

    [Fact]
    [Trait("Rule", "OB-VRP-23")]
    [Trait("Rule", "OB-CON-12")]
    [Trait("Rule", "OB-CON-13")]
    [Trait("Rule", "OB-CON-20")]
    [Trait("Rule", "D-7")]
    public async Task Is_stopped_by_its_customer_and_continued_and_given_up_by_its_third_party()
    {
        var payer = await bank.VrpPayerAsync();
        var id = payer.ConsentId!;
        var flying = (await bank.VrpAsync(payer)).Data.GetProperty("DomesticVRPId").GetString();
        Assert.Equal(CancellationAnswer.Cancelled, await api.AskAsync(new CancelConnection(id, Bank.Amelia, new DecisionOrigin("192.0.2.7", "Browser/1"))));
        var stopped = (await bank.GetAsync($"{VrpRequests.Consents}/{id}")).Data;
        Assert.Equal(("CANC", "CUST"), (Text(stopped, "Status"), Text(stopped.GetProperty("StatusReason")[0], "StatusReasonCode")));
        Assert.Equal(1, api.Ended.Count(id));
        Assert.Equal(("urn:uk:org:openbanking:events:consent-authorization-revoked", 1), await EventAsync(id));
        var refused = await bank.VrpAsync(payer);
        Assert.Equal((400, "OB-VRP-23", "U009 Data.Status"), (refused.Status, refused.Rule, refused.Faults[0]));

        // What was taken before goes on.
        for (var look = 0; look < 300 && Text((await bank.GetAsync($"{VrpRequests.Orders}/{flying}")).Data, "Status") != "ACCC"; look++) await Task.Delay(100);
        Assert.Equal("ACCC", Text((await bank.GetAsync($"{VrpRequests.Orders}/{flying}")).Data, "Status"));

        // The same consent, with nothing to choose.
        var again = (await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Bank.Amelia)))!;
        Assert.Equal((true, false, api.Account("GB-1")), (again.Continues, again.ChoosesAccounts, again.Accounts.Single().AccountId));
        Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(id, []));
        Assert.Equal(201, (await bank.VrpAsync(payer)).Status);
        Assert.Equal("99012420450011", Text((await bank.GetAsync($"{VrpRequests.Consents}/{id}")).Data.GetProperty("DebtorAccount"), "Identification"));

        Assert.Equal(204, (await bank.SendAsync(HttpMethod.Delete, $"{VrpRequests.Consents}/{id}", null, keyed: false)).Status);
        foreach (var gone in new[] { await bank.GetAsync($"{VrpRequests.Consents}/{id}"), await bank.SendAsync(HttpMethod.Delete, $"{VrpRequests.Consents}/{id}", null, keyed: false), await bank.VrpAsync(payer) })
            Assert.Equal((400, "OB-HTTP-1"), (gone.Status, gone.Rule));
        Assert.Equal(2, api.Ended.Count(id));
    }

    [Fact]
    [Trait("Rule", "OB-HTTP-2")]
    [Trait("Rule", "PY-30")]
    public async Task Is_its_third_partys_alone_and_no_consent_of_another_type()
    {
        var payer = await bank.VrpPayerAsync();
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
            Assert.Equal((403, "OB-HTTP-2"), await bank.SendAsync(method, $"{VrpRequests.Consents}/{payer.ConsentId}", null, new TestCaller(BankApi.OtherTpp), keyed: false) is var foreign ? (foreign.Status, foreign.Rule) : default);
        Assert.Equal("OB-HTTP-1", (await bank.GetAsync($"/domestic-payment-consents/{payer.ConsentId}")).Rule);
        Assert.Equal("OB-HTTP-1", (await bank.GetAsync($"{VrpRequests.Consents}/{await bank.ConsentAsync()}")).Rule);
        var single = await bank.ApprovedAsync(await bank.ConsentAsync());
        var crossed = await bank.VrpAsync(single);
        Assert.Equal((400, "OB-HTTP-1"), (crossed.Status, crossed.Rule));
        Assert.Equal((403, "OB-HTTP-2"), await bank.VrpAsync(payer with { ClientId = BankApi.OtherTpp }) is var other ? (other.Status, other.Rule) : default);
    }

    [Fact]
    [Trait("Rule", "OB-VRP-17")]
    [Trait("Rule", "OB-DEC-1")]
    [Trait("Rule", "OB-DEC-5")]
    [Trait("Rule", "OB-SEC-5")]
    [Trait("Rule", "OB-IDM-2")]
    public async Task Says_whether_an_amount_is_there_while_it_is_authorised()
    {
        var waiting = await bank.VrpConsentAsync(VrpRequests.Consent());
        var early = await AskAsync(new TestCaller(BankApi.Tpp, waiting));
        Assert.Equal((400, "OB-VRP-17", "U009 Data.Status"), (early.Status, early.Rule, early.Faults[0]));
        var payer = await bank.ApprovedAsync(waiting);
        var answer = await AskAsync(payer, reference: "Sweep");
        Assert.Equal(201, answer.Status);
        Assert.Equal(("Available", "Sweep"), (Text(answer.Data.GetProperty("FundsAvailableResult"), "FundsAvailable"), Text(answer.Data, "Reference")));
        Assert.Equal("NotAvailable", Text((await AskAsync(payer, "9999999.00")).Data.GetProperty("FundsAvailableResult"), "FundsAvailable"));
        var other = await AskAsync(payer, reference: "Other");
        Assert.Equal((400, "OB-VRP-17", "U008 Data.Reference"), (other.Status, other.Rule, other.Faults[0]));
        Assert.Equal("OB-VRP-12", (await AskAsync(payer, currency: "EUR")).Rule);
        Assert.Equal("PY-10", (await AskAsync(payer, "0.00")).Rule);
        Assert.Equal((403, "OB-SEC-5"), await AskAsync(payer, inBody: (await bank.VrpPayerAsync()).ConsentId) is var crossed ? (crossed.Status, crossed.Rule) : default);
        Assert.Equal((403, "OB-SEC-5"), await AskAsync(await bank.VrpPayerAsync(), inPath: payer.ConsentId, inBody: payer.ConsentId) is var foreign ? (foreign.Status, foreign.Rule) : default);
        Assert.Equal("AUTH", Text((await bank.GetAsync($"{VrpRequests.Consents}/{waiting}")).Data, "Status"));
    }

    [Fact]
    [Trait("Rule", "PY-27")]
    public async Task Nobody_finds_the_balance_by_asking()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 6, 12, 0, 0, TimeSpan.Zero));
        var payer = await bank.VrpPayerAsync(at: own);
        var answers = await Task.WhenAll(Enumerable.Range(1, 25).Select(n => AskAsync(payer, $"{n}.00", at: own)));
        Assert.Equal((20, 5), (answers.Count(answer => answer.Status == 201), answers.Count(answer => answer is { Status: 429, Rule: "PY-27" })));
        Assert.All(answers.Where(answer => answer.Status == 429), answer => Assert.Equal("600", answer.Headers.RetryAfter!.ToString()));
        own.Clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        Assert.Equal(429, (await AskAsync(payer, at: own)).Status);
        own.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(201, (await AskAsync(payer, at: own)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-VRP-25")]
    [Trait("Rule", "OB-V401-19")]
    [Trait("Rule", "OB-CON-18")]
    [Trait("Rule", "OB-IDM-1")]
    [Trait("Rule", "OB-HDR-6")]
    public async Task Nothing_of_it_is_changed_and_there_is_nothing_to_migrate()
    {
        var body = VrpRequests.Consent();
        var id = await bank.VrpConsentAsync(body);
        var before = (await bank.GetAsync($"{VrpRequests.Consents}/{id}")).Body;
        async Task<string> PutAsync(JsonObject with) => await SaidAsync(bank.SendAsync(HttpMethod.Put, $"{VrpRequests.Consents}/{id}", with.ToJsonString()));
        async Task<string> PatchAsync(string patch) => await SaidAsync(bank.SendAsync(HttpMethod.Patch, $"{VrpRequests.Consents}/{id}", patch, type: "application/json-patch+json"));
        Assert.Equal("400 OB-VRP-25 U002", await PutAsync(body));
        Assert.Equal("400 OB-VRP-25 U008 Data.ControlParameters.MaximumIndividualAmount.Amount", await PutAsync(VrpRequests.Consent(asked => VrpRequests.Set(asked, "Data.ControlParameters.MaximumIndividualAmount.Amount", "\"100.01\""))));
        Assert.Equal("400 PY-21 U004 Risk", await PutAsync(VrpRequests.Consent(asked => asked.Remove("Risk"))));
        Assert.Equal("400 OB-VRP-25 U002", await PatchAsync("""[{"op":"test","path":"/Risk/PaymentContextCode","value":"TransferToSelf"}]"""));
        Assert.Equal("400 OB-VRP-25 U008 Data.ControlParameters.PeriodicLimits", await PatchAsync("""[{"op":"remove","path":"/Data/ControlParameters/PeriodicLimits/0"}]"""));
        Assert.Equal("400 OB-V401-19 U002 [1]", await PatchAsync("""[{"op":"test","path":"/Risk","value":{"PaymentContextCode":"TransferToSelf"}},{"op":"remove","path":"/Nothing"}]"""));
        Assert.Equal("400 OB-GEN-4 U010", await PatchAsync("""{"op":"test"}"""));
        Assert.Equal((415, "OB-HDR-6"), await bank.SendAsync(HttpMethod.Patch, $"{VrpRequests.Consents}/{id}", "[]") is var plain ? (plain.Status, plain.Rule) : default);
        Assert.Equal((400, "OB-HDR-10"), await bank.SendAsync(HttpMethod.Put, $"{VrpRequests.Consents}/{id}", body.ToJsonString(), keyed: false) is var keyless ? (keyless.Status, keyless.Rule) : default);
        Assert.Equal("403 OB-HTTP-2 U011", await SaidAsync(bank.SendAsync(HttpMethod.Put, $"{VrpRequests.Consents}/{id}", body.ToJsonString(), new TestCaller(BankApi.OtherTpp))));
        Assert.Equal(before, (await bank.GetAsync($"{VrpRequests.Consents}/{id}")).Body);

        static async Task<string> SaidAsync(Task<ApiAnswer> answering) => await answering is var answer ? $"{answer.Status} {answer.Rule} {answer.Faults[0]}" : "";
    }

    [Fact]
    [Trait("Rule", "OB-VRP-24")]
    [Trait("Rule", "OB-EVT-5")]
    public async Task Its_third_party_hears_when_the_account_can_pay_no_more()
    {
        await using var own = await BankApi.StartAsync();
        var payer = await bank.VrpPayerAsync(at: own);
        async Task<string?> ReasonAsync() => await own.Database.ScalarAsync<string>(
            """SELECT "Reason" FROM consent.events WHERE "ResourceId" = $1 AND "Type" LIKE '%domestic-vrp-consent-linked-account-update' ORDER BY "Sequence" DESC LIMIT 1""", payer.ConsentId!);
        await own.AskAsync(new SetSandboxAccountState(own.Account("GB-1"), "frozen"));
        Assert.Equal("UK.OBNK.AccountStateChange", await ReasonAsync());
        await own.AskAsync(new SetSandboxAccountState(own.Account("GB-1"), "closed"));
        Assert.Equal("UK.OBIE.AccountClosure", await ReasonAsync());

        // The consent stays, and its orders are refused for the account.
        var refused = await bank.VrpAsync(payer, at: own);
        Assert.Equal((400, "OB-PIS-6", "AC06 Data.Initiation.DebtorAccount"), (refused.Status, refused.Rule, refused.Faults[0]));
        Assert.Equal("AUTH", Text((await bank.GetAsync($"{VrpRequests.Consents}/{payer.ConsentId}", at: own)).Data, "Status"));
    }

    [Fact]
    [Trait("Rule", "OB-VRP-21")]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "OB-SEC-17")]
    public async Task Ends_at_its_end()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 6, 12, 0, 0, TimeSpan.Zero));
        var body = VrpRequests.Consent(asked => VrpRequests.Parameters(asked)["ValidToDateTime"] = "2026-06-07T12:00:00+01:00");
        var payer = await bank.VrpPayerAsync(body, at: own);
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 7, 10, 59, 59, TimeSpan.Zero));
        Assert.Equal(201, (await bank.VrpAsync(payer, consent: body, at: own)).Status);
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 7, 11, 0, 0, TimeSpan.Zero));
        var ended = (await bank.GetAsync($"{VrpRequests.Consents}/{payer.ConsentId}", at: own)).Data;
        Assert.Equal(("EXPD", "TKXP", "2026-06-07T12:00:00+01:00"), (Text(ended, "Status"), Text(ended.GetProperty("StatusReason")[0], "StatusReasonCode"), Text(ended.GetProperty("ControlParameters"), "ValidToDateTime")));
        Assert.Equal(1, own.Ended.Count(payer.ConsentId!));
        Assert.Equal((400, "OB-VRP-23"), await bank.VrpAsync(payer, consent: body, at: own) is var late ? (late.Status, late.Rule) : default);
    }

    private async Task<(string Type, long Count)> EventAsync(string id) => (
        (await api.Database.ScalarAsync<string>("""SELECT max("Type") FROM consent.events WHERE "ResourceId" = $1""", id))!,
        await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.events WHERE "ResourceId" = $1""", id));

    private Task<ApiAnswer> AskAsync(
        TestCaller payer, string amount = "10.00", string currency = "GBP", string? reference = null, string? inBody = null, string? inPath = null, BankApi? at = null)
    {
        var data = new JsonObject { ["ConsentId"] = inBody ?? payer.ConsentId, ["InstructedAmount"] = new JsonObject { ["Amount"] = amount, ["Currency"] = currency } };
        if (reference is not null) data["Reference"] = reference;
        return bank.SendAsync(HttpMethod.Post, $"{VrpRequests.Consents}/{inPath ?? payer.ConsentId}/funds-confirmation", new JsonObject { ["Data"] = data }.ToJsonString(), payer, keyed: false, at: at);
    }

    private static string? Text(JsonElement from, string name) => from.GetProperty(name).GetString();
}
