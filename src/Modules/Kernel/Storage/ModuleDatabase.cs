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
        where TContext : DbContext
    {
        services.TryAddScoped<UnitOfWork>();
        services.AddDbContext<TContext>((provider, options) =>
        {
            var unit = provider.GetRequiredService<UnitOfWork>();
            options
                .UseNpgsql(unit.Connection, npgsql => npgsql.MigrationsHistoryTable("migrations", schema))
                .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
                .AddInterceptors(new UnitOfWork.Opening(unit));
        });
        services.AddSingleton(new ModuleSchema(schema, Migrate));
        return services;

        static async Task Migrate(NpgsqlDataSource database, string schema, CancellationToken ct)
        {
            var options = new DbContextOptionsBuilder<TContext>()
                .UseNpgsql(database, npgsql => npgsql.MigrationsHistoryTable("migrations", schema))
                .Options;
            await using var context = (TContext)Activator.CreateInstance(typeof(TContext), options)!;
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
