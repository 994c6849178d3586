using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace OpenBanking.Web.Portal;

/// <summary>Style sheet, script, font and wordmark. Addresses carry a hash of the content, so that browsers may keep them for good.</summary>
internal sealed class PortalFiles
{
    private const string Prefix = "wwwroot/";
    private readonly FrozenDictionary<string, PortalFile> files;

    private PortalFiles(FrozenDictionary<string, PortalFile> files) => this.files = files;

    /// <summary>Reads them from the assembly, once.</summary>
    public static PortalFiles Load()
    {
        var assembly = typeof(PortalFiles).Assembly;
        return new PortalFiles(assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name => Read(assembly, name), StringComparer.Ordinal));
    }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/portal/{**name}", (string name, HttpContext http, PortalFiles all) => all.Get(name, http));

    /// <summary>The address of a file, as pages write it.</summary>
    public string AddressOf(string name) => $"/portal/{name}?v={files[name].Version}";

    private IResult Get(string name, HttpContext http)
    {
        if (!files.TryGetValue(name, out var file)) return Results.NotFound();
        http.Response.Headers.CacheControl =
            http.Request.Query["v"] == file.Version ? "public, max-age=31536000, immutable" : "no-cache";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Bytes(file.Content, file.ContentType);
    }

    private static PortalFile Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        var type = Path.GetExtension(name) switch
        {
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".woff2" => "font/woff2",
            _ => "text/plain; charset=utf-8",
        };
        return new PortalFile(content, type, Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8)));
    }

    private sealed record PortalFile(byte[] Content, string ContentType, string Version);
}
