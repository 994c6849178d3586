using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Payments.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Vrp;

public sealed class VrpOrderTests(Bank bank)
{
    private const string Limits = "U014 Data.ControlParameters.PeriodicLimits";
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-VRP-15")]
    [Trait("Rule", "OB-VRP-16")]
    [Trait("Rule", "OB-VRP-18")]
    [Trait("Rule", "OB-GEN-7")]
    [Trait("Rule", "OB-PIS-16")]
    [Trait("Rule", "OB-PST-3")]
    [Trait("Rule", "OB-V401-8")]
    public async Task Any_number_of_payments_is_made_under_one_consent()
    {
        var payer = await bank.VrpPayerAsync();
        var key = Bank.NewKey();
        var made = await bank.VrpAsync(payer, "12.34", key: key);
        Assert.Equal((201, "RCVD"), (made.Status, Text(made.Data, "Status")));
        var id = Text(made.Data, "DomesticVRPId");
        Assert.Matches("^dvp-[0-9a-f]{32}$", id);
        Assert.Equal(("99012420450011", "99012420450011"), (Text(made.Data.GetProperty("DebtorAccount"), "Identification"), Text(made.Data.GetProperty("Refund").GetProperty("Account"), "Identification")));
        var sent = VrpRequests.Order(payer.ConsentId!, VrpRequests.Consent(), "12.34");
        foreach (var (name, value) in sent["Data"]!.AsObject()) Assert.True(JsonNode.DeepEquals(value, JsonNode.Parse(made.Data.GetProperty(name).GetRawText())), name);
        Assert.Equal($"{BankApi.Issuer}{BankApi.PaymentsRoot}{VrpRequests.Orders}/{id}", made.Link("Self"));

        // The same key is the same order; the same names under another key are another one.
        Assert.Equal(id, Text((await bank.VrpAsync(payer, "12.34", key: key)).Data, "DomesticVRPId"));
        Assert.Equal("OB-IDM-7", (await bank.VrpAsync(payer, "12.35", key: key)).Rule);
        var second = await bank.VrpAsync(payer, "12.34");
        Assert.Equal(201, second.Status);
        Assert.NotEqual(id, Text(second.Data, "DomesticVRPId"));
        Assert.Equal("AUTH", Text((await bank.GetAsync($"{VrpRequests.Consents}/{payer.ConsentId}")).Data, "Status"));

        await UntilAsync(id!, "ACCC");
        var details = (await bank.GetAsync($"{VrpRequests.Orders}/{id}/payment-details")).Data.GetProperty("PaymentStatus")[0];
        Assert.Equal((id, "ACCC"), (Text(details, "PaymentTransactionId"), Text(details, "Status")));
        await UntilAsync(Text(second.Data, "DomesticVRPId")!, "ACCC");
        Assert.Equal((2, 24.68m), await api.AskAsync(new SumTransfers(payer.ConsentId!)) is var sum ? (sum.Count, sum.Sum) : default);
        Assert.Equal("urn:uk:org:openbanking:events:resource-update", await api.Database.ScalarAsync<string>("""SELECT max("Type") FROM consent.events WHERE "ResourceType" = 'domestic-vrp' AND "ResourceId" = $1""", id!));
        Assert.Equal("there is no such status", await api.AskAsync(new MoveSandboxOrder(id!, "SOON", null)));
        var waiting = Text((await bank.VrpAsync(payer)).Data, "DomesticVRPId")!;
        foreach (var never in new[] { "PATC", "CANC", "INCO" }) Assert.Contains("cannot go there", await api.AskAsync(new MoveSandboxOrder(waiting, never, null)), StringComparison.Ordinal);
        Assert.Equal((403, "OB-HTTP-2"), await bank.GetAsync($"{VrpRequests.Orders}/{id}", new TestCaller(BankApi.OtherTpp)) is var foreign ? (foreign.Status, foreign.Rule) : default);
        Assert.Equal((400, "OB-HTTP-1"), await bank.GetAsync($"{VrpRequests.Orders}/{payer.ConsentId}") is var nothing ? (nothing.Status, nothing.Rule) : default);
    }

