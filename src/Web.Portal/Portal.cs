using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Web.Portal.Approve;
using OpenBanking.Web.Portal.Connections;
using OpenBanking.Web.Portal.Developers;
using OpenBanking.Web.Portal.OwnData;
using OpenBanking.Web.Portal.Passkeys;
using OpenBanking.Web.Portal.PaymentApprovals;
using OpenBanking.Web.Portal.Payments;
using OpenBanking.Web.Portal.Performance;
using OpenBanking.Web.Portal.Requests;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;
using OpenBanking.Web.Portal.Start;

namespace OpenBanking.Web.Portal;

/// <summary>What the portal registers and routes: static server rendering, no circuit, no state in the process.</summary>
public static class Portal
{
    public static IServiceCollection AddPortal(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddOptions<PortalOptions>()
            .BindConfiguration(PortalOptions.Section)
            .Validate(options => TimeZoneInfo.TryFindSystemTimeZoneById(options.TimeZone, out _), "Portal:TimeZone must be the name of a time zone, such as Europe/London")
            .ValidateOnStart();
        return services
            .AddSingleton(PortalFiles.Load())
            .AddScoped<Visitors>()
            .AddScoped<PortalForms>()
            .AddScoped<StartEndpoint>()
            .AddScoped<SignInEndpoints>()
            .AddScoped<ApproveEndpoints>()
            .AddScoped<ConnectionEndpoints>()
            .AddScoped<PaymentEndpoints>()
            .AddScoped<RequestEndpoints>()
            .AddScoped<PaymentApprovalEndpoints>()
            .AddScoped<PasskeyPages>()
            .AddScoped<OwnDataEndpoints>();
    }

    /// <summary>Pages for what went wrong, and the headers of every page. Stands outside everything that may fail.</summary>
    public static WebApplication UsePortalPages(this WebApplication app)
    {
        app.Use(PageHeaders.AddAsync);
        app.Use(WaysBack.ShowAsync);
        app.UseStatusCodePages(ErrorPages.ShowAsync);
        return app;
    }

    /// <summary>The page of the sandbox's directory, for whoever runs one: its form, or what it has given.</summary>
    /// <param name="typed">What a form said that could not be taken, so that it need not be typed again.</param>
    public static IResult ShowDirectory(
        string? problem, IReadOnlyList<(string Name, string Value)> issued, IReadOnlyDictionary<string, string>? typed = null) => Pages.Show<DirectoryPage>(
        new { Problem = problem, Issued = issued, Typed = typed }, problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    /// <summary>The page of the sandbox's control.</summary>
    public static IResult ShowControl(ControlView view, int status = StatusCodes.Status200OK) => Pages.Show<ControlPage>(new { View = view }, status);

    /// <summary>The page of how available and how fast the bank's interfaces were.</summary>
    /// <param name="totals">The endpoints, all days together.</param>
    /// <param name="problem">Why other days are shown than were asked for.</param>
    public static IResult ShowPerformance(PerformanceReport report, IReadOnlyList<EndpointDay> totals, DateOnly today, string? problem) => Pages.Show<PerformancePage>(
        new { Report = report, Totals = totals, Today = today, Problem = problem }, problem is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);

    public static IResult ShowError(int status) => Pages.Error(status);

    /// <inheritdoc cref="Pages.SeeOther"/>
    public static IResult SeeOther(string path) => Pages.SeeOther(path);

    /// <inheritdoc cref="PortalForms.ReadAsync"/>
    public static Task<IFormCollection?> ReadFormAsync(HttpContext http, CancellationToken ct) => http.RequestServices.GetRequiredService<PortalForms>().ReadAsync(http, ct);

    public static WebApplication MapPortal(this WebApplication app)
    {
        PortalFiles.Map(app);
        StartEndpoint.Map(app);
        SignInEndpoints.Map(app);
        ApproveEndpoints.Map(app);
        ConnectionEndpoints.Map(app);
        PaymentEndpoints.Map(app);
        RequestEndpoints.Map(app);
        PaymentApprovalEndpoints.Map(app);
        PasskeyPages.Map(app);
        OwnDataEndpoints.Map(app);
        return app;
    }
}
