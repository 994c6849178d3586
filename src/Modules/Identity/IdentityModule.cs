using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Metadata;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class IdentityModule
{
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration) => services
        .AddModuleDatabase<IdentityDb>(IdentityDb.Schema)
        .AddSingleton<ServerSecrets>()
        .AddSingleton<PairwiseSubject>();

    public static WebApplication MapIdentity(this WebApplication app) => app;
}
