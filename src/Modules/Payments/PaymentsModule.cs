using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Contracts;
using OpenBanking.Payments.Execution;
using OpenBanking.Payments.Orders;
using OpenBanking.Payments.Sandbox;
using OpenBanking.Payments.Storage;
using OpenBanking.Payments.Vrp;

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
        services.TryAddScoped<Idempotency>();

        return services
            .AddModuleDatabase<PaymentsDb>(PaymentsDb.Schema)
            .AddScoped<OrderBook>()
            .AddScoped<OrderEndpoints>()
            .AddScoped<IRequestHandler<ListOrdersOfConsent, IReadOnlyList<OrderedUnderConsent>>, ListOrdersOfConsentHandler>()
            .AddScoped<VrpRoom>()
            .AddScoped<VrpOrders>()
            .AddScoped<IRequestHandler<DescribeVrpUse, VrpUse>, DescribeVrpUseHandler>()
            .AddSingleton<ExecutionSignal>()
            .AddScoped<PaymentExecution>()
            .AddScoped<PartPayments>()
            .AddScoped<IRequestHandler<CancelOrder, bool>, CancelOrderHandler>()
            .AddSingleton<ExecutionWorker>()
            .AddHostedService(provider => provider.GetRequiredService<ExecutionWorker>())

            // The sandbox's control asks; nothing else leads there.
            .AddScoped<TestersWishes>()
            .AddScoped<IRequestHandler<RefuseNextPayment, string?>, SandboxPaymentHandlers>()
            .AddScoped<IRequestHandler<LoseNextAnswer, string?>, SandboxPaymentHandlers>()
            .AddScoped<IRequestHandler<MoveSandboxOrder, string?>, SandboxPaymentHandlers>()
            .AddScoped<IRequestHandler<RefundSandboxOrder, string?>, SandboxPaymentHandlers>();
    }

    public static WebApplication MapPayments(this WebApplication app)
    {
        OrderEndpoints.Map(app.MapUkApi("pisp"));
        return app;
    }
}
