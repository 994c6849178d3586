using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Payments.Tests.PaymentConsents;

public sealed class IdempotencyTests(Bank bank)
{
    private const string Path = "/domestic-payment-consents";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    [Trait("Rule", "OB-IDM-1")]
    [Trait("Rule", "OB-IDM-4")]
    [Trait("Rule", "OB-IDM-8")]
    [Trait("Rule", "PY-02")]
    public async Task A_repetition_shows_what_was_made_as_it_is_now()
    {
        var (key, body) = (Bank.NewKey(), Bank.Payment().ToJsonString());
        var first = await bank.PostAsync(Path, body, key: key);
        var again = await bank.PostAsync(Path, body, key: key);
        Assert.Equal((201, first.Body), (again.Status, again.Body));

        // Other spelling of the same values; and the state has moved on.
        await bank.ApprovedAsync(Id(first));
        var spelt = JsonNode.Parse(body)!.ToJsonString(Indented).Replace("ACME Inc", "\\u0041CME Inc", StringComparison.Ordinal);
        var later = await bank.PostAsync(Path, spelt, key: key);
        Assert.Equal((201, Id(first), "AUTH"), (later.Status, Id(later), later.Data.GetProperty("Status").GetString()));
    }

    [Theory]
    [Trait("Rule", "OB-IDM-7")]
    [Trait("Rule", "OB-V401-3")]
    [Trait("Rule", "OB-DEC-8")]
    [Trait("Rule", "PY-03")]
    [InlineData(null, 400)]
    [InlineData("422", 422)]
    public async Task Another_body_under_the_same_key_is_refused(string? setting, int status)
    {
        await using var own = await BankApi.StartAsync(new Dictionary<string, string?> { ["Api:OtherBodyStatus"] = setting });
        var key = Bank.NewKey();
        var first = await bank.PostAsync(Path, Bank.Payment(), key: key, at: own);
        var other = await bank.PostAsync(Path, Bank.Payment(amount: "10.0"), key: key, at: own);
        Assert.Equal((status, "OB-IDM-7", "U029 x-idempotency-key"), (other.Status, other.Rule, other.Faults[0]));
        Assert.Equal(first.Body, (await bank.GetAsync($"{Path}/{Id(first)}", at: own)).Body);
    }

    [Fact]
    [Trait("Rule", "OB-IDM-5")]
    public async Task After_a_day_a_key_is_new()
    {
        await using var own = await BankApi.StartAsync();
        var (key, body) = (Bank.NewKey(), Bank.Payment());
        var first = await bank.PostAsync(Path, body, key: key, at: own);
        own.Clock.Advance(Idempotency.Life - TimeSpan.FromSeconds(5));
        Assert.Equal(Id(first), Id(await bank.PostAsync(Path, body, key: key, at: own)));
        own.Clock.Advance(TimeSpan.FromSeconds(10));
        var second = await bank.PostAsync(Path, body, key: key, at: own);
        Assert.NotEqual(Id(first), Id(second));
        Assert.Equal(Id(second), Id(await bank.PostAsync(Path, body, key: key, at: own)));
    }

    [Fact]
    [Trait("Rule", "OB-IDM-5")]
    public async Task Keys_that_are_new_again_are_removed_and_no_others()
    {
        await using var own = await BankApi.StartAsync();
        async Task<(TestCaller Payer, string Key, ApiAnswer Answer)> OrderAsync()
        {
            var (payer, key) = (await bank.ApprovedAsync(await bank.ConsentAsync(at: own), at: own), Bank.NewKey());
            return (payer, key, await bank.PostAsync("/domestic-payments", PaymentRequests.Order(Bank.Payment(), payer.ConsentId!), payer, key, own));
        }

        Assert.Equal(201, (await OrderAsync()).Answer.Status);
        own.Clock.Advance(Idempotency.Life / 2);
        var (late, kept, made) = await OrderAsync();
        own.Clock.Advance(Idempotency.Life / 2);

        // A request that has just found one may still be reading it.
        var sweep = own.Services.GetRequiredService<IdempotencySweep<PaymentsDb>>();
        Assert.Equal(0, await sweep.SweepAsync(CancellationToken.None));
        own.Clock.Advance(IdempotencySweep<PaymentsDb>.Grace);
        Assert.Equal(1, await sweep.SweepAsync(CancellationToken.None));
        Assert.Equal(0, await sweep.SweepAsync(CancellationToken.None));
        var again = await bank.PostAsync("/domestic-payments", PaymentRequests.Order(Bank.Payment(), late.ConsentId!), late, kept, own);
        Assert.Equal(made.Data.GetProperty("DomesticPaymentId").GetString(), again.Data.GetProperty("DomesticPaymentId").GetString());
        Assert.Equal(1, await own.Database.ScalarAsync<long>("SELECT count(*) FROM payments.idempotency"));
    }

