using System.Text.Json.Nodes;
using OpenBanking.Consent.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Orders;

/// <summary>Attacks on payments, by the rows of the catalogue, where a row asks for more than the tests of the rules it stands on.</summary>
public sealed class PaymentAttackTests(Bank bank)
{
    private const string Consents = "/domestic-payment-consents";
    private const string Orders = "/domestic-payments";

    [Theory]
    [Trait("Rule", "PY-03")]
    [Trait("Rule", "OB-IDM-7")]
    [InlineData("InstructedAmount.Amount", "\"10.01\"")]
    [InlineData("CreditorAccount.Identification", "\"08080021325699\"")]
    [InlineData("CreditorAccount.Name", "\"ACME  Inc\"")]
    public async Task Another_amount_payee_or_space_under_a_key_is_refused_and_the_first_stays_as_it_is(string path, string value)
    {
        var key = Bank.NewKey();
        var first = await bank.PostAsync(Consents, Bank.Payment(), key: key);
        Assert.Equal((400, "OB-IDM-7", "U029 x-idempotency-key"), Refusal(await bank.PostAsync(Consents, Bank.Payment(body => Set(Bank.Initiation(body), path, value)), key: key)));
        Assert.Equal(first.Body, (await bank.GetAsync($"{Consents}/{Text(first, "ConsentId")}")).Body);
        Assert.Equal(first.Body, (await bank.PostAsync(Consents, Bank.Payment(), key: key)).Body);
    }

    [Fact]
    [Trait("Rule", "PY-05")]
    [Trait("Rule", "OB-IDM-6")]
    public async Task A_key_of_a_consent_is_another_key_for_its_payment()
    {
        var key = Bank.NewKey();
        var consent = await bank.PostAsync(Consents, Bank.Payment(), key: key);
        var payer = await bank.ApprovedAsync(Text(consent, "ConsentId")!);
        Assert.Equal(201, (await OrderAsync(payer, key: key)).Status);
    }

    [Theory]
    [Trait("Rule", "PY-08")]
    [Trait("Rule", "OB-PIS-3")]
    [InlineData("InstructedAmount.Currency", "\"EUR\"", "InstructedAmount.Currency")]
    [InlineData("SupplementaryData", "{}", "SupplementaryData")]
    [InlineData("CreditorAccount.SecondaryIdentification", "\"0002\"", "CreditorAccount.SecondaryIdentification")]
    [InlineData("RemittanceInformation.Structured", "[]", "RemittanceInformation.Structured")]
    [InlineData("InstructedAmount.Amount", "\"010.00\"", "InstructedAmount.Amount")]
    public async Task What_is_other_in_an_order_is_named_also_where_it_is_empty_and_was_absent(string path, string value, string at)
    {
        var payer = await PayerAsync();
        Assert.Equal((400, "OB-PIS-3", "U008 Data.Initiation." + at), Refusal(await OrderAsync(payer, Bank.Payment(body => Set(Bank.Initiation(body), path, value)))));
        Assert.Equal(201, (await OrderAsync(payer)).Status);
    }

    [Theory]
    [Trait("Rule", "PY-10")]
    [InlineData("\"0\"", "PY-10")]
    [InlineData("\"0.00000\"", "PY-10")]
    [InlineData("\"Infinity\"", "OB-GEN-8")]
    [InlineData("\"-0\"", "OB-GEN-8")]
    [InlineData("\"\uff11.00\"", "OB-GEN-4")]
    [InlineData("\"12345678901234\"", "OB-GEN-8")]
    [InlineData("\"1.000000\"", "OB-GEN-8")]
    public async Task What_is_no_amount_is_refused(string value, string rule) => Assert.Equal(
        (400, rule, "U002 Data.Initiation.InstructedAmount.Amount"),
        Refusal(await bank.PostAsync(Consents, Bank.Payment(body => Set(Bank.Initiation(body), "InstructedAmount.Amount", value)))));

    [Theory]
    [Trait("Rule", "PY-11")]
    [InlineData("JPY", "1.5", "PY-11")]
    [InlineData("JPY", "1.0", null)]
    [InlineData("EUR", "1.005", "PY-11")]
    public async Task Digits_that_a_currency_does_not_have_are_refused_and_never_rounded(string currency, string amount, string? rule)
    {
        var answer = await bank.PostAsync("/international-payment-consents", Bank.Payment(body =>
        {
            var initiation = Bank.Initiation(body);
            initiation["CurrencyOfTransfer"] = currency;
            initiation["InstructedAmount"] = new JsonObject { ["Amount"] = amount, ["Currency"] = currency };
            initiation["CreditorAccount"] = new JsonObject { ["SchemeName"] = "UK.OBIE.IBAN", ["Identification"] = "FR1420041010050500013M02606", ["Name"] = "ACME SA" };
        }));
        if (rule is null) Assert.Equal(201, answer.Status);
        else Assert.Equal((400, rule, "U002 Data.Initiation.InstructedAmount.Amount"), Refusal(answer));
    }

