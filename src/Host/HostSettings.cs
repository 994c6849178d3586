using System.Globalization;
using System.Net;

namespace OpenBanking.Host;

/// <summary>What whoever runs Host may choose. What a standard fixes is a constant where it is used, never a setting.</summary>
internal sealed record HostSettings
{
    /// <summary>Whether this is a bank to try things out in. Everywhere but in Production, unless said otherwise.</summary>
    public required bool Sandbox { get; init; }

    /// <summary>Whether the environment is Production, where nothing of the sandbox may be (OP-18).</summary>
    public required bool Production { get; init; }

    /// <summary>Where Host keeps its files.</summary>
    public required string DataPath { get; init; }

    /// <summary>Browsers, DPoP clients and APIs with DPoP.</summary>
    public required int Port { get; init; }

    /// <summary>The same endpoints for clients that show a certificate (TLS-12).</summary>
    public required int MtlsPort { get; init; }

    /// <summary>
    /// Where proxies call that end TLS and hand on their clients' certificates (RFC 9440); null where there are none. It is never a port
    /// on which clients show certificates themselves (FWD-07).
    /// </summary>
    public required int? ProxiedPort { get; init; }

    /// <summary>The page of the sample third party, which <c>run.sh</c> starts beside Host.</summary>
    public required int TppPort { get; init; }

    /// <summary>The address to listen on; null is loopback, both IPv4 and IPv6.</summary>
    public required IPAddress? Bind { get; init; }

    /// <summary>The issuer, and so the name under which this host is known.</summary>
    public required Uri Issuer { get; init; }

    /// <summary>Base of the endpoints that take client certificates.</summary>
    public required Uri MtlsIssuer { get; init; }

    /// <summary>The names under which this host may be called (OA-53): of issuer and mTLS base, of OPENBANKING_HOSTS, and in the sandbox this machine's.</summary>
    public required IReadOnlyList<string> HostNames { get; init; }

    /// <summary>The database; null has Host run one of its own.</summary>
    public required string? ConnectionString { get; init; }

    /// <summary>How long a host that is asked to stop still answers, told to be left.</summary>
    public required TimeSpan DrainTime { get; init; }

    /// <summary>Who the sandbox's bank is in its signatures; no directory knows it.</summary>
    public const string SandboxOrganisation = "0000000000SANDBOX0";