    [Fact]
    [Trait("Rule", "OB-IDM-5")]
    public async Task More_than_a_batch_of_old_keys_goes_and_a_host_beside_may_do_the_same()
    {
        await using var own = await BankApi.StartAsync();
        await own.Database.ExecuteAsync(
            """
            INSERT INTO payments.idempotency ("ClientId", "Operation", "Key", "Digest", "ResourceId", "Status", "At")
            SELECT 'tpp-1', 'POST /x', 'key-' || n, '\x00', 'x', 201, $1 - n * interval '1 second' FROM generate_series(1, 1200) n
            """,
            own.Clock.Now.ToUniversalTime() - Idempotency.Life - IdempotencySweep<PaymentsDb>.Grace + TimeSpan.FromSeconds(100.5));
        var sweep = own.Services.GetRequiredService<IdempotencySweep<PaymentsDb>>();
        await Task.WhenAll(sweep.SweepAsync(CancellationToken.None), sweep.SweepAsync(CancellationToken.None));
        Assert.InRange(await own.Database.ScalarAsync<long>("SELECT count(*) FROM payments.idempotency"), 90, 100); // Time goes on.
    }

    [Fact]
    [Trait("Rule", "OB-IDM-6")]
    [Trait("Rule", "PY-05")]
    public async Task A_key_of_another_third_party_is_another_key()
    {
        var (key, body) = (Bank.NewKey(), Bank.Payment());
        var (first, second) = (await bank.PostAsync(Path, body, key: key), await bank.PostAsync(Path, body, new TestCaller(BankApi.OtherTpp), key));
        Assert.Equal((201, 201), (first.Status, second.Status));
        Assert.NotEqual(Id(first), Id(second));
    }

    [Fact]
    [Trait("Rule", "OB-IDM-9")]
    public async Task What_was_refused_leaves_its_key_free()
    {
        var key = Bank.NewKey();
        Assert.Equal("PY-10", (await bank.PostAsync(Path, Bank.Payment(amount: "0"), key: key)).Rule);
        Assert.Equal(201, (await bank.PostAsync(Path, Bank.Payment(), key: key)).Status);
    }

    [Fact]
    [Trait("Rule", "OB-IDM-10")]
    [Trait("Rule", "OB-IDM-14")]
    [Trait("Rule", "PY-04")]
    public async Task Of_many_at_one_moment_one_is_made_and_all_are_shown_it()
    {
        var (key, body) = (Bank.NewKey(), Bank.Payment());
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => bank.PostAsync(Path, body, key: key)));
        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Single(answers.Select(Id).Distinct());
        Assert.Equal(1, await bank.Api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.consents WHERE "Id" = $1""", Id(answers[0])));
    }

    [Theory]
    [Trait("Rule", "OB-HDR-10")]
    [Trait("Rule", "OB-IDM-3")]
    [Trait("Rule", "PY-01")]
    [InlineData(null, "OB-HDR-10", "U007 x-idempotency-key")]
    [InlineData("", "OB-IDM-3", "U006 x-idempotency-key")]
    [InlineData("12345678901234567890123456789012345678901", "OB-IDM-3", "U006 x-idempotency-key")]
    [InlineData("a\tb", "OB-IDM-3", "U006 x-idempotency-key")]
    public async Task Refuses_what_is_no_key(string? key, string rule, string fault)
    {
        var answer = await bank.Api.SendAsync(
            HttpMethod.Post,
            Path,
            Bank.Tpp,
            Bank.Payment().ToJsonString(),
            request =>
            {
                request.Headers.Add("x-jws-signature", "signed");
                if (key is not null) request.Headers.TryAddWithoutValidation(Idempotency.Header, key);
            },
            BankApi.PaymentsRoot);
        Assert.Equal((400, rule, fault), (answer.Status, answer.Rule, answer.Faults[0]));
    }

    [Fact]
    [Trait("Rule", "OB-IDM-3")]
    public async Task Takes_a_key_of_forty_characters_with_blanks_inside() =>
        Assert.Equal(201, (await bank.PostAsync(Path, Bank.Payment(), key: "1234567890 234567890123456789012345" + Bank.NewKey()[..5])).Status);

    private static string Id(ApiAnswer answer) => answer.Data.GetProperty("ConsentId").GetString()!;
}
