using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.FundsConfirmation;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Random operations on consents, on the real engine with a real database, beside a model of a few lines; whatever the engine answers
/// or keeps otherwise than the model is a fault of one of them. A seed alone can be had again by <c>MODEL_SEED=7 ./prove.sh R12</c>.
/// </summary>
public sealed class ConsentModelTests
{
    private static readonly string? Only = Environment.GetEnvironmentVariable("MODEL_SEED");

    [Fact]
    [Trait("Reliability", "R12")]
    [Trait("Rule", "OB-CON-1")]
    [Trait("Rule", "OB-CON-2")]
    [Trait("Rule", "OB-CON-12")]
    [Trait("Rule", "OB-CON-14")]
    [Trait("Rule", "OB-CON-17")]
    [Trait("Rule", "OB-CON-19")]
    [Trait("Rule", "D-11")]
    public async Task The_engine_does_what_the_model_does()
    {
        var seeds = Only is not null ? [int.Parse(Only, CultureInfo.InvariantCulture)] : Enumerable.Range(ProofRun.Seed, ProofRun.Count(5, 200)).ToArray();
        var operations = ProofRun.Count(1000, 5000);
        var seen = new SortedDictionary<string, int>(StringComparer.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"seeds {string.Join(' ', seeds)}, {operations} operations each");
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
        Assert.True(seen.Count > 25, "too little was tried");
        ProofRun.Passed("R12", $"{seeds.Length * operations} operations with {seeds.Length} seeds, 0 differences");
    }

    /// <summary>What the model knows of a consent.</summary>
    private sealed class Known
    {
        public required string Id { get; init; }

        public required bool IsFunds { get; init; }

        public required string Client { get; init; }

        public required DateTimeOffset? Ends { get; init; }

        public required DateTimeOffset Created { get; init; }

        public string State { get; set; } = "AWAU";

        public DateTimeOffset Changed { get; set; }

        public string? Reason { get; set; } = "U036";

        public string? Customer { get; set; }

        public HashSet<string> Chosen { get; set; } = [];

        public HashSet<string> Stopped { get; } = [];

        public int Ended { get; set; }

        public List<(string? From, string To, DateTimeOffset At, string? Code)> History { get; } = [];

        public IEnumerable<string> Shared => Chosen.Except(Stopped);

        public void Move(string to, string? reason, DateTimeOffset at)
        {
            History.Add((State, to, at, to == State ? null : reason));
            if (to is "CANC" or "EXPD" or "GONE") Ended++;
            if (to == State) return;
            (State, Reason, Changed) = (to, reason, at);
        }

        /// <summary>Whoever looks finds it expired.</summary>
        public void Touch(DateTimeOffset now)
        {
            if (State == "AUTH" && Ends <= now) Move("EXPD", "TKXP", now);
        }

        public bool MayBeAuthorised(DateTimeOffset now) => !(Ends <= now) && (State is "AWAU" or "AUTH" || (State == "CANC" && !IsFunds));
    }

    private sealed class Run(BankApi api, int seed, IReadOnlyDictionary<string, IReadOnlyList<OwnAccount>> own) : IAsyncDisposable
    {
        private static readonly string[] Customers = ["C-100001", "C-100002"];
        private static readonly DecisionOrigin Origin = new("192.0.2.1", "Model/1");
        private readonly Random random = new(seed);
        private readonly List<Known> consents = [];
        private int lines;

        /// <summary>The operation that is under way.</summary>
        public string Last { get; private set; } = "";

        private DateTimeOffset Now => api.Clock.Now;

