using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;
using OpenBanking.Web.Portal;

namespace OpenBanking.Host;

/// <summary>The sandbox's directory for programs and, at <c>/sandbox/directory</c>, for people. Outside the sandbox nothing of it is routed.</summary>
internal sealed class SandboxDirectoryEndpoints(SandboxDirectory directory, HostSettings settings)
{
    private const string Page = "/sandbox/directory";
    private const int MaxRedirects = 20;

    public static void Map(WebApplication app)
    {
        app.MapGet(Page, () => Portal.ShowDirectory(null, []));
        app.MapPost(Page, (HttpContext http, SandboxDirectoryEndpoints endpoints) => endpoints.PostPageAsync(http, http.RequestAborted)).DisableAntiforgery();
        app.MapGet(Page + "/jwks", (SandboxDirectory directory) => Results.Text(directory.Jwks, "application/json"));
        app.MapPost(Page + "/software", (HttpContext http, SandboxDirectoryEndpoints endpoints) => endpoints.PostAsync(http, http.RequestAborted));
        app.MapGet(Page + "/software/{softwareId}/jwks", (HttpContext http, string softwareId, SandboxDirectoryEndpoints endpoints) =>
            endpoints.KeysAsync(softwareId, http.RequestAborted));
        app.MapPost(Page + "/software/{softwareId}/statement", (HttpContext http, string softwareId, SandboxDirectoryEndpoints endpoints) =>
            endpoints.StatementAsync(http, softwareId, http.RequestAborted));
    }

