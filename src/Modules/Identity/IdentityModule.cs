using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Dpop;
using OpenBanking.Identity.Evidence;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Messages;
using OpenBanking.Identity.Metadata;
using OpenBanking.Identity.Par;
using OpenBanking.Identity.Registration;
using OpenBanking.Identity.Storage;
using OpenBanking.Identity.Token;
using OpenBanking.Identity.Users;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Storage;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity;

/// <summary>What this module registers and what it routes, on one page.</summary>
public static class IdentityModule
{
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration) => services
        .AddModuleDatabase<IdentityDb>(IdentityDb.Schema)
        .AddClients(configuration)
        .AddRegistration()
        .AddAuthorizationRequests()
        .AddBackchannel()
        .AddTokens()
        .AddProtectedResources()
        .AddMetadata()
        .AddUsers();

    public static WebApplication MapIdentity(this WebApplication app)
    {
        // Outside of the check, so that its refusals are signed too.
        app.Use(MessageSigning.AnswerAsync);

        // Before every endpoint of every module: what asks for a token gets it checked here.
        app.UseAccessTokenCheck();
        app.Use(ClientShare.InvokeAsync);
        app.MapRegistration();
        app.MapAuthorizationRequests();
        app.MapBackchannel();
        app.MapTokens();
        app.MapMetadata();
        app.MapUsers();
        return app;
    }

    private static IServiceCollection AddClients(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IValidateOptions<AuthorizationServerOptions>, AuthorizationServerOptions.Check>();
        services.AddOptions<AuthorizationServerOptions>().Bind(configuration.GetSection(AuthorizationServerOptions.Section)).ValidateOnStart();
        return services
            .AddSingleton(provider => provider.GetRequiredService<IOptions<AuthorizationServerOptions>>().Value.Outbound)
            .AddSingleton(provider => OutboundHttp.Handler(provider.GetRequiredService<OutboundRules>()))
            .AddScoped<ClientRegister>()
            .AddSingleton<ClientKeySets>()
            .AddScoped<ClientKeys>()
            .AddSingleton<ClientCertificateAuthorities>()
            .AddSingleton<RevocationLists>()
            .AddHostedService(provider => provider.GetRequiredService<RevocationLists>())
            .AddScoped<ClientCertificates>()
            .AddScoped<ClientAssertions>()
            .AddScoped<ClientAuthentication>()
            .AddScoped<ReplayGuard>()
            .AddScoped<DpopProofs>()
            .AddScoped<IRequestHandler<DescribeClient, ClientDescription?>, DescribeClientHandler>()
            .AddHostedService<ClientsFromFiles>();
    }

    private static IServiceCollection AddRegistration(this IServiceCollection services) => services
        .AddScoped<Directories>()
        .AddScoped<SoftwareStatements>()
        .AddScoped<SignedRegistration>()
        .AddScoped<SectorIdentifier>()
        .AddScoped<EcosystemCertificate>()
        .AddScoped<RegistrationChecks>()
        .AddScoped<Registrations>()
        .AddScoped<RegistrationEndpoint>()
        .AddScoped<IRequestHandler<ListClientHosts, IReadOnlySet<string>?>, ListClientHostsHandler>()
        .AddScoped<ClientManager>()
        .AddScoped<ClientConfigurationEndpoint>()
        .AddScoped<Revocations>()
        .AddScoped<IRequestHandler<FindSoftware, string?>, DirectoryHandlers>()
        .AddScoped<IRequestHandler<SuspendClient, bool>, DirectoryHandlers>()
        .AddScoped<IRequestHandler<RevokeStatements, RevocationAnswer>, DirectoryHandlers>()
        .AddScoped<IRequestHandler<RestoreStatements, RevocationAnswer>, DirectoryHandlers>()
        .AddHostedService<RevocationsFromSettings>();

    private static IServiceCollection AddAuthorizationRequests(this IServiceCollection services) => services
        .AddScoped<RequestObjects>()
        .AddScoped<AuthorizationRequests>()
        .AddSingleton<OfferedKinds>()
        .AddScoped<PushedRequests>()
        .AddScoped<PushedAuthorizationEndpoint>()
        .AddScoped<AuthorizeEndpoint>()
        .AddScoped<SignedMessages>()
        .AddScoped<IRequestHandler<FindSignedMessages, IReadOnlyList<KeptMessage>>, FindSignedMessagesHandler>()
        .AddScoped<AuthorizationResponse>()
        .AddSingleton<IdTokenHints>()
        .AddScoped<AuthorisationTallies>()
        .AddScoped<Interactions>()
        .AddScoped<Authorisations>()
        .AddScoped<Decisions>()
        .AddScoped<ApprovalPolicy>()
        .AddSingleton<AbandonedInteractions>()
        .AddHostedService(provider => provider.GetRequiredService<AbandonedInteractions>())
        .AddScoped<IRequestHandler<DescribeInteraction, InteractionState>, DescribeInteractionHandler>()
        .AddScoped<IRequestHandler<ApproveInteraction, DecisionAnswer>, ApproveInteractionHandler>()
        .AddScoped<IRequestHandler<DenyInteraction, DecisionAnswer>, DenyInteractionHandler>();

    private static IServiceCollection AddBackchannel(this IServiceCollection services) => services
        .AddScoped<BackchannelEndpoint>()
        .AddScoped<SignedBackchannelRequests>()
        .AddScoped<BackchannelHints>()
        .AddScoped<BackchannelPrompts>()
        .AddScoped<BackchannelRequests>()
        .AddSingleton<BackchannelNotices>()
        .AddSingleton<BackchannelWorker>()
        .AddHostedService(provider => provider.GetRequiredService<BackchannelWorker>())
        .AddScoped<INotificationHandler<ConsentEnded>, ConsentEndedForBackchannel>()
        .AddScoped<IRequestHandler<ListWaitingRequests, RequestInbox>, WaitingRequestHandlers>()
        .AddScoped<IRequestHandler<DescribeWaitingRequest, WaitingRequest?>, WaitingRequestHandlers>()
        .AddScoped<IRequestHandler<TakeRequests, Unit>, WaitingRequestHandlers>()
        .AddScoped<IRequestHandler<ApproveWaitingRequest, RequestAnswer>, WaitingRequestDecisions>()
        .AddScoped<IRequestHandler<DeclineWaitingRequest, RequestAnswer>, WaitingRequestDecisions>();

    private static IServiceCollection AddTokens(this IServiceCollection services) => services
        .AddScoped<IssuedTokens>()
        .AddScoped<Grants>()
        .AddScoped<ManagedGrants>()
        .AddScoped<GrantManagementEndpoint>()
        .AddScoped<INotificationHandler<ConsentEnded>, ConsentEndedHandler>()
        .AddSingleton<PairwiseSubject>()
        .AddSingleton<IdToken>()
        .AddSingleton<TokenSizes>()
        .AddScoped<TokenIssuer>()
        .AddScoped<AuthorizationCodeGrant>()
        .AddScoped<RefreshTokenGrant>()
        .AddScoped<ClientCredentialsGrant>()
        .AddScoped<CibaGrant>()
        .AddScoped<TokenEndpoint>()
        .AddScoped<IntrospectionAnswer>()
        .AddScoped<IntrospectionEndpoint>()
        .AddScoped<RevocationEndpoint>()
        .AddScoped<UserInfoEndpoint>()
        .AddSingleton<ExpiredRows>()
        .AddHostedService(provider => provider.GetRequiredService<ExpiredRows>());

    /// <summary>The kit that protects every API, with the database as what it asks.</summary>
    private static IServiceCollection AddProtectedResources(this IServiceCollection services)
    {
        services.AddOptions<ResourceServerOptions>().Configure<IOptions<AuthorizationServerOptions>>((kit, server) => server.Value.Describe(kit));
        return services
            .AddScoped<ITokenSource, StoredTokens>()
            .AddScoped<IProofMemory>(provider => provider.GetRequiredService<ReplayGuard>())
            .AddSingleton<INonceKeys, NonceKeys>()
            .AddAccessTokenCheck();
    }

    private static IServiceCollection AddMetadata(this IServiceCollection services)
    {
        services.AddDataProtection(); // Where its keys are kept and how they are encrypted is Host's to say.
        return services
            .AddSingleton<ServerSecrets>()
            .AddSingleton<SigningKeys>()
            .AddScoped<IRequestHandler<RotateSigningKeys, KeyRotation>, RotateSigningKeysHandler>()
            .AddScoped<IRequestHandler<SignMessage, string>, SignMessageHandler>()
            .AddScoped<IRequestHandler<SignClaims, string>, SignMessageHandler>()
            .AddScoped<IRequestHandler<VerifyMessage, MessageVerdict>, VerifyMessageHandler>()
            .AddScoped<IRequestHandler<VerifyPasskeySignature, string?>, VerifyPasskeySignatureHandler>()
            .AddHostedService<KeyRotationService>()
            .AddSingleton<DiscoveryEndpoint>()
            .AddSingleton<JwksEndpoint>();
    }

    private static void MapRegistration(this WebApplication app)
    {
        app.MapPost("/register", (HttpContext http, RegistrationEndpoint endpoint) => endpoint.PostAsync(http, http.RequestAborted));
        app.MapGet("/register/{clientId}", (HttpContext http, string clientId, ClientConfigurationEndpoint endpoint) => endpoint.GetAsync(http, clientId, http.RequestAborted));
        app.MapPut("/register/{clientId}", (HttpContext http, string clientId, ClientConfigurationEndpoint endpoint) => endpoint.PutAsync(http, clientId, http.RequestAborted));
        app.MapDelete("/register/{clientId}", (HttpContext http, string clientId, ClientConfigurationEndpoint endpoint) => endpoint.DeleteAsync(http, clientId, http.RequestAborted));
    }

    private static void MapAuthorizationRequests(this WebApplication app)
    {
        app.MapPost("/par", (HttpContext http, PushedAuthorizationEndpoint endpoint) => endpoint.PostAsync(http, http.RequestAborted));

        // ID-19: by either method.
        app.MapGet("/authorize", (HttpContext http, AuthorizeEndpoint endpoint) => endpoint.GetAsync(http, http.RequestAborted));
        app.MapPost("/authorize", (HttpContext http, AuthorizeEndpoint endpoint) => endpoint.PostAsync(http, http.RequestAborted)).DisableAntiforgery();

        // One for each type that is offered (RAR-15).
        foreach (var type in app.Services.GetRequiredService<OfferedKinds>().DetailsTypes)
            app.MapGet("/schemas/" + type, () => Results.Text(DetailsType.Find(type)!.Schema.Document, "application/schema+json"));
    }

    private static void MapBackchannel(this WebApplication app) =>
        app.MapPost("/bc-authorize", (HttpContext http, BackchannelEndpoint endpoint) => endpoint.PostAsync(http, http.RequestAborted));

    private static void MapTokens(this WebApplication app)
    {
        app.MapPost("/token", (HttpContext http, TokenEndpoint endpoint) => endpoint.PostAsync(http, http.RequestAborted));
        app.MapPost("/introspect", (HttpContext http, IntrospectionEndpoint endpoint) => endpoint.PostAsync(http, http.RequestAborted));
        GrantManagementEndpoint.Map(app);
        app.MapPost("/revoke", (HttpContext http, RevocationEndpoint endpoint) => endpoint.PostAsync(http, http.RequestAborted));

        // Behind the check of every API, so its proofs are judged as there (DPOP-25).
        app.MapMethods("/userinfo", [HttpMethods.Get, HttpMethods.Post], (HttpContext http, UserInfoEndpoint endpoint) => endpoint.AnswerAsync(http, http.RequestAborted))
            .RequireAccessToken(GrantedScope.OpenId, TokenKind.Customer);
    }

    private static void MapMetadata(this WebApplication app)
    {
        app.MapGet("/jwks", (HttpContext http, JwksEndpoint endpoint) => endpoint.GetAsync(http, http.RequestAborted));
        app.MapGet("/.well-known/openid-configuration", (HttpContext http, DiscoveryEndpoint endpoint) => endpoint.Get(http));

        // RFC 8414 puts it between the host and the issuer's path (META-01).
        var issuer = new Uri(app.Services.GetRequiredService<IOptions<AuthorizationServerOptions>>().Value.Issuer);
        app.MapGet(
            "/.well-known/oauth-authorization-server" + issuer.AbsolutePath.TrimEnd('/'),
            (HttpContext http, DiscoveryEndpoint endpoint) => endpoint.Get(http));
    }
}
