using System.Text.Json.Nodes;
using OpenBanking.Identity.Contracts;
using OpenBanking.Payments.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.Orders;

/// <summary>What customers are told of their own payments.</summary>
public sealed class OwnPaymentsTests(Bank bank)
{
    [Fact]
    [Trait("Rule", "D-10")]
    [Trait("Rule", "CO-19")]
    [Trait("Rule", "OB-PST-6")]
    [Trait("Rule", "OB-PIS-21")]
    public async Task They_are_listed_found_described_and_given_out_whole()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await bank.ApprovedAsync(await bank.ConsentAsync(Bank.Payment(Named("50% Off Ltd"), "12.00"), own), at: own);
        var paid = await OrderedAsync(own, "/domestic-payments", Bank.Payment(Named("50% Off Ltd"), "12.00"), caller);
        var scheduled = Bank.Payment(
            body =>
            {
                Named("Zest")(body);
                body["Data"]!["Permission"] = "Create";
                Bank.Initiation(body)["RequestedExecutionDateTime"] = own.Clock.Now.AddDays(9).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
            },
            "1500.00");
        var consent = (await bank.PostAsync("/domestic-scheduled-payment-consents", scheduled, at: own)).Data.GetProperty("ConsentId").GetString()!;
        var planned = await OrderedAsync(own, "/domestic-scheduled-payments", scheduled, await bank.ApprovedAsync(consent, at: own));

        var all = await own.AskAsync(new ListPayments(Bank.Amelia, Search()));
        Assert.Equal((2, 2), (all.Found, all.All));
        Assert.Equal(["domestic-payment", "domestic-scheduled-payment"], all.Kinds);
        Assert.Equal([planned, paid], all.Payments.Select(payment => payment.OrderId));
        Assert.Equal([true, false], all.Payments.Select(payment => payment.CanBeCancelled));
        Assert.Empty((await own.AskAsync(new ListPayments(Bank.Thomas, Search()))).Payments);

        async Task<string[]> FoundAsync(PaymentSearch search) => [.. (await own.AskAsync(new ListPayments(Bank.Amelia, search))).Payments.Select(payment => payment.OrderId)];
        Assert.Equal([paid], await FoundAsync(Search() with { Text = "50% off" }));
        Assert.Empty(await FoundAsync(Search() with { Text = "5%f" }));
        Assert.Equal([planned], await FoundAsync(Search() with { Text = "£1,500.00" }));
        Assert.Equal([planned, paid], await FoundAsync(Search() with { Text = all.Payments[0].ClientName[..4].ToUpperInvariant() }));
        Assert.Equal([planned], await FoundAsync(Search() with { Kind = "domestic-scheduled-payment" }));
        Assert.Empty(await FoundAsync(Search() with { Kind = "unknown" }));
        Assert.Equal([planned, paid], await FoundAsync(Search() with { Ordering = PaymentOrdering.Amount }));
        Assert.Equal([paid, planned], await FoundAsync(Search() with { Ordering = PaymentOrdering.Payee }));
        Assert.Equal([paid], await FoundAsync(Search() with { Skip = 1 }));
        Assert.Contains(planned, await FoundAsync(Search() with { State = PaymentState.Open }));
        Assert.DoesNotContain(planned, await FoundAsync(Search() with { State = PaymentState.Made }));

        Assert.Null(await own.AskAsync(new DescribePayment(planned, Bank.Thomas)));
        Assert.Null(await own.AskAsync(new DescribePayment("dp-unknown", Bank.Amelia)));
        Assert.True(await own.AskAsync(new CancelOrder(planned, Bank.Amelia)));
        var detail = (await own.AskAsync(new DescribePayment(planned, Bank.Amelia)))!;
        Assert.Equal((PaymentState.NotMade, "CANC", false), (detail.Summary.State, detail.Summary.Status, detail.Summary.CanBeCancelled));
        Assert.Equal(("RCVD", "third party"), (detail.History[0].Status, detail.History[0].By));
        Assert.Equal(("CANC", "customer", "CUST"), (detail.History[^1].Status, detail.History[^1].By, detail.History[^1].ReasonCode));

        var asked = new OwnDataAsked(Bank.Amelia);
        await own.PublishAsync(asked);
        var payments = asked.Answer.Single(section => section.Name == "payments").Records;
        Assert.Equal([planned, paid], payments.Select(record => record.Fields[0].Value));
        Assert.Equal(["50% Off Ltd"], payments[1].Fields.Where(field => field.Name == "payee").Select(field => field.Value));
        var approvals = asked.Answer.Single(section => section.Name == "payment_approvals").Records;
        Assert.Equal(["1500.00", "12.00"], approvals.Select(record => record.Fields.Single(field => field.Name == "amount").Value));
        var others = new OwnDataAsked(Bank.Thomas);
        await own.PublishAsync(others);
        Assert.All(others.Answer.Where(section => section.Name is "payments" or "payment_approvals"), section => Assert.Empty(section.Records));
    }

    private static PaymentSearch Search() => new(null, null, null, PaymentOrdering.Latest, 0, 20);

    private static Action<JsonObject> Named(string payee) => body => Bank.Initiation(body)["CreditorAccount"]!["Name"] = payee;

    private async Task<string> OrderedAsync(BankApi own, string path, JsonObject body, TestCaller caller)
    {
        var order = body.DeepClone().AsObject();
        var data = order["Data"]!.AsObject();
        data["ConsentId"] = caller.ConsentId;
        data.Remove("ReadRefundAccount");
        data.Remove("Permission");
        var made = await bank.PostAsync(path, order, caller, at: own);
        Assert.True(made.Status == 201, made.Body);

        // The list goes by the time of the order.
        own.Clock.Advance(TimeSpan.FromSeconds(1));
        return made.Data.EnumerateObject().First().Value.GetString()!;
    }
}
