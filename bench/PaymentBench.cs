using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Npgsql;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Bench;

/// <summary>
/// What payments cost. Consents are approved beforehand; an order is measured to its answer alone and with its execution, a funds check to its
/// answer. Beside each stands what no server can avoid: the signatures, and one synced commit of as many bytes, measured in the same run.
/// Then orders and funds checks come mixed at a fixed rate, each on its schedule however long the ones before it take.
/// </summary>
internal sealed class PaymentBench : IAsyncDisposable
{
    private const int PerSecond = 50;
    private const int ChecksOfOneConsent = 20;
    private readonly Options options;
    private readonly HostProcess host;
    private readonly string clients;
    private readonly NpgsqlDataSource database;
    private readonly TestTpp tpp;
    private readonly ApprovedPayments payments;
    private readonly ApprovedFunds funds;
    private readonly ConcurrentQueue<ApprovedPayment> orders = new();
    private readonly ConcurrentQueue<(string ConsentId, string Token)> checks = new();

    private PaymentBench(Options options, HostProcess host, string clients, NpgsqlDataSource database, TestTpp tpp, ApprovedPayments payments, ApprovedFunds funds)
    {
        this.options = options;
        this.host = host;
        this.clients = clients;
        this.database = database;
        this.tpp = tpp;
        this.payments = payments;
        this.funds = funds;
    }

    public static async Task RunAsync(Options options, IReadOnlyDictionary<string, string?> settings)
    {
        await using var bench = await StartAsync(options, settings);
        await bench.MeasureAsync();
        await bench.MixedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        tpp.Dispose();
        await database.DisposeAsync();
        await host.DisposeAsync();
        File.Delete(clients);
    }

    private static async Task<PaymentBench> StartAsync(Options options, IReadOnlyDictionary<string, string?> settings)
    {
        using var registered = TestTpp.New(
            Reach.Nowhere,
            change: metadata =>
            {
                ApprovedPayments.Pays()(metadata);
                metadata["software_roles"] = new JsonArray("PISP", "CBPII");
                metadata["scope"] = "openid payments fundsconfirmations";
            },
            algorithm: "PS256");
        var clientsFile = Path.GetTempFileName();
        await File.WriteAllTextAsync(clientsFile, new JsonArray(registered.Registration!.DeepClone()).ToJsonString());
        var started = await HostProcess.StartAsync(new Dictionary<string, string?>(settings, StringComparer.Ordinal) { ["Identity__ClientsFile"] = clientsFile });
        var sandbox = await started.SandboxAsync();
        var source = NpgsqlDataSource.Create(sandbox.GetProperty("database").GetString()!);
        var app = registered.At(started.Reach);
        using var browser = new PortalBrowser(started.Reach);
        var customer = sandbox.GetProperty("customers")[0];
        var activated = await browser.ActivateAsync(customer.GetProperty("username").GetString()!, customer.GetProperty("activationCode").GetString()!);
        if (!activated.IsSuccess) throw new InvalidOperationException(activated.Text);
        var approved = await ApprovedPayments.ApproveAsync(app, browser, source, "0.01");
        return new PaymentBench(options, started, clientsFile, source, app, approved, await ApprovedFunds.ApproveAsync(app, browser, source));
    }

    private async Task MeasureAsync()
    {
        var server = ProcessorTime.ChildOf(host.ProcessId);
        Operation[] operations =
        [
            new("Domestic payment, order to 201", 1, OrderAsync, Signs: 0),
            new("Domestic payment, order and execution", 1, OrderAsync, Signs: 0),
            new("Funds check", 1, CheckAsync, Signs: 0),
        ];
        var runs = operations.ToDictionary(operation => operation.Name, _ => new List<Measured>(), StringComparer.Ordinal);
        var commits = operations.ToDictionary(operation => operation.Name, _ => new List<Measured>(), StringComparer.Ordinal);
        var floors = new List<PaymentFloor> { PaymentFloor.Measure() };
        for (var round = 0; round <= options.Rounds; round++)
        {
            foreach (var operation in operations)
            {
                var isWarmUp = round == 0;
                await Console.Error.WriteLineAsync(isWarmUp ? $"warming up: {operation.Name}" : string.Create(CultureInfo.InvariantCulture, $"round {round} of {options.Rounds}: {operation.Name}"));

                // To the answer alone: what is ordered is due in an hour, and nobody works on it meanwhile.
                await PutOffAsync(operation.Name.EndsWith("201", StringComparison.Ordinal));
                await PrepareAsync(operation, isWarmUp ? options.WarmUp : options.Duration);
                var before = await LogAsync();
                var run = await Load.RunAsync(
                    operation.Name, operation.SendAsync, options.Connections, TimeSpan.Zero, isWarmUp ? options.WarmUp : options.Duration, () => ProcessorTime.Of(host.ProcessId), () => ProcessorTime.OfTree(server));
                var bytes = (int)((await LogAsync() - before) / run.Requests);
                await CarriedOutAsync();
                if (isWarmUp) continue;
                runs[operation.Name].Add(run);
                commits[operation.Name].Add(await CommitAsync(bytes, server));
                floors.Add(PaymentFloor.Measure());
            }
        }

        await PutOffAsync(false);
        Write(operations, runs, commits, floors.Aggregate(PaymentFloor.Least));
    }

