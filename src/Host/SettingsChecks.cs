using System.Net;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Npgsql;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Host;

/// <summary>What must hold before Host starts: each line is a sentence that names the setting (OP-18).</summary>
internal static class SettingsChecks
{
    /// <summary>The oldest framework without CVE-2026-40372 in the key ring (OP-05).</summary>
    internal static readonly Version OldestFramework = new(10, 0, 7);

    private static readonly string[] WellKnownPasswords = ["", "postgres", "password", "openbanking", "admin", "secret", "changeme", "test"];

    /// <summary>What of the sandbox must not be where real customers are.</summary>
    private static readonly (string Setting, string Sentence)[] SandboxOnly =
    [
        ("Identity:ClientsFile", "Identity__ClientsFile is for the sandbox; outside it clients register themselves."),
        ("Identity:SandboxDirectory:Issuer", "Identity__SandboxDirectory__Issuer is for the sandbox and must not be set outside it."),
        ("Identity:SandboxClientCertificateAuthority", "Identity__SandboxClientCertificateAuthority is for the sandbox and must not be set outside it."),
    ];

    /// <summary>Refuses to start where anything stands in the way; says all of it at once.</summary>
    public static void RefuseProblems(HostSettings settings, IConfiguration configuration)
    {
        var problems = FrameworkProblems(FrameworkVersion(), Environment.Version)
            .Concat(ForwardingProblems(configuration))
            .Concat(settings.Sandbox ? InSandbox(settings) : OutsideSandbox(settings, configuration))
            .ToList();
        if (problems.Count > 0) throw new SettingsException(string.Join(Environment.NewLine, problems));
    }

    internal static IEnumerable<string> FrameworkProblems(Version aspNetCore, Version runtime)
    {
        if (aspNetCore < OldestFramework || runtime < OldestFramework)
            yield return $"The .NET runtime must be {OldestFramework} or newer (CVE-2026-40372); this is ASP.NET Core {aspNetCore} on .NET {runtime}.";
    }

    /// <summary>What the database says that only the database can say.</summary>
    public static async Task RefuseSandboxDataAsync(HostSettings settings, HostDatabase database, CancellationToken ct)
    {
        var holdsSandbox = await database.ReadAsync(SandboxMark, ct) is not null;
        if (holdsSandbox && !settings.Sandbox)
            throw new SettingsException("ConnectionStrings__OpenBanking names a database with sandbox data, which must not be used outside the sandbox.");
        if (settings.Sandbox && !holdsSandbox) await database.WriteAsync(SandboxMark, "true", ct);
    }

    private const string SandboxMark = "sandbox";

    // The framework's switch would have us believe anybody's word on who calls and by which name (OA-53, OP-08).
    private static IEnumerable<string> ForwardingProblems(IConfiguration configuration)
    {
        if (string.Equals(configuration["FORWARDEDHEADERS_ENABLED"] ?? configuration["ASPNETCORE_FORWARDEDHEADERS_ENABLED"], "true", StringComparison.OrdinalIgnoreCase))
            yield return "ASPNETCORE_FORWARDEDHEADERS_ENABLED must not be on: it believes every caller's X-Forwarded headers.";
        if (ForwardedFrom.Problem(configuration) is { } problem) yield return problem;

        // FWD-03: a port for nobody is a mistake.
        else if (configuration["OPENBANKING_PROXIED_PORT"] is { Length: > 0 } && !ForwardedFrom.Of(configuration).IsSet)
            yield return "OPENBANKING_PROXIED_PORT needs Forwarded__From: without listed proxies nobody's Client-Cert is believed.";
    }

    private static IEnumerable<string> InSandbox(HostSettings settings)
    {
        if (settings.Production) yield return "Sandbox must not be on where ASPNETCORE_ENVIRONMENT is Production.";
        if (settings.Issuer.Scheme != Uri.UriSchemeHttps) yield return "Identity__Issuer must be an https address.";
        if (settings.MtlsIssuer.Scheme != Uri.UriSchemeHttps) yield return "Identity__MtlsIssuer must be an https address.";
    }

