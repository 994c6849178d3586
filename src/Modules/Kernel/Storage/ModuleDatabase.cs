using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace OpenBanking.Kernel.Storage;

/// <summary>How every module's context is joined to the request's one transaction, and how its schema is brought up to date.</summary>
public static class ModuleDatabase
{
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
            .UseNpgsql(npgsql => npgsql.MigrationsHistoryTable("migrations", schema))
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

        static async Task Migrate(NpgsqlDataSource database, string schema, CancellationToken ct)
        {
            var options = new DbContextOptionsBuilder<TContext>()
                .UseNpgsql(database, npgsql => npgsql.MigrationsHistoryTable("migrations", schema))
                .Options;
            await using var context = (TContext)Activator.CreateInstance(typeof(TContext), options)!;
            var known = context.Database.GetMigrations().ToHashSet(StringComparer.Ordinal);
            if ((await context.Database.GetAppliedMigrationsAsync(ct).ConfigureAwait(false)).FirstOrDefault(applied => !known.Contains(applied)) is { } newer)
                throw new NewerSchemaException(schema, newer);
            await context.Database.MigrateAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>The options of a context at design time, when <c>dotnet ef</c> asks for one.</summary>
    public static DbContextOptions<TContext> DesignTimeOptions<TContext>(string schema)
        where TContext : DbContext =>
        new DbContextOptionsBuilder<TContext>()
            .UseNpgsql("Host=localhost", npgsql => npgsql.MigrationsHistoryTable("migrations", schema))
            .Options;
}

/// <summary>A module's schema and how it is migrated; Host runs them all before it listens.</summary>
public sealed record ModuleSchema(string Name, Func<NpgsqlDataSource, string, CancellationToken, Task> Migrate);

/// <summary>The database was migrated by a newer version than this one, which would misread it (OP-19).</summary>
public sealed class NewerSchemaException(string schema, string migration)
    : Exception($"ConnectionStrings__OpenBanking names a database of a newer version: the schema '{schema}' has the migration '{migration}', which this version does not know.");
