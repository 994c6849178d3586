using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Npgsql;
using OpenBanking.Host.Control;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host;

/// <summary>What the program does from its first to its last line: check, start the database, migrate, listen, stop; or one command.</summary>
internal static partial class Entry
{
    private const string LogFile = "host.log";
    private const string ProcessFile = "host.pid";
    private const string LockFile = "host.lock";

    public static async Task<int> RunAsync(string[] args)
    {
        var words = Commands.Words(args);
        try
        {
            if (words.Length > 0 && Commands.Problem(words) is { } problem) throw new SettingsException(problem);
            var (builder, settings) = Server.Begin(args[words.Length..]);
            SettingsChecks.RefuseProblems(settings, builder.Configuration);
            return words.Length > 0 ? await CommandAsync(builder, settings, words) : await ServeAsync(builder, settings);
        }
        catch (Exception problem) when (problem is SettingsException or NewerSchemaException)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 1;
        }
        catch (OptionsValidationException problem)
        {
            await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, problem.Failures));
            return 1;
        }
        catch (InvalidOperationException problem) when (IsUnreadable(problem))
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 1;
        }
        catch (NpgsqlException problem)
        {
            await Console.Error.WriteLineAsync($"ConnectionStrings__OpenBanking: the database cannot be used: {LogLines.Escape(problem.Message)}");
            return 1;
        }
    }

    private static async Task<int> ServeAsync(WebApplicationBuilder builder, HostSettings settings)
    {
        var data = new DataDirectory(settings.DataPath);
        using var taken = TakeDirectory(data) ?? throw new SettingsException($"OPENBANKING_DATA: another host uses {data.Path}; stop it or name another folder.");
        Transport.RefuseTakenPorts(settings);
        data.Write(ProcessFile, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

        using var console = LogLines.OnConsole(settings.Sandbox ? LogLevel.Warning : LogLevel.Information);
        using var file = settings.Sandbox ? LogLines.InFile(data[LogFile]) : null;
        AddLogs(builder.Logging);
        using var logs = LoggerFactory.Create(AddLogs);
        await using var postgres = settings.ConnectionString is null
            ? await EmbeddedPostgres.StartAsync(data, logs.CreateLogger<EmbeddedPostgres>(), CancellationToken.None)
            : null;
        if (postgres is not null) builder.Configuration["ConnectionStrings:OpenBanking"] = postgres.ConnectionString;

        // A setting that cannot stand is named before a database that cannot be had.
        var away = settings.Sandbox ? await ShareAuthorityAsync(builder.Configuration, data) : null;
        if (settings.Sandbox && (postgres is not null || builder.Configuration.GetValue<bool>("OPENBANKING_TPP"))) DemoData.PrepareSample(data);
        try
        {
            await using var app = Server.Finish(builder, settings, data);
            app.Services.GetRequiredService<IStartupValidator>().Validate(); // Before anything is done with the database.
            away?.Throw();
            await ListenAsync(app, settings, data);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception fault) when (fault is not (SettingsException or NewerSchemaException or OptionsValidationException or NpgsqlException) && !IsUnreadable(fault))
        {
            // A fault of ours, not of a setting: everything about it in the log, and an orderly end all the same.
            Log.CouldNotStart(logs.CreateLogger(typeof(Entry)), fault);
            return 1;
        }
        finally
        {
            data.Delete(ProcessFile);
        }

        void AddLogs(ILoggingBuilder logging)
        {
            logging.AddProvider(console);
            if (file is not null) logging.AddProvider(file);
        }
    }

    /// <summary>Why the database could not be asked; null where it was.</summary>
    private static async Task<ExceptionDispatchInfo?> ShareAuthorityAsync(IConfiguration configuration, DataDirectory data)
    {
        try
        {
            await SandboxAuthority.ShareAsync(configuration, data, CancellationToken.None);
            return null;
        }
        catch (NpgsqlException problem)
        {
            return ExceptionDispatchInfo.Capture(problem);
        }
    }

    private static async Task ListenAsync(WebApplication app, HostSettings settings, DataDirectory data)
    {
        await Server.MigrateAsync(app, CancellationToken.None);
        var customers = settings.Sandbox ? await DemoData.OpenBankAsync(app, CancellationToken.None) : [];
        try
        {
            await app.StartAsync();
        }
        catch (IOException problem) when (problem.InnerException is AddressInUseException)
        {
            Transport.RefuseTakenPorts(settings);
            throw new SettingsException($"OPENBANKING_PORT or OPENBANKING_MTLS_PORT is in use: {problem.Message}");
        }

        if (!settings.Sandbox) return;
        var connectionString = app.Configuration.GetConnectionString("OpenBanking")!;
        SandboxFile.Write(data, settings, connectionString, app.Services.GetRequiredService<SandboxSecret>(), customers);
        SandboxFile.Print(Console.Out, data, settings, app.Configuration.GetValue<bool>("OPENBANKING_TPP"), customers);
    }

    /// <summary>Runs a command, on the database of the host that runs on this data directory, or else on one started for it.</summary>
    private static async Task<int> CommandAsync(WebApplicationBuilder builder, HostSettings settings, string[] words)
    {
        var data = new DataDirectory(settings.DataPath);
        using var console = LogLines.OnConsole(LogLevel.Warning);
        builder.Logging.AddProvider(console);
        if (!Commands.NeedsDatabase(words))
        {
            // No part asks the database, but the parts are put together all the same and want a name for it.
            if (settings.ConnectionString is null) builder.Configuration["ConnectionStrings:OpenBanking"] = "Host=localhost";
            await using var app = Server.Finish(builder, settings, data);
            return await Commands.RunAsync(app.Services, words, Console.Out, CancellationToken.None);
        }

        if (settings.ConnectionString is not null) return await CommandAsync(builder, settings, data, words);

        using var taken = TakeDirectory(data);
        if (taken is null)
        {
            builder.Configuration["ConnectionStrings:OpenBanking"] = await EmbeddedPostgres.FindRunningAsync(data, CancellationToken.None)
                ?? throw new SettingsException($"A host runs on {data.Path}, but its database does not answer.");
            return await CommandAsync(builder, settings, data, words);
        }

        using var logs = LoggerFactory.Create(logging => logging.AddProvider(console));
        await using var postgres = await EmbeddedPostgres.StartAsync(data, logs.CreateLogger<EmbeddedPostgres>(), CancellationToken.None);
        builder.Configuration["ConnectionStrings:OpenBanking"] = postgres.ConnectionString;
        return await CommandAsync(builder, settings, data, words);
    }

    private static async Task<int> CommandAsync(WebApplicationBuilder builder, HostSettings settings, DataDirectory data, string[] words)
    {
        await using var app = Server.Finish(builder, settings, data);
        await Server.MigrateAsync(app, CancellationToken.None);
        return await Commands.RunAsync(app.Services, words, Console.Out, CancellationToken.None);
    }

    /// <summary>The framework's own word for a setting whose text is no value of its type; it names both and needs no stack trace.</summary>
    private static bool IsUnreadable(Exception problem) =>
        problem is InvalidOperationException { InnerException: not null } && problem.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Critical, Message = "The host ended by a fault")]
        public static partial void CouldNotStart(ILogger logger, Exception fault);
    }

    /// <summary>The system lets go of the lock when the process ends, however it ends.</summary>
    private static FileStream? TakeDirectory(DataDirectory data)
    {
        try
        {
            return new FileStream(data[LockFile], new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException)
        {
            return null;
        }
    }
}
