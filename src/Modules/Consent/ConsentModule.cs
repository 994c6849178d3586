using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Storage;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class ConsentModule
{
    public static IServiceCollection AddConsent(this IServiceCollection services, IConfiguration configuration) => services
        .AddModuleDatabase<ConsentDb>(ConsentDb.Schema);

    public static WebApplication MapConsent(this WebApplication app) => app;
}
