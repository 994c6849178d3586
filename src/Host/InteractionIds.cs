using System.Security.Cryptography;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>
/// Puts <c>x-fapi-interaction-id</c> on every answer, errors included (OB-HDR-1, RS-10): the request's own where it is a UUID, else a
/// fresh one, so that nobody's free text comes back in a header (OB-HDR-2); the UK endpoints refuse such a request besides.
/// </summary>
internal sealed class InteractionIds(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http)
    {
        var sent = http.Request.Headers[InteractionId.Header];
        var good = sent.Count == 1 && Guid.TryParseExact(sent[0], "D", out _);
        var id = good ? sent[0]! : Fresh();
        http.SetInteractionIdentifier(id);

        // At the start of the answer, because whoever answers an error may clear the headers first.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[InteractionId.Header] = id;
            return Task.CompletedTask;
        });
        return next(http);
    }

    /// <summary>A random UUID, version 4.</summary>
    private static string Fresh()
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D");
    }
}

/// <summary>Which paths are for programs; on all others a person sees what comes back.</summary>
internal static class Paths
{
    private static readonly PathString[] ForPrograms =
    [
        "/open-banking", "/par", "/token", "/introspect", "/revoke", "/userinfo", "/register", "/jwks", "/.well-known", "/health", "/sandbox/control",
        "/sandbox/directory/jwks", "/sandbox/directory/software", "/core-bank",
    ];

    public static bool IsOpenBanking(PathString path) => path.StartsWithSegments("/open-banking", StringComparison.OrdinalIgnoreCase);

    public static bool IsForPrograms(PathString path) =>
        ForPrograms.Any(prefix => path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase));
}