    private static IEnumerable<string> OutsideSandbox(HostSettings settings, IConfiguration configuration)
    {
        foreach (var problem in DatabaseProblems(settings.ConnectionString)) yield return problem;
        foreach (var (name, address) in (IEnumerable<(string, Uri)>)[("Identity__Issuer", settings.Issuer), ("Identity__MtlsIssuer", settings.MtlsIssuer)])
        {
            if (address.Scheme != Uri.UriSchemeHttps) yield return $"{name} must be an https address.";
            else if (address.IsLoopback) yield return $"{name} must be set to the public address of this server.";
        }

        foreach (var problem in CertificateProblems(configuration["Tls:CertificateFile"], configuration["Tls:KeyFile"])) yield return problem;
        if (configuration[KeyRing.FileSetting] is not { Length: > 0 })
            yield return "KeyEncryption__File must name a file with the key that encrypts the key ring: 32 random bytes as base64.";
        else if (Problem(() => KeyRing.FromFile(configuration[KeyRing.FileSetting]!)) is { } broken)
            yield return broken;
        foreach (var (setting, sentence) in SandboxOnly)
        {
            if (configuration[setting] is { Length: > 0 }) yield return sentence;
        }

        // Third parties judge our signatures by it (OB-JWS-17).
        if (configuration["Identity:OrganisationId"] is not { } organisation || organisation.Trim() is "" or HostSettings.SandboxOrganisation)
            yield return $"Identity__OrganisationId must be the bank's id in its directory, as its signatures name it; {HostSettings.SandboxOrganisation} is the sandbox's.";
        if (configuration.GetValue<bool>("Identity:AllowLoopbackTargets"))
            yield return "Identity__AllowLoopbackTargets is for the sandbox: outside it clients could have this machine called.";
        if (string.Equals(configuration["Logging:LogLevel:Default"], nameof(LogLevel.Trace), StringComparison.OrdinalIgnoreCase))
            yield return "Logging__LogLevel__Default must not be Trace outside the sandbox.";
    }

    private static IEnumerable<string> DatabaseProblems(string? connectionString)
    {
        if (connectionString is null)
        {
            yield return "ConnectionStrings__OpenBanking must name a PostgreSQL server; the embedded one is for the sandbox only.";
            yield break;
        }

        NpgsqlConnectionStringBuilder? parsed = null;
        if (Problem(() => parsed = new NpgsqlConnectionStringBuilder(connectionString)) is not null || parsed is null)
        {
            yield return "ConnectionStrings__OpenBanking is not a connection string of PostgreSQL.";
            yield break;
        }

        var isHere = parsed.Host is null || parsed.Host.StartsWith('/') || parsed.Host == "localhost"
            || (IPAddress.TryParse(parsed.Host, out var address) && IPAddress.IsLoopback(address));
        if (!isHere && parsed.SslMode != SslMode.VerifyFull)
            yield return "ConnectionStrings__OpenBanking must say SSL Mode=VerifyFull, because the server is on another machine.";
        if (WellKnownPasswords.Contains(parsed.Password ?? "", StringComparer.OrdinalIgnoreCase) && string.IsNullOrEmpty(parsed.SslCertificate) && parsed.Host?.StartsWith('/') != true)
            yield return "ConnectionStrings__OpenBanking must have a password that is not a well-known one.";
    }

    private static IEnumerable<string> CertificateProblems(string? certificateFile, string? keyFile)
    {
        if (certificateFile is not { Length: > 0 } || keyFile is not { Length: > 0 })
        {
            yield return "Tls__CertificateFile and Tls__KeyFile must name the server's certificate and key; the sandbox's own are for the sandbox only.";
            yield break;
        }

        X509Certificate2 certificate = null!;
        if (Problem(() => certificate = ServerCertificates.FromFiles(certificateFile, keyFile, Server.RealTime).Current.Certificate) is { } broken)
        {
            yield return broken;
            yield break;
        }

        using var rsa = certificate.GetRSAPublicKey();
        if (rsa is not { KeySize: >= 2048 }) yield return "Tls__CertificateFile must be an RSA certificate of at least 2048 bits (TLS-05).";
        if (certificate.Issuer.Contains("OpenBanking sandbox", StringComparison.Ordinal))
            yield return "Tls__CertificateFile is a certificate of the sandbox, which must not be used outside it.";
        certificate.Dispose();
    }

    private static string? Problem(Func<object> attempt)
    {
        try
        {
            _ = attempt();
            return null;
        }
        catch (Exception problem) when (problem is SettingsException or ArgumentException or FormatException)
        {
            return problem.Message;
        }
    }

    private static Version FrameworkVersion()
    {
        var text = typeof(IDataProtector).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        return Version.TryParse(text.Split('+', '-')[0], out var version) ? version : new Version(0, 0);
    }
}