    public static TheoryData<string, string?, string, string> Wrongs => new()
    {
        // path in the order, value as JSON (null takes it away), rule, code and path of the fault
        { "Data.Initiation.CreditorAccount.Name", "\"T Hale\"", "OB-VRP-13", "U008 Data.Initiation.CreditorAccount.Name" },
        { "Data.Initiation.UltimateDebtor", """{"Name":"New"}""", "OB-VRP-13", "U008 Data.Initiation.UltimateDebtor" },
        { "Data.Initiation.DebtorAccount", """{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"99012420450022"}""", "OB-VRP-13", "U008 Data.Initiation.DebtorAccount" },
        { "Risk.PaymentContextCode", "\"TransferToThirdParty\"", "OB-VRP-13", "U008 Risk.PaymentContextCode" },
        { "Data.Instruction.RemittanceInformation", null, "OB-VRP-13", "U008 Data.Instruction.RemittanceInformation.Unstructured" },
        { "Data.Instruction.RemittanceInformation.Unstructured.0", "\"Other\"", "OB-VRP-13", "U008 Data.Instruction.RemittanceInformation.Unstructured[0]" },
        { "Data.Instruction.CreditorAccount.Identification", "\"08080021325698\"", "OB-VRP-14", "U008 Data.Instruction.CreditorAccount.Identification" },
        { "Data.Instruction.CreditorAccount.Name", "\"T Hale\"", "OB-VRP-14", "U008 Data.Instruction.CreditorAccount.Name" },
        { "Data.PSUAuthenticationMethod", "\"UK.OBIE.Trust\"", "OB-VRP-10", "U014 Data.ControlParameters.PSUAuthenticationMethods" },
        { "Data.VRPType", "\"UK.OBIE.VRPType.Other\"", "OB-VRP-10", "U014 Data.ControlParameters.VRPType" },
        { "Data.PSUInteractionType", "\"InSession\"", "OB-VRP-10", "U014 Data.ControlParameters.PSUInteractionTypes" },
        { "Data.Instruction.InstructedAmount.Amount", "\"100.01\"", "OB-VRP-10", "U014 Data.ControlParameters.MaximumIndividualAmount" },
        { "Data.Instruction.InstructedAmount.Amount", "\"0.00\"", "PY-10", "U002 Data.Instruction.InstructedAmount.Amount" },
        { "Data.Instruction.InstructedAmount.Amount", "\"1.001\"", "PY-11", "U002 Data.Instruction.InstructedAmount.Amount" },
        { "Data.Instruction.InstructedAmount.Currency", "\"EUR\"", "OB-VRP-12", "U023 Data.Instruction.InstructedAmount.Currency" },
        { "Data.Instruction.LocalInstrument", "\"UK.OBIE.CHAPS\"", "OB-PIS-11", "U026 Data.Instruction.LocalInstrument" },
        { "Data.Instruction.SupplementaryData", """{"Own":"data"}""", "OB-GEN-9", "U002 Data.Instruction.SupplementaryData" },
        { "Data.Instruction.EndToEndIdentification", null, "PY-21", "U004 Data.Instruction.EndToEndIdentification" },
        { "Data.VRPType", null, "PY-21", "U004 Data.VRPType" },
        { "Data.PSUAuthenticationMethod", null, "PY-21", "U004 Data.PSUAuthenticationMethod" },
    };

    [Theory]
    [MemberData(nameof(Wrongs))]
    [Trait("Rule", "OB-VRP-10")]
    [Trait("Rule", "OB-VRP-12")]
    [Trait("Rule", "OB-VRP-13")]
    [Trait("Rule", "OB-VRP-14")]
    [Trait("Rule", "OB-GEN-9")]
    [Trait("Rule", "PY-08")]
    [Trait("Rule", "PY-29")]
    public async Task Refuses_an_order_that_is_not_what_was_approved(string path, string? value, string rule, string fault)
    {
        var payer = await bank.VrpPayerAsync();
        var answer = await bank.VrpAsync(payer, change: order => VrpRequests.Set(order, path, value));
        Assert.Equal((400, rule, fault), (answer.Status, answer.Rule, answer.Faults[0]));
        Assert.Equal(0, await api.Database.ScalarAsync<long>("""SELECT count(*) FROM payments.orders WHERE "ConsentId" = $1""", payer.ConsentId!));
    }

