using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenBanking.Accounts.AccountInformation;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.CoreBank.Certification;
using OpenBanking.Accounts.CoreBank.Connector;
using OpenBanking.Accounts.FundsConfirmation;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Accounts.Sandbox;
using OpenBanking.Accounts.Storage;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class AccountsModule
{
    public static IServiceCollection AddAccounts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddDataProtection();
        services.TryAddSingleton<ApiAddresses>();
        services.TryAddSingleton<PageCursors>();

        return services
            .AddModuleDatabase<AccountsDb>(AccountsDb.Schema)
            .AddCoreBank()
            .AddScoped<NoticeEndpoint>()
            .AddScoped<IRequestHandler<CertifyCoreBank, bool>, CertifyCoreBankHandler>()
            .AddScoped<Transfers>()
            .AddScoped<IRequestHandler<AreFundsThere, bool>, TransferHandlers>()
            .AddScoped<IRequestHandler<FindPayerAccount, PayerAccount?>, TransferHandlers>()
            .AddScoped<IRequestHandler<ListAvailableFunds, IReadOnlyDictionary<string, Money>>, TransferHandlers>()
            .AddScoped<IRequestHandler<ListTrustedPayees, IReadOnlyList<TransferPayee>>, TransferHandlers>()
            .AddScoped<IRequestHandler<HoldForTransfer, HoldAnswer>, TransferHandlers>()
            .AddScoped<IRequestHandler<ExecuteTransfer, bool>, TransferHandlers>()
            .AddScoped<IRequestHandler<ReleaseTransfer, bool>, TransferHandlers>()
            .AddScoped<IRequestHandler<ReturnTransfer, bool>, TransferHandlers>()
            .AddScoped<IRequestHandler<SumTransfers, TransferSum>, LedgerReports>()
            .AddScoped<IRequestHandler<VerifyLedger, LedgerReport>, LedgerReports>()
            .AddScoped<AccountAccess>()
            .AddHostedService<StatementIssuer>()
            .AddSingleton<DuePayments>()
            .AddHostedService(provider => provider.GetRequiredService<DuePayments>())
            .AddScoped<Listings>()
            .AddScoped<TransactionEndpoints>()
            .AddScoped<PartyEndpoints>()
            .AddScoped<StatementEndpoints>()
            .AddScoped<FundsChecks>()
            .AddScoped<FundsConfirmationEndpoint>()
            .AddScoped<IRequestHandler<ListFundsChecks, IReadOnlyList<FundsCheckShown>>, ListFundsChecksHandler>()

            // The sandbox's control asks; nothing else leads there.
            .AddScoped<IRequestHandler<SetSandboxBalance, SandboxAnswer>, SandboxLedger>()
            .AddScoped<IRequestHandler<BookSandboxTransactions, SandboxAnswer>, SandboxLedger>()
            .AddScoped<IRequestHandler<RemoveSandboxTransaction, SandboxAnswer>, SandboxLedger>()
            .AddScoped<IRequestHandler<SetSandboxAccountState, SandboxAnswer>, SandboxLedger>()
            .AddScoped<INotificationHandler<OwnDataAsked>, OwnDataHandler>()
            .AddScoped<IRequestHandler<ListOwnAccounts, IReadOnlyList<OwnAccount>>, OwnAccounts>()
            .AddScoped<IRequestHandler<ListOwnAccountsIfKnown, IReadOnlyList<OwnAccount>?>, OwnAccounts>();
    }

    public static WebApplication MapAccounts(this WebApplication app)
    {
        // All of them: mandatory, conditional and optional (OB-AIS-6).
        var aisp = app.MapUkApi("aisp");
        AccountEndpoints.Map(aisp);
        BalanceEndpoints.Map(aisp);
        TransactionEndpoints.Map(aisp);
        RegularPaymentEndpoints.Map(aisp);
        PartyEndpoints.Map(aisp);
        ProductEndpoints.Map(aisp);
        StatementEndpoints.Map(aisp);
        FundsConfirmationEndpoint.Map(app.MapUkApi("cbpii"));
        NoticeEndpoint.Map(app);
        return app;
    }

    /// <summary>Fills the sandbox bank, once; says who its customers are, every time.</summary>
    public static Task<IReadOnlyList<SandboxCustomer>> SeedSandboxAsync(IServiceProvider services, CancellationToken ct) =>
        SandboxSeed.RunAsync(services, ct);

    /// <summary>Adds customers by the thousand to the sandbox's bank, for measurements; answers their accounts.</summary>
    /// <param name="progress">Hears how many bookings there are.</param>
    public static Task<IReadOnlyList<(string CustomerId, string AccountId)>> SeedBulkAsync(
        IServiceProvider services, int customers, int transactions, Action<int> progress, CancellationToken ct) =>
        ActivatorUtilities.CreateInstance<BulkBank>(services).AddAsync(customers, transactions, progress, ct);
}
