using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.PaymentConsents;

public sealed class DomesticPaymentConsentTests(Bank bank)
{
    private const string Path = "/domestic-payment-consents";

    [Fact]
    [Trait("Rule", "OB-GEN-7")]
    [Trait("Rule", "OB-GEN-13")]
    [Trait("Rule", "OB-PIS-14")]
    [Trait("Rule", "OB-PIS-17")]
    [Trait("Rule", "OB-GEN-6")]
    public async Task Repeats_what_was_asked_and_adds_id_status_charges_and_times()
    {
        var body = Bank.Payment(asked => asked["Data"]!["SCASupportData"] = new JsonObject { ["RequestedSCAExemptionType"] = "PartyToParty", ["ReferencePaymentOrderId"] = "O-611265" });
        var answer = await bank.PostAsync(Path, body);
        Assert.Equal(201, answer.Status);
        var id = answer.Data.GetProperty("ConsentId").GetString()!;
        Assert.Matches("^dpc-[0-9a-f]{32}$", id);
        foreach (var (name, value) in body["Data"]!.AsObject()) Assert.True(JsonNode.DeepEquals(value, JsonNode.Parse(answer.Data.GetProperty(name).GetRawText())), name);
        Assert.True(JsonNode.DeepEquals(body["Risk"], JsonNode.Parse(answer.Json.GetProperty("Risk").GetRawText())));
        Assert.Equal(("AWAU", "U036"), (Text(answer.Data, "Status"), Text(answer.Data.GetProperty("StatusReason")[0], "StatusReasonCode")));
        Assert.Equal(0, answer.Data.GetProperty("Charges").GetArrayLength());
        Assert.True(answer.Data.TryGetProperty("ExpectedExecutionDateTime", out _) && !answer.Data.TryGetProperty("CutOffDateTime", out _));
        Assert.Equal($"{BankApi.Issuer}{BankApi.PaymentsRoot}{Path}/{id}", answer.Link("Self"));
        Assert.Equal(answer.Body, (await bank.GetAsync($"{Path}/{id}")).Body);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-14")]
    [Trait("Rule", "OB-PIS-19")]
    public async Task A_scheme_that_costs_and_has_an_hour_says_so_and_moves_to_the_next_working_day()
    {
        await using var own = await BankApi.StartAsync();
        var body = Bank.Payment(asked => Bank.Initiation(asked)["LocalInstrument"] = "UK.OBIE.CHAPS");
        async Task<(string? Cost, string Execution)> AtAsync(string moment)
        {
            own.Clock.StopAt(DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture));
            var data = (await bank.PostAsync(Path, body, at: own)).Data;
            return (Text(data.GetProperty("Charges")[0].GetProperty("Amount"), "Amount"), Text(data, "ExpectedExecutionDateTime")!);
        }

        // British summer time ends on 25 October 2026; 25 and 28 December are holidays.
        Assert.Equal(("20.00", "2026-10-23T15:59:59Z"), await AtAsync("2026-10-23T15:59:59Z"));
        Assert.Equal(("20.00", "2026-10-26T08:00:00Z"), await AtAsync("2026-10-23T16:00:00Z"));
        Assert.Equal(("20.00", "2026-12-29T08:00:00Z"), await AtAsync("2026-12-24T17:00:00Z"));
    }

    public static TheoryData<string, string, string, string> Wrongs => new()
    {
        { "no data", """{"Risk":{}}""", "PY-21", "U004 Data" },
        { "no risk", """{"Data":{"Initiation":{"InstructionIdentification":"i","EndToEndIdentification":"e","InstructedAmount":{"Amount":"1.00","Currency":"GBP"},"CreditorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"08080021325698","Name":"n"}}}}""", "PY-21", "U004 Risk" },
        { "no initiation", """{"Data":{},"Risk":{}}""", "PY-21", "U004 Data.Initiation" },
        { "data as a list", """{"Data":[],"Risk":{}}""", "OB-GEN-5", "U010 Data" },
        { "a member twice", """{"Data":{},"Data":{},"Risk":{}}""", "PY-20", "U010" },
        { "no JSON", "{", "OB-GEN-4", "U010" },
    };

    [Theory]
    [MemberData(nameof(Wrongs))]
    [Trait("Rule", "PY-20")]
    [Trait("Rule", "PY-21")]
    [Trait("Rule", "OB-GEN-5")]
    public async Task Refuses_a_body_that_is_not_the_schema(string what, string body, string rule, string fault)
    {
        Assert.NotEmpty(what);
        await RefusedAsync(await bank.PostAsync(Path, body), rule, fault);
    }

