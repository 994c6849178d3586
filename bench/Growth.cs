using System.Globalization;
using Npgsql;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;

namespace OpenBanking.Bench;

/// <summary>
/// How what a request costs grows with what the bank has: three banks at one time, each with ten times the bookings and accesses of the one before,
/// the same requests sent to them in turns. What is asked about is the same in all three; only what lies around it grows.
/// </summary>
internal static class Growth
{
    private static readonly (int Customers, int Transactions, int Consents)[] Sizes = [(100, 10_000, 1_000), (1_000, 100_000, 10_000), (10_000, 1_000_000, 100_000)];
    private static readonly TimeSpan LongestSeed = TimeSpan.FromMinutes(15);

    public static async Task RunAsync(Options options, IReadOnlyDictionary<string, string?> settings, SigningKey assertionKey)
    {
        var banks = new List<Bank>();
        try
        {
            foreach (var (customers, transactions, consents) in Sizes)
            {
                var bank = await Bank.StartAsync(options, settings, assertionKey);
                banks.Add(bank);
                var took = await bank.FillAsync(customers, transactions, consents);
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"filled with {customers:N0} customers, {transactions:N0} transactions and {consents:N0} consents in {took.TotalSeconds:0} s"));
            }

            var targets = await Task.WhenAll(banks.Select(async (bank, index) => new Target(
                string.Create(CultureInfo.InvariantCulture, $"{Sizes[index].Transactions:N0}"),
                bank.Host.ProcessId,
                ProcessorTime.ChildOf(bank.Host.ProcessId),
                await Operation.ReadsAsync(bank.ThirdParty))));
            var (runs, _) = await Measurement.MeasureAsync(options, targets);
            Write(targets, runs);
        }
        finally
        {
            foreach (var bank in banks) await bank.DisposeAsync();
        }
    }

    private static void Write(Target[] targets, Dictionary<(string Operation, string Target), List<Measured>> runs)
    {
        Console.WriteLine("| operation | bookings, consents | p50 ms | CPU s / 1,000 | against the smallest: p50, CPU |");
        Console.WriteLine("|---|---|---:|---:|---:|");
        foreach (var operation in targets[0].Operations)
        {
            if (Measured.MedianOf(runs.GetValueOrDefault((operation.Name, targets[0].Name), [])) is not { } least) continue;
            foreach (var (target, size) in targets.Zip(Sizes))
            {
                var run = Measured.MedianOf(runs[(operation.Name, target.Name)])!;
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {operation.Name} | {size.Transactions:N0}, {size.Consents:N0} | {run.Median:0.0} | {run.TotalSeconds:0.000} | {run.Median / least.Median:0.00}, {run.TotalSeconds / least.TotalSeconds:0.00} |"));
            }
        }
    }

    /// <summary>A bank with a third party that has a customer's access.</summary>
    private sealed class Bank(HostProcess host, Customer customer, ThirdParty thirdParty) : IAsyncDisposable
    {
        public HostProcess Host { get; } = host;

        public ThirdParty ThirdParty { get; } = thirdParty;

        public static async Task<Bank> StartAsync(Options options, IReadOnlyDictionary<string, string?> settings, SigningKey assertionKey)
        {
            var host = await HostProcess.StartAsync(settings, first: true);
            var customer = await Customer.ActivateAsync(host);
            var thirdParty = new ThirdParty(host.Main, () => host.CreateClient(), assertionKey, options.Connections);
            await thirdParty.ConnectAsync(customer);
            return new Bank(host, customer, thirdParty);
        }

        /// <summary>Fills it by the operator's command, and waits until nothing of that is left to do.</summary>
        public async Task<TimeSpan> FillAsync(int customers, int transactions, int consents)
        {
            var (exit, output, took) = await HostProcess.RunAsync(
                Host.Environment,
                Host.DataPath,
                LongestSeed,
                "seed",
                "big",
                string.Create(CultureInfo.InvariantCulture, $"customers={customers}"),
                string.Create(CultureInfo.InvariantCulture, $"transactions={transactions}"),
                string.Create(CultureInfo.InvariantCulture, $"consents={consents}"));
            if (exit != 0) throw new InvalidOperationException($"The bank was not filled: {output}");

            var sandbox = await Host.SandboxAsync();
            await using var database = NpgsqlDataSource.Create(sandbox.GetProperty("database").GetString()!);
            await using var waiting = database.CreateCommand("SELECT EXISTS (SELECT FROM consent.audit_pending)");
            while (await waiting.ExecuteScalarAsync() is true) await Task.Delay(TimeSpan.FromSeconds(1));
            await using var vacuum = database.CreateCommand("VACUUM ANALYZE");
            await vacuum.ExecuteNonQueryAsync();
            return took;
        }

        public async ValueTask DisposeAsync()
        {
            ThirdParty.Dispose();
            customer.Dispose();
            await Host.DisposeAsync();
        }
    }
}