        public static async Task<Run> StartAsync(int seed)
        {
            var api = await BankApi.StartAsync();

            // Only the model's own steps happen, at the model's own time.
            foreach (var job in api.Services.GetServices<IHostedService>().Where(job => job.GetType().Assembly == typeof(Consents).Assembly)) await job.StopAsync(CancellationToken.None);
            api.Clock.StopAt(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
            var own = new Dictionary<string, IReadOnlyList<OwnAccount>>(StringComparer.Ordinal);
            foreach (var customer in Customers) own[customer] = await api.AskAsync(new ListOwnAccounts(customer));
            return new Run(api, seed, own);
        }

        public async Task<string> StepAsync()
        {
            if (random.Next(3) > 0) api.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(1, 60_000)));
            return consents.Count == 0 ? await CreateAsync() : await (random.Next(100) switch
            {
                < 12 => CreateAsync(),
                < 34 => ApproveAsync(),
                < 40 => RejectAsync(),
                < 50 => CancelAsync(),
                < 54 => SuspendAsync(),
                < 60 => GiveUpAsync(),
                < 74 => OpenAsync(),
                < 80 => FindAsync(),
                < 88 => ReadAsync(),
                < 92 => HistoryAsync(),
                < 94 => ListAsync(),
                < 97 => PassAsync(),
                < 99 => SweepAsync(),
                _ => RemoveAsync(),
            });
        }

        /// <summary>Everything once more, and the chain of it all.</summary>
        public async Task EndAsync()
        {
            foreach (var known in consents)
            {
                Last = $"the end, {known.Id}";
                await CompareHistoryAsync(known);
                Assert.Equal(known.Ended, api.Ended.Count(known.Id));
            }

            await api.Services.GetRequiredService<AuditSealer>().SealAndAnchorAsync(CancellationToken.None);
            var report = await api.AskAsync(new VerifyAuditChain());
            Assert.Equal((lines + consents.Sum(known => known.History.Count), null), ((int)report.Events, report.Problem));
        }

        public ValueTask DisposeAsync() => api.DisposeAsync();

        private async Task<string> CreateAsync()
        {
            var (isFunds, client) = (random.Next(4) == 0, random.Next(5) == 0 ? BankApi.OtherTpp : BankApi.Tpp);
            DateTimeOffset? ends = random.Next(3) == 0 ? null : Now.AddMinutes(random.Next(1, 600));
            Last = $"create funds={isFunds} ends={ends:O}";
            var account = own[Customers[0]][0];
            var terms = new ConsentTerms(ends is { } end ? SentDate.Of(end.ToString("O", CultureInfo.InvariantCulture)) : null)
            {
                Permissions = isFunds ? [] : BankApi.Everything,
                OfKind = isFunds ? new DebtorAccount(account.Scheme, account.Identification, null, null, null).ToJson() : null,
            };
            await using var scope = api.Services.CreateAsyncScope();
            var kind = isFunds ? ConsentKind.FundsConfirmation : ConsentKind.AccountAccess;
            var made = await scope.ServiceProvider.GetRequiredService<Consents>().CreateAsync(kind, client, terms, CancellationToken.None);
            await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync();
            var known = new Known { Id = made.Id, IsFunds = isFunds, Client = client, Ends = ends, Created = Now, Changed = Now };
            known.History.Add((null, "AWAU", Now, "U036"));
            consents.Add(known);
            return "create";
        }

