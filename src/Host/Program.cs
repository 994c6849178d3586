using Microsoft.Extensions.Logging.Console;
using OpenBanking.Host;

try
{
    var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
    using var logs = LoggerFactory.Create(logging => logging.AddConsole(console => console.FormatterName = ConsoleFormatterNames.Simple));
    EmbeddedPostgres? postgres = null;
    if (configuration["ConnectionStrings:OpenBanking"] is not { Length: > 0 })
    {
        var data = new DataDirectory(configuration["OPENBANKING_DATA"] ?? ".data");
        postgres = await EmbeddedPostgres.StartAsync(data, logs.CreateLogger<EmbeddedPostgres>(), CancellationToken.None);
        args = [.. args, $"--ConnectionStrings:OpenBanking={postgres.ConnectionString}"];
    }

    try
    {
        await using var app = Server.Build(args);
        await Server.MigrateAsync(app, CancellationToken.None);
        await app.RunAsync();
    }
    finally
    {
        if (postgres is not null) await postgres.DisposeAsync();
    }

    return 0;
}
catch (SettingsException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return 1;
}
