using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.PaymentConsents;

/// <summary>What the types of payment beside the domestic one have of their own; all else they share with it.</summary>
public sealed class PaymentTypeTests(Bank bank)
{
    private const string Scheduled = "/domestic-scheduled-payment-consents";
    private const string Standing = "/domestic-standing-order-consents";
    private const string Abroad = "/international-payment-consents";
    private const string AbroadScheduled = "/international-scheduled-payment-consents";
    private const string AbroadStanding = "/international-standing-order-consents";
    private const string Mandate = "Data.Initiation.MandateRelatedInformation.";

    public static TheoryData<string, string, bool> Types => new()
    {
        { Scheduled, "dsc-", false },
        { Standing, "dso-", false },
        { Abroad, "ipc-", true },
        { AbroadScheduled, "isc-", true },
        { AbroadStanding, "iso-", false },
    };

    [Theory]
    [Trait("Rule", "OB-GEN-7")]
    [Trait("Rule", "OB-PIS-13")]
    [Trait("Rule", "OB-PIS-22")]
    [Trait("Rule", "OB-INT-5")]
    [MemberData(nameof(Types))]
    public async Task Each_is_asked_for_repeated_and_read_again_and_says_of_funds_what_the_standard_has(string path, string prefix, bool confirmsFunds)
    {
        var body = Good(path);
        var answer = await bank.PostAsync(path, body);
        Assert.Equal(201, answer.Status);
        var id = answer.Data.GetProperty("ConsentId").GetString()!;
        Assert.StartsWith(prefix, id, StringComparison.Ordinal);
        Assert.True(JsonNode.DeepEquals(body["Data"]!["Initiation"], JsonNode.Parse(answer.Data.GetProperty("Initiation").GetRawText())));
        Assert.Equal(answer.Body, (await bank.GetAsync($"{path}/{id}")).Body);
        Assert.Equal(path is Abroad or AbroadScheduled, answer.Data.TryGetProperty("ExchangeRateInformation", out _));
        Assert.True(answer.Headers.Contains("x-jws-signature"));

        var payer = await bank.ApprovedAsync(id);
        var funds = await bank.GetAsync($"{path}/{id}/funds-confirmation", payer);
        Assert.Equal(confirmsFunds ? 200 : 404, funds.Status);
        if (confirmsFunds) Assert.True(funds.Data.GetProperty("FundsAvailableResult").GetProperty("FundsAvailable").GetBoolean());
        var wrong = Good(path);
        wrong["Data"]!["Permission"] = "Delete";
        Assert.Equal("OB-GEN-" + (path == Abroad ? "16" : "8"), (await bank.PostAsync(path, wrong)).Rule);
    }