    public static TheoryData<string, string?, string, string> Members => new()
    {
        // path, value as JSON (null takes it away), rule, code and path of the fault
        { "InstructionIdentification", null, "PY-21", "U004 Data.Initiation.InstructionIdentification" },
        { "InstructionIdentification", "\"\"", "OB-GEN-8", "U002 Data.Initiation.InstructionIdentification" },
        { "EndToEndIdentification", "\"123456789012345678901234567890123456\"", "OB-GEN-8", "U002 Data.Initiation.EndToEndIdentification" },
        { "Unknown", "1", "OB-GEN-16", "U010 Data.Initiation.Unknown" },
        { "InstructedAmount.Amount", "\"-1.00\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"0.00\"", "PY-10", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"01.00\"", "PY-10", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"1e3\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"NaN\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"+1.00\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"1,00\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\" 1.00\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"1.\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\".5\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"1.00\\n\"", "OB-GEN-4", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"\u0661.00\"", "OB-GEN-4", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "1.00", "OB-GEN-5", "U010 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"1.001\"", "PY-11", "U002 Data.Initiation.InstructedAmount.Amount" },
        { "InstructedAmount.Amount", "\"1000000.01\"", "OB-PIS-12", "AM14 Data.Initiation.InstructedAmount" },
        { "InstructedAmount.Currency", "\"EUR\"", "OB-PIS-11", "U023 Data.Initiation.InstructedAmount.Currency" },
        { "InstructedAmount.Currency", "\"gbp\"", "OB-GEN-8", "U002 Data.Initiation.InstructedAmount.Currency" },
        { "LocalInstrument", "\"UK.OBIE.SWIFT\"", "OB-PIS-11", "U026 Data.Initiation.LocalInstrument" },
        { "CreditorAccount.SchemeName", "\"UK.OBIE.Wallet\"", "OB-PIS-11", "U027 Data.Initiation.CreditorAccount.SchemeName" },
        { "CreditorAccount.Identification", "\"1234\"", "PY-14", "U021 Data.Initiation.CreditorAccount.Identification" },
        { "CreditorAccount.SecondaryIdentification", "\" 1\"", "OB-PIS-11", "U022 Data.Initiation.CreditorAccount.SecondaryIdentification" },
        { "CreditorAccount.Name", null, "PY-21", "U004 Data.Initiation.CreditorAccount.Name" },
        { "CreditorAgent", """{"SchemeName":"UK.OBIE.BICFI","Identification":"nobic"}""", "OB-PIS-11", "U021 Data.Initiation.CreditorAgent.Identification" },
        { "CreditorAgent", """{"SchemeName":"US.ABA","Identification":"OBNKGB2L"}""", "OB-PIS-11", "U027 Data.Initiation.CreditorAgent.SchemeName" },
        { "DebtorAccount", """{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"08080021325698"}""", "PY-14", "U002 Data.Initiation.CreditorAccount" },
        { "DebtorAccount", """{"SchemeName":"UK.OBIE.IBAN","Identification":"GB76LOYD30949301273851"}""", "PY-14", "U021 Data.Initiation.DebtorAccount.Identification" },
        { "RemittanceInformation.Unstructured", "[\"\U0001f600\"]", "OB-GEN-4", "U002 Data.Initiation.RemittanceInformation.Unstructured[0]" },
    };

    [Theory]
    [MemberData(nameof(Members))]
    [Trait("Rule", "OB-GEN-4")]
    [Trait("Rule", "OB-GEN-8")]
    [Trait("Rule", "OB-GEN-16")]
    [Trait("Rule", "OB-PIS-11")]
    [Trait("Rule", "OB-PIS-12")]
    [Trait("Rule", "PY-10")]
    [Trait("Rule", "PY-11")]
    [Trait("Rule", "PY-13")]
    [Trait("Rule", "PY-14")]
    [Trait("Rule", "PY-21")]
    public async Task Refuses_a_member_that_breaks_a_rule(string path, string? value, string rule, string fault)
    {
        var body = Bank.Payment(asked => Set(Bank.Initiation(asked), path, value));
        await RefusedAsync(await bank.PostAsync(Path, body), rule, fault);
    }

