using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

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

    /// <summary>Before every endpoint: what asks for a token gets it checked here.</summary>
    public static IApplicationBuilder UseAccessTokenCheck(this IApplicationBuilder app) => app.Use(AccessTokenHandler.InvokeAsync);
}