    public static TheoryData<string, string, string?, string, string> Members
    {
        get
        {
            var rows = new TheoryData<string, string, string?, string, string>
            {
                { Scheduled, "Data.Initiation.RequestedExecutionDateTime", Text(TimeSpan.FromSeconds(-1)), "OB-DSP-1", "U003" },
                { Scheduled, "Data.Initiation.RequestedExecutionDateTime", Text(TimeSpan.FromDays(366)), "OB-PIS-12", "U003" },
                { Scheduled, "Data.Initiation.RequestedExecutionDateTime", "\"2027-02-31T00:00:00Z\"", "OB-DAT-8", "U003" },
                { Standing, Mandate + "Frequency.Type", "\"ADHO\"", "OB-DSO-1", "U025" },
                { Standing, Mandate + "Frequency.Type", "\"NONE\"", "OB-DSO-1", "U025" },
                { Standing, Mandate + "Frequency.Type", "\"IntrvlWkDay:01:03\"", "OB-DSO-5", "U025" },
                { Standing, Mandate + "Frequency", """{"Type":"WEEK","PointInTime":"8"}""", "OB-DSO-3", "U002" },
                { Standing, Mandate + "Frequency", """{"Type":"WEEK","PointInTime":"00"}""", "OB-DSO-3", "U002" },
                { Standing, Mandate + "Frequency", """{"Type":"YEAR","PointInTime":"1"}""", "OB-DSO-3", "U002" },
                { Standing, Mandate + "Frequency", """{"Type":"WEEK","PointInTime":"1","CountPerPeriod":1}""", "OB-DSO-3", "U005" },
                { Standing, Mandate + "Frequency", """{"Type":"WEEK","CountPerPeriod":2}""", "OB-DSO-1", "U025" },
                { Standing, Mandate + "FirstPaymentDateTime", Text(TimeSpan.FromDays(-1)), "PY-28", "U003" },
                { Standing, Mandate + "FirstPaymentDateTime", "\"2027-02-31T00:00:00Z\"", "OB-DAT-8", "U003" },
                { Standing, Mandate + "FirstPaymentDateTime", Text(TimeSpan.FromDays(366)), "OB-PIS-12", "U003" },
                { Standing, Mandate + "RecurringPaymentDateTime", Text(TimeSpan.FromDays(1)), "PY-28", "U003" },
                { Standing, Mandate + "RecurringPaymentDateTime", "\"9999-12-31T00:00:00Z\"", "OB-PIS-12", "U003" },
                { Standing, Mandate[..^1], """{"Frequency":{"Type":"DAIL"},"FirstPaymentDateTime":"9999-12-31T00:00:00Z","FinalPaymentDateTime":"9999-12-31T00:00:00Z"}""", "OB-PIS-12", "U003" },
                { Standing, Mandate + "FinalPaymentDateTime", Text(TimeSpan.FromDays(1)), "PY-28", "U003" },
                { Standing, Mandate + "FinalPaymentDateTime", Text(TimeSpan.FromDays(40_000)), "PY-28", "U003" },
                { Standing, "Data.Initiation.NumberOfPayments", "\"1001\"", "OB-DSO-2", "U002" },
                { Standing, "Data.Initiation.NumberOfPayments", "\"0\"", "OB-DSO-2", "U002" },
                { Standing, "Data.Initiation.NumberOfPayments", "\"many\"", "OB-DSO-2", "U002" },
                { Standing, "Data.Initiation.FinalPaymentAmount", """{"Amount":"1.00","Currency":"GBP"}""", "OB-DSO-2", "U005" },
                { Standing, "Data.Initiation.RecurringPaymentAmount", """{"Amount":"1.00","Currency":"EUR"}""", "OB-PIS-11", "U023" },
                { Standing, "Data.Initiation.RecurringPaymentAmount", """{"Amount":"0.00","Currency":"GBP"}""", "PY-10", "U002" },
                { Standing, "Data.Initiation.MandateRelatedInformation", null, "PY-21", "U004" },
                { AbroadStanding, Mandate + "Frequency.Type", "\"ADHO\"", "OB-DSO-1", "U025" },
                { AbroadScheduled, "Data.Initiation.RequestedExecutionDateTime", Text(TimeSpan.FromSeconds(-1)), "OB-DSP-1", "U003" },
                { Abroad, "Data.Initiation.CurrencyOfTransfer", "\"XXX\"", "PY-13", "U023" },
                { Abroad, "Data.Initiation.InstructedAmount", """{"Amount":"1.00","Currency":"USD"}""", "OB-INT-2", "U023" },
                { Abroad, "Data.Initiation.InstructedAmount", """{"Amount":"1200000.00","Currency":"EUR"}""", "OB-PIS-12", "AM14" },
                { Abroad, "Data.Initiation.LocalInstrument", "\"UK.OBIE.FPS\"", "OB-PIS-11", "U026" },
                { Abroad, "Data.Initiation.ChargeBearer", "\"FollowingServiceLevel\"", "OB-PIS-15", "U002" },
                { Abroad, "Data.Initiation.CreditorAgent", """{"SchemeName":"UK.OBIE.BICFI"}""", "OB-INT-1", "U001" },
                { Abroad, "Data.Initiation.CreditorAgent", """{"Name":"A bank"}""", "OB-INT-1", "U001" },
                { Abroad, "Data.Initiation.ExchangeRateInformation", """{"UnitCurrency":"EUR","RateType":"Actual"}""", "OB-INT-4", "U005" },
                { Abroad, "Data.Initiation.ExchangeRateInformation", """{"UnitCurrency":"GBP","RateType":"Agreed","ContractIdentification":"X"}""", "OB-INT-3", "U001" },
                { Abroad, "Data.Initiation.ExchangeRateInformation", """{"UnitCurrency":"GBP","RateType":"Agreed","ExchangeRate":1.2}""", "OB-INT-3", "U001" },
                { Abroad, "Data.Initiation.ExchangeRateInformation", """{"UnitCurrency":"GBP","RateType":"Agreed","ExchangeRate":1.2,"ContractIdentification":"X"}""", "OB-INT-3", "U002" },
                { Abroad, "Data.Initiation.ExchangeRateInformation", """{"UnitCurrency":"GBP","RateType":"Actual","ExchangeRate":1.2}""", "OB-INT-3", "U005" },
                { Abroad, "Data.Initiation.ExchangeRateInformation", """{"UnitCurrency":"GBP","RateType":"Indicative","ContractIdentification":"X"}""", "OB-INT-3", "U005" },
                { Abroad, "Data.Authorisation", """{"AuthorisationType":"Multiple"}""", "OB-GEN-8", "U002" },
            };
            return rows;
        }
    }

