using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Kernel;

namespace OpenBanking.ResourceServer.Introspection;

/// <summary>What a token stands for, as the authorization server tells a resource server in another process (RFC 7662, RFC 9701).</summary>
internal sealed class IntrospectedTokens(IntrospectionClient bank, TokenCache cache, IOptions<IntrospectionOptions> options, TimeProvider time) : ITokenSource
{
    public async Task<Outcome<VerifiedToken, TokenFault>> FindAsync(HttpContext http, string token, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var hash = Handle.HashOf(token);
        if (cache.Find(hash, now) is { } known) return known;
        if ((await bank.AskAsync(token, ct)).Failed(out var fault, out var answer)) return fault;
        if (TokenDescription.Of(answer.Members, options.Value.Issuer, now) is not { } described) return TokenFault.NotValid("RS-03");

        cache.Keep(hash, described.Token, described.ExpiresAt, now);
        return described.Token;
    }
}

/// <summary>The members of an answer, whichever form it came in.</summary>
internal sealed record IntrospectionAnswer(JsonElement Members);