    [Theory]
    [Trait("Rule", "OB-VRP-10")]
    [Trait("Rule", "OB-VRP-13")]
    [Trait("Rule", "OB-VRP-18")]
    [Trait("Rule", "OB-VRP-26")]
    [InlineData("Data.Instruction.InstructedAmount.Amount", "\"100.00\"")]
    [InlineData("Data.PSUInteractionType", null)]
    [InlineData("Data.PSUAuthenticationMethod", "\"UK.OBIE.SCA\"")]
    [InlineData("Data.Instruction.LocalInstrument", "\"UK.OBIE.FPS\"")]
    [InlineData("Data.Instruction.SupplementaryData", "{}")]
    [InlineData("Data.Instruction.UltimateCreditor", """{"Name":"Somebody"}""")]
    [InlineData("Data.Instruction.RemittanceInformation.Structured", """[{"CreditorReferenceInformation":{"Reference":"More"}}]""")]
    [InlineData("Data.Initiation.DebtorAccount", """{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"99012420450011","Name":"Amelia Hartwell"}""")]
    public async Task Takes_an_order_that_was_approved(string path, string? value) =>
        Assert.Equal(201, (await bank.VrpAsync(await bank.VrpPayerAsync(), change: order => VrpRequests.Set(order, path, value))).Status);

    [Fact]
    [Trait("Rule", "OB-VRP-13")]
    [Trait("Rule", "OB-DEC-17")]
    public async Task What_the_consent_leaves_empty_each_order_fills()
    {
        var consent = VrpRequests.Consent(asked => VrpRequests.Set(asked, "Data.Initiation.RemittanceInformation", """{"Unstructured":[]}"""));
        var payer = await bank.VrpPayerAsync(consent);
        foreach (var reference in new[] { """{"Unstructured":["May"]}""", """{"Unstructured":["June"]}""", null })
            Assert.Equal(201, (await bank.VrpAsync(payer, consent: consent, change: order => VrpRequests.Set(order, "Data.Instruction.RemittanceInformation", reference))).Status);
    }

    [Fact]
    [Trait("Rule", "OB-VRP-26")]
    public async Task Schemes_are_told_that_a_payment_is_one_of_those()
    {
        var payer = await bank.VrpPayerAsync();
        var varies = Text((await bank.VrpAsync(payer)).Data, "DomesticVRPId")!;
        var single = await bank.ApprovedAsync(await bank.ConsentAsync());
        var body = Bank.Payment();
        body["Data"]!.AsObject().Remove("ReadRefundAccount");
        body["Data"]!["ConsentId"] = single.ConsentId;
        var other = Text((await bank.PostAsync("/domestic-payments", body, single)).Data, "DomesticPaymentId")!;
        foreach (var (id, marker) in new[] { (varies, "V"), (other, "A") })
            Assert.Equal(marker, await api.Database.ScalarAsync<string>("""SELECT "Marker" FROM accounts.transfers WHERE "Id" = $1""", id));
    }

    [Fact]
    [Trait("Rule", "OB-VRP-20")]
    [Trait("Rule", "OB-PIS-6")]
    public async Task A_high_consent_is_taken_and_an_order_above_what_the_bank_pays_is_not()
    {
        var consent = VrpRequests.Consent(VrpRequests.Limits("2000000.00", VrpRequests.Limit("Year", "Consent", "9000000.00")));
        var payer = await bank.VrpPayerAsync(consent);
        var above = await bank.VrpAsync(payer, "1000000.01", consent);
        Assert.Equal((400, "OB-VRP-20", "AM14 Data.Instruction.InstructedAmount"), (above.Status, above.Rule, above.Faults[0]));
        var poor = await bank.VrpAsync(payer, "1000000.00", consent);
        Assert.Equal((400, "OB-PIS-6", "AM04 Data.Instruction.InstructedAmount"), (poor.Status, poor.Rule, poor.Faults[0]));
    }

