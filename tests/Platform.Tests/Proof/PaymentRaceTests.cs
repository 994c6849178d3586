using System.Globalization;
using System.Text.Json.Nodes;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Payments ordered at one moment on two hosts: however many ask, money moves as often as it may.</summary>
[Collection(OnTwoHosts.Name)]
public sealed class PaymentRaceTests(TwoHosts hosts)
{
    private const int AtOnce = 50;

    [Fact]
    [Trait("Reliability", "R8")]
    [Trait("Rule", "PY-04")]
    [Trait("Rule", "OB-IDM-10")]
    public async Task Many_orders_under_one_key_are_one_payment()
    {
        var rounds = ProofRun.Count(8, 500);
        var payments = await hosts.PaymentsAsync("0.01");
        foreach (var payment in await payments.CopyAsync(rounds))
        {
            var answers = await TwoHosts.AtOnceAsync(Enumerable.Range(0, AtOnce).Select(_ => (Func<Task<Answer>>)(() => ApprovedPayments.OrderAsync(hosts.Payer, payment))));
            Assert.All(answers, answer => Assert.True(answer.Status == 201, $"{answer.Status} {answer.Body}"));
            Assert.Single(answers.Select(ApprovedPayments.IdOf).Distinct());
            Assert.Equal(1, await OrdersAsync(payment));
        }

        ProofRun.Passed("R8", $"{rounds} rounds of {AtOnce} orders under one key on two hosts: 1 payment each, the same id in all {rounds * AtOnce} answers, 0 other answers");
    }

    [Fact]
    [Trait("Reliability", "R9")]
    [Trait("Reliability", "R11")]
    [Trait("Rule", "PY-07")]
    public async Task Of_twenty_payments_with_money_for_seven_seven_are_made()
    {
        var rounds = ProofRun.Count(10, 300);
        var payments = await hosts.PaymentsAsync("10.00");
        var account = payments.AccountIds[0];
        await using var watch = new BooksWatch(hosts.Database);
        for (var round = 0; round < rounds; round++)
        {
            await HaveAsync(account, 75.00m);
            var answers = await TwoHosts.AtOnceAsync((await payments.CopyAsync(20)).Select(payment => (Func<Task<Answer>>)(() => ApprovedPayments.OrderAsync(hosts.Payer, payment))));
            Assert.Equal(7, answers.Count(answer => answer.Status == 201));
            Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((400, "AM04"), (answer.Status, Code(answer))));
        }

        await NothingHeldAsync(account);
        Assert.Empty(watch.Wrong);
        ProofRun.Passed("R9", $"{rounds} rounds of 20 payments at once with money for 7 on two hosts: 7 accepted each, 13 refused for want of money, 0 other answers; the limit held in {watch.Looks} looks at the books");
    }

    [Fact]
    [Trait("Reliability", "R10")]
    [Trait("Rule", "PY-06")]
    [Trait("Rule", "OB-PIS-5")]
    public async Task One_consent_is_good_for_one_payment_whatever_the_keys()
    {
        var rounds = ProofRun.Count(8, 300);
        var payments = await hosts.PaymentsAsync("0.01");
        foreach (var payment in await payments.CopyAsync(rounds))
        {
            var answers = await TwoHosts.AtOnceAsync(Enumerable.Range(0, AtOnce).Select(_ => (Func<Task<Answer>>)(() => ApprovedPayments.OrderAsync(hosts.Payer, payment, TestTpp.NewId()))));
            Assert.Single(answers, answer => answer.Status == 201);
            Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((400, "U009"), (answer.Status, Code(answer))));
            Assert.Equal(1, await OrdersAsync(payment));
        }

        ProofRun.Passed("R10", $"{rounds} rounds of {AtOnce} keys for one consent on two hosts: 1 payment each, {AtOnce - 1} refused because the consent is used, 0 other answers");
    }

    private static string? Code(Answer answer) => answer.Json.GetProperty("Errors")[0].GetProperty("ErrorCode").GetString();

    private Task<long> OrdersAsync(ApprovedPayment payment) => hosts.ScalarAsync<long>("""SELECT count(*) FROM payments.orders WHERE "ConsentId" = $1""", payment.ConsentId);

    /// <summary>Lets an account have so much to pay with, its limit included.</summary>
    private async Task HaveAsync(string account, decimal available)
    {
        await NothingHeldAsync(account);
        var beside = await hosts.ScalarAsync<decimal>(
            """
            SELECT coalesce(a."CreditLimit", 0) + coalesce((SELECT sum(t."Amount") FROM accounts.transactions t WHERE t."AccountId" = a."Id" AND t."IsPending"), 0)
            FROM accounts.accounts a WHERE a."Id" = $1
            """,
            account);
        await hosts.ControlAsync(hosts.First, new JsonObject
        {
            ["operation"] = "balance",
            ["accountId"] = account,
            ["amount"] = (available - beside).ToString("0.00", CultureInfo.InvariantCulture),
        });
    }

    /// <summary>What was ordered before is carried out.</summary>
    private async Task NothingHeldAsync(string account)
    {
        for (var look = 0; look < 300; look++)
        {
            if (await hosts.ScalarAsync<decimal>("""SELECT "Held" FROM accounts.accounts WHERE "Id" = $1""", account) == 0) return;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Fail("Orders are not carried out.");
    }
}