        private async Task<string> ApproveAsync()
        {
            var (known, customer) = (Any(), Customer());
            var client = Client(known);
            var all = own[customer].Select(account => account.AccountId).ToList();
            string[] chosen = random.Next(6) switch
            {
                0 => [],
                1 => [own[Customers[random.Next(2)]][0].AccountId],
                2 => [.. known.Shared],
                3 => ["not an account"],
                _ => [.. all.Where(_ => random.Next(2) == 0)],
            };
            var isStale = random.Next(10) == 0;
            Last = $"approve {known.Id} {known.State} by {customer} for {client} with {chosen.Length}";

            known.Touch(Now);
            var expected = Expected();
            var answer = await api.ApproveAsync(known.Id, chosen, customer, client, isStale ? new string('A', 43) : null);
            Assert.Equal(expected, answer.GetType().Name);
            return $"approve {known.State} {expected}";

            string Expected()
            {
                if (known.State == "GONE" || client != known.Client || (known.Customer is not null && known.Customer != customer) || !known.MayBeAuthorised(Now)) return "InWrongState";
                if (isStale) return "Changed";
                var continues = known.Customer is not null;
                var offered = continues ? known.Shared.ToHashSet() : known.IsFunds ? all.Where(id => id == own[Customers[0]][0].AccountId).ToHashSet() : all.ToHashSet();
                if (!chosen.All(offered.Contains)) return chosen.All(all.Contains) ? "AccountNotShown" : "AccountNotOffered";
                var chooses = !known.IsFunds && !continues;
                if (!chooses && chosen.Length > 0 && chosen.Distinct().Count() != offered.Count) return "AccountNotShown";
                if (chooses ? chosen.Length == 0 : !continues && offered.Count == 0) return "NoAccountChosen";
                known.Customer = customer;
                if (!continues) known.Chosen = chooses ? [.. chosen] : offered;
                known.Move("AUTH", known.State == "AWAU" ? "U038" : null, Now);
                return "Authorised";
            }
        }

        private async Task<string> RejectAsync()
        {
            var known = Any();
            var client = Client(known);
            Last = $"reject {known.Id} {known.State}";
            known.Touch(Now);
            var before = known.State;
            if (client == known.Client && known.State == "AWAU") known.Move("RJCT", "U037", Now);
            await api.AskAsync(new RejectConsent(known.Id, client, random.Next(2) == 0 ? RejectionCause.Declined : RejectionCause.TimedOut, Customer(), Origin));
            await CompareAsync(known);
            return $"reject {before}";
        }

        private async Task<string> CancelAsync()
        {
            var (known, customer) = (Any(), Customer());
            Last = $"cancel {known.Id} {known.State} by {customer}";
            var joint = own[customer].Where(account => account.IsJoint && known.Chosen.Contains(account.AccountId)).Select(account => account.AccountId).ToList();
            var isOwn = known.Customer == customer;
            var expected = CancellationAnswer.NotFound;
            if (isOwn || joint.Count > 0)
            {
                known.Touch(Now);
                expected = CancellationAnswer.WasNotActive;
                if (known.State == "AUTH" && (isOwn || joint.Any(id => !known.Stopped.Contains(id))))
                {
                    expected = CancellationAnswer.Cancelled;
                    if (!isOwn && known.Shared.Except(joint).Any())
                    {
                        known.Stopped.UnionWith(joint);
                        known.Move("AUTH", null, Now);
                    }
                    else
                    {
                        known.Move("CANC", "CUST", Now);
                    }
                }
            }

            Assert.Equal(expected, await api.AskAsync(new CancelConnection(known.Id, customer, Origin)));
            return $"cancel {(isOwn ? "own" : "other's")} {expected}";
        }

        private async Task<string> SuspendAsync()
        {
            var known = Any();
            Last = $"suspend {known.Id} {known.State}";
            known.Touch(Now);
            var expected = known.State switch { "GONE" => SuspensionAnswer.NotFound, "AUTH" => SuspensionAnswer.Suspended, _ => SuspensionAnswer.WasNotActive };
            if (expected == SuspensionAnswer.Suspended) known.Move("CANC", "TKSP", Now);
            Assert.Equal(expected, await api.AskAsync(new SuspendConsent(known.Id, "model", "It was its turn.")));
            return $"suspend {expected}";
        }

        private async Task<string> GiveUpAsync()
        {
            var known = Any();
            var client = Client(known);
            Last = $"give up {known.Id} {known.State} for {client}";
            known.Touch(Now);
            var expected = client == known.Client && known.State != "GONE";
            var before = known.State;
            if (expected) known.Move("GONE", null, Now);
            Assert.Equal(expected, await api.AskAsync(new GiveUpConsent(known.Id, client)));
            return $"give up {before}";
        }

