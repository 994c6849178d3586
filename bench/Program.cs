using OpenBanking.Bench;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;

var options = Options.Parse(args);
using var assertionKey = SigningKey.Create("ES256");
var clientsFile = Path.GetTempFileName();
await File.WriteAllTextAsync(clientsFile, ThirdParty.Registrations(assertionKey));
try
{
    var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Identity__ClientsFile"] = clientsFile,
        ["Identity__AccessTokenLifetime"] = "00:30:00",
        ["RateLimits__Requests"] = "100000000",
        ["RateLimits__BackchannelWaitingPerCustomer"] = "100000000",
        ["RateLimits__BackchannelPerCustomerAndClientAndHour"] = "100000000",
        ["DOTNET_TieredPGO"] = null, // Unlike the tests' hosts it runs long enough to gain by it.
        ["Logging__LogLevel__Default"] = "Warning", // As a bank would run it.
    };
    if (options.Growth)
    {
        await Growth.RunAsync(options, settings, assertionKey);
        return 0;
    }

    if (options.Payments)
    {
        await PaymentBench.RunAsync(options, settings);
        return 0;
    }

    await using var host = await HostProcess.StartAsync(settings, first: true);
    using var customer = await Customer.ActivateAsync(host);
    using var thirdParty = new ThirdParty(host.Main, () => host.CreateClient(), assertionKey, options.Connections);
    using var signing = new ThirdParty(host.Main, () => host.CreateClient(), assertionKey, options.Connections, ThirdParty.SigningId);
    using var certificate = TestCertificates.Client(host.Authority, "CN=bench-advanced, O=Bench, C=GB");
    using var advanced = new ThirdParty(host.Main, () => host.CreateClient(certificate: certificate), assertionKey, options.Connections, ThirdParty.AdvancedId);
    await thirdParty.ConnectAsync(customer);
    var ours = new Target("Host", host.ProcessId, ProcessorTime.ChildOf(host.ProcessId), await Operation.AllAsync(thirdParty, signing, advanced, customer.Username));
    if (!options.WithPeer)
    {
        await Report.WriteAsync(await Measurement.RunAsync(options, ours), options);
        return 0;
    }

    TestDatabase.WaitsForDisk = true; // As ours does.
    await using var peer = await Peer.StartAsync(host, assertionKey);
    using var visitor = new ThirdParty(peer.Issuer, peer.Connect, assertionKey, options.Connections) { RefreshToken = peer.RefreshToken };
    await visitor.RefreshAsync(0);
    var theirs = new Target("oidc-provider", peer.ProcessId, peer.DatabaseProcessId, Operation.Common(visitor, consent: "aac-0", "customer", () => Task.FromResult("aac-0")));
    await Report.WriteAsync(await Measurement.RunAsync(options, ours, theirs), options);
    return 0;
}
finally
{
    File.Delete(clientsFile);
}
