using System.Text.Json;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.FundsConfirmation;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.FundsConfirmation;

public sealed class FundsConfirmationTests(Bank bank)
{
    private static int references;
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-CBP-4")]
    [Trait("Rule", "OB-CBP-5")]
    [Trait("Rule", "OB-CBP-7")]
    [Trait("Rule", "OB-GEN-7")]
    public async Task Says_yes_up_to_what_is_available_and_no_beyond_and_reserves_nothing()
    {
        var issuer = await IssuerAsync("GB-1");
        var available = await AvailableAsync("GB-1");
        var yes = await AskAsync(issuer, available);
        Assert.Equal((201, true), (yes.Status, yes.Data.GetProperty("FundsAvailable").GetBoolean()));
        Assert.Equal(
            ["FundsConfirmationId", "ConsentId", "CreationDateTime", "FundsAvailable", "Reference", "InstructedAmount"],
            yes.Data.EnumerateObject().Select(member => member.Name));
        Assert.Equal(Text(available), yes.Data.GetProperty("InstructedAmount").GetProperty("Amount").GetString());
        Assert.False((await AskAsync(issuer, available + 0.01m)).Data.GetProperty("FundsAvailable").GetBoolean());
        Assert.True((await AskAsync(issuer, available)).Data.GetProperty("FundsAvailable").GetBoolean());
    }

    [Theory]
    [Trait("Rule", "OB-CBP-4")]
    [Trait("Rule", "OB-GEN-5")]
    [Trait("Rule", "OB-GEN-16")]
    [InlineData("""{}""", "OB-CBP-4", "U004 Data")]
    [InlineData("""{"Data":{}}""", "OB-CBP-4", "U004 Data.ConsentId|U004 Data.Reference|U004 Data.InstructedAmount")]
    [InlineData("""{"Data":{"ConsentId":"@","Reference":"","InstructedAmount":{}}}""", "OB-CBP-4", "U002 Data.Reference|U004 Data.InstructedAmount.Amount|U004 Data.InstructedAmount.Currency")]
    [InlineData("""{"Data":{"ConsentId":"@","Reference":"123456789012345678901234567890123456","InstructedAmount":{"Amount":"1.00","Currency":"GBP"}}}""", "OB-CBP-4", "U002 Data.Reference")]
    [InlineData("""{"Data":{"ConsentId":"@","Reference":"r","InstructedAmount":{"Amount":"1.001","Currency":"GBP"}}}""", "OB-CBP-4", "U002 Data.InstructedAmount.Amount")]
    [InlineData("""{"Data":{"ConsentId":"@","Reference":"r","InstructedAmount":{"Amount":"-1","Currency":"GBP"}}}""", "OB-CBP-4", "U002 Data.InstructedAmount.Amount")]
    [InlineData("""{"Data":{"ConsentId":"@","Reference":1,"InstructedAmount":{"Amount":"1","Currency":"GBP"}}}""", "OB-GEN-5", "U010 Data.Reference")]
    [InlineData("""{"Data":{"ConsentId":"@","Reference":"r","InstructedAmount":{"Amount":"1","Currency":"GBP"}},"Risk":{}}""", "OB-GEN-16", "U010")]
    [InlineData("""{"Data":{"ConsentId":"@","Reference":"r","InstructedAmount":{"Amount":"1.00","Currency":"EUR"}}}""", "OB-CBP-4", "U023 Data.InstructedAmount.Currency")]
    public async Task Refuses_what_the_standard_does_not_allow(string body, string rule, string faults)
    {
        var issuer = await IssuerAsync("GB-1");
        var answer = await SendAsync(issuer, body.Replace("@", issuer.ConsentId, StringComparison.Ordinal));
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal(faults.Split('|'), answer.Faults);
    }

    [Fact]
    [Trait("Rule", "OB-SEC-5")]
    [Trait("Rule", "RAR-12")]
    [Trait("Rule", "CO-12")]
    public async Task Answers_for_the_consent_of_the_token_and_no_other()
    {
        var (issuer, other) = (await IssuerAsync("GB-1"), await IssuerAsync("GB-2"));
        var answer = await AskAsync(issuer with { ConsentId = other.ConsentId }, 1, consentId: issuer.ConsentId);
        Assert.Equal((403, "OB-SEC-5"), (answer.Status, answer.Rule));
        Assert.Equal(201, (await AskAsync(issuer, 1)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-CBP-6")]
    public async Task Of_one_reference_at_one_moment_one_is_answered()
    {
        var (issuer, second) = (await IssuerAsync("GB-1"), await IssuerAsync("GB-2"));
        var reference = NewReference();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => AskAsync(n % 2 == 0 ? issuer : second, 1, reference)));
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((400, "OB-CBP-6", "U013 Data.Reference"), (answer.Status, answer.Rule, answer.Faults[0])));
    }

