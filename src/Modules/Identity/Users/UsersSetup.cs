using MediatR;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Policies;

namespace OpenBanking.Identity.Users;

/// <summary>What customers, passkeys and sessions need; a chapter of the module's page.</summary>
internal static class UsersSetup
{
    public static IServiceCollection AddUsers(this IServiceCollection services)
    {
        // The relying party follows the issuer, never the Host header (PK-02, PK-03).
        services.AddSingleton(provider => new RelyingParty(new Uri(provider.GetRequiredService<IOptions<AuthorizationServerOptions>>().Value.Issuer)));
        services.AddIdentityCore<User>().AddUserStore<UserStore>();
        services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        services.AddOptions<IdentityPasskeyOptions>().Configure<RelyingParty>((options, us) =>
        {
            options.ServerDomain = us.Id;
            options.ValidateOrigin = context => ValueTask.FromResult(
                !context.CrossOrigin && string.Equals(context.Origin, us.Origin, StringComparison.Ordinal));
            options.UserVerificationRequirement = "required";
            options.ResidentKeyRequirement = "required";
            options.AttestationConveyancePreference = "none";
            options.IsAllowedAlgorithm = PasskeyPublicKey.IsAllowedAlgorithm;
            options.AuthenticatorTimeout = PasskeyCeremony.Lifetime;
        });

        services.AddAuthentication(PortalSessionHandler.Scheme)
            .AddScheme<AuthenticationSchemeOptions, PortalSessionHandler>(PortalSessionHandler.Scheme, configureOptions: null);
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "__Host-antiforgery";
            options.Cookie.SameSite = Microsoft.AspNetCore.Http.SameSiteMode.Lax; // PO-08
            options.Cookie.SecurePolicy = Microsoft.AspNetCore.Http.CookieSecurePolicy.Always;
            options.SuppressXFrameOptionsHeader = true; // the portal sets it, to DENY
        });
        services.AddHttpContextAccessor();
        services.AddSingleton<IValidateOptions<PolicyRules>, PolicyRules.Check>();
        services.AddOptions<PolicyRules>().Configure<IConfiguration>((rules, configuration) => rules.Read(configuration)).ValidateOnStart();

        return services
            .AddScoped<PasskeyCeremonies>()
            .AddScoped<PasskeyRegistration>()
            .AddScoped<PasskeyAssertion>()
            .AddScoped<PasskeySignIn>()
            .AddScoped<PasskeyApproval>()
            .AddScoped<ConfirmedDecisions>()
            .AddScoped<IRequestHandler<ConfirmByPasskey, PasskeyConfirmation>, ConfirmByPasskeyHandler>()
            .AddScoped<PasskeyEndpoints>()
            .AddScoped<SameOrigin>()
            .AddScoped<Activations>()
            .AddScoped<FailureCounts>()
            .AddScoped<KnownDevices>()
            .AddScoped<PolicyWaits>()
            .AddScoped<AuthenticationPolicy>()
            .AddScoped<IRequestHandler<ChangeThreat, ThreatDescription>, ChangeThreatHandler>()
            .AddScoped<IRequestHandler<DescribeThreat, ThreatDescription>, DescribeThreatHandler>()
            .AddScoped<IRequestHandler<ExplainPolicy, PolicyExplanation>, ExplainPolicyHandler>()
            .AddScoped<PortalSessions>()
            .AddScoped<SignIns>()
            .AddScoped<IRequestHandler<IssueActivationCode, IssuedActivationCode>, IssueActivationCodeHandler>()
            .AddScoped<IRequestHandler<FindCustomer, KnownCustomer?>, FindCustomerHandler>()
            .AddScoped<IRequestHandler<ListPasskeys, IReadOnlyList<PasskeySummary>>, ListPasskeysHandler>()
            .AddScoped<IRequestHandler<RenamePasskey, PasskeyChange>, RenamePasskeyHandler>()
            .AddScoped<IRequestHandler<RemovePasskey, PasskeyChange>, RemovePasskeyHandler>()
            .AddScoped<IRequestHandler<ListSignIns, IReadOnlyList<SignInRecord>>, ListSignInsHandler>()
            .AddScoped<INotificationHandler<OwnDataAsked>, OwnDataHandler>()
            .AddScoped<IRequestHandler<RecordDownload, Unit>, RecordDownloadHandler>()
            .AddScoped<IRequestHandler<DescribeSession, SessionDescription?>, DescribeSessionHandler>()
            .AddScoped<IRequestHandler<EndSession, Unit>, EndSessionHandler>();
    }

    public static WebApplication MapUsers(this WebApplication app)
    {
        PasskeyEndpoints.Map(app);
        return app;
    }
}