    [Theory]
    [Trait("Rule", "PY-13")]
    [InlineData("\"XXX\"", "OB-PIS-11", "U023")]
    [InlineData("\"ZZZ\"", "OB-PIS-11", "U023")]
    [InlineData("\"GB\"", "OB-GEN-8", "U002")]
    public async Task A_currency_that_is_none_or_not_payable_is_refused(string currency, string rule, string code) => Assert.Equal(
        (400, rule, code + " Data.Initiation.InstructedAmount.Currency"),
        Refusal(await bank.PostAsync(Consents, Bank.Payment(body => Set(Bank.Initiation(body), "InstructedAmount.Currency", currency)))));

    [Fact]
    [Trait("Rule", "PY-13")]
    public async Task An_account_in_another_currency_cannot_pay()
    {
        var id = await bank.ConsentAsync();
        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await bank.Api.ApproveAsync(id, [bank.Api.Account("EUR-1")]));
        Assert.Equal("AWAU", Text(await bank.GetAsync($"{Consents}/{id}"), "Status"));
    }

    [Theory]
    [Trait("Rule", "PY-14")]
    [InlineData("""{"SchemeName":"UK.OBIE.IBAN","Identification":"GB30NWBK60161331926819","Name":"n"}""", "PY-14", "U021 Data.Initiation.CreditorAccount.Identification")]
    [InlineData("""{"SchemeName":"UK.OBIE.IBAN","Identification":"@256","Name":"n"}""", "PY-14", "U021 Data.Initiation.CreditorAccount.Identification")]
    [InlineData("""{"SchemeName":"UK.OBIE.IBAN","Identification":"@257","Name":"n"}""", "OB-GEN-8", "U002 Data.Initiation.CreditorAccount.Identification")]
    public async Task An_account_that_cannot_be_is_refused(string account, string rule, string fault)
    {
        account = account.Replace("@256", new string('1', 256), StringComparison.Ordinal).Replace("@257", new string('1', 257), StringComparison.Ordinal);
        Assert.Equal((400, rule, fault), Refusal(await bank.PostAsync(Consents, Bank.Payment(body => Set(Bank.Initiation(body), "CreditorAccount", account)))));
    }

    [Fact]
    [Trait("Rule", "PY-19")]
    [Trait("Rule", "PY-02")]
    [Trait("Rule", "OB-PIS-5")]
    public async Task What_was_sent_before_pays_nothing_when_it_comes_again_otherwise()
    {
        await using var own = await BankApi.StartAsync();
        var payer = await PayerAsync(at: own);
        var key = Bank.NewKey();
        var id = Text(await OrderAsync(payer, key: key, at: own), "DomesticPaymentId");
        Assert.Equal((400, "OB-PIS-5", "U009 Data.Status"), Refusal(await OrderAsync(payer, at: own)));

        // At another type of payment its body does not fit, and where it would, its consent is of none there.
        foreach (var path in new[] { "/international-payments", "/domestic-standing-orders" })
            Assert.Equal((400, "PY-21"), await bank.PostAsync(path, Body(payer, Bank.Payment()), payer, at: own) is var misled ? (misled.Status, misled.Rule) : default);
        var scheduled = Bank.Payment(body => Bank.Initiation(body)["RequestedExecutionDateTime"] = "2030-01-02T10:00:00Z");
        Assert.Equal((400, "OB-HTTP-1"), await bank.PostAsync("/domestic-scheduled-payments", Body(payer, scheduled), payer, at: own) is var foreign ? (foreign.Status, foreign.Rule) : default);

        // After 23 hours the key shows the order as it is by then; the next day it is another key, and the consent is used all the same.
        own.Clock.Advance(TimeSpan.FromHours(23));
        var later = await OrderAsync(payer, key: key, at: own);
        Assert.Equal((201, id), (later.Status, Text(later, "DomesticPaymentId")));
        own.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal((400, "OB-PIS-5", "U009 Data.Status"), Refusal(await OrderAsync(payer, key: key, at: own)));
        Assert.Equal(1, await own.Database.ScalarAsync<long>("SELECT count(*) FROM payments.orders"));
    }

    [Theory]
    [Trait("Rule", "PY-20")]
    [InlineData("\"Amount\":\"10.00\"", "\"Amount\":\"10.00\",\"Amount\":\"1000.00\"")]
    [InlineData("\"Amount\":\"10.00\"", "\"Amount\":\"10.00\",\"amount\":\"1000.00\"")]
    [InlineData("\"Amount\":\"10.00\"", "\"Amount\":\"10.00\",\"\\u0041mount\":\"1000.00\"")]
    public async Task A_member_that_stands_there_twice_is_refused_before_anything_is_kept(string good, string bad)
    {
        var body = Bank.Payment().ToJsonString();
        Assert.Contains(good, body, StringComparison.Ordinal);
        var key = Bank.NewKey();
        var answer = await bank.PostAsync(Consents, body.Replace(good, bad, StringComparison.Ordinal), key: key);
        Assert.Equal((400, "PY-20"), (answer.Status, answer.Rule));
        Assert.Equal(0, await bank.Api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.idempotency WHERE "Key" = $1""", key));
    }

    [Theory]
    [Trait("Rule", "PY-21")]
    [InlineData("Data.Initiation.InstructedAmount", "null")]
    [InlineData("Data.Initiation.InstructedAmount", "[]")]
    [InlineData("Data.Initiation.CreditorAccount.Name", "{}")]
    [InlineData("Data.Initiation", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    public async Task What_has_another_shape_is_refused(string path, string value)
    {
        var answer = await bank.PostAsync(Consents, Bank.Payment(body => Set(body, path, "\"@@\"")).ToJsonString().Replace("\"@@\"", value, StringComparison.Ordinal));
        Assert.Equal(400, answer.Status);
        Assert.Contains(answer.Rule, new[] { "PY-21", "OB-GEN-5", "OB-GEN-4" });
    }

    [Fact]
    [Trait("Rule", "PY-28")]
    [Trait("Rule", "OB-DSO-2")]
    public async Task A_standing_order_of_ten_thousand_payments_is_refused_and_no_other_account_pays_than_was_approved()
    {
        var standing = Bank.Payment(body =>
        {
            var initiation = Bank.Initiation(body);
            foreach (var name in new[] { "InstructionIdentification", "EndToEndIdentification", "InstructedAmount" }) initiation.Remove(name);
            body["Data"]!["Permission"] = "Create";
            initiation["FirstPaymentAmount"] = JsonNode.Parse("""{"Amount":"1.00","Currency":"GBP"}""");
            initiation["NumberOfPayments"] = "10000";
            initiation["MandateRelatedInformation"] = JsonNode.Parse("""{"Frequency":{"Type":"DAIL"}}""");
        });
        Assert.Equal((400, "OB-DSO-2", "U002 Data.Initiation.NumberOfPayments"), Refusal(await bank.PostAsync("/domestic-standing-order-consents", standing)));
        Bank.Initiation(standing)["NumberOfPayments"] = "10";
        var payer = await bank.ApprovedAsync(Text(await bank.PostAsync("/domestic-standing-order-consents", standing), "ConsentId")!);
        var order = Body(payer, standing);
        order["Data"]!["Initiation"]!["DebtorAccount"] = new JsonObject { ["SchemeName"] = "UK.OBIE.SortCodeAccountNumber", ["Identification"] = "99012420450022" };
        Assert.Equal((400, "OB-PIS-3", "U008 Data.Initiation.DebtorAccount"), Refusal(await bank.PostAsync("/domestic-standing-orders", order, payer)));
    }

    private static (int Status, string? Rule, string Fault) Refusal(ApiAnswer answer) => (answer.Status, answer.Rule, answer.Faults[0]);

    private static string? Text(ApiAnswer answer, string name) => answer.Data.GetProperty(name).GetString();

    private static JsonObject Body(TestCaller payer, JsonObject asked) => PaymentRequests.Order(asked, payer.ConsentId!);

    private static void Set(JsonObject at, string path, string value)
    {
        var steps = path.Split('.');
        foreach (var step in steps[..^1]) at = at[step]!.AsObject();
        at[steps[^1]] = JsonNode.Parse(value);
    }

    private async Task<TestCaller> PayerAsync(BankApi? at = null) => await bank.ApprovedAsync(await bank.ConsentAsync(at: at), at: at);

    private Task<ApiAnswer> OrderAsync(TestCaller payer, JsonObject? asked = null, string? key = null, BankApi? at = null) =>
        bank.PostAsync(Orders, Body(payer, asked ?? Bank.Payment()), payer, key, at);
}
