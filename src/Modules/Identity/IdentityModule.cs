using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Storage;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Users;

namespace OpenBanking.Identity;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class IdentityModule
{
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration) => services
        .AddModuleDatabase<IdentityDb>(IdentityDb.Schema)
        .AddUsers();

    public static WebApplication MapIdentity(this WebApplication app) => app
        .MapUsers();
}
