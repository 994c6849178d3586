namespace OpenBanking.Identity.Metadata;

/// <summary>The APIs that tokens of this server are for.</summary>
internal static class ProtectedResources
{
    private const string Root = "/open-banking";

    /// <summary>What introspection names as <c>aud</c>: the API, never the client.</summary>
    public static string Audience(AuthorizationServerOptions options) => options.Endpoint(Root);

    /// <summary>Whether a <c>resource</c> parameter names an API of ours, on either of its addresses (TOK-12).</summary>
    public static bool IsKnown(string resource, AuthorizationServerOptions options) =>
        IsUnder(resource, options.Endpoint(Root)) || (options.MtlsEndpoint(Root) is { } mtls && IsUnder(resource, mtls));

    // Compared as text, since whoever asks has the address from us.
    private static bool IsUnder(string resource, string root) =>
        resource == root || (resource.StartsWith(root + "/", StringComparison.Ordinal) && !resource.AsSpan().ContainsAny('?', '#'));
}