    private async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        if (!http.Request.HasJsonContentType()) return Problem("the body must be application/json");
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, ct);
        if (!StrictJson.TryParseObject(body.GetBuffer().AsSpan(0, (int)body.Length), out var json)) return Problem("the body is not one JSON object");
        var given = new Given(
            Claims.Text(json, "client_name"),
            Texts(json, "redirect_uris"),
            json.TryGetProperty("roles", out _) ? Texts(json, "roles") : ["AISP"],
            json.TryGetProperty("jwks", out var jwks) ? jwks.GetRawText() : null,
            Claims.Text(json, "jwks_uri"),
            Claims.Text(json, "csr"),
            json.TryGetProperty("jwk", out var jwk) ? jwk.GetRawText() : null);
        if (Judge(given).Failed(out var problem, out var request)) return Problem(problem);

        var entry = await directory.AddAsync(request, ct);
        http.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            new
            {
                org_id = entry.OrganisationId,
                software_id = entry.SoftwareId,
                software_statement = entry.Statement,
                certificate = entry.Certificate,
                tls_client_auth_subject_dn = entry.Subject,
                jwks_uri = entry.JwksUri,
                registration_endpoint = RegistrationAddress,
                directory_access_token = entry.AccessToken,
            },
            statusCode: StatusCodes.Status201Created);
    }

    private async Task<IResult> StatementAsync(HttpContext http, string softwareId, CancellationToken ct)
    {
        const string Scheme = "Bearer ";
        var header = http.Request.Headers.Authorization;
        var token = header.Count == 1 && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..] : null;
        if (await directory.StatementAsync(softwareId, token, ct) is { } statement)
        {
            http.Response.Headers.CacheControl = "no-store";
            return Results.Json(new { software_statement = statement }, statusCode: StatusCodes.Status201Created);
        }

        http.Response.Headers.WWWAuthenticate = "Bearer";
        return Results.StatusCode(StatusCodes.Status401Unauthorized);
    }

    private async Task<IResult> KeysAsync(string softwareId, CancellationToken ct) =>
        await directory.KeysOfAsync(softwareId, ct) is { } jwks ? Results.Text(jwks, "application/json") : Results.NotFound();

    /// <summary>The form needs no protection against other sites: it gives its sender something, and does nothing for whoever is signed in.</summary>
    private async Task<IResult> PostPageAsync(HttpContext http, CancellationToken ct)
    {
        if (!http.Request.HasFormContentType) return Portal.ShowDirectory("The form could not be read.", []);
        IFormCollection form;
        try
        {
            form = await http.Request.ReadFormAsync(ct);
        }
        catch (Exception broken) when (broken is InvalidDataException or NotSupportedException or (IOException and not BadHttpRequestException))
        {
            return Portal.ShowDirectory("The form could not be read.", []);
        }

        var given = new Given(
            form["name"],
            form["redirects"].ToString().Split(['\r', '\n', ' '], StringSplitOptions.RemoveEmptyEntries),
            [.. form["role"].OfType<string>()],
            form["jwks"].ToString() is { Length: > 0 } jwks ? jwks : null,
            null,
            form["csr"].ToString() is { Length: > 0 } csr ? csr : null,
            null);
        if (Judge(given).Failed(out var problem, out var request))
            return Portal.ShowDirectory($"This could not be taken: {problem}.", [], form.ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal));

        var entry = await directory.AddAsync(request, ct);
        return Portal.ShowDirectory(
            null,
            [
                ("Organisation id", entry.OrganisationId),
                ("Software id", entry.SoftwareId),
                ("Software statement", entry.Statement),
                ("Client certificate", entry.Certificate),
                ("Subject for tls_client_auth", entry.Subject),
                ("Address of your keys", entry.JwksUri),
                ("Register at", RegistrationAddress),
                ("Token for further statements", entry.AccessToken),
            ]);
    }

    private string RegistrationAddress => settings.MtlsIssuer.OriginalString.TrimEnd('/') + "/register";

    private static Outcome<DirectoryRequest, string> Judge(Given given)
    {
        if (given.Name is not { Length: > 0 and <= 100 } name) return "a name of 1 to 100 characters is needed";
        if (given.RedirectUris is not { Count: > 0 and <= MaxRedirects } redirects) return "one to twenty redirect URIs are needed";
        if (redirects.Any(uri => !Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Scheme != Uri.UriSchemeHttps)) return "redirect URIs must be https addresses";
        if (given.Roles is not { Count: > 0 } roles || roles.Except(SandboxDirectory.AllRoles, StringComparer.Ordinal).Any()) return "roles are one or more of AISP, PISP and CBPII";
        if (given.Jwks is null == given.JwksUri is null) return "public keys are needed, as jwks or as jwks_uri";
        if (given.JwksUri is not null && (!Uri.TryCreate(given.JwksUri, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps)) return "jwks_uri must be an https address";
        KeySet? set = null;
        if (given.Jwks is not null && (KeySet.Parse(Encoding.UTF8.GetBytes(given.Jwks)).Failed(out _, out set) || set.Keys.Count == 0)) return "jwks must hold a public key for signatures and no private one";
        if (CertificateKey(given) is not { } key) return "the certificate needs a public key: a certificate signing request (csr) in PEM, a jwk, or the first of jwks; EC P-256 or RSA of 2048 bits or more";
        return new DirectoryRequest(name, redirects, [.. roles.Distinct(StringComparer.Ordinal)], given.Jwks, given.JwksUri, key);
    }

    private static PublicKey? CertificateKey(Given given)
    {
        if (given.SigningRequest is not null) return OfSigningRequest(given.SigningRequest);
        var text = given.Jwk ?? given.Jwks;
        if (text is null || !StrictJson.TryParseObject(Encoding.UTF8.GetBytes(text), out var json)) return null;
        if (given.Jwk is null) json = json.GetProperty("keys").EnumerateArray().FirstOrDefault();
        return json.ValueKind == JsonValueKind.Object && !JsonWebKey.Parse(json).Failed(out _, out _) ? OfJwk(json) : null;
    }

    private static PublicKey? OfSigningRequest(string pem)
    {
        try
        {
            // Its signature is checked: nobody gets a certificate for another's key by it.
            var key = CertificateRequest.LoadSigningRequestPem(pem, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default, RSASignaturePadding.Pkcs1).PublicKey;
            using var rsa = key.GetRSAPublicKey();
            using var ec = key.GetECDsaPublicKey();
            return rsa?.KeySize >= 2048 || ec?.KeySize == 256 ? key : null;
        }
        catch (Exception broken) when (broken is CryptographicException or ArgumentException)
        {
            return null;
        }
    }

    private static PublicKey? OfJwk(JsonElement jwk)
    {
        byte[] Number(string name) => System.Buffers.Text.Base64Url.DecodeFromChars(Claims.Text(jwk, name));
        try
        {
            if (Claims.Text(jwk, "kty") == "RSA")
            {
                using var rsa = RSA.Create(new RSAParameters { Modulus = Number("n"), Exponent = Number("e") });
                return new PublicKey(rsa);
            }

            using var ec = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Number("x"), Y = Number("y") } });
            return new PublicKey(ec);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string[]? Texts(JsonElement json, string name) =>
        json.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(item => item.GetString()!)]
            : null;

    private static IResult Problem(string what) => Results.Json(new { error = what }, statusCode: StatusCodes.Status400BadRequest);

    private sealed record Given(
        string? Name, IReadOnlyList<string>? RedirectUris, IReadOnlyList<string>? Roles, string? Jwks, string? JwksUri, string? SigningRequest, string? Jwk);
}