    public static HostSettings From(IConfiguration configuration, IHostEnvironment environment)
    {
        var production = environment.IsProduction();
        var port = PortOf(configuration, "OPENBANKING_PORT", 5001);
        var mtlsPort = PortOf(configuration, "OPENBANKING_MTLS_PORT", 5002);
        if (port == mtlsPort) throw new SettingsException("OPENBANKING_PORT and OPENBANKING_MTLS_PORT must be two different ports.");
        int? proxiedPort = Text(configuration, "OPENBANKING_PROXIED_PORT") is null ? null : PortOf(configuration, "OPENBANKING_PROXIED_PORT", 0);
        if (proxiedPort == port || proxiedPort == mtlsPort)
            throw new SettingsException("OPENBANKING_PROXIED_PORT must be a port of its own: there a proxy says which certificate was shown, elsewhere TLS does.");
        var sandbox = Flag(configuration, "Sandbox", !production);
        var issuer = Base(configuration, "Identity:Issuer", port);
        var mtlsIssuer = Base(configuration, "Identity:MtlsIssuer", mtlsPort);
        return new HostSettings
        {
            Sandbox = sandbox,
            Production = production,
            DataPath = Path.GetFullPath(Text(configuration, "OPENBANKING_DATA") ?? ".data"),
            Port = port,
            MtlsPort = mtlsPort,
            ProxiedPort = proxiedPort,
            TppPort = PortOf(configuration, "OPENBANKING_TPP_PORT", 5010),
            Bind = Address(configuration, "OPENBANKING_BIND"),
            Issuer = issuer,
            MtlsIssuer = mtlsIssuer,
            HostNames =
            [
                issuer.Host, mtlsIssuer.Host,
                .. (Text(configuration, "OPENBANKING_HOSTS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
                .. sandbox ? ["localhost", "127.0.0.1", "[::1]"] : Array.Empty<string>(),
            ],
            DrainTime = Seconds(configuration, "Stop:DrainSeconds", sandbox ? 1 : 5),
            ConnectionString = Text(configuration, "ConnectionStrings:OpenBanking"),
        };
    }

    /// <summary>What the modules read of this when nobody has set it: addresses follow the ports.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Defaults()
    {
        yield return new("Identity:Issuer", Issuer.OriginalString);
        yield return new("Identity:MtlsIssuer", MtlsIssuer.OriginalString);
        yield return new("Sandbox", Sandbox ? "true" : "false");
        yield return new("Consent:AuditFolder", Path.Combine(DataPath, "audit"));
        yield return new("Logging:LogLevel:Default", "Information");
        yield return new("Logging:LogLevel:Microsoft", "Warning");
        yield return new("Logging:LogLevel:System", "Warning");
        if (!Sandbox) yield break;
        yield return new("Identity:OrganisationId", SandboxOrganisation);
        yield return new("Identity:AllowLoopbackTargets", "true");

        // Testers try the back channel without the browser's way first, and more than a customer would bear.
        yield return new("Identity:BackchannelFirstContact", "true");
        yield return new("RateLimits:BackchannelWaitingPerCustomer", "1000");
        yield return new("RateLimits:BackchannelPerCustomerAndClientAndHour", "100000");
        yield return new("RateLimits:BackchannelWaitingPerClient", "100000");

        // Testers register many clients of one organisation, and enrol many authenticators from one address.
        yield return new("RateLimits:RegistrationsPerOrganisationAndHour", "100");
        yield return new("Policies:Rules:GuessesOfAddress:AddressFailures", "10000");
        yield return new("Policies:Rules:AddressUnderAttack:AddressFailures", "10000");
        yield return new("Identity:SandboxDirectory:Issuer", SandboxDirectory.IssuerOf(this));
        yield return new("Identity:SandboxDirectory:Jwks", Path.Combine(DataPath, SandboxDirectory.KeysFile));
        yield return new("Identity:SandboxClientCertificateAuthority", Path.Combine(DataPath, ServerCertificates.AuthorityFile));
    }

    private static string? Text(IConfiguration configuration, string name) =>
        configuration[name] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    private static int PortOf(IConfiguration configuration, string name, int otherwise)
    {
        if (Text(configuration, name) is not { } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
            ? port
            : throw new SettingsException($"{name} must be a port number from 1 to 65535.");
    }

    private static TimeSpan Seconds(IConfiguration configuration, string name, int otherwise)
    {
        if (Text(configuration, name) is not { } text) return TimeSpan.FromSeconds(otherwise);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 20
            ? TimeSpan.FromSeconds(seconds)
            : throw new SettingsException($"{name.Replace(":", "__", StringComparison.Ordinal)} must be a whole number from 0 to 20.");
    }

    private static bool Flag(IConfiguration configuration, string name, bool otherwise)
    {
        if (Text(configuration, name) is not { } text) return otherwise;
        return bool.TryParse(text, out var flag) ? flag : throw new SettingsException($"{name} must be true or false.");
    }

    private static IPAddress? Address(IConfiguration configuration, string name)
    {
        if (Text(configuration, name) is not { } text) return null;
        return IPAddress.TryParse(text, out var address) ? address : throw new SettingsException($"{name} must be an IP address.");
    }

    private static Uri Base(IConfiguration configuration, string name, int port)
    {
        var text = Text(configuration, name) ?? string.Create(CultureInfo.InvariantCulture, $"https://localhost:{port}");
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Query: "", Fragment: "", UserInfo: "" }
            ? uri
            : throw new SettingsException($"{name} must be an https address without query and fragment.");
    }
}
