using OpenBanking.Samples.ResourceServer;

#pragma warning disable RS0030 // The ban sends everybody to the clock that is handed on; this is the one that is.
var time = TimeProvider.System;
#pragma warning restore RS0030
var options = SavingsOptions.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
if (options.Problems().FirstOrDefault() is { } problem)
{
    await Console.Error.WriteLineAsync(problem);
    return 1;
}

await using var app = SavingsServer.Build(options, time);
await app.StartAsync();
Console.WriteLine($"Savings is ready at {options.Address}");
await app.WaitForShutdownAsync();
return 0;
