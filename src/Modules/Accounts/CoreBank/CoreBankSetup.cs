using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank.Connector;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Accounts.Sandbox;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.CoreBank;

/// <summary>Which core bank there is: with an address the one behind it, else the built-in ledger.</summary>
internal static class CoreBankSetup
{
    public static IServiceCollection AddCoreBank(this IServiceCollection services)
    {
        services.AddOptions<CoreBankOptions>().BindConfiguration(CoreBankOptions.Section).ValidateOnStart();
        return services
            .AddSingleton<IValidateOptions<CoreBankOptions>, Judgement>()
            .AddSingleton(provider => provider.GetRequiredService<IOptions<CoreBankOptions>>().Value)
            .AddSingleton<CorePatience>()
            .AddSingleton<CoreConnection>()
            .AddScoped<LedgerCoreBank>()
            .AddScoped<HttpCoreBank>()
            .AddScoped<CoreHolds>()
            .AddBatchJob<ForgottenHolds>()
            .AddBatchJob<OldNotices>()
            .AddScoped(Choose);
    }

    private static ICoreBank Choose(IServiceProvider services)
    {
        var options = services.GetRequiredService<CoreBankOptions>();
        ICoreBank bank = options.Address is null ? services.GetRequiredService<LedgerCoreBank>() : services.GetRequiredService<HttpCoreBank>();

        // Only the sandbox has this.
        return services.GetService<SandboxCore>() is { } conduct
            ? SandboxCoreBank.Before(bank, conduct, services.GetRequiredService<UnitOfWork>(), services.GetRequiredService<TimeProvider>())
            : bank;
    }

    private sealed class Judgement : IValidateOptions<CoreBankOptions>
    {
        public ValidateOptionsResult Validate(string? name, CoreBankOptions options)
        {
            var problems = options.Problems().ToList();
            return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }
    }
}
