using System.Data.Common;
using MediatR;
using Microsoft.Extensions.Configuration.Memory;
using Npgsql;
using OpenBanking.Accounts;
using OpenBanking.Consent;
using OpenBanking.Identity;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments;
using OpenBanking.Web.Portal;

namespace OpenBanking.Host;

/// <summary>Puts the parts together. Nothing here decides anything; it says what there is and in which order a request passes.</summary>
internal static class Server
{
    /// <param name="args">Command line, as configuration.</param>
    /// <param name="replace">What a test puts in the place of time, outbound HTTP or the core bank.</param>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? replace = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(Server).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        var settings = HostSettings.From(builder.Configuration, builder.Environment);
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = settings.Defaults() });
        builder.WebHost.UseStaticWebAssets();

        var services = builder.Services;
        var data = new DataDirectory(settings.DataPath);
        services.AddSingleton(settings);
        services.AddSingleton(data);
        services.AddSingleton(RealTime);
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(builder.Configuration.GetConnectionString("OpenBanking")).Build());
        services.AddSingleton<DbDataSource>(provider => provider.GetRequiredService<NpgsqlDataSource>());

        // MediatR comes without a registration package; handlers are written out on the modules' pages.
        services.AddScoped<ServiceFactory>(provider => provider.GetService);
        services.AddScoped<IMediator, Mediator>();

        services.AddIdentity(builder.Configuration);
        services.AddConsent(builder.Configuration);
        services.AddAccounts(builder.Configuration);
        services.AddPayments(builder.Configuration);
        services.AddPortal();
        replace?.Invoke(services);

        var certificates = ServerCertificates.OfSandbox(data, Transport.LocalNames, RealTime);
        builder.WebHost.ConfigureKestrel(kestrel => Transport.Configure(kestrel, settings, certificates));

        var app = builder.Build();
        app.UseRouting();
        app.UseMiddleware<OneTransaction>();
        app.MapIdentity();
        app.MapConsent();
        app.MapAccounts();
        app.MapPayments();
        app.MapPortal();
        app.MapGet("/health/ready", () => Results.Ok());
        return app;
    }

#pragma warning disable RS0030 // This is the one place that says which clock is the real one.
    public static TimeProvider RealTime { get; } = TimeProvider.System;
#pragma warning restore RS0030

    /// <summary>Brings every module's schema up to date; run before the first request is taken.</summary>
    public static async Task MigrateAsync(WebApplication app, CancellationToken ct)
    {
        var database = app.Services.GetRequiredService<NpgsqlDataSource>();
        foreach (var schema in app.Services.GetServices<ModuleSchema>()) await schema.Migrate(database, schema.Name, ct);
    }
}