    private void Write(Operation[] operations, Dictionary<string, List<Measured>> runs, Dictionary<string, List<Measured>> commits, PaymentFloor floor)
    {
        Console.WriteLine("| operation | requests/s | p50 ms | p99 ms | server + database CPU s / 1,000 | floor: signatures + synced commit CPU s / 1,000 | commits/s alone | ours : floor |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var operation in operations)
        {
            var (run, commit) = (Measured.MedianOf(runs[operation.Name])!, Measured.MedianOf(commits[operation.Name])!);
            var signatures = (operation.Name == "Funds check" ? floor.VerifyProof : floor.Order) * 1000;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {run.Operation} | {run.PerSecond:0} | {run.Median:0.0} | {run.Percentile99:0.0} | {run.ServerSeconds:0.000} + {run.DatabaseSeconds:0.000} = {run.TotalSeconds:0.000} | {signatures:0.000} + {commit.DatabaseSeconds:0.000} = {signatures + commit.DatabaseSeconds:0.000} ({commit.Operation} bytes) | {commit.PerSecond:0} | {run.TotalSeconds / (signatures + commit.DatabaseSeconds):0.0} |"));
        }

        Console.WriteLine();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Connections} connections, {options.Duration.TotalSeconds:0} s an operation, median of {options.Rounds} rounds, {Environment.ProcessorCount} processors shared with load generator and database. An order has one ES256 check of {floor.VerifyProof * 1e6:0} µs, one PS256 check (2048) of {floor.VerifyMessage * 1e6:0} µs and one PS256 signature (3072) of {floor.Sign * 1e6:0} µs; a funds check one ES256 check. The commit is one insert of as many bytes as the operation writes to the log, by pgbench on the same server."));
        Console.WriteLine();
    }

    /// <summary>Open loop: a request begins when its time has come, and its time counts from then.</summary>
    private async Task MixedAsync()
    {
        var total = (int)(PerSecond * options.Duration.TotalSeconds * options.Rounds);
        await PrepareAsync(new Operation("Domestic payment", 0, OrderAsync), TimeSpan.FromSeconds(1), total);
        await PrepareAsync(new Operation("Funds check", 0, CheckAsync), TimeSpan.FromSeconds(1), total);
        var (order, check) = (new ConcurrentBag<double>(), new ConcurrentBag<double>());
        var watch = Stopwatch.StartNew();
        var running = new List<Task>(total);
        for (var number = 0; number < total; number++)
        {
            var due = TimeSpan.FromSeconds((double)number / PerSecond);
            if (due > watch.Elapsed) await Task.Delay(due - watch.Elapsed);
            var isOrder = number % 2 == 0;
            running.Add(Task.Run(async () =>
            {
                await (isOrder ? OrderAsync(0) : CheckAsync(0));
                (isOrder ? order : check).Add((watch.Elapsed - due).TotalMilliseconds);
            }));
        }

        await Task.WhenAll(running);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {PerSecond} requests/s mixed, {total} of them, {Environment.ProcessorCount} processors | p50 ms | p95 ms | p99 ms | aim p99 ms |"));
        Console.WriteLine("|---|---:|---:|---:|---:|");
        Line("Domestic payment order", order, 300);
        Line("Funds check", check, 150);

        static void Line(string name, ConcurrentBag<double> took, int aim)
        {
            double[] sorted = [.. took.Order()];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {At(0.5):0.0} | {At(0.95):0.0} | {At(0.99):0.0} | {aim} |"));

            double At(double part) => sorted[(int)(sorted.Length * part)];
        }
    }

