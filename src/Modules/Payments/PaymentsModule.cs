using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace OpenBanking.Payments;

/// <summary>
/// What this module registers and what it routes. No payment resource is offered yet: every path under <c>pisp</c> and
/// <c>cbpii</c> answers as the standard says for what is not implemented, 404 without a body (OB-GEN-10).
/// </summary>
public static class PaymentsModule
{
    public static IServiceCollection AddPayments(this IServiceCollection services, IConfiguration configuration) => services;

    public static WebApplication MapPayments(this WebApplication app) => app;
}
