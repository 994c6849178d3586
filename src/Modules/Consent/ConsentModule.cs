using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenBanking.Consent.AccountAccess;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.Events;
using OpenBanking.Consent.FundsConfirmation;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Consent.PaymentConsents.Files;
using OpenBanking.Consent.Sandbox;
using OpenBanking.Consent.Storage;
using OpenBanking.Consent.StrongAuthentication;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Consent;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class ConsentModule
{
    public static IServiceCollection AddConsent(this IServiceCollection services, IConfiguration configuration)
    {
        var options = configuration.GetSection(ConsentOptions.Section).Get<ConsentOptions>() ?? new ConsentOptions();
        if (options.Problems().ToList() is { Count: > 0 } problems) throw new OptionsValidationException(ConsentOptions.Section, typeof(ConsentOptions), problems);
        services.AddSingleton(options);
        services.TryAddSingleton<ApiAddresses>();
        services.TryAddSingleton<CurrentChoices>();
        services.TryAddSingleton<SettlementDays>();
        services.AddDataProtection(); // Where its keys are kept and how they are encrypted is Host's to say.

        return services
            .AddModuleDatabase<ConsentDb>(ConsentDb.Schema)
            .AddSingleton<ServedKinds>()
            .AddScoped<Consents>()
            .AddScoped<ConsentHistory>()
            .AddScoped<OwnConsents>()
            .AddConsentKind(Permissions.Rules)
            .AddScoped<AccountAccessConsentEndpoints>()
            .AddSingleton<AccessRequestValidator>()
            .AddConsentKind(DebtorAccount.Rules)
            .AddScoped<FundsConfirmationConsentEndpoints>()
            .AddSingleton<FundsRequestValidator>()
            .AddPaymentConsents()

            // What happens to resources, of whichever module, and who hears of it.
            .AddScoped<Outbox>()
            .AddScoped<INotificationHandler<ResourceChanged>>(provider => provider.GetRequiredService<Outbox>())
            .AddScoped<INotificationHandler<LinkedAccountChanged>, LinkedAccountChangedHandler>()
            .AddScoped<SecurityEventTokens>()
            .AddScoped<CallbackAddresses>()
            .AddSingleton<SubscriptionRequestValidator>()
            .AddScoped<EventSubscriptionEndpoints>()
            .AddSingleton<EventWaits>()
            .AddHostedService(provider => provider.GetRequiredService<EventWaits>())
            .AddScoped<EventPollEndpoint>()
            .AddSingleton<EventPush>()
            .AddHostedService(provider => provider.GetRequiredService<EventPush>())
            .AddBatchJob<EventRetention>()
            .AddScoped<INotificationHandler<ClientRemoved>, ClientRemovedHandler>()
            .AddScoped<IRequestHandler<ListDeadEvents, IReadOnlyList<DeadEvent>>, ListDeadEventsHandler>()
            .AddScoped<IRequestHandler<ResendEvents, int>, ResendEventsHandler>()

            // The authorization server asks.
            .AddScoped<IRequestHandler<FindConsentForAuthorisation, AuthorisableConsent>, FindConsentForAuthorisationHandler>()
            .AddScoped<IRequestHandler<DescribeForApproval, ApprovalDocument?>, DescribeForApprovalHandler>()
            .AddScoped<IRequestHandler<AuthoriseConsent, AuthorisationAnswer>, AuthoriseConsentHandler>()
            .AddScoped<IRequestHandler<RejectConsent, Unit>, RejectConsentHandler>()
            .AddScoped<IRequestHandler<GiveUpConsent, bool>, GiveUpConsentHandler>()
            .AddScoped<IRequestHandler<DescribeEvidence, KeptApproval?>, DescribeEvidenceHandler>()
            .AddScoped<IRequestHandler<SuspendConsent, SuspensionAnswer>, SuspendConsentHandler>()
            .AddBatchJob<EndedConsents>()
            .AddBatchJob<WaitingConsents>()
            .AddBatchJob<ExpiringConsents>()

            // What happened stays provable.
            .AddSingleton<AuditKey>()
            .AddSingleton<AuditAnchors>()
            .AddSingleton<AuditVerifier>()
            .AddScoped<AuditTrail>()
            .AddSingleton<AuditSealer>()
            .AddHostedService(provider => provider.GetRequiredService<AuditSealer>())
            .AddScoped<INotificationHandler<AuditedFact>, AuditedFactHandler>()
            .AddScoped<IRequestHandler<VerifyAuditChain, AuditReport>, VerifyAuditChainHandler>()

            // The data endpoints ask, and say what was used.
            .AddScoped<OpenedConsent>()
            .AddScoped<IRequestHandler<OpenAccountAccess, AccountAccessDecision>, OpenAccountAccessHandler>()
            .AddScoped<IRequestHandler<OpenFundsConfirmation, FundsConfirmationDecision>, OpenFundsConfirmationHandler>()
            .AddScoped<INotificationHandler<ConsentUsed>, ConsentUsedHandler>()
            .AddBatchJob<ForgottenUses>()

            // The customer's dashboard asks.
            .AddScoped<Connections>()
            .AddScoped<AccessNotices>()
            .AddScoped<INotificationHandler<OwnDataAsked>, OwnDataHandler>()
            .AddScoped<IRequestHandler<DismissNotices, bool>, DismissNoticesHandler>()
            .AddScoped<IRequestHandler<ListConnections, IReadOnlyList<ConnectionSummary>>, ListConnectionsHandler>()
            .AddScoped<IRequestHandler<DescribeConnection, ConnectionDetail?>, DescribeConnectionHandler>()
            .AddScoped<IRequestHandler<ListConsentChanges, IReadOnlyList<ConsentChange>?>, ListConsentChangesHandler>()
            .AddScoped<IRequestHandler<CancelConnection, CancellationAnswer>, CancelConnectionHandler>()
            .AddScoped<IRequestHandler<CancelAllOfClient, int>, CancelAllOfClientHandler>();
    }

    public static WebApplication MapConsent(this WebApplication app)
    {
        AccountAccessConsentEndpoints.Map(app.MapUkApi("aisp"));
        FundsConfirmationConsentEndpoints.Map(app.MapUkApi("cbpii"));
        PaymentConsentEndpoints.Map(app.MapUkApi("pisp"));
        PaymentFileEndpoints.Map(app.MapUkApi("pisp"), app.Services.GetRequiredService<ConsentOptions>());
        var events = app.MapUkApi("");
        EventSubscriptionEndpoints.Map(events);
        EventPollEndpoint.Map(events);
        return app;
    }

    /// <summary>Adds accesses by the thousand, for measurements, given by the holders of these accounts.</summary>
    /// <param name="progress">Hears how many there are.</param>
    public static Task SeedBulkAsync(
        IServiceProvider services, int consents, IReadOnlyList<(string CustomerId, string AccountId)> held, Action<int> progress, CancellationToken ct) =>
        ActivatorUtilities.CreateInstance<BulkConsents>(services).AddAsync(consents, held, progress, ct);

    /// <summary>Consents of the types of payment that there are.</summary>
    private static IServiceCollection AddPaymentConsents(this IServiceCollection services)
    {
        services.TryAddScoped<Idempotency>();
        foreach (var type in PaymentTypes.All) services.AddConsentKind(type.KindRules);
        return services
            .AddSingleton<IdempotencySweep<ConsentDb>>()
            .AddHostedService(provider => provider.GetRequiredService<IdempotencySweep<ConsentDb>>())
            .AddScoped<PaymentConsentEndpoints>()
            .AddSingleton<CutOffs>()
            .AddScoped<IRequestHandler<OpenPaymentConsent, PaymentConsentDecision>, PaymentConsentHandlers>()
            .AddScoped<PaymentQuotes>()
            .AddScoped<ScaPolicy>()
            .AddScoped<IRequestHandler<NoteUnattendedPayment, Unit>, PaymentConsentHandlers>()
            .AddScoped<PaymentFileEndpoints>()
            .AddScoped<IRequestHandler<ConsumePaymentConsent, bool>, PaymentConsentHandlers>()
            .AddScoped<IRequestHandler<DescribeFurtherApproval, ApprovalDocument?>, FurtherApprovalHandlers>()
            .AddScoped<IRequestHandler<KeepFurtherApproval, Unit>, FurtherApprovalHandlers>()
            .AddScoped<IRequestHandler<ListDuePayments, IReadOnlyList<DuePayment>>, PaymentConsentHandlers>()
            .AddScoped<IRequestHandler<DescribeApprovedPayment, ShownPayment?>, PaymentConsentHandlers>()
            .AddScoped<IRequestHandler<KeepExchangeContract, Unit>, KeepExchangeContractHandler>();
    }

    /// <summary>Serves a kind of consent: its type, scope and role are offered from here on.</summary>
    private static IServiceCollection AddConsentKind(this IServiceCollection services, KindRules rules) =>
        services.AddSingleton(rules).AddSingleton(new ServedConsentKind(rules.Kind));
}