    [Theory]
    [Trait("Rule", "OB-DSP-1")]
    [Trait("Rule", "OB-DSO-1")]
    [Trait("Rule", "OB-DSO-2")]
    [Trait("Rule", "OB-DSO-3")]
    [Trait("Rule", "OB-DSO-5")]
    [Trait("Rule", "OB-INT-1")]
    [Trait("Rule", "OB-INT-2")]
    [Trait("Rule", "OB-INT-3")]
    [Trait("Rule", "OB-INT-4")]
    [Trait("Rule", "OB-PIS-15")]
    [Trait("Rule", "OB-DEC-16")]
    [Trait("Rule", "PY-28")]
    [MemberData(nameof(Members))]
    public async Task Refuses_a_member_that_breaks_a_rule(string type, string path, string? value, string rule, string code)
    {
        var answer = await bank.PostAsync(type, Good(type, path, value));
        Assert.Equal((400, rule, code), (answer.Status, answer.Rule, answer.Faults[0].Split(' ')[0]));
        Assert.StartsWith(path[..path.LastIndexOf('.')], answer.Faults[0].Split(' ')[1], StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "OB-DSO-4")]
    [Trait("Rule", "OB-DEC-19")]
    [Trait("Rule", "OB-PIS-12")]
    [InlineData(Standing, "Data.Initiation.MandateRelatedInformation", """{"Frequency":{"Type":"MNTH"}}""")]
    [InlineData(Standing, "Data.Initiation.MandateRelatedInformation", """{"Frequency":{"Type":"MNTH","PointInTime":"-5"}}""")]
    [InlineData(Standing, "Data.Initiation.MandateRelatedInformation", """{"Frequency":{"Type":"WEEK","CountPerPeriod":1}}""")]
    [InlineData(Standing, "Data.Initiation.NumberOfPayments", "\"1000\"")]
    [InlineData(Abroad, "Data.Initiation.InstructedAmount", """{"Amount":"1146300.00","Currency":"EUR"}""")]
    [InlineData(Abroad, "Data.Initiation.LocalInstrument", "\"UK.OBIE.SEPACreditTransfer\"")]
    [InlineData(Abroad, "Data.Initiation.CreditorAgent", """{"Name":"A bank","PostalAddress":{"Country":"FR"}}""")]
    [InlineData(Abroad, "Data.Initiation.CreditorAgent", """{"SchemeName":"UK.OBIE.BICFI","Identification":"BNPAFRPP"}""")]
    public async Task Takes_what_keeps_the_rules(string type, string path, string value) => Assert.Equal(201, (await bank.PostAsync(type, Good(type, path, value))).Status);

