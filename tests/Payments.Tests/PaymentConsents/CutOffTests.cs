using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.PaymentConsents;

/// <summary>The bank's hours and days of rest, at each step of a payment.</summary>
public sealed class CutOffTests(Bank bank, CutOffTests.Hours hours) : IClassFixture<CutOffTests.Hours>
{
    private readonly BankApi own = hours.Api;

    /// <summary>A bank of its own, since its choices and its clock change.</summary>
    public sealed class Hours : IAsyncLifetime
    {
        public BankApi Api { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Api = await BankApi.StartAsync();

        public ValueTask DisposeAsync() => Api.DisposeAsync();
    }

    [Fact]
    [Trait("Rule", "OB-PIS-18")]
    public async Task An_approval_after_the_hour_is_refused_and_ends_the_consent()
    {
        Choose(CutOffStrategy.Reject, "domestic-payments");
        At("2026-11-20T15:00:00Z");
        var (early, late) = (await bank.ConsentAsync(at: own), await bank.ConsentAsync(at: own));
        At("2026-11-20T15:59:59Z");
        Assert.IsType<AuthorisationAnswer.Authorised>(await own.ApproveAsync(early, [own.Account("GB-1")]));
        At("2026-11-20T16:00:00Z");
        Assert.IsType<AuthorisationAnswer.TooLate>(await own.ApproveAsync(late, [own.Account("GB-1")]));
        var ended = (await bank.GetAsync("/domestic-payment-consents/" + late, at: own)).Data;
        Assert.Equal(("RJCT", "TM01"), (Text(ended, "Status"), Text(ended.GetProperty("StatusReason")[0], "StatusReasonCode")));
        Assert.IsType<AuthorisationAnswer.InWrongState>(await own.ApproveAsync(late, [own.Account("GB-1")]));
    }

    [Theory]
    [Trait("Rule", "OB-PIS-19")]
    [Trait("Rule", "OB-PIS-17")]
    [InlineData("/domestic-payment", "domestic-payments", "2026-11-23T08:00:00Z")]
    [InlineData("/international-payment", "international-payments", "2026-11-23T08:00:00Z")]
    [InlineData("/domestic-scheduled-payment", "domestic-scheduled-payments", "2026-11-26T08:00:00Z")]
    [InlineData("/international-scheduled-payment", "international-scheduled-payments", "2026-11-26T08:00:00Z")]
    public async Task What_comes_after_the_hour_goes_on_the_next_working_day(string type, string orders, string moved)
    {
        Choose(CutOffStrategy.Accept, orders);

        // Those with a day of their own are in time or late on that day.
        var isScheduled = type.Contains("scheduled", StringComparison.Ordinal);
        At("2026-11-20T15:59:59Z");
        var timely = await AskAsync(type, Body(type, "2026-11-25T15:59:59Z"));
        Assert.Equal(isScheduled ? "2026-11-25T15:59:59Z" : "2026-11-20T15:59:59Z", Text(timely.Data, "ExpectedExecutionDateTime"));
        Assert.Equal(isScheduled ? "2026-11-25T16:00:00Z" : "2026-11-20T16:00:00Z", Text(timely.Data, "CutOffDateTime"));
        At("2026-11-20T16:00:00Z");
        var late = await AskAsync(type, Body(type, "2026-11-25T16:00:00Z"));
        Assert.Equal(moved, Text(late.Data, "ExpectedExecutionDateTime"));
    }

