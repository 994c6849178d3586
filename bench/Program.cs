using System.Globalization;
using OpenBanking.Bench;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;

var options = Options.Parse(args);
using var assertionKey = SigningKey.Create("ES256");
var clientsFile = Path.GetTempFileName();
await File.WriteAllTextAsync(clientsFile, ThirdParty.Registration(assertionKey));
try
{
    await using var host = await HostProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Identity__ClientsFile"] = clientsFile,
        ["Identity__AccessTokenLifetime"] = "00:30:00",
        ["RateLimits__Requests"] = "100000000",
        ["Logging__LogLevel__Default"] = "Warning", // As a bank would run it.
    });
    using var customer = await Customer.ActivateAsync(host);
    using var thirdParty = new ThirdParty(host, assertionKey, options.Connections);
    await thirdParty.ConnectAsync(customer);

    var operations = await Operation.AllAsync(thirdParty);
    var measured = await MeasureAsync(host, [.. operations.Where(operation => operation.Name.Contains(options.Only, StringComparison.OrdinalIgnoreCase))]);
    await Report.WriteAsync(measured, options);
}
finally
{
    File.Delete(clientsFile);
}

return 0;

async Task<Report.Results> MeasureAsync(HostProcess host, Operation[] operations)
{
    var database = ProcessorTime.ChildOf(host.ProcessId);
    var best = new Measured?[operations.Length];
    var floor = Floor.Measure();
    for (var round = 0; round < options.Rounds; round++)
    {
        for (var i = 0; i < operations.Length; i++)
        {
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"round {round + 1} of {options.Rounds}: {operations[i].Name} (host is process {host.ProcessId})"));
            var run = await Load.RunAsync(
                operations[i].Name,
                operations[i].SendAsync,
                options.Connections,
                round == 0 ? options.WarmUp : TimeSpan.FromSeconds(1),
                options.Duration,
                () => ProcessorTime.Of(host.ProcessId),
                () => ProcessorTime.OfTree(database));
            best[i] = best[i] is { } before ? Measured.Best(before, run) : run;
            floor = Floor.Least(floor, Floor.Measure());
        }
    }

    return new Report.Results(floor, [.. operations.Zip(best, (operation, run) => new Report.Line(run!, operation.Signatures))]);
}
