using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Kernel.Storage;
using OpenBanking.Accounts.Storage;

namespace OpenBanking.Accounts;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class AccountsModule
{
    public static IServiceCollection AddAccounts(this IServiceCollection services, IConfiguration configuration) => services
        .AddModuleDatabase<AccountsDb>(AccountsDb.Schema);

    public static WebApplication MapAccounts(this WebApplication app) => app;
}