    [Fact]
    [Trait("Rule", "OB-PIS-19")]
    [Trait("Rule", "OB-PIS-17")]
    public async Task The_hour_may_pass_between_consent_approval_and_order()
    {
        Choose(CutOffStrategy.Accept, "domestic-payments");
        At("2026-11-20T15:30:00Z");
        var body = Bank.Payment(Bank.To("99012420450061"), "3.00");
        var (shown, approved) = (await bank.ConsentAsync(body, own), await bank.ConsentAsync(body, own));
        var before = (await own.AskAsync(new DescribeForApproval(shown, BankApi.Tpp, Bank.Amelia)))!;
        Assert.DoesNotContain(before.Payment!.Lines, line => line.Label == "Goes out on");
        var payer = await bank.ApprovedAsync(approved, at: own);

        // What was shown before the hour says another day than now, and is shown anew (P-4).
        At("2026-11-20T16:00:00Z");
        Assert.IsType<AuthorisationAnswer.Changed>(await own.ApproveAsync(shown, [own.Account("GB-1")], digest: before.Digest));
        var after = (await own.AskAsync(new DescribeForApproval(shown, BankApi.Tpp, Bank.Amelia)))!;
        Assert.Contains(new ShownLine("Goes out on", "23 November 2026"), after.Payment!.Lines);
        Assert.IsType<AuthorisationAnswer.Authorised>(await own.ApproveAsync(shown, [own.Account("GB-1")]));

        // What was approved in time and is ordered late goes on the same day as what was asked for late.
        var order = body.DeepClone().AsObject();
        order["Data"] = new JsonObject { ["ConsentId"] = approved, ["Initiation"] = Bank.Initiation(body).DeepClone() };
        var made = await bank.PostAsync("/domestic-payments", order, payer, at: own);
        Assert.Equal((201, "2026-11-23T08:00:00Z"), (made.Status, Text(made.Data, "ExpectedExecutionDateTime")));
        var path = "/domestic-payments/" + Text(made.Data, "DomesticPaymentId");
        At("2026-11-23T07:59:59Z");
        await Task.Delay(1200, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Text((await bank.GetAsync(path, at: own)).Data, "Status"), new[] { "ACSP", "ACSC", "ACCC" });
        At("2026-11-23T08:00:00Z");
        for (var tries = 0; Text((await bank.GetAsync(path, at: own)).Data, "Status") != "ACCC"; tries++)
        {
            Assert.True(tries < 300, "it does not go");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    [Trait("Rule", "OB-PIS-19")]
    public async Task A_day_of_rest_that_the_bank_has_chosen_moves_payments_too()
    {
        Choose(CutOffStrategy.Accept, "domestic-payments", new DateOnly(2026, 11, 23), new DateOnly(2026, 11, 25));
        At("2026-11-20T16:00:00Z");
        Assert.Equal("2026-11-24T08:00:00Z", Text((await AskAsync("/domestic-payment", Body("/domestic-payment", ""))).Data, "ExpectedExecutionDateTime"));
        Assert.Equal("2026-11-26T08:00:00Z", Text((await AskAsync("/domestic-scheduled-payment", Body("/domestic-scheduled-payment", "2026-11-25T10:00:00Z"))).Data, "ExpectedExecutionDateTime"));
        Choices.Now = new BankChoices();
        Assert.Equal("2026-11-25T10:00:00Z", Text((await AskAsync("/domestic-scheduled-payment", Body("/domestic-scheduled-payment", "2026-11-25T10:00:00Z"))).Data, "ExpectedExecutionDateTime"));
    }

    private CurrentChoices Choices => own.Services.GetRequiredService<CurrentChoices>();

    private void Choose(CutOffStrategy strategy, string orders, params DateOnly[] holidays) => Choices.Now = new BankChoices
    {
        CutOffs = new Dictionary<string, CutOff>(StringComparer.Ordinal) { [orders] = new(new TimeOnly(16, 0), strategy) },
        Holidays = holidays.ToHashSet(),
    };

    private void At(string moment) => own.Clock.StopAt(DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture));

    private async Task<ApiAnswer> AskAsync(string type, JsonObject body)
    {
        var answer = await bank.PostAsync(type + "-consents", body, at: own);
        Assert.True(answer.Status == 201, answer.Body);
        return answer;
    }

    private static JsonObject Body(string type, string on) => Bank.Payment(body =>
    {
        var initiation = Bank.Initiation(body);
        if (type.StartsWith("/international", StringComparison.Ordinal))
        {
            initiation["CurrencyOfTransfer"] = "EUR";
            initiation["InstructedAmount"]!["Currency"] = "EUR";
            initiation["CreditorAccount"] = JsonNode.Parse("""{"SchemeName":"UK.OBIE.IBAN","Identification":"FR1420041010050500013M02606","Name":"ACME SA"}""");
        }

        if (!type.Contains("scheduled", StringComparison.Ordinal)) return;
        body["Data"]!["Permission"] = "Create";
        initiation["RequestedExecutionDateTime"] = on;
    });

    private static string? Text(System.Text.Json.JsonElement at, string name) => at.GetProperty(name).GetString();
}
