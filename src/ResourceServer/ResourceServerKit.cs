using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using OpenBanking.ResourceServer.Introspection;

namespace OpenBanking.ResourceServer;

/// <summary>What an API needs to be protected: the check of tokens, and where to put it.</summary>
public static class ResourceServerKit
{
    /// <summary>
    /// The check itself. What a token stands for, which proofs were used and the key of the nonces come from whoever adds it:
    /// <see cref="ITokenSource"/>, <see cref="IProofMemory"/>, <see cref="INonceKeys"/>.
    /// </summary>
    public static IServiceCollection AddAccessTokenCheck(this IServiceCollection services)
    {
        services.TryAddSingleton<IValidateOptions<ResourceServerOptions>, ResourceServerOptions.Check>();
        services.AddOptions<ResourceServerOptions>().ValidateOnStart();
        return services
            .AddSingleton<DpopNonces>()
            .AddScoped<DpopProofCheck>()
            .AddScoped<AccessTokenHandler>();
    }

    /// <summary>
    /// The check for an API in a process of its own: tokens are told by introspection, proofs and nonces are remembered here. How the
    /// authorization server is called (trust, timeouts) can be said on the HTTP client that comes back.
    /// </summary>
    public static IHttpClientBuilder AddResourceServer(
        this IServiceCollection services, Action<ResourceServerOptions> describe, Action<IntrospectionOptions> ask)
    {
        services.Configure(describe);
        services.AddSingleton<IValidateOptions<IntrospectionOptions>, IntrospectionOptions.Check>();
        services.AddOptions<IntrospectionOptions>().Configure(ask).ValidateOnStart();
        services.TryAddSingleton<IProofMemory, OwnProofMemory>();
        services.TryAddSingleton<INonceKeys, OwnNonceKey>();
        services
            .AddSingleton<TokenCache>()
            .AddSingleton<IntrospectionClient>()
            .AddSingleton<ITokenSource, IntrospectedTokens>()
            .AddAccessTokenCheck();
        return services.AddHttpClient(IntrospectionClient.HttpClientName, client => client.Timeout = TimeSpan.FromSeconds(5));
    }

    /// <summary>Before every endpoint: what asks for a token gets it checked here.</summary>
    public static IApplicationBuilder UseAccessTokenCheck(this IApplicationBuilder app) => app.Use(AccessTokenHandler.InvokeAsync);
}