    private async Task OrderAsync(int connection)
    {
        if (!orders.TryDequeue(out var payment)) throw new InvalidOperationException("There are no approved payments left; there is more speed than was thought of.");
        var answer = await ApprovedPayments.OrderAsync(tpp, payment);
        if (answer.Status != 201) throw new InvalidOperationException($"{answer.Status} {answer.Body}");
    }

    private async Task CheckAsync(int connection)
    {
        if (!checks.TryDequeue(out var consent)) throw new InvalidOperationException("There are no consents left; there is more speed than was thought of.");
        var answer = await funds.CheckAsync(consent);
        if (answer.Status != 201) throw new InvalidOperationException($"{answer.Status} {answer.Body}");
    }

    /// <summary>As many as could be asked for in a time, and more.</summary>
    private async Task PrepareAsync(Operation operation, TimeSpan duration, int least = 0)
    {
        var count = Math.Max(least, (int)(duration.TotalSeconds * 1500));
        if (operation.Name.StartsWith("Domestic", StringComparison.Ordinal))
        {
            while (orders.Count < count)
            {
                foreach (var payment in await payments.CopyAsync(1000)) orders.Enqueue(payment);
            }

            return;
        }

        // In turns, so that several at one moment do not ask under one consent.
        while (checks.Count < count)
        {
            var copies = await funds.CopyAsync(100);
            for (var turn = 0; turn < ChecksOfOneConsent; turn++)
            {
                foreach (var copy in copies) checks.Enqueue(copy);
            }
        }
    }

    private async Task PutOffAsync(bool isPutOff)
    {
        await ExecuteAsync("DROP TRIGGER IF EXISTS bench_later ON payments.orders");
        if (!isPutOff) return;
        await ExecuteAsync(
            """
            CREATE OR REPLACE FUNCTION payments.bench_later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW."DueAt" := NEW."DueAt" + interval ''1 hour''; RETURN NEW; END';
            CREATE TRIGGER bench_later BEFORE INSERT ON payments.orders FOR EACH ROW EXECUTE FUNCTION payments.bench_later()
            """);
    }

    /// <summary>What is still under way does not count for the next operation.</summary>
    private async Task CarriedOutAsync()
    {
        while (await ScalarAsync<long>("""SELECT count(*) FROM payments.orders WHERE "DueAt" < now() + interval '30 seconds'""") > 0) await Task.Delay(200);
    }

    private async Task<decimal> LogAsync() => await ScalarAsync<decimal>("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn");

    /// <summary>Commits of one row that is so long, each synced, on the same server with as many connections.</summary>
    private async Task<Measured> CommitAsync(int bytes, int server)
    {
        await ExecuteAsync("CREATE TABLE IF NOT EXISTS host.bench_rows (content text NOT NULL); ALTER TABLE host.bench_rows ALTER COLUMN content SET STORAGE EXTERNAL");
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, string.Create(CultureInfo.InvariantCulture, $"INSERT INTO host.bench_rows VALUES (repeat('x', {Math.Max(1, bytes - 150)}));\n"));
        var connection = new NpgsqlConnectionStringBuilder((await host.SandboxAsync()).GetProperty("database").GetString()!);
        var connections = options.Connections.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(
            "pgbench",
            ["-n", "-M", "prepared", "-c", connections, "-j", "1", "-T", options.Duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture), "-f", script, "-h", connection.Host!, "-p", connection.Port.ToString(CultureInfo.InvariantCulture), "-U", connection.Username!, connection.Database!])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["PGPASSWORD"] = connection.Password;
        var spent = ProcessorTime.OfTree(server);
        using var pgbench = Process.Start(start)!;
        var said = await pgbench.StandardOutput.ReadToEndAsync();
        await pgbench.WaitForExitAsync();
        spent = ProcessorTime.OfTree(server) - spent;
        File.Delete(script);
        if (pgbench.ExitCode != 0) throw new InvalidOperationException($"pgbench: {said}");
        var done = Number("number of transactions actually processed: ");
        await ExecuteAsync("TRUNCATE host.bench_rows");
        return new Measured(bytes.ToString("N0", CultureInfo.InvariantCulture), (long)done, Number("tps = "), 0, 0, 0, spent / done * 1000);

        double Number(string before)
        {
            var from = said.IndexOf(before, StringComparison.Ordinal) + before.Length;
            var until = from;
            while (until < said.Length && (char.IsAsciiDigit(said[until]) || said[until] == '.')) until++;
            return double.Parse(said[from..until], CultureInfo.InvariantCulture);
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}