        private async Task<string> OpenAsync()
        {
            var known = Any();
            var client = Client(known);
            Last = $"open {known.Id} {known.State} for {client}";
            known.Touch(Now);
            ConsentRefusal? refused = known.State == "GONE" ? ConsentRefusal.Unknown : client != known.Client ? ConsentRefusal.OfAnotherClient : known.State switch
            {
                "AUTH" => null,
                "CANC" => ConsentRefusal.Cancelled,
                "EXPD" => ConsentRefusal.Expired,
                _ => ConsentRefusal.NotAuthorised,
            };
            if (known.IsFunds)
            {
                var answer = await api.AskAsync(new OpenFundsConfirmation(known.Id, client));
                Assert.Equal(refused, (answer as FundsConfirmationDecision.Refused)?.Reason);
                if (answer is FundsConfirmationDecision.Granted granted) Assert.Equal((known.Customer, known.Chosen.Single()), (granted.CustomerId, granted.AccountId));
            }
            else
            {
                var answer = await api.AskAsync(new OpenAccountAccess(known.Id, client));
                Assert.Equal(refused, (answer as AccountAccessDecision.Refused)?.Reason);
                if (answer is AccountAccessDecision.Granted granted) Assert.Equal((known.Customer, Text(known.Shared)), (granted.CustomerId, Text(granted.AccountIds)));
            }

            return $"open {refused?.ToString() ?? "Granted"}";
        }

        private async Task<string> FindAsync()
        {
            var known = Any();
            var client = Client(known);
            Last = $"find {known.Id} {known.State} for {client}";
            known.Touch(Now);
            var answer = await api.AskAsync(new FindConsentForAuthorisation(known.Id, client));
            var expected = known.State == "GONE" || client != known.Client ? "Unknown" : known.MayBeAuthorised(Now) ? "Found" : "InWrongState";
            Assert.Equal(expected, answer.GetType().Name);
            if (answer is AuthorisableConsent.Found found) Assert.Equal((known.Customer is not null, known.Ends), (found.Continues, found.ExpiresAt));
            return $"find {expected}";
        }

        /// <summary>By the third party, over HTTP.</summary>
        private async Task<string> ReadAsync()
        {
            var known = Any();
            var client = Client(known);
            Last = $"read {known.Id} {known.State} for {client}";
            known.Touch(Now);
            var (root, path) = known.IsFunds ? (BankApi.FundsRoot, "/funds-confirmation-consents/") : (BankApi.Root, "/account-access-consents/");
            var isDeletion = random.Next(8) == 0;
            var answer = await api.SendAsync(isDeletion ? HttpMethod.Delete : HttpMethod.Get, path + known.Id, new TestCaller(client), root: root);
            var (status, rule) = known.State == "GONE" ? (400, "OB-HTTP-1") : client != known.Client ? (403, "OB-HTTP-2") : (isDeletion ? 204 : 200, null);
            Assert.Equal((status, rule), (answer.Status, answer.Rule));
            var was = known.State;
            if (status == 204) known.Move("GONE", null, Now);
            if (status == 200)
            {
                var reasons = answer.Data.TryGetProperty("StatusReason", out var all) ? all.EnumerateArray().Select(one => one.GetProperty("StatusReasonCode").GetString()) : [];
                var expected = known.Reason is null ? "" : known is { Reason: "TKSP", IsFunds: false } ? "TKSP U028" : known.Reason;
                Assert.Equal(
                    (known.State, expected, known.Created, known.Changed),
                    (answer.Data.GetProperty("Status").GetString(), string.Join(' ', reasons), answer.Data.GetProperty("CreationDateTime").GetDateTimeOffset(), answer.Data.GetProperty("StatusUpdateDateTime").GetDateTimeOffset()));
            }

            return $"{(isDeletion ? "delete" : "read")} {was} {status}";
        }

