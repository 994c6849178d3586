using System.Data.Common;
using MediatR;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent;
using OpenBanking.Host.Control;
using OpenBanking.Host.Reports;
using OpenBanking.Identity;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments;
using OpenBanking.ResourceServer;
using OpenBanking.Web.Portal;

namespace OpenBanking.Host;

/// <summary>Puts the parts together. Nothing here decides anything; it says what there is and in which order a request passes.</summary>
internal static class Server
{
#pragma warning disable RS0030 // The ban sends everybody to the clock that is registered; this is the one that is.
    public static TimeProvider RealTime { get; } = TimeProvider.System;
#pragma warning restore RS0030

    /// <param name="args">Command line, as configuration.</param>
    /// <param name="replace">What a test puts in the place of time, outbound HTTP or the core bank.</param>
    public static WebApplication Build(string[] args, Action<IServiceCollection>? replace = null)
    {
        var (builder, settings) = Begin(args);
        return Finish(builder, settings, new DataDirectory(settings.DataPath), replace);
    }

    /// <summary>Reads the settings; nothing is started or written yet.</summary>
    public static (WebApplicationBuilder Builder, HostSettings Settings) Begin(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(Server).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.ClearProviders();
        var settings = HostSettings.From(builder.Configuration, builder.Environment);
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = settings.Defaults() });
        return (builder, settings);
    }

    /// <summary>Puts the server together; its database must be known by now.</summary>
    public static WebApplication Finish(WebApplicationBuilder builder, HostSettings settings, DataDirectory data, Action<IServiceCollection>? replace = null)
    {
        var (services, configuration) = (builder.Services, builder.Configuration);
        var connectionString = configuration.GetConnectionString("OpenBanking") ?? "";
        builder.WebHost.UseStaticWebAssets();
        services.AddSingleton(settings);
        services.AddSingleton(data);
        services.AddSingleton(RealTime);
        services.AddSingleton(_ => HostDatabase.Open(connectionString));
        services.AddSingleton<DbDataSource>(provider => provider.GetRequiredService<NpgsqlDataSource>());
        services.AddSingleton<HostDatabase>();
        services.AddSingleton<Health>();
        Drain.Add(services, settings);
        services.AddSingleton(ForwardedFrom.Of(configuration));
        KeyRing.Add(services, KeyRing.KeyOf(configuration));
        RateLimits.Add(services, RateLimits.From(configuration, settings.Sandbox));
        services.AddSingleton<CurrentChoices>();
        PerformanceEndpoints.Add(services);
        if (settings.Sandbox) AddSandbox(services, data);

        // MediatR comes without a registration package; handlers are written out on the modules' pages.
        services.AddScoped<ServiceFactory>(provider => provider.GetService);
        services.AddScoped<IMediator, Mediator>();

        services.AddIdentity(configuration);
        services.AddConsent(configuration);
        services.AddAccounts(configuration);
        services.AddPayments(configuration);
        services.AddPortal();
        replace?.Invoke(services);

        // A request's address may carry what must not be logged (HTTP-18), whatever level somebody sets.
        services.PostConfigure<LoggerFilterOptions>(filters =>
        {
            filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning, null));
            filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Warning, null));
        });

        var certificates = configuration["Tls:CertificateFile"] is { Length: > 0 } certificate
            ? ServerCertificates.FromFiles(certificate, configuration["Tls:KeyFile"] ?? "", RealTime)
            : ServerCertificates.OfSandbox(data, [.. Transport.LocalNames.Append(settings.Issuer.Host).Distinct(StringComparer.Ordinal)], RealTime);
        builder.WebHost.ConfigureKestrel(kestrel => Transport.Configure(kestrel, settings, certificates));

        var app = builder.Build();
        KestrelRefusals.Follow(app);

        // Before anybody asks who calls: limits, logs and history mean the customer's address and not the proxy's.
        var forwarded = app.Services.GetRequiredService<ForwardedFrom>();
        if (forwarded.IsSet)
        {
            app.Use((http, next) =>
            {
                forwarded.Apply(http);
                return next(http);
            });
        }

        app.UseMiddleware<Measurement>();
        app.Use(Drain.InvokeAsync);
        app.UsePortalPages();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<InteractionIds>();
        app.UseMiddleware<Faults>();
        app.UseMiddleware<HeaderSizes>();
        app.Use(new ForwardedCertificates(settings.ProxiedPort, app.Services.GetRequiredService<ILogger<ForwardedCertificates>>()).InvokeAsync);
        app.UseMiddleware<Doorway>();
        app.Use(RateLimits.InvokeAsync);
        app.UseRouting();
        app.UseMiddleware<OneTransaction>();

        // Inside the transaction, because who is signed in is asked of the database.
        // Programs show tokens and never a session.
        if (app.Services.GetService<IAuthenticationSchemeProvider>() is not null)
            app.UseWhen(http => !Paths.IsForPrograms(http.Request.Path), pages => pages.UseAuthentication());
        if (app.Services.GetService<IAuthorizationHandlerProvider>() is not null) app.UseAuthorization();
        if (app.Services.GetService<IAntiforgery>() is not null) app.UseAntiforgery();
        Health.Map(app);
        PerformanceEndpoints.Map(app);
        if (settings.Sandbox)
        {
            SandboxControl.Map(app);
            SandboxDirectoryEndpoints.Map(app);
        }

        app.MapIdentity();
        app.MapConsent();
        app.MapAccounts();
        app.MapPayments();
        app.MapPortal();
        return app;
    }

    /// <summary>Brings every module's schema up to date; run before the first request is taken.</summary>
    public static async Task MigrateAsync(WebApplication app, CancellationToken ct)
    {
        var connectionString = app.Configuration.GetConnectionString("OpenBanking")!;
        await HostDatabase.AloneAsync(connectionString, source => PrepareAsync(app, source, ct), ct);
    }

    private static async Task PrepareAsync(WebApplication app, NpgsqlDataSource source, CancellationToken ct)
    {
        var settings = app.Services.GetRequiredService<HostSettings>();
        await HostDatabase.CreateOwnTablesAsync(source, ct);
        await SettingsChecks.RefuseSandboxDataAsync(settings, app.Services.GetRequiredService<HostDatabase>(), ct);
        foreach (var schema in app.Services.GetServices<ModuleSchema>()) await schema.Migrate(source, schema.Name, ct);
        KeyRing.EnsureKey(app.Services);
        app.Services.GetRequiredService<Health>().Migrated = true;
    }

    private static void AddSandbox(IServiceCollection services, DataDirectory data)
    {
        var clock = new SandboxClock(RealTime);
        services.AddSingleton(clock);
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(clock));
        services.AddSingleton<SandboxCore>();
        services.AddSingleton<SandboxState>();
        services.AddHostedService<SandboxFollower>();
        services.AddSingleton(_ => SandboxSecret.Of(data));
        services.AddSingleton<SandboxCustomers>();
        services.AddScoped<SandboxControl>();
        services.AddScoped<SandboxControlPage>();
        services.AddSingleton<SandboxDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<SandboxDirectory>());
        services.AddSingleton<SandboxDirectoryEndpoints>();
    }
}