/// <summary>Funds checks of a card issuer; its consent is approved once and copied.</summary>
internal sealed class ApprovedFunds(NpgsqlDataSource database, TestTpp tpp, string consentId, string token)
{
    private const string Root = "/open-banking/v4.0/cbpii";
    private int references;

    public static async Task<ApprovedFunds> ApproveAsync(TestTpp tpp, PortalBrowser browser, NpgsqlDataSource database)
    {
        await using var ask = database.CreateCommand("""SELECT "Identification" FROM accounts.accounts a JOIN accounts.holders h ON h."AccountId" = a."Id" WHERE h."CustomerId" = 'C-100001' AND "Currency" = 'GBP' AND "Scheme" = 'UK.OBIE.SortCodeAccountNumber' ORDER BY a."Position" LIMIT 1""");
        var number = (string)(await ask.ExecuteScalarAsync())!;
        var body = $$$$"""{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"{{{{number}}}}"}}}""";
        var made = await tpp.ApiAsync(HttpMethod.Post, Root + "/funds-confirmation-consents", await tpp.ClientTokenAsync("fundsconfirmations"), body);
        if (made.Status != 201) throw new InvalidOperationException($"{made.Status} {made.Body}");
        var consentId = made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
        var pushed = await tpp.PushAsync(TestTpp.AuthorizationRequest(consentId).With("scope", "openid fundsconfirmations"));
        var decision = await browser.DecideAsync(await browser.ApprovalAsync(await browser.ArriveAndSignInAsync(tpp.AuthorizePath(pushed))));
        var tokens = await tpp.RedeemAsync(decision.Code ?? throw new InvalidOperationException($"Not approved: {decision.Status} {decision.Text}"));
        return new ApprovedFunds(database, tpp, consentId, tokens.Text("access_token")!);
    }

    public Task<IReadOnlyList<(string ConsentId, string Token)>> CopyAsync(int count) => ConsentCopies.MakeAsync(database, consentId, token, count);

    public Task<Answer> CheckAsync((string ConsentId, string Token) consent)
    {
        var reference = Interlocked.Increment(ref references).ToString(CultureInfo.InvariantCulture);
        var body = $$$$"""{"Data":{"ConsentId":"{{{{consent.ConsentId}}}}","Reference":"bench {{{{reference}}}}","InstructedAmount":{"Amount":"1.00","Currency":"GBP"}}}""";
        return tpp.ApiAsync(HttpMethod.Post, Root + "/funds-confirmations", consent.Token, body);
    }
}

/// <summary>The signatures of a payment, in processor seconds of one thread.</summary>
internal sealed record PaymentFloor(double VerifyProof, double VerifyMessage, double Sign)
{
    public double Order => VerifyProof + VerifyMessage + Sign;

    public static PaymentFloor Measure()
    {
        using var proof = SigningKey.Create("ES256");
        using var message = SigningKey.Create("PS256", rsaBits: 2048);
        using var ours = SigningKey.Create("PS256");
        var input = Encoding.ASCII.GetBytes(new string('x', 1200)); // As long as an order or its answer.
        var (proved, signed) = (proof.Sign(input), message.Sign(input));
        return new PaymentFloor(
            Floor.ProcessorSeconds(() => proof.PublicKey.Verify("ES256", input, proved)),
            Floor.ProcessorSeconds(() => message.PublicKey.Verify("PS256", input, signed)),
            Floor.ProcessorSeconds(() => ours.Sign(input).Length > 0));
    }

    public static PaymentFloor Least(PaymentFloor one, PaymentFloor other) =>
        new(Math.Min(one.VerifyProof, other.VerifyProof), Math.Min(one.VerifyMessage, other.VerifyMessage), Math.Min(one.Sign, other.Sign));
}