    [Theory]
    [Trait("Rule", "OB-PIS-12")]
    [Trait("Rule", "OB-PIS-11")]
    [Trait("Rule", "PY-14")]
    [InlineData("InstructedAmount.Amount", "\"1000000.00\"")]
    [InlineData("InstructedAmount.Amount", "\"0.01\"")]
    [InlineData("InstructedAmount.Amount", "\"1\"")]
    [InlineData("LocalInstrument", "\"UK.OBIE.FPS\"")]
    [InlineData("EndToEndIdentification", "\"12345678901234567890123456789012345\"")]
    [InlineData("CreditorAccount", """{"SchemeName":"UK.OBIE.IBAN","Identification":"GB29NWBK60161331926819","Name":"n","SecondaryIdentification":"roll 7"}""")]
    [InlineData("CreditorAgent", """{"SchemeName":"UK.OBIE.BICFI","Identification":"NWBKGB2LXXX"}""")]
    [InlineData("DebtorAccount", """{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"99012420450011"}""")]
    [InlineData("RemittanceInformation", """{"Unstructured":[],"Structured":[{"CreditorReferenceInformation":{"Reference":"\u00a3 \u20ac \u0142"}}]}""")]
    [InlineData("SupplementaryData", """{"anything":{"at":["all"]}}""")]
    public async Task Takes_what_keeps_the_rules(string path, string value) =>
        Assert.Equal(201, (await bank.PostAsync(Path, Bank.Payment(asked => Set(Bank.Initiation(asked), path, value)))).Status);

    [Theory]
    [Trait("Rule", "OB-V401-15")]
    [Trait("Rule", "OB-DAT-7")]
    [Trait("Rule", "OB-DAT-8")]
    [InlineData("Risk.PaymentContextCode", "\"BillPayment\"", "OB-V401-15", "U002 Risk.PaymentContextCode")]
    [InlineData("Data.Authorisation", """{"AuthorisationType":"Any","CompletionDateTime":"2020-01-01T00:00:00Z"}""", "OB-DAT-7", "U003 Data.Authorisation.CompletionDateTime")]
    [InlineData("Data.Authorisation", """{"AuthorisationType":"Any","CompletionDateTime":"soon"}""", "OB-DAT-8", "U003 Data.Authorisation.CompletionDateTime")]
    public async Task Refuses_what_stands_beside_the_initiation(string path, string value, string rule, string fault) =>
        await RefusedAsync(await bank.PostAsync(Path, Bank.Payment(asked => Set(asked, path, value))), rule, fault);

    [Fact]
    [Trait("Rule", "OB-ERR-5")]
    public async Task Names_every_fault_at_once_in_the_order_of_the_document()
    {
        var answer = await bank.PostAsync(Path, Bank.Payment(asked =>
        {
            Set(Bank.Initiation(asked), "InstructedAmount.Amount", "\"0\"");
            Set(Bank.Initiation(asked), "InstructedAmount.Currency", "\"USD\"");
            Set(Bank.Initiation(asked), "LocalInstrument", "\"X\"");
        }));
        Assert.Equal(
            ["U002 Data.Initiation.InstructedAmount.Amount", "U023 Data.Initiation.InstructedAmount.Currency", "U026 Data.Initiation.LocalInstrument"],
            answer.Faults);
    }

