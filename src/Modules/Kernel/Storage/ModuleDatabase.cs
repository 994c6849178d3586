using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace OpenBanking.Kernel.Storage;

/// <summary>How every module's context is joined to the request's one transaction, and how its schema is brought up to date.</summary>
public static class ModuleDatabase
{
    private const string HistoryTable = "migrations";

    /// <summary>Registers a module's context in its own schema, on the connection of the <see cref="UnitOfWork"/>.</summary>
    public static IServiceCollection AddModuleDatabase<TContext>(this IServiceCollection services, string schema)
        where TContext : ModuleContext
    {
        services.TryAddScoped<UnitOfWork>();
        services.TryAddScoped<Tallies>();
        services.TryAddSingleton<TallySums>();

        // Contexts are pooled, because to make one costs more than most of the statements that it runs. What a request gets has been
        // reset, and takes the connection of this request and no other.
        services.AddPooledDbContextFactory<TContext>(options => options
            .UseNpgsql(npgsql => npgsql.MigrationsHistoryTable(HistoryTable, schema))
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .AddInterceptors(UnitOfWork.Opening.Instance, UnitOfWork.Beginning.Instance));
        services.AddScoped(provider =>
        {
            var context = provider.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();
            context.Join(provider.GetRequiredService<UnitOfWork>());
            return context;
        });
        services.AddSingleton(new ModuleSchema(schema, Migrate));
        return services;

        // Where nothing is to do, as at every start and command but the first, the framework is not asked: it would build whole models.
        static async Task Migrate(NpgsqlDataSource database, string schema, CancellationToken ct)
        {
            var known = typeof(TContext).Assembly.GetTypes()
                .Where(type => type.GetCustomAttribute<DbContextAttribute>()?.ContextType == typeof(TContext))
                .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id)
                .OfType<string>()
                .ToHashSet(StringComparer.Ordinal);
            var applied = await AppliedAsync(database, schema, ct).ConfigureAwait(false);
            if (applied.FirstOrDefault(migration => !known.Contains(migration)) is { } newer) throw new NewerSchemaException(schema, newer);
            if (applied.SetEquals(known)) return;

            var options = new DbContextOptionsBuilder<TContext>()
                .UseNpgsql(database, npgsql => npgsql.MigrationsHistoryTable(HistoryTable, schema))
                .Options;
            await using var context = (TContext)Activator.CreateInstance(typeof(TContext), options)!;
            await context.Database.MigrateAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>The options of a context at design time, when <c>dotnet ef</c> asks for one.</summary>
    public static DbContextOptions<TContext> DesignTimeOptions<TContext>(string schema)
        where TContext : DbContext =>
        new DbContextOptionsBuilder<TContext>()
            .UseNpgsql("Host=localhost", npgsql => npgsql.MigrationsHistoryTable(HistoryTable, schema))
            .Options;

    /// <summary>The migrations that a schema has; none where it is not there yet.</summary>
    private static async Task<IReadOnlySet<string>> AppliedAsync(NpgsqlDataSource database, string schema, CancellationToken ct)
    {
        var applied = new HashSet<string>(StringComparer.Ordinal);
        await using var exists = database.CreateCommand("SELECT to_regclass($1) IS NOT NULL");
        exists.Parameters.Add(new() { Value = $"{schema}.{HistoryTable}" });
        if (await exists.ExecuteScalarAsync(ct).ConfigureAwait(false) is not true) return applied;

#pragma warning disable CA2100 // The module's own name of its schema.
        await using var read = database.CreateCommand($"""SELECT "MigrationId" FROM {schema}.{HistoryTable}""");
#pragma warning restore CA2100
        await using var rows = await read.ExecuteReaderAsync(ct).ConfigureAwait(false);
        while (await rows.ReadAsync(ct).ConfigureAwait(false)) applied.Add(rows.GetString(0));
        return applied;
    }
}

/// <summary>A module's schema and how it is migrated; Host runs them all before it listens.</summary>
public sealed record ModuleSchema(string Name, Func<NpgsqlDataSource, string, CancellationToken, Task> Migrate);

/// <summary>The database was migrated by a newer version than this one, which would misread it (OP-19).</summary>
public sealed class NewerSchemaException(string schema, string migration)
    : Exception($"ConnectionStrings__OpenBanking names a database of a newer version: the schema '{schema}' has the migration '{migration}', which this version does not know.");