        private async Task<string> HistoryAsync()
        {
            var known = Any();
            Last = $"history of {known.Id}";
            await CompareHistoryAsync(known);
            return "history";
        }

        /// <summary>What the dashboard lists; to look at it expires what is due.</summary>
        private async Task<string> ListAsync()
        {
            var customer = Customer();
            Last = $"list of {customer}";
            var joint = own[customer].Where(account => account.IsJoint).Select(account => account.AccountId).ToHashSet();
            var expected = consents.Where(known => known.Customer == customer || (known.Customer is not null && known.Chosen.Overlaps(joint))).ToList();
            foreach (var known in expected) known.Touch(Now);
            var listed = await api.AskAsync(new ListConnections(customer));

            // A card issuer's consents for one account are one entry, which is active as long as one of them is (D-9).
            var active = expected.ToDictionary(known => known.Id, known => known.State == "AUTH" && (known.Customer == customer || known.Shared.Any(joint.Contains)), StringComparer.Ordinal);
            Assert.Equal(Text(expected.Select(known => known.Id)), Text(listed.SelectMany(one => one.ConsentIds)));
            Assert.All(listed, one => Assert.Equal(one.ConsentIds.Any(id => active[id]), one.IsActive));
            Assert.All(listed.Where(one => one.ConsentIds.Count > 1), one => Assert.All(one.ConsentIds, id => Assert.StartsWith("fcc-", id, StringComparison.Ordinal)));
            return "list";
        }

        private Task<string> PassAsync()
        {
            Last = "time passes";
            api.Clock.Advance(TimeSpan.FromMinutes(random.Next(1, 200)));
            return Task.FromResult("pass");
        }

        private async Task<string> SweepAsync()
        {
            Last = "sweep";
            var due = consents.Where(known => known.State == "AUTH" && known.Ends <= Now).ToList();
            foreach (var known in due) known.Touch(Now);
            Assert.Equal(due.Count, await api.Services.GetRequiredService<Batches<ExpiringConsents>>().DoAllAsync(CancellationToken.None));
            return due.Count > 0 ? "sweep some" : "sweep none";
        }

        private async Task<string> RemoveAsync()
        {
            Last = "remove";
            if (random.Next(4) == 0) api.Clock.Advance(TimeSpan.FromDays(8));
            var old = consents.Where(known => known.State == "AWAU" && known.Created < Now.AddDays(-7)).ToList();
            Assert.Equal(old.Count, await api.Services.GetRequiredService<Batches<WaitingConsents>>().DoAllAsync(CancellationToken.None));
            foreach (var known in old) Assert.Null(await api.AskAsync(new ListConsentChanges(known.Id)));
            lines += old.Sum(known => known.History.Count + 1);
            consents.RemoveAll(old.Contains);
            return old.Count > 0 ? "remove some" : "remove none";
        }

        private async Task CompareAsync(Known known)
        {
            var state = await api.Database.ScalarAsync<string>("""SELECT "State" FROM consent.consents WHERE "Id" = $1""", known.Id);
            Assert.Equal(known.State, state);
        }

        private async Task CompareHistoryAsync(Known known)
        {
            var changes = await api.AskAsync(new ListConsentChanges(known.Id));
            Assert.Equal(known.History, changes!.Select(change => (change.From, change.To, change.At, change.ReasonCode)));
            await CompareAsync(known);
        }

        // The later ones more often: those there is more to happen to.
        private Known Any() => consents[consents.Count - 1 - (int)(Math.Pow(random.NextDouble(), 2) * consents.Count)];

        private string Customer() => Customers[random.Next(4) == 0 ? 1 : 0];

        private string Client(Known known) => random.Next(10) > 0 ? known.Client : known.Client == BankApi.Tpp ? BankApi.OtherTpp : BankApi.Tpp;

        private static string Text(IEnumerable<string> all) => string.Join(' ', all.Order(StringComparer.Ordinal));
    }
}
