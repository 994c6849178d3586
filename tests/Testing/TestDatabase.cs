using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using OpenBanking.Accounts;
using OpenBanking.Host;
using OpenBanking.Identity.Metadata;

namespace OpenBanking.Testing;

/// <summary>
/// A database of a test's own on a PostgreSQL that lives as long as the test process: real, copied in a moment from one that was
/// migrated once. Only it does not wait for the disk, since nothing here survives the machine anyway; whoever proves that something
/// does starts Host with a server of its own.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private static readonly Lazy<Task<EmbeddedPostgres>> Server = new(StartServerAsync);
    private static readonly Lazy<Task<string>> Migrated = new(() => MakeTemplateAsync(CreateEmptyAsync, PrepareAsync));
    private static readonly Lazy<Task<string>> Filled = new(() => MakeTemplateAsync(CreateAsync, (app, _) => AccountsModule.SeedSandboxAsync(app.Services, CancellationToken.None)));
    private static readonly SemaphoreSlim Copying = new(1, 1);
    private static readonly string[] Hasty = ["fsync", "full_page_writes", "synchronous_commit"];
    private static int count;

    private TestDatabase(string name, string connectionString)
    {
        Name = name;
        ConnectionString = connectionString;
    }

    public string Name { get; }

    public string ConnectionString { get; }

    /// <summary>Has the server write to disk before it answers, for measurements; set before there is one.</summary>
    public static bool WaitsForDisk { get; set; }

    /// <summary>The connection string of the server's administrative database; its user may do everything.</summary>
    public static async Task<string> AdministratorAsync() => On(await Server.Value, "postgres");

    /// <summary>The number of the server's process, for tests that kill or stop it. They must put it right themselves.</summary>
    public static async Task<int> ServerProcessAsync() => (await Server.Value).ProcessId;

    /// <summary>A database with every module's tables, as after the first start of a bank: hosts on different ones have the same signing keys.</summary>
    public static async Task<TestDatabase> CreateAsync() => await CopyAsync(await Migrated.Value);

    /// <summary>One in which the sandbox's bank is already; hosts find it done.</summary>
    public static async Task<TestDatabase> CreateFilledAsync() => await CopyAsync(await Filled.Value);

    /// <summary>A database with nothing in it.</summary>
    public static async Task<TestDatabase> CreateEmptyAsync() => await CopyAsync("template0");

    /// <summary>Runs a statement, beside the code under test.</summary>
    public async Task<int> ExecuteAsync(string sql, params object?[] values)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Asks for one value, beside the code under test.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, params object?[] values)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = Command(connection, sql, values);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    public async ValueTask DisposeAsync()
    {
        await using var connection = new NpgsqlConnection(On(await Server.Value, "postgres"));
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)", connection);
        await drop.ExecuteNonQueryAsync();
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object?[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        return command;
    }

    private static async Task<EmbeddedPostgres> StartServerAsync()
    {
        var folder = TestFolder.Make();
        var server = await EmbeddedPostgres.StartAsync(new DataDirectory(folder), NullLogger.Instance, CancellationToken.None);
        await using var hasty = NpgsqlDataSource.Create(On(server, "postgres"));
        foreach (var setting in WaitsForDisk ? [] : Hasty)
        {
            await using var change = hasty.CreateCommand($"ALTER SYSTEM SET {setting} = off");
            await change.ExecuteNonQueryAsync();
        }

        await using (var read = hasty.CreateCommand("SELECT pg_reload_conf()")) await read.ExecuteNonQueryAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            // Nobody needs what it holds; the quickest end will do.
            Unix.Signal(server.ProcessId, Unix.Quit);
            server.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(10));
            TestFolder.Delete(folder);
        };
        return server;
    }

    private static async Task<TestDatabase> CopyAsync(string template)
    {
        var server = await Server.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Interlocked.Increment(ref count)}");
        await Copying.WaitAsync();
        try
        {
            await using var connection = new NpgsqlConnection(On(server, "postgres"));
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand($"CREATE DATABASE {name} TEMPLATE {template}", connection);
            await create.ExecuteNonQueryAsync();
        }
        finally
        {
            Copying.Release();
        }

        return new TestDatabase(name, On(server, name));
    }

    private static async Task<string> MakeTemplateAsync(Func<Task<TestDatabase>> begin, Func<WebApplication, string, Task> fill)
    {
        var database = await begin();
        var folder = TestFolder.Make();
        try
        {
            // A copy can be made only of what nobody is connected to.
            var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString;
            await using var app = OpenBanking.Host.Server.Build(
                [$"--ConnectionStrings:OpenBanking={connection}", $"--OPENBANKING_DATA={folder}", "--environment=Sandbox", "--Logging:LogLevel:Default=None"]);
            await fill(app, connection);
        }
        finally
        {
            TestFolder.Delete(folder);
        }

        return database.Name;
    }

    /// <summary>Tables, and the bank's signing keys: to make a large RSA key takes longer than all else that a host does when it starts.</summary>
    private static async Task PrepareAsync(WebApplication app, string connectionString)
    {
        await BringUpToDateAsync(app, connectionString);
        await app.Services.GetRequiredService<SigningKeys>().RotateIfDueAsync(CancellationToken.None);
    }

    /// <summary>Migrates; a module that has no migration yet gets its tables straight from its model.</summary>
    private static async Task BringUpToDateAsync(WebApplication app, string connectionString)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var contexts = AppDomain.CurrentDomain.GetAssemblies()
            .Where(assembly => assembly.GetName().Name?.StartsWith("OpenBanking.", StringComparison.Ordinal) == true)
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.IsSubclassOf(typeof(DbContext)) && !type.IsAbstract)
            .Select(type => scope.ServiceProvider.GetService(type) as DbContext)
            .OfType<DbContext>()
            .ToList();
        if (contexts.TrueForAll(context => context.Database.GetMigrations().Any()))
        {
            await OpenBanking.Host.Server.MigrateAsync(app, CancellationToken.None);
            return;
        }

        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using (var source = NpgsqlDataSource.Create(connectionString)) await HostDatabase.CreateOwnTablesAsync(source, CancellationToken.None);
        foreach (var context in contexts)
        {
            var script = context.Database.GetMigrations().Any()
                ? context.GetService<IMigrator>().GenerateScript()
                : context.Database.GenerateCreateScript();
            if (string.IsNullOrWhiteSpace(script)) continue;
            await using var create = new NpgsqlCommand(script, connection);
            await create.ExecuteNonQueryAsync();
        }
    }

    private static string On(EmbeddedPostgres server, string database) =>
        new NpgsqlConnectionStringBuilder(server.ConnectionString)
        {
            Database = database,
            MaxPoolSize = 30,
            IncludeErrorDetail = true,

            // Host gives a hanging database up within seconds; a machine with other work may take longer over a healthy one.
            Timeout = 60,
            CommandTimeout = 60,
        }.ConnectionString;
}

/// <summary>Folders of this test process under /tmp; those of processes that were killed are cleared away.</summary>
internal static class TestFolder
{
    private const string Prefix = "openbanking-test-";
    private static int count;

    public static string Make()
    {
        Sweep();
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref count)}");
        var folder = Path.Combine(Path.GetTempPath(), name);
        if (Directory.Exists(folder)) Delete(folder);
        return folder;
    }

    public static void Delete(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // Somebody is still writing there; the next run sweeps it.
        }
    }

    private static void Sweep()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            var owner = Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, out var id) && !Directory.Exists($"/proc/{id}") && Directory.Exists("/proc")) Delete(folder);
        }
    }
}
