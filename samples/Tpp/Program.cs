using OpenBanking.Samples.Tpp;
using OpenBanking.Samples.Tpp.Pages;
using OpenBanking.Samples.Tpp.Terminal;

#pragma warning disable RS0030 // The ban sends everybody to the clock that is handed on; this is the one that is.
var time = TimeProvider.System;
#pragma warning restore RS0030
var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
var options = TppOptions.From(configuration);
if (options.Problems().FirstOrDefault() is { } problem)
{
    await Console.Error.WriteLineAsync(problem);
    return 1;
}

if (args.Contains("--console", StringComparer.Ordinal)) return await ConsoleJourney.RunAsync(args, options, time, Console.Out);

await using var app = TppServer.Build(options, time);
TppPages.Map(app);
try
{
    await app.StartAsync();
}
catch (IOException broken)
{
    await Console.Error.WriteLineAsync($"The sample app cannot listen on port {options.Port}: {broken.Message}");
    return 1;
}

Console.WriteLine($"Tally is ready at {options.Origin}");
var registering = app.Services.GetRequiredService<Banks>().RegisterAsync(app.Lifetime.ApplicationStopping);
await app.WaitForShutdownAsync();
try
{
    await registering;
}
catch (OperationCanceledException)
{
    // Stopped before the bank was there.
}

return 0;
