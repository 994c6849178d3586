using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Execution;
using OpenBanking.Payments.Storage;
using OpenBanking.Testing;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Random operations on payments, from the consent to the refund, with hosts that die in between, beside a model of a few lines. A seed alone
/// can be had again by <c>MODEL_SEED=7 ./prove.sh R12</c>.
/// </summary>
public sealed class PaymentModelTests
{
    private const string Amelia = "C-100001";
    private const string Thomas = "C-100002";
    private const string OnUs = "99012420450061";
    private const string Nobody = "99012499999999";
    private static readonly string? Only = Environment.GetEnvironmentVariable("MODEL_SEED");

    [Fact]
    [Trait("Reliability", "R12")]
    [Trait("Rule", "OB-PIS-5")]
    [Trait("Rule", "OB-IDM-4")]
    [Trait("Rule", "OB-IDM-7")]
    [Trait("Rule", "OB-PST-1")]
    [Trait("Rule", "PY-23")]
    [Trait("Rule", "PY-24")]
    public async Task Payments_do_what_the_model_does()
    {
        var seeds = Only is not null ? [int.Parse(Only, CultureInfo.InvariantCulture)] : Enumerable.Range(ProofRun.Seed, ProofRun.Count(5, 200)).ToArray();
        var operations = ProofRun.Count(200, 5000);
        var seen = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var seed in seeds)
        {
            await using var run = await Run.StartAsync(seed);
            for (var number = 1; number <= operations; number++)
            {
                try
                {
                    var done = await run.StepAsync();
                    seen[done] = seen.GetValueOrDefault(done) + 1;
                }
                catch (Exception fault)
                {
                    throw new InvalidOperationException($"Seed {seed}, operation {number}: {run.Last}. Again: MODEL_SEED={seed} ./prove.sh R12\n{fault.Message}", fault);
                }
            }

            await run.EndAsync();
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen.Select(one => $"{one.Key} {one.Value}")));
        Assert.True(seen.Count > 20, "too little was tried: " + string.Join(", ", seen.Keys));
        ProofRun.Passed("R12", $"{seeds.Length * operations} operations on payments with {seeds.Length} seeds, 0 differences");
    }

    /// <summary>What the model knows of a payment.</summary>
    private sealed class Known
    {
        public required string ConsentId { get; init; }

        public required JsonObject Asked { get; init; }

        public required decimal Amount { get; init; }

        public required string Payee { get; init; }

        /// <summary>When it is to be made; null is at once.</summary>
        public required DateTimeOffset? Day { get; init; }

        public string Consent { get; set; } = "AWAU";

        public DateTimeOffset Approved { get; set; }

        public string? OrderId { get; set; }

        public string? Status { get; set; }

        /// <summary>When the worker looks at it next; null where it does not.</summary>
        public DateTimeOffset? Due { get; set; }

        /// <summary>Nothing, Held, Posted, Released or Returned.</summary>
        public string Money { get; set; } = "";

        public string Path => Day is null ? "/domestic-payment" : "/domestic-scheduled-payment";
    }

    private sealed record Taken(Known Of, string Body, DateTimeOffset At);

    private sealed class Run(BankApi api, DatabaseLine line, int seed) : IAsyncDisposable
    {
        // A Monday with no holiday for weeks.
        private static readonly DateTimeOffset Start = new(2030, 2, 4, 9, 0, 0, TimeSpan.Zero);
        private readonly Random random = new(seed);
        private readonly List<Known> payments = [];
        private readonly Dictionary<string, Taken> keys = new(StringComparer.Ordinal);
        private decimal balance;
        private decimal held;
        private decimal limit;
        private int number;

        /// <summary>The operation that is under way.</summary>
        public string Last { get; private set; } = "";

        private DateTimeOffset Now => api.Clock.Now;

        public static async Task<Run> StartAsync(int seed)
        {
            DatabaseLine? line = null;
            var api = await BankApi.StartAsync(
                new Dictionary<string, string?>(StringComparer.Ordinal) { ["Payments:SchemeDelay"] = "00:00:30" }, reach: direct => (line = new DatabaseLine(direct)).ConnectionString);
            foreach (var job in api.Services.GetServices<IHostedService>().Where(job => job.GetType().Namespace!.StartsWith("OpenBanking", StringComparison.Ordinal))) await job.StopAsync(CancellationToken.None);
            api.Clock.StopAt(Start);
            var run = new Run(api, line!, seed);
            run.limit = await run.AskAsync<decimal>(
                """SELECT coalesce("CreditLimit", 0) + coalesce((SELECT sum(t."Amount") FROM accounts.transactions t WHERE t."AccountId" = a."Id" AND t."IsPending"), 0) FROM accounts.accounts a WHERE "Id" = $1""");
            run.balance = await run.AskAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1""");
            return run;
        }

        public async Task<string> StepAsync()
        {
            if (random.Next(3) > 0) api.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(1, 20_000)));
            var done = payments.Count == 0 ? await ConsentAsync() : await (random.Next(100) switch
            {
                < 20 => ConsentAsync(),
                < 40 => ApproveAsync(),
                < 44 => RejectConsentAsync(),
                < 66 => OrderAsync(),
                < 72 => RepeatAsync(),
                < 82 => WorkAsync(),
                < 87 => CancelAsync(),
                < 91 => RefuseAsync(),
                < 94 => RefundAsync(),
                < 97 => ReadAsync(),
                < 99 => PassAsync(),
                _ => SweepAsync(),
            });
            Assert.Equal((balance, held), (await AskAsync<decimal>("""SELECT "Balance" FROM accounts.accounts WHERE "Id" = $1"""), await AskAsync<decimal>("""SELECT "Held" FROM accounts.accounts WHERE "Id" = $1""")));
            return done;
        }

        public async Task EndAsync()
        {
            foreach (var known in payments) await CompareAsync(known);
            Assert.Equal(payments.Count(known => known.OrderId is not null), await api.Database.ScalarAsync<long>("SELECT count(*) FROM payments.orders"));
            Assert.Equal(payments.Count(known => known.Money.Length > 0), await api.Database.ScalarAsync<long>("SELECT count(*) FROM accounts.transfers"));
            Assert.Equal(
                await api.Database.ScalarAsync<long>("SELECT count(*) FROM payments.order_changes"),
                await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.audit_pending WHERE "What" LIKE 'payment.%' AND "What" <> 'payment.sca'"""));
            Assert.Empty((await api.AskAsync(new VerifyLedger())).Problems);
        }

        public async ValueTask DisposeAsync()
        {
            await api.DisposeAsync();
            await line.DisposeAsync();
        }

        private async Task<string> ConsentAsync()
        {
            var amount = random.Next(8) == 0 ? balance + random.Next(-50, 50) : random.Next(1, 40_000) / 100m;
            amount = Math.Max(amount, 0.01m);
            DateTimeOffset? day = random.Next(3) == 0 ? NextDay() : null;
            var payee = random.Next(8) switch { 0 => Nobody, < 4 => OnUs, _ => PaymentRequests.Elsewhere };
            var asked = PaymentRequests.Domestic(amount.ToString("0.00", CultureInfo.InvariantCulture), payee);
            asked["Data"]!["Initiation"]!["EndToEndIdentification"] = $"E{++number}"; // No two are the same, under no key.
            if (day is { } at)
            {
                asked["Data"]!["Permission"] = "Create";
                asked["Data"]!["Initiation"]!["RequestedExecutionDateTime"] = at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            }

            Last = $"consent for {amount} to {payee} on {day:O}";
            var (path, key) = ((day is null ? "/domestic-payment" : "/domestic-scheduled-payment") + "-consents", NewKey());
            var isRepeated = random.Next(6) == 0;
            var answer = await SendAsync(path, asked.ToJsonString(), new TestCaller(BankApi.Tpp), key);
            Assert.True(answer.Status == 201, answer.Body);
            var id = answer.Data.GetProperty("ConsentId").GetString()!;
            if (isRepeated) Assert.Equal(id, (await SendAsync(path, asked.ToJsonString(), new TestCaller(BankApi.Tpp), key)).Data.GetProperty("ConsentId").GetString());
            payments.Add(new Known { ConsentId = id, Asked = asked, Amount = amount, Payee = payee, Day = day });
            return "consent";
        }

        private async Task<string> ApproveAsync()
        {
            var known = Any();
            Last = $"approve {known.ConsentId} {known.Consent}";
            var answer = await api.ApproveAsync(known.ConsentId, [api.Account("GB-1")], Amelia);
            Assert.Equal(known.Consent == "AWAU" ? "Authorised" : "InWrongState", answer.GetType().Name);
            if (known.Consent == "AWAU") (known.Consent, known.Approved) = ("AUTH", Now);
            return $"approve {answer.GetType().Name}";
        }

        private async Task<string> RejectConsentAsync()
        {
            var known = Any();
            Last = $"reject consent {known.ConsentId} {known.Consent}";
            await api.AskAsync(new RejectConsent(known.ConsentId, BankApi.Tpp, RejectionCause.Declined, Amelia, new DecisionOrigin("192.0.2.1", "Model/1")));
            if (known.Consent == "AWAU") known.Consent = "RJCT";
            return "reject consent";
        }

        private async Task<string> OrderAsync()
        {
            var known = Any();
            var body = PaymentRequests.Order(known.Asked, known.ConsentId);
            var differs = random.Next(8) == 0;
            if (differs) body["Data"]!["Initiation"]!["InstructedAmount"]!["Amount"] = (known.Amount + 1).ToString("0.00", CultureInfo.InvariantCulture);
            var isForeign = random.Next(15) == 0;
            var key = random.Next(5) == 0 && keys.Count > 0 ? keys.Keys.ElementAt(random.Next(keys.Count)) : NewKey();
            return await OrderAsync(known, body.ToJsonString(), differs, isForeign, key);
        }

        private async Task<string> RepeatAsync()
        {
            if (keys.Count == 0) return await OrderAsync();
            var (key, taken) = keys.ElementAt(random.Next(keys.Count));
            return await OrderAsync(taken.Of, taken.Body, differs: false, isForeign: false, key);
        }

        private async Task<string> OrderAsync(Known known, string body, bool differs, bool isForeign, string key)
        {
            Last = $"order {known.ConsentId} {known.Consent} {known.Status} differs={differs} foreign={isForeign} key={key}";
            var caller = new TestCaller(isForeign ? BankApi.OtherTpp : BankApi.Tpp, known.ConsentId, Amelia);
            var expected = Expected();
            var answer = await SendAsync(known.Path + "s", body, caller, key);
            var what = answer.Status == 201 ? "taken" : answer.Faults[0].Split(' ')[0];
            Assert.True(expected.StartsWith("shown ", StringComparison.Ordinal) ? what == "taken" : what == expected, $"{expected} was expected: {answer.Status} {answer.Body}");
            if (expected.StartsWith("shown ", StringComparison.Ordinal))
            {
                Assert.Equal((expected[6..], known.Status), (Id(answer), answer.Data.GetProperty("Status").GetString()));
                return "order shown";
            }

            if (what != "taken") return $"order {what}";
            known.OrderId = Id(answer);
            (known.Consent, known.Status, known.Due) = ("COND", "RCVD", Now);
            keys[key] = new Taken(known, body, Now);
            if (known.Day is not null) return "order taken";
            held += known.Amount;
            known.Money = "Held";
            return "order taken";

            string Expected()
            {
                if (!isForeign && keys.TryGetValue(key, out var taken) && taken.Of.Path == known.Path && Now < taken.At + Idempotency.Life) return taken.Body == body ? "shown " + known.OrderId : "U029";
                if (isForeign) return "U011";
                if (known.Consent != "AUTH" || Now >= known.Approved + TimeSpan.FromHours(24)) return "U009";
                if (differs) return "U008";
                if (known.Day is not null) return "taken";
                if (known.Payee == Nobody) return "AC03";
                return Available >= known.Amount ? "taken" : "AM04";
            }
        }

        private decimal Available => balance + limit - held;

        /// <summary>All that is due, the oldest first, as one host or several that die of it would do it.</summary>
        private async Task<string> WorkAsync()
        {
            var dies = random.Next(2) == 0;
            Last = $"work dies={dies}";
            var worker = api.Services.GetRequiredService<ExecutionWorker>();
            if (dies) line.CutAt(random.Next(1, 40), random.Next(2) == 0);
            try
            {
                await worker.WorkAsync(CancellationToken.None);
            }
            catch (Exception) when (line.IsCut)
            {
                // It died with that.
            }

            var died = Mend();

            // What a host had begun is put off by it for a few seconds where it could still say so; the next one does the rest.
            if (died) api.Clock.Advance(TimeSpan.FromSeconds(6));
            await worker.WorkAsync(CancellationToken.None);
            while (payments.Where(known => known.Due <= Now).MinBy(known => known.Due) is { } due) Do(due);
            foreach (var known in payments.Where(known => known.Status == "ACSC" || known.Status == "ACCC")) await AdoptAsync(known);
            return died ? "work died" : "work";
        }

        /// <summary>How long the scheme takes begins when the step was taken, before or after a host died; from the bank's own word.</summary>
        private async Task AdoptAsync(Known known)
        {
            if (known.Payee == OnUs) return;
            var status = await api.Database.ScalarAsync<string>("""SELECT "Status" FROM payments.orders WHERE "Id" = $1""", known.OrderId);
            if (status == known.Status || (known.Status, status) is not ("ACSC", "ACCC")) return;
            (known.Status, known.Due) = ("ACCC", null);
        }

        private void Do(Known known)
        {
            switch (known.Status)
            {
                case "RCVD" when known.Day > Now:
                    (known.Status, known.Due) = ("PDNG", known.Day);
                    return;
                case "ACSC":
                    (known.Status, known.Due) = ("ACCC", null);
                    return;
                case "RCVD" or "PDNG":
                    if (known.Money != "Held" && (known.Payee == Nobody || Available < known.Amount))
                    {
                        (known.Status, known.Due) = ("RJCT", null);
                        return;
                    }

                    if (known.Money == "Held") held -= known.Amount;
                    balance -= known.Amount;
                    known.Money = "Posted";
                    known.Status = known.Payee == OnUs ? "ACCC" : "ACSC";
                    known.Due = known.Payee == OnUs ? null : Now + TimeSpan.FromSeconds(30);
                    return;
                default:
                    Assert.Fail($"{known.Status} is due");
                    return;
            }
        }

        /// <summary>By the customer, of what waits for its day.</summary>
        private async Task<string> CancelAsync()
        {
            var known = Ordered(known => known.Day is not null);
            if (known is null) return "cancel nothing";
            var customer = random.Next(6) == 0 ? Thomas : Amelia;
            Last = $"cancel {known.OrderId} {known.Status} by {customer}";
            var may = customer == Amelia && known.Status is "RCVD" or "PDNG";
            Assert.Equal(may && customer == Amelia, await api.AskAsync(new CancelOrder(known.OrderId!, customer)));
            if (!may || customer != Amelia) return "cancel refused";
            (known.Status, known.Due) = ("CANC", null);
            return "cancel";
        }

        /// <summary>By the scheme: what it has not yet delivered comes back.</summary>
        private async Task<string> RefuseAsync()
        {
            var known = Ordered(_ => true);
            if (known is null) return "refuse nothing";
            Last = $"refuse {known.OrderId} {known.Status} {known.Money}";
            var may = known.Status is "RCVD" or "PDNG" or "ACSC";
            Assert.Equal(may, await api.AskAsync(new MoveSandboxOrder(known.OrderId!, "RJCT", "AC04")) is null);
            if (!may) return "refuse refused";
            (known.Status, known.Due) = ("RJCT", null);
            if (known.Money == "Held") (held, known.Money) = (held - known.Amount, "Released");
            if (known.Money == "Posted") (balance, known.Money) = (balance + known.Amount, "Returned");
            return $"refuse {known.Money}";
        }

        private async Task<string> RefundAsync()
        {
            var known = Ordered(_ => true);
            if (known is null) return "refund nothing";
            Last = $"refund {known.OrderId} {known.Status} {known.Money}";
            Assert.Equal(known.Money == "Posted", await api.AskAsync(new RefundSandboxOrder(known.OrderId!)) is null);
            if (known.Money != "Posted") return "refund refused";
            (balance, known.Money) = (balance + known.Amount, "Returned");
            return "refund";
        }

        private async Task<string> ReadAsync()
        {
            var known = Any();
            Last = $"read {known.ConsentId}";
            await CompareAsync(known);
            var answer = await api.SendAsync(HttpMethod.Get, $"{known.Path}-consents/{known.ConsentId}", new TestCaller(BankApi.Tpp), root: BankApi.PaymentsRoot);
            Assert.Equal(known.Consent, answer.Data.GetProperty("Status").GetString());
            return $"read {known.Consent}";
        }

        private Task<string> PassAsync()
        {
            Last = "time passes";

            // At most to the end of what the days are taken from.
            if (Now < Start.AddDays(30)) api.Clock.Advance(TimeSpan.FromMinutes(random.Next(1, 700)));
            return Task.FromResult("pass");
        }

        private async Task<string> SweepAsync()
        {
            Last = "sweep";
            var due = keys.Where(key => key.Value.At <= Now - Idempotency.Life - IdempotencySweep<PaymentsDb>.Grace).Select(key => key.Key).ToList();
            var removed = await api.Services.GetRequiredService<IdempotencySweep<PaymentsDb>>().SweepAsync(CancellationToken.None);
            Assert.Equal(due.Count, removed);
            foreach (var key in due) keys.Remove(key);
            return due.Count > 0 ? "sweep some" : "sweep none";
        }

        private async Task CompareAsync(Known known)
        {
            Assert.Equal(known.Consent, await api.Database.ScalarAsync<string>("""SELECT "State" FROM consent.consents WHERE "Id" = $1""", known.ConsentId));
            Assert.Equal(known.Status, await api.Database.ScalarAsync<string>("""SELECT "Status" FROM payments.orders WHERE "ConsentId" = $1""", known.ConsentId));
            Assert.Equal(known.OrderId, await api.Database.ScalarAsync<string>("""SELECT "Id" FROM payments.orders WHERE "ConsentId" = $1""", known.ConsentId));
            Assert.Equal(known.Money.Length > 0 ? known.Money : null, await api.Database.ScalarAsync<string>("""SELECT "State" FROM accounts.transfers WHERE "Under" = $1""", known.ConsentId));
        }

        /// <summary>Sends; now and then the host dies of it at some command, and the same request comes again.</summary>
        private async Task<ApiAnswer> SendAsync(string path, string body, TestCaller caller, string key)
        {
            if (random.Next(4) > 0) return await api.PostAsync(path, body, caller, key);
            line.CutAt(random.Next(1, 25), random.Next(2) == 0);
            var answer = await api.PostAsync(path, body, caller, key);
            if (!Mend()) return answer;
            Assert.Equal(503, answer.Status);
            Last += " died";
            return await api.PostAsync(path, body, caller, key);
        }

        private bool Mend()
        {
            var died = line.IsCut;
            line.Mend();
            if (died) api.Services.GetRequiredService<NpgsqlDataSource>().Clear();
            return died;
        }

        private Task<T?> AskAsync<T>(string statement) => api.Database.ScalarAsync<T>(statement, api.Account("GB-1"));

        private static string Id(ApiAnswer answer) => answer.Data.EnumerateObject().First().Value.GetString()!;

        // The later ones more often: those there is more to happen to.
        private Known Any() => payments[payments.Count - 1 - (int)(Math.Pow(random.NextDouble(), 2) * payments.Count)];

        private Known? Ordered(Func<Known, bool> which)
        {
            var ordered = payments.Where(known => known.OrderId is not null && which(known)).ToList();
            return ordered.Count == 0 ? null : ordered[ordered.Count - 1 - (int)(Math.Pow(random.NextDouble(), 2) * ordered.Count)];
        }

        private string NewKey() => $"model-{++number}";

        /// <summary>A moment of its own on a working day to come.</summary>
        private DateTimeOffset NextDay()
        {
            var day = Now.Date.AddDays(1);
            while (day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday) day = day.AddDays(1);
            return new DateTimeOffset(day, TimeSpan.Zero).AddHours(10).AddSeconds(++number);
        }
    }
}