    [Fact]
    [Trait("Rule", "OB-VRP-9")]
    [Trait("Rule", "OB-VRP-10")]
    [Trait("Rule", "PY-29")]
    [Trait("Rule", "D-8")]
    public async Task What_was_paid_takes_room_until_it_is_rejected_and_the_room_left_is_said()
    {
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?> { ["Payments:SchemeDelay"] = "4.00:00:00" });
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 6, 12, 0, 0, TimeSpan.Zero));
        var consent = VrpRequests.Consent(asked =>
        {
            VrpRequests.Limits("100.00", VrpRequests.Limit("Day", "Calendar", "150.00"), VrpRequests.Limit("Month", "Calendar", "300.00"))(asked);
            asked["Data"]!["Initiation"]!["CreditorAccount"]!["Identification"] = "08080021325698";
        });
        var payer = await bank.VrpPayerAsync(consent, at: own);
        var first = Text((await bank.VrpAsync(payer, "100.00", consent, at: own)).Data, "DomesticVRPId")!;
        var second = await bank.VrpAsync(payer, "50.01", consent, at: own);
        Assert.Equal((400, "OB-VRP-10", Limits), (second.Status, second.Rule, Assert.Single(second.Faults)));
        Assert.Contains("50.00 of 150.00 GBP is left of the limit of the Day from 2026-06-06 to 2026-06-06.", second.Body, StringComparison.Ordinal);
        Assert.Equal(201, (await bank.VrpAsync(payer, "50.00", consent, at: own)).Status);

        // What comes back makes no room; what is rejected does.
        await MoveAsync(own, first, "ACCC");
        Assert.Null(await own.AskAsync(new RefundSandboxOrder(first)));
        Assert.Equal(Limits, (await bank.VrpAsync(payer, "0.01", consent, at: own)).Faults[0]);
        own.Clock.Advance(TimeSpan.FromDays(1));
        var sent = Text((await bank.VrpAsync(payer, "100.00", consent, at: own)).Data, "DomesticVRPId")!;
        var both = await bank.VrpAsync(payer, "100.00", consent, at: own);
        Assert.Equal([Limits, Limits], both.Faults);
        Assert.Contains("0.00 of 250.00 GBP is left of the limit of the Month from 2026-06-06 to 2026-06-30.", both.Body, StringComparison.Ordinal);
        await MoveAsync(own, sent, "RJCT", "AC04");
        Assert.Equal(201, (await bank.VrpAsync(payer, "100.00", consent, at: own)).Status);

        var use = await own.AskAsync(new DescribeVrpUse(payer.ConsentId!, 10));
        Assert.Equal(["Day 100.00 50.00", "Month 250.00 0.00"], use.Limits.Select(limit => string.Create(CultureInfo.InvariantCulture, $"{limit.Limit.Type.Code} {limit.Used:F2} {limit.Left.ToWire()}")));
        Assert.Equal([50m, 100m, 100m, 100m], use.Payments.Select(payment => payment.Amount.Amount).Order());
        Assert.Equal(("Thomas Hale", "Not made"), (use.Payments[1].Payee, use.Payments.Single(payment => payment.OrderId == sent).StatusText));
    }

    [Fact]
    [Trait("Rule", "OB-VRP-6")]
    [Trait("Rule", "OB-VRP-10")]
    public async Task Nothing_is_paid_before_the_day_on_which_payments_begin()
    {
        await using var own = await BankApi.StartAsync();
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 6, 12, 0, 0, TimeSpan.Zero));
        var consent = VrpRequests.Consent(asked => VrpRequests.Parameters(asked)["ValidFromDateTime"] = "2026-06-08T18:00:00+01:00");
        var payer = await bank.VrpPayerAsync(consent, at: own);
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 7, 22, 59, 59, TimeSpan.Zero));
        var early = await bank.VrpAsync(payer, consent: consent, at: own);
        Assert.Equal((400, "OB-VRP-10", "U014 Data.ControlParameters.ValidFromDateTime"), (early.Status, early.Rule, early.Faults[0]));
        Assert.Empty((await own.AskAsync(new DescribeVrpUse(payer.ConsentId!, 10))).Limits);
        own.Clock.StopAt(new DateTimeOffset(2026, 6, 7, 23, 0, 0, TimeSpan.Zero));
        Assert.Equal(201, (await bank.VrpAsync(payer, consent: consent, at: own)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-VRP-11")]
    [Trait("Rule", "PY-29")]
    [Trait("Rule", "R9")]
    public async Task Many_orders_at_one_moment_never_go_beyond_a_limit_together()
    {
        var consent = VrpRequests.Consent(VrpRequests.Limits("10.00", VrpRequests.Limit("Week", "Consent", "79.99")));
        var payer = await bank.VrpPayerAsync(consent);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bank.VrpAsync(payer, "10.00", consent)));
        Assert.Equal(7, answers.Count(answer => answer.Status == 201));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((400, "OB-VRP-10", Limits), (answer.Status, answer.Rule, answer.Faults[0])));
        Assert.Equal(70m, await api.Database.ScalarAsync<decimal>("""SELECT sum("Amount") FROM payments.orders WHERE "ConsentId" = $1""", payer.ConsentId!));
    }

    [Fact]
    [Trait("Rule", "OB-VRP-11")]
    [Trait("Rule", "OB-IDM-10")]
    public async Task One_key_many_times_at_one_moment_takes_room_once()
    {
        var payer = await bank.VrpPayerAsync();
        var key = Bank.NewKey();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => bank.VrpAsync(payer, "60.00", key: key)));
        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Single(answers.Select(answer => Text(answer.Data, "DomesticVRPId")).Distinct());
    }

    /// <summary>Whatever is ordered when, the bank pays what a plain list of payments says, and nothing else.</summary>
    [Fact]
    [Trait("Rule", "OB-VRP-4")]
    [Trait("Rule", "OB-VRP-5")]
    [Trait("Rule", "OB-VRP-9")]
    public async Task Orders_of_months_are_taken_as_a_simple_model_takes_them()
    {
        await using var own = await BankApi.StartAsync();
        var random = new Random(7);
        var now = new DateTimeOffset(2028, 1, 31, 12, 0, 0, TimeSpan.Zero);
        own.Clock.StopAt(now);
        var consent = VrpRequests.Consent(VrpRequests.Limits(
            "50.00", VrpRequests.Limit("Day", "Calendar", "60.00"), VrpRequests.Limit("Week", "Calendar", "90.00"), VrpRequests.Limit("Month", "Consent", "150.00"), VrpRequests.Limit("Year", "Calendar", "400.00")));
        var payer = await bank.VrpPayerAsync(consent, at: own);
        var paid = new List<(DateOnly Day, decimal Amount)>();
        var start = new DateOnly(2028, 1, 31);
        for (var number = 0; number < 60; number++)
        {
            // Through the leap day, the change of the clocks, and the hours about midnight.
            own.Clock.StopAt(now);
            var day = WorkingDays.DayOf(now);
            var amount = random.Next(100, 5000) / 100m;
            var fits = Paid(at => at == day) + amount <= 60m
                && Paid(at => Monday(at) == Monday(day)) + amount <= 90m
                && Paid(at => MonthOf(start, at) == MonthOf(start, day)) + amount <= 150m
                && Paid(at => at.Year == day.Year) + amount <= decimal.Round(400m * 336 / 366, 2, MidpointRounding.AwayFromZero);
            var answer = await bank.VrpAsync(payer, amount.ToString("F2", CultureInfo.InvariantCulture), consent, at: own);
            Assert.True(answer.Status == (fits ? 201 : 400), $"order {number} of {amount} at {now:u}: {answer.Body}");
            if (fits) paid.Add((day, amount));
            now += TimeSpan.FromMinutes(random.Next(3) == 0 ? random.Next(90) : random.Next(4000));
        }

        Assert.InRange(paid.Count, 5, 55);

        decimal Paid(Func<DateOnly, bool> within) => paid.Where(payment => within(payment.Day)).Sum(payment => payment.Amount);
        static DateOnly Monday(DateOnly day) => day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
        static int MonthOf(DateOnly start, DateOnly day)
        {
            var month = 0;
            while (start.AddMonths(month + 1) <= day) month++;
            return month;
        }
    }

    /// <summary>As a tester does; the bank may be moving the same order at that moment.</summary>
    private static async Task MoveAsync(BankApi own, string id, string status, string? reason = null)
    {
        string? problem = "";
        for (var look = 0; look < 300 && (problem = await own.AskAsync(new MoveSandboxOrder(id, status, reason))) is not null; look++) await Task.Delay(100);
        Assert.Null(problem);
    }

    private async Task UntilAsync(string id, string status)
    {
        for (var look = 0; look < 300 && Text((await bank.GetAsync($"{VrpRequests.Orders}/{id}")).Data, "Status") != status; look++) await Task.Delay(100);
        Assert.Equal(status, Text((await bank.GetAsync($"{VrpRequests.Orders}/{id}")).Data, "Status"));
    }

    private static string? Text(JsonElement from, string name) => from.GetProperty(name).GetString();
}