    [Fact]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "OB-HTTP-2")]
    [Trait("Rule", "OB-CON-6")]
    public async Task Is_its_third_partys_alone_and_stays()
    {
        var id = await bank.ConsentAsync();
        var foreign = await bank.GetAsync($"{Path}/{id}", new TestCaller(BankApi.OtherTpp));
        Assert.Equal((403, "OB-HTTP-2"), (foreign.Status, foreign.Rule));
        await RefusedAsync(await bank.GetAsync($"{Path}/dpc-00000000000000000000000000000000"), "OB-HTTP-1", "U011");
        Assert.Equal(405, (await bank.Api.SendAsync(HttpMethod.Delete, $"{Path}/{id}", Bank.Tpp, root: BankApi.PaymentsRoot)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-13")]
    [Trait("Rule", "OB-SEC-5")]
    public async Task Says_whether_the_money_is_there_while_the_consent_is_authorised()
    {
        var (small, large) = (await bank.ConsentAsync(), await bank.ConsentAsync(Bank.Payment(amount: "999999.00")));
        await RefusedAsync(await bank.GetAsync($"{Path}/{small}/funds-confirmation", new TestCaller(BankApi.Tpp, small)), "OB-PIS-13", "U009 Data.Status");
        var (payer, rich) = (await bank.ApprovedAsync(small), await bank.ApprovedAsync(large));
        async Task<bool> AskAsync(TestCaller caller) =>
            (await bank.GetAsync($"{Path}/{caller.ConsentId}/funds-confirmation", caller)).Data.GetProperty("FundsAvailableResult").GetProperty("FundsAvailable").GetBoolean();
        Assert.True(await AskAsync(payer));
        Assert.False(await AskAsync(rich));
        Assert.Equal("AUTH", Text((await bank.GetAsync($"{Path}/{small}")).Data, "Status"));
        Assert.Equal((403, "OB-SEC-5"), await OfAsync(bank.GetAsync($"{Path}/{small}/funds-confirmation", rich)));
    }

    [Fact]
    [Trait("Rule", "OB-PIS-7")]
    [Trait("Rule", "P-1")]
    [Trait("Rule", "P-2")]
    [Trait("Rule", "P-3")]
    [Trait("Rule", "P-4")]
    [Trait("Rule", "P-9")]
    [Trait("Rule", "P-10")]
    [Trait("Rule", "P-11")]
    [Trait("Rule", "OB-SCA-2")]
    public async Task The_customer_is_shown_amount_payee_and_what_else_there_is()
    {
        var id = await bank.ConsentAsync(Bank.Payment(asked =>
        {
            var initiation = Bank.Initiation(asked);
            initiation["LocalInstrument"] = "UK.OBIE.CHAPS";
            initiation["UltimateCreditor"] = new JsonObject { ["Name"] = "A Landlord" };
            initiation["UltimateDebtor"] = new JsonObject { ["Name"] = "A Daughter" };
        }));
        var shown = (await bank.Api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Bank.Amelia)))!;
        Assert.Equal(("10.00", "GBP", "ACME Inc", "08-08-00 21325698", true), (shown.Payment!.Amount.ToWire(), shown.Payment.Amount.Currency, shown.Payment.PayeeName, shown.Payment.PayeeAccount, shown.Payment.GivesRefundAccount));
        Assert.Equal(["Reference", "Paid on to", "Paid for"], shown.Payment.Lines.Select(line => line.Label).Where(label => label is not ("Charge" or "Goes out on")));
        Assert.Contains(new ShownLine("Charge", "£20.00"), shown.Payment.Lines);

        // Only what can pay in pounds, and only one of it.
        Assert.True(shown.ChoosesAccounts);
        Assert.Equal(["Everyday", "Rainy day", "Household"], shown.Accounts.Select(account => account.Name));
        Assert.IsType<AuthorisationAnswer.AccountNotOffered>(await bank.Api.ApproveAsync(id, [bank.Api.Account("GB-1"), bank.Api.Account("GB-2")]));
        Assert.IsType<AuthorisationAnswer.NoAccountChosen>(await bank.Api.ApproveAsync(id, []));
        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await bank.Api.ApproveAsync(id, [bank.Api.Account("EUR-1")]));
        Assert.IsType<AuthorisationAnswer.Authorised>(await bank.Api.ApproveAsync(id, [bank.Api.Account("GB-2")]));

        // Another amount is another document.
        var other = (await bank.Api.AskAsync(new DescribeForApproval(await bank.ConsentAsync(Bank.Payment(amount: "10.01")), BankApi.Tpp, Bank.Amelia)))!;
        Assert.NotEqual(shown.Digest, other.Digest);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-7")]
    [Trait("Rule", "PY-15")]
    [Trait("Rule", "OB-CON-7")]
    public async Task A_named_account_is_not_chosen_and_must_be_the_customers()
    {
        var mine = await bank.ConsentAsync(Bank.Payment(Bank.From("990124-20450011")));
        var shown = (await bank.Api.AskAsync(new DescribeForApproval(mine, BankApi.Tpp, Bank.Amelia)))!;
        Assert.Equal((false, "Everyday"), (shown.ChoosesAccounts, shown.Accounts.Single().Name));
        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await bank.Api.ApproveAsync(mine, [bank.Api.Account("GB-2")]));
        Assert.IsType<AuthorisationAnswer.Authorised>(await bank.Api.ApproveAsync(mine, []));
        Assert.IsType<AuthorisationAnswer.InWrongState>(await bank.Api.ApproveAsync(mine, []));

        var byIban = await bank.ConsentAsync(Bank.Payment(asked => Set(Bank.Initiation(asked), "DebtorAccount", """{"SchemeName":"UK.OBIE.IBAN","Identification":"GB33OBNK99012420450011"}""")));
        Assert.IsType<AuthorisationAnswer.Authorised>(await bank.Api.ApproveAsync(byIban, []));

        var notMine = await bank.ConsentAsync(Bank.Payment(Bank.From("99012420450011")));
        Assert.Empty((await bank.Api.AskAsync(new DescribeForApproval(notMine, BankApi.Tpp, Bank.Thomas)))!.Accounts);
        Assert.IsType<AuthorisationAnswer.NoAccountChosen>(await bank.Api.ApproveAsync(notMine, [], Bank.Thomas));
    }

    [Fact]
    [Trait("Rule", "OB-PIS-18")]
    public async Task Where_the_bank_refuses_after_its_hour_it_refuses_consents()
    {
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?> { ["Consent:CutOffs:domestic-payments:At"] = "16:00", ["Consent:CutOffs:domestic-payments:Strategy"] = "Reject" });
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 15, 59, 59, TimeSpan.Zero));
        Assert.Equal(201, (await bank.PostAsync(Path, Bank.Payment(), at: own)).Status);
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 16, 0, 0, TimeSpan.Zero));
        await RefusedAsync(await bank.PostAsync(Path, Bank.Payment(), at: own), "OB-PIS-18", "U012");

        // A tester's choice counts before the setting, until it is put back.
        var choices = own.Services.GetRequiredService<CurrentChoices>();
        choices.Now = choices.Now with { CutOffs = new Dictionary<string, CutOff>(StringComparer.Ordinal) { ["domestic-payments"] = new(new TimeOnly(16, 0, 1), CutOffStrategy.Reject) } };
        Assert.Equal(201, (await bank.PostAsync(Path, Bank.Payment(), at: own)).Status);
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 16, 0, 1, TimeSpan.Zero));
        await RefusedAsync(await bank.PostAsync(Path, Bank.Payment(), at: own), "OB-PIS-18", "U012");
        choices.Now = new BankChoices();
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 15, 0, 0, TimeSpan.Zero));
        Assert.Equal(201, (await bank.PostAsync(Path, Bank.Payment(), at: own)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-PIS-5")]
    [Trait("Rule", "OB-CON-8")]
    [Trait("Rule", "OB-PIS-23")]
    [Trait("Rule", "PY-30")]
    public async Task Is_good_for_one_order_within_a_day()
    {
        await using var own = await BankApi.StartAsync();
        var payer = await bank.ApprovedAsync(await bank.ConsentAsync(at: own), at: own);
        var open = new OpenPaymentConsent(payer.ConsentId!, BankApi.Tpp, ConsentKind.DomesticPayment);
        Assert.IsType<PaymentConsentDecision.Granted>(await own.AskAsync(open));
        Assert.Equal(ConsentRefusal.OfAnotherClient, ((PaymentConsentDecision.Refused)await own.AskAsync(open with { ClientId = BankApi.OtherTpp })).Reason);
        Assert.Equal(ConsentRefusal.Unknown, ((PaymentConsentDecision.Refused)await own.AskAsync(open with { Kind = ConsentKind.VariableRecurringPayments })).Reason);
        own.Clock.Advance(TimeSpan.FromHours(23.9));
        Assert.IsType<PaymentConsentDecision.Granted>(await own.AskAsync(open));
        own.Clock.Advance(TimeSpan.FromHours(0.2));
        Assert.Equal(ConsentRefusal.NotAuthorised, ((PaymentConsentDecision.Refused)await own.AskAsync(open)).Reason);

        var once = await bank.ApprovedAsync(await bank.ConsentAsync(at: own), at: own);
        var uses = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => own.AskAsync(new ConsumePaymentConsent(once.ConsentId!, BankApi.Tpp, $"order-{n}"))));
        Assert.Single(uses, used => used);
        Assert.Equal("COND", Text((await bank.GetAsync($"{Path}/{once.ConsentId}", at: own)).Data, "Status"));
        Assert.Equal(0, own.Ended.Count(once.ConsentId!));
    }

    private static async Task<(int Status, string? Rule)> OfAsync(Task<ApiAnswer> answer) => ((await answer).Status, (await answer).Rule);

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private static async Task RefusedAsync(ApiAnswer answer, string rule, string fault)
    {
        await Task.CompletedTask;
        Assert.Equal((400, rule, fault), (answer.Status, answer.Rule, answer.Faults[0]));
        Assert.True(answer.Headers.Contains("x-jws-signature"));
    }

    /// <summary>Sets a member by its path; null takes it away.</summary>
    private static void Set(JsonObject at, string path, string? value)
    {
        var steps = path.Split('.');
        foreach (var step in steps[..^1]) at = at[step]!.AsObject();
        if (value is null) at.Remove(steps[^1]);
        else at[steps[^1]] = JsonNode.Parse(value);
    }
}
