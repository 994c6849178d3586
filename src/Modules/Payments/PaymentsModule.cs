using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Execution;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Sandbox;
using OpenBanking.Payments.Storage;

namespace OpenBanking.Payments;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class PaymentsModule
{
    public static IServiceCollection AddPayments(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(PaymentsOptions.Section).Get<PaymentsOptions>() ?? new PaymentsOptions();
        if (options.Problems().ToList() is { Count: > 0 } problems) throw new OptionsValidationException(PaymentsOptions.Section, typeof(PaymentsOptions), problems);
        services.AddSingleton(options);
        services.TryAddSingleton<ApiAddresses>();
        services.TryAddSingleton<CurrentChoices>();
        services.TryAddSingleton<SettlementDays>();
        services.TryAddScoped<Idempotency>();

        return services
            .AddModuleDatabase<PaymentsDb>(PaymentsDb.Schema)
            .AddSingleton<IdempotencySweep<PaymentsDb>>()
            .AddHostedService(provider => provider.GetRequiredService<IdempotencySweep<PaymentsDb>>())
            .AddScoped<OrderBook>()
            .AddScoped<OrderEndpoints>()
            .AddScoped<IRequestHandler<ListOrdersOfConsent, IReadOnlyList<OrderedUnderConsent>>, ListOrdersOfConsentHandler>()
            .AddScoped<IRequestHandler<ListKnownTransfers, IReadOnlySet<string>>, ListKnownTransfersHandler>()
            .AddSingleton<ExecutionSignal>()
            .AddScoped<PaymentExecution>()
            .AddScoped<PartPayments>()

            // The customer's pages ask.
            .AddScoped<IRequestHandler<ListPayments, PaymentList>, OwnPaymentsHandler>()
            .AddScoped<IRequestHandler<DescribePayment, PaymentDetail?>, OwnPaymentsHandler>()
            .AddScoped<IRequestHandler<CancelOrder, bool>, CancelOrderHandler>()
            .AddScoped<INotificationHandler<OwnDataAsked>, OwnDataHandler>()

            // Those ask who must approve a payment that another has ordered.
            .AddScoped<OrderApprovalHandlers>()
            .AddScoped<IRequestHandler<ListOrdersToApprove, IReadOnlyList<OrderToApprove>>, OrderApprovalHandlers>()
            .AddScoped<IRequestHandler<DescribeOrderToApprove, OrderToApprove?>, OrderApprovalHandlers>()
            .AddScoped<IRequestHandler<ApproveOrder, OrderApprovalAnswer>, OrderApprovalHandlers>()
            .AddScoped<IRequestHandler<RefuseOrder, OrderApprovalAnswer>, OrderApprovalHandlers>()

            // Carries out what is due.
            .AddSingleton<ExecutionWorker>()
            .AddHostedService(provider => provider.GetRequiredService<ExecutionWorker>())

            // The sandbox's control asks; nothing else leads there.
            .AddScoped<TestersWishes>()
            .AddScoped<IRequestHandler<RefuseNextPayment, string?>, SandboxPaymentHandlers>()
            .AddScoped<IRequestHandler<LoseNextAnswer, string?>, SandboxPaymentHandlers>()
            .AddScoped<IRequestHandler<MoveSandboxOrder, string?>, SandboxPaymentHandlers>()
            .AddScoped<IRequestHandler<DecideSandboxOrder, string?>, SandboxPaymentHandlers>()
            .AddScoped<IRequestHandler<RefundSandboxOrder, string?>, SandboxPaymentHandlers>();
    }

    public static WebApplication MapPayments(this WebApplication app)
    {
        OrderEndpoints.Map(app.MapUkApi("pisp"));
        return app;
    }
}