    [Fact]
    [Trait("Rule", "P-5")]
    [Trait("Rule", "OB-DSP-1")]
    [Trait("Rule", "OB-DSO-2")]
    public async Task The_customer_is_shown_days_amounts_rhythm_and_end()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));
        Assert.Equal(["Goes out on 30 November 2026", "Reference Internal ops code 5120101"], await LinesAsync(own, Scheduled, "Data.Initiation.RequestedExecutionDateTime", "\"2026-11-28T10:00:00Z\"", 2));
        Assert.Equal(
            ["First payment £10.00 on 25 November 2026", "How often Every month on the 31st", "Then £10.00 on 30 November 2026", "Ends Until cancelled"],
            await LinesAsync(own, Standing, "Data.Initiation.MandateRelatedInformation", """{"Frequency":{"Type":"MNTH","PointInTime":"31"},"FirstPaymentDateTime":"2026-11-25T00:00:00Z"}""", 4));
        Assert.Equal(
            ["First payment £10.00 on 1 December 2026", "How often Every month", "Then £12.00 on 1 January 2027", "Last payment £3.00 on 1 March 2027", "Payments 4"],
            await LinesAsync(own, Standing, null, null, 5, initiation =>
            {
                initiation["NumberOfPayments"] = "4";
                initiation["RecurringPaymentAmount"] = JsonNode.Parse("""{"Amount":"12.00","Currency":"GBP"}""");
                initiation["FinalPaymentAmount"] = JsonNode.Parse("""{"Amount":"3.00","Currency":"GBP"}""");
                initiation["MandateRelatedInformation"] = JsonNode.Parse("""{"Frequency":{"Type":"MNTH"},"FirstPaymentDateTime":"2026-12-01T00:00:00Z"}""");
            }));

        // A Saturday gives way to the Monday after it; the customer is told the day on which it really goes.
        var moved = await bank.PostAsync(Scheduled, Good(Scheduled, "Data.Initiation.RequestedExecutionDateTime", "\"2026-11-28T10:00:00Z\""), at: own);
        Assert.Equal("2026-11-30T08:00:00Z", moved.Data.GetProperty("ExpectedExecutionDateTime").GetString());
        Assert.Equal("2026-11-30T08:00:00Z", moved.Data.GetProperty("ExpectedSettlementDateTime").GetString());
    }

    [Fact]
    [Trait("Rule", "P-6")]
    [Trait("Rule", "OB-INT-2")]
    [Trait("Rule", "OB-INT-5")]
    [Trait("Rule", "OB-PIS-14")]
    public async Task Abroad_both_amounts_the_rate_and_the_charges_are_shown()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));
        Assert.Equal(
            [
                "You pay £8.72", "The payee gets 10.00 EUR", "Exchange rate 1 GBP = 1.1463 EUR, fixed until 11:00 on 20 November 2026", "Country France",
                "Reference Internal ops code 5120101", "Charge, shared with the payee £5.00", "Arrives by 24 November 2026",
            ],
            await LinesAsync(own, Abroad, null, null, 7));
        Assert.Equal(
            ["You pay £10.00", "The payee gets 11.46 EUR", "Exchange rate 1 GBP = 1.1463 EUR, indicative"],
            await LinesAsync(own, Abroad, null, null, 3, initiation =>
            {
                initiation["InstructedAmount"] = JsonNode.Parse("""{"Amount":"10.00","Currency":"GBP"}""");
                initiation["ExchangeRateInformation"] = JsonNode.Parse("""{"UnitCurrency":"GBP","RateType":"Indicative"}""");
            }));
        Assert.Equal(
            ["Sent in EUR", "Exchange rate The bank's rate on the day of each payment", "Country France"],
            await LinesAsync(own, AbroadStanding, null, null, 3));

        // Out of an account in the currency of the transfer nothing is exchanged, and only such accounts can pay.
        var euros = await bank.PostAsync(Abroad, Good(Abroad, "Data.Initiation.ExchangeRateInformation", """{"UnitCurrency":"EUR","RateType":"Actual"}""", ("CurrencyOfTransfer", "\"USD\"")), at: own);
        var id = euros.Data.GetProperty("ConsentId").GetString()!;
        Assert.Equal(1.145163m, euros.Data.GetProperty("ExchangeRateInformation").GetProperty("ExchangeRate").GetDecimal());
        Assert.Equal(["EUR"], (await own.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Bank.Amelia)))!.Accounts.Select(account => account.Currency).Distinct());
    }

    [Theory]
    [Trait("Rule", "PY-10")]
    [InlineData("0.01", 400)]
    [InlineData("0.56", 201)]
    public async Task An_amount_that_is_nothing_in_the_other_currency_is_none(string rupees, int status)
    {
        var answer = await bank.PostAsync(Abroad, Good(Abroad, "Data.Initiation.InstructedAmount", $$"""{"Amount":"{{rupees}}","Currency":"INR"}""", ("CurrencyOfTransfer", "\"INR\"")));
        Assert.Equal((status, status == 400 ? "PY-10" : null), (answer.Status, answer.Rule));
    }

    [Fact]
    [Trait("Rule", "OB-INT-3")]
    [Trait("Rule", "OB-INT-4")]
    public async Task An_agreed_rate_is_that_of_its_contract()
    {
        await using var own = await BankApi.StartAsync();
        await own.AskAsync(new KeepExchangeContract("FX-1", "GBP", "EUR", 1.25m));
        async Task<ApiAnswer> AskAsync(string rate, string transfer) => await bank.PostAsync(
            Abroad,
            Good(Abroad, "Data.Initiation.ExchangeRateInformation", $$"""{"UnitCurrency":"GBP","RateType":"Agreed","ExchangeRate":{{rate}},"ContractIdentification":"FX-1"}""", ("CurrencyOfTransfer", $"\"{transfer}\""), ("InstructedAmount.Currency", $"\"{transfer}\"")),
            at: own);
        var good = await AskAsync("1.25", "EUR");
        Assert.Equal((201, 1.25m, false), (good.Status, good.Data.GetProperty("ExchangeRateInformation").GetProperty("ExchangeRate").GetDecimal(), good.Data.GetProperty("ExchangeRateInformation").TryGetProperty("ExpirationDateTime", out _)));
        Assert.Equal("OB-INT-3", (await AskAsync("1.26", "EUR")).Rule);
        Assert.Equal("OB-INT-3", (await AskAsync("1.25", "USD")).Rule);
        await own.AskAsync(new KeepExchangeContract("FX-1", "GBP", "EUR", null));
        Assert.Equal("OB-INT-3", (await AskAsync("1.25", "EUR")).Rule);
    }

    [Fact]
    [Trait("Rule", "OB-INT-6")]
    public async Task A_rate_that_has_run_out_is_shown_anew_and_an_order_at_it_is_refused()
    {
        await using var own = await BankApi.StartAsync();
        var id = (await bank.PostAsync(Abroad, Good(Abroad), at: own)).Data.GetProperty("ConsentId").GetString()!;
        async Task<ApprovalDocument> ShownAsync() => (await own.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Bank.Amelia)))!;
        var first = await ShownAsync();
        own.Clock.Advance(TimeSpan.FromMinutes(44));
        Assert.Equal(first.Digest, (await ShownAsync()).Digest);
        own.Clock.Advance(TimeSpan.FromMinutes(2));
        var second = await ShownAsync();
        Assert.NotEqual(first.Digest, second.Digest);

        own.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.IsType<AuthorisationAnswer.Changed>(await own.ApproveAsync(id, [own.Account("GB-1")], digest: second.Digest));
        await bank.ApprovedAsync(id, at: own);
        own.Clock.Advance(TimeSpan.FromMinutes(59));
        var open = new OpenPaymentConsent(id, BankApi.Tpp, ConsentKind.InternationalPayment);
        var granted = Assert.IsType<PaymentConsentDecision.Granted>(await own.AskAsync(open));
        Assert.Equal((new Money(8.72m, "GBP"), new Money(10m, "EUR"), 5m), (granted.Debit, granted.Transfer!.Value, granted.Charge));
        own.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(ConsentRefusal.NotAuthorised, ((PaymentConsentDecision.Refused)await own.AskAsync(open)).Reason);
    }

    [Fact]
    [Trait("Rule", "OB-DSO-2")]
    public async Task The_payments_of_a_standing_order_are_listed_by_number()
    {
        var body = Good(Standing, "Data.Initiation.NumberOfPayments", "\"3\"", ("RecurringPaymentAmount", """{"Amount":"12.00","Currency":"GBP"}"""), ("FinalPaymentAmount", """{"Amount":"3.00","Currency":"GBP"}"""));
        var id = (await bank.PostAsync(Standing, body)).Data.GetProperty("ConsentId").GetString()!;
        var due = await bank.Api.AskAsync(new ListDuePayments(id, 0, 10));
        Assert.Equal([(0, 10m, false), (1, 12m, false), (2, 3m, true)], due.Select(one => (one.Number, one.Debit.Amount, one.IsLast)));
        Assert.Equal([due[1]], await bank.Api.AskAsync(new ListDuePayments(id, 1, 1)));
        Assert.Empty(await bank.Api.AskAsync(new ListDuePayments(id, 3, 1)));
        Assert.Empty(await bank.Api.AskAsync(new ListDuePayments(await bank.ConsentAsync(), 0, 1)));

        var abroad = (await bank.PostAsync(AbroadStanding, Good(AbroadStanding))).Data.GetProperty("ConsentId").GetString()!;
        var exchanged = (await bank.Api.AskAsync(new ListDuePayments(abroad, 5, 1))).Single();
        Assert.Equal((new Money(8.72m, "GBP"), new Money(10m, "EUR")), (exchanged.Debit, exchanged.Transfer!.Value));
    }

    private async Task<IEnumerable<string>> LinesAsync(BankApi own, string type, string? path, string? value, int count, Action<JsonObject>? change = null)
    {
        var body = Good(type, path, value);
        change?.Invoke(Bank.Initiation(body));
        var answer = await bank.PostAsync(type, body, at: own);
        Assert.True(answer.Status == 201, answer.Body);
        var shown = await own.AskAsync(new DescribeForApproval(answer.Data.GetProperty("ConsentId").GetString()!, BankApi.Tpp, Bank.Amelia));
        return shown!.Payment!.Lines.Select(line => $"{line.Label} {line.Value}").Take(count);
    }

    /// <summary>A good request of a type, with one member set and others after it.</summary>
    private static JsonObject Good(string type, string? path = null, string? value = null, params (string Path, string Value)[] others)
    {
        var body = Bank.Payment(asked =>
        {
            var (data, initiation) = (asked["Data"]!.AsObject(), Bank.Initiation(asked));
            if (type != Abroad) data["Permission"] = "Create";
            if (type is Scheduled or AbroadScheduled) initiation["RequestedExecutionDateTime"] = When(TimeSpan.FromDays(8));
            if (type is Standing or AbroadStanding)
            {
                initiation.Remove("InstructionIdentification");
                initiation.Remove("EndToEndIdentification");
                initiation["MandateRelatedInformation"] = new JsonObject { ["FirstPaymentDateTime"] = When(TimeSpan.FromDays(5)), ["Frequency"] = new JsonObject { ["Type"] = "MNTH" } };
            }

            if (type == Standing)
            {
                initiation["FirstPaymentAmount"] = initiation["InstructedAmount"]!.DeepClone();
                initiation.Remove("InstructedAmount");
            }

            if (type is not (Abroad or AbroadScheduled or AbroadStanding)) return;
            initiation["CurrencyOfTransfer"] = "EUR";
            initiation["InstructedAmount"]!["Currency"] = "EUR";
            initiation["CreditorAccount"] = new JsonObject { ["SchemeName"] = "UK.OBIE.IBAN", ["Identification"] = "FR1420041010050500013M02606", ["Name"] = "ACME SA" };
        });
        foreach (var (at, member) in others) Set(Bank.Initiation(body), at, member);
        if (path is not null) Set(body, path, value);
        return body;
    }

    private static void Set(JsonObject at, string path, string? value)
    {
        var steps = path.Split('.');
        foreach (var step in steps[..^1]) at = at[step]!.AsObject();
        if (value is null) at.Remove(steps[^1]);
        else at[steps[^1]] = JsonNode.Parse(value);
    }

    // The clock of the shared bank is the real one.
    private static string When(TimeSpan away) => (TimeProvider.System.GetUtcNow() + away).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(TimeSpan away) => JsonSerializer.Serialize(When(away));
}
