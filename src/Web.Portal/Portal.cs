using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace OpenBanking.Web.Portal;

/// <summary>What the portal registers and routes: static server rendering, no circuit, no state in the process.</summary>
public static class Portal
{
    public static IServiceCollection AddPortal(this IServiceCollection services) => services;

    public static WebApplication MapPortal(this WebApplication app) => app;
}
