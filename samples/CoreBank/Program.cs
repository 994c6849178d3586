using OpenBanking.Samples.CoreBank;

#pragma warning disable RS0030 // This is the one place that says which clock is the core's.
var time = TimeProvider.System;
#pragma warning restore RS0030
var options = CoreOptions.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
if (options.Problems().FirstOrDefault() is { } problem)
{
    await Console.Error.WriteLineAsync(problem);
    return 1;
}

await using var app = CoreServer.Build(options, time);
await app.StartAsync();
Console.WriteLine($"The core bank answers at {string.Join(", ", app.Urls)}");
await app.WaitForShutdownAsync();
return 0;