    [Fact]
    [Trait("Rule", "PY-27")]
    public async Task A_search_for_the_balance_is_cut_short()
    {
        var issuer = await IssuerAsync("GB-2");
        for (var n = 0; n < FundsChecks.MostInWindow; n++) Assert.Equal(201, (await AskAsync(issuer, 1)).Status);
        var refused = await AskAsync(issuer, 1);
        Assert.Equal((429, "PY-27", "600"), (refused.Status, refused.Rule, refused.Headers.GetValues("Retry-After").Single()));
        Assert.Equal(201, (await AskAsync(await IssuerAsync("GB-2"), 1)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-CON-1")]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "OB-HTTP-2")]
    public async Task Answers_only_while_the_consent_is_authorised()
    {
        var issuer = await IssuerAsync("GB-1");
        await api.AskAsync(new CancelConnection(issuer.ConsentId!, issuer.CustomerId, new DecisionOrigin(null, null)));
        var cancelled = await AskAsync(issuer, 1);
        Assert.Equal((400, "OB-CON-1", "U009 Data.Status"), (cancelled.Status, cancelled.Rule, cancelled.Faults[0]));
        Assert.Equal((400, "OB-HTTP-1"), Of(await AskAsync(issuer with { ConsentId = "fcc-00000000000000000000000000000000" }, 1)));
        Assert.Equal((403, "OB-HTTP-2"), Of(await AskAsync((await IssuerAsync("GB-1")) with { ClientId = BankApi.OtherTpp }, 1)));
    }

    [Fact]
    [Trait("Rule", "D-9")]
    [Trait("Rule", "OB-CBP-10")]
    [Trait("Rule", "CO-13")]
    public async Task The_customer_sees_who_asked_what_and_what_was_answered_or_why_nothing()
    {
        await using var own = await BankApi.StartAsync();
        var issuer = await IssuerAsync("GB-1", own);
        var reference = NewReference();
        await AskAsync(issuer, 1, reference, of: own);
        await AskAsync(issuer, 1, reference, of: own);
        await AskAsync(issuer, 9_999_999, of: own);
        await SendAsync(issuer, Body(issuer.ConsentId!, "1.00", NewReference()).Replace("GBP", "USD", StringComparison.Ordinal), own);
        await own.Database.ExecuteAsync("""UPDATE accounts.accounts SET "State" = 'Closed' WHERE "Id" = $1""", own.Account("GB-1"));
        Assert.Equal((403, "CO-13"), Of(await AskAsync(issuer, 1, of: own)));

        var seen = await own.AskAsync(new ListFundsChecks([issuer.ConsentId!], 10));
        Assert.Equal(
            [
                (1m, "GBP", null, "The account is closed or no longer yours."), (1m, "USD", null, "The account is in another currency."), (9_999_999m, "GBP", false, null),
                (1m, "GBP", null, "It had asked under this reference before."), (1m, "GBP", true, null),
            ],
            seen.Select(check => (check.Amount, check.Currency, check.Answer, check.WhyNone)));
        Assert.Equal(reference, seen[^1].Reference);
    }

    private static (int Status, string? Rule) Of(ApiAnswer answer) => (answer.Status, answer.Rule);

    private static string NewReference() => $"ref-{Interlocked.Increment(ref references)}";

    private static string Text(decimal amount) => amount.ToString("F2", System.Globalization.CultureInfo.InvariantCulture);

    private static string Body(string consentId, string amount, string reference) => JsonSerializer.Serialize(
        new { Data = new { ConsentId = consentId, Reference = reference, InstructedAmount = new { Amount = amount, Currency = "GBP" } } });

    private Task<ApiAnswer> AskAsync(TestCaller issuer, decimal amount, string? reference = null, string? consentId = null, BankApi? of = null) =>
        SendAsync(issuer, Body(consentId ?? issuer.ConsentId!, Text(amount), reference ?? NewReference()), of);

    private Task<ApiAnswer> SendAsync(TestCaller issuer, string body, BankApi? of = null) =>
        (of ?? api).SendAsync(HttpMethod.Post, "/funds-confirmations", issuer, body, root: BankApi.FundsRoot);

    /// <summary>An issuer with the customer's consent for one account.</summary>
    private async Task<TestCaller> IssuerAsync(string tag, BankApi? of = null)
    {
        var at = of ?? api;
        var account = at.Customers.SelectMany(customer => customer.Accounts).First(one => one.Tag == tag);
        var body = JsonSerializer.Serialize(new { Data = new { DebtorAccount = new { SchemeName = "UK.OBIE.SortCodeAccountNumber", account.Identification } } });
        var made = await at.SendAsync(HttpMethod.Post, "/funds-confirmation-consents", new TestCaller(BankApi.Tpp), body, root: BankApi.FundsRoot);
        var id = made.Data.GetProperty("ConsentId").GetString()!;
        Assert.IsType<AuthorisationAnswer.Authorised>(await at.ApproveAsync(id, []));
        return new TestCaller(BankApi.Tpp, id);
    }

    private async Task<decimal> AvailableAsync(string tag) => await api.Database.ScalarAsync<decimal>(
        """
        SELECT a."Balance" + coalesce(a."CreditLimit", 0) + coalesce((SELECT sum(t."Amount") FROM accounts.transactions t WHERE t."AccountId" = a."Id" AND t."IsPending"), 0)
        FROM accounts.accounts a WHERE a."Id" = $1
        """,
        api.Account(tag));
}
