using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.Host;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>What must not start does not start, and says why in a sentence that names the setting (R36).</summary>
public sealed class SettingsTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string folder = Directory.CreateTempSubdirectory("openbanking-settings-").FullName;

    public static TheoryData<string, string, string?, string> Refused => new()
    {
        { "sandbox on", "Sandbox", "true", "Sandbox must not be on" },
        { "embedded database", "ConnectionStrings__OpenBanking", null, "ConnectionStrings__OpenBanking must name a PostgreSQL server" },
        { "well-known password", "ConnectionStrings__OpenBanking", "Host=localhost;Username=bank;Password=postgres", "ConnectionStrings__OpenBanking must have a password" },
        { "database far away in clear", "ConnectionStrings__OpenBanking", "Host=db.bank.test;Username=bank;Password=Zk31-a8f0", "ConnectionStrings__OpenBanking must say SSL Mode=VerifyFull" },
        { "no issuer", "Identity__Issuer", null, "Identity__Issuer must be set to the public address" },
        { "http issuer", "Identity__Issuer", "http://auth.bank.test", "Identity__Issuer must be an https address" },
        { "no address for certificates", "Identity__MtlsIssuer", null, "Identity__MtlsIssuer must be set to the public address" },
        { "no certificate", "Tls__CertificateFile", null, "Tls__CertificateFile and Tls__KeyFile must name" },
        { "certificate of the sandbox", "Tls__CertificateFile", "sandbox.crt", "Tls__CertificateFile is a certificate of the sandbox" },
        { "short RSA key", "Tls__CertificateFile", "short.crt", "Tls__CertificateFile must be an RSA certificate of at least 2048 bits" },
        { "key of the server readable by others", "Tls__KeyFile", "open.key", "can be read by others" },
        { "no key encryption", "KeyEncryption__File", null, "KeyEncryption__File must name a file" },
        { "key encryption readable by others", "KeyEncryption__File", "open.key", "can be read by others" },
        { "default key encryption", "KeyEncryption__File", "zero.key", "KeyEncryption__File holds no random key" },
        { "clients from a file", "Identity__ClientsFile", "clients.json", "Identity__ClientsFile is for the sandbox" },
        { "nobody's signature", "Identity__OrganisationId", null, "Identity__OrganisationId must be the bank's id in its directory" },
        { "signature of the sandbox", "Identity__OrganisationId", "0000000000SANDBOX0", "Identity__OrganisationId must be the bank's id in its directory" },
        { "calls to this machine", "Identity__AllowLoopbackTargets", "true", "Identity__AllowLoopbackTargets is for the sandbox" },
        { "log of everything", "Logging__LogLevel__Default", "Trace", "Logging__LogLevel__Default must not be Trace" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    [Trait("Rule", "OP-18")]
    [Trait("Rule", "OP-04")]
    [Trait("Rule", "OP-17")]
    [Trait("Rule", "TLS-05")]
    public async Task Production_refuses_to_start_with(string what, string setting, string? value, string sentence)
    {
        var environment = GoodProduction();
        environment[setting] = value is not null && File.Exists(Path.Combine(folder, value)) ? Path.Combine(folder, value) : value;

        if (value?.EndsWith(".crt", StringComparison.Ordinal) == true) environment["Tls__KeyFile"] = Path.Combine(folder, Path.ChangeExtension(value, ".key"));

        var (exit, output, took) = await HostProcess.RunAsync(environment, Path.Combine(folder, "data"));

        Assert.True(exit == 1, $"{what}: exit code {exit}, {output}");
        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.True(took < TimeSpan.FromSeconds(45), $"{what}: took {took}"); // 5 s on an idle machine; tests share theirs.
    }

    [Fact]
    [Trait("Rule", "OP-18")]
    public async Task Production_with_good_settings_gets_as_far_as_the_database()
    {
        var (exit, output, _) = await HostProcess.RunAsync(GoodProduction(), Path.Combine(folder, "data"));

        Assert.Equal(1, exit);
        Assert.StartsWith("ConnectionStrings__OpenBanking: the database cannot be used", output.Trim(), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Rule", "FWD-03")]
    [InlineData("OPENBANKING_PORT", "http", "OPENBANKING_PORT must be a port number from 1 to 65535.")]
    [InlineData("OPENBANKING_MTLS_PORT", "70000", "OPENBANKING_MTLS_PORT must be a port number from 1 to 65535.")]
    [InlineData("OPENBANKING_BIND", "everywhere", "OPENBANKING_BIND must be an IP address.")]
    [InlineData("Sandbox", "maybe", "Sandbox must be true or false.")]
    [InlineData("Stop__DrainSeconds", "21", "Stop__DrainSeconds must be a whole number from 0 to 20.")]
    [InlineData("RateLimits__ClientRequests", "0", "RateLimits__ClientRequests must be a whole number above 0.")]
    [InlineData("RateLimits__Requests", "-1", "RateLimits__Requests must be a whole number above 0.")]
    [InlineData("Identity__AccessTokenLifetime", "02:00:00", "Identity:AccessTokenLifetime must be from 1 second to 60 minutes")]
    [InlineData("Identity__AccessTokenLifetime", "soon", "Failed to convert configuration value 'soon' at 'Identity:AccessTokenLifetime' to type 'System.TimeSpan'.")]
    [InlineData("Identity__ClientsFile", "/nowhere/clients.json", "Identity:ClientsFile names a file that is not there")]
    [InlineData("Consent__MaxUnauthorised", "0", "Consent:MaxUnauthorised must be at least 1")]
    [InlineData("Consent__EndedLifetime", "395.23:59:59", "Consent:EndedLifetime must be at least 396 days")]
    [InlineData("Portal__TimeZone", "Mars/Olympus", "Portal:TimeZone must be the name of a time zone, such as Europe/London")]
    [InlineData("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true", "ASPNETCORE_FORWARDEDHEADERS_ENABLED must not be on: it believes every caller's X-Forwarded headers.")]
    [InlineData("Forwarded__From", "proxy.example", "Forwarded__From must be addresses or networks of proxies, such as 10.0.0.0/8, with commas between, and not everybody.")]
    [InlineData("Identity__SignInHistory", "29.00:00:00", "Identity:SignInHistory must be from 30 to 36500 days")]
    [InlineData("Policies__Rules__NewDevice__Outcome", "Forbid", "Policies__Rules__NewDevice__Outcome must be Allow, AskAgain, Delay or Refuse.")]
    [InlineData("Policies__CountryHeader", "X-Country", "Policies__CountryHeader needs Forwarded__From: only a listed proxy is believed.")]
    [InlineData("OPENBANKING_PROXIED_PORT", "5003", "OPENBANKING_PROXIED_PORT needs Forwarded__From: without listed proxies nobody's Client-Cert is believed.")]
    [InlineData("Identity__Issuer", "bank", "Identity:Issuer must be an https address without query and fragment.")]
    public async Task A_broken_setting_is_one_sentence(string setting, string value, string sentence)
    {
        var (exit, output, _) = await HostProcess.RunAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal) { [setting] = value, ["ConnectionStrings__OpenBanking"] = "Host=/nowhere;Password=x" },
            Path.Combine(folder, "data"));

        Assert.Equal(1, exit);
        Assert.Equal(sentence, output.Trim());
    }

    [Theory]
    [Trait("Rule", "FWD-07")]
    [InlineData("OPENBANKING_PORT")]
    [InlineData("OPENBANKING_MTLS_PORT")]
    public async Task The_port_for_proxies_is_none_of_the_others(string other)
    {
        var port = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        var (exit, output, _) = await HostProcess.RunAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal) { [other] = port, ["OPENBANKING_PROXIED_PORT"] = port, ["Forwarded__From"] = "10.0.0.1" },
            Path.Combine(folder, "data"));

        Assert.Equal(1, exit);
        Assert.Equal("OPENBANKING_PROXIED_PORT must be a port of its own: there a proxy says which certificate was shown, elsewhere TLS does.", output.Trim());
    }

    [Fact]
    [Trait("Rule", "OP-19")]
    public async Task A_database_of_a_newer_version_is_left_alone()
    {
        await using var database = await TestDatabase.CreateAsync();
        await database.ExecuteAsync("INSERT INTO consent.migrations VALUES ('29990101000000_FromTheFuture', '10.0.14')");

        var (exit, output, _) = await HostProcess.RunAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["ConnectionStrings__OpenBanking"] = database.ConnectionString },
            Path.Combine(folder, "data"));

        Assert.Equal(1, exit);
        Assert.Contains("the schema 'consent' has the migration '29990101000000_FromTheFuture'", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_sentence()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

        var (exit, output, _) = await HostProcess.RunAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["OPENBANKING_PORT"] = port }, Path.Combine(folder, "data"));

        Assert.Equal(1, exit);
        Assert.Equal($"OPENBANKING_PORT: port {port} is in use; stop what listens there or choose another port.", output.Trim());
    }

    [Theory]
    [InlineData("10.0.6", "10.0.12", true)]
    [InlineData("10.0.12", "10.0.6", true)]
    [InlineData("10.0.7", "10.0.7", false)]
    [Trait("Rule", "OP-05")]
    public void A_framework_with_the_hole_in_its_key_ring_is_refused(string aspNetCore, string runtime, bool isRefused) =>
        Assert.Equal(isRefused, SettingsChecks.FrameworkProblems(Version.Parse(aspNetCore), Version.Parse(runtime)).Any());

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Dictionary<string, string?> GoodProduction()
    {
        Certificate("server", 2048, "CN=auth.bank.test, O=A Bank");
        Certificate("short", 1024, "CN=auth.bank.test, O=A Bank");
        Certificate("sandbox", 2048, "CN=localhost, O=OpenBanking sandbox");
        Write("ring.key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        Write("zero.key", Convert.ToBase64String(new byte[32]));
        Write("open.key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(Path.Combine(folder, "open.key"), OwnerOnly | UnixFileMode.OtherRead);
        Write("clients.json", "[]");
        return new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ConnectionStrings__OpenBanking"] = "Host=/nowhere;Username=bank;Password=Zk31-a8f0",
            ["Identity__Issuer"] = "https://auth.bank.test",
            ["Identity__MtlsIssuer"] = "https://mtls.bank.test",
            ["Tls__CertificateFile"] = Path.Combine(folder, "server.crt"),
            ["Tls__KeyFile"] = Path.Combine(folder, "server.key"),
            ["KeyEncryption__File"] = Path.Combine(folder, "ring.key"),
            ["Identity__OrganisationId"] = "001580000ALDERAAA",
        };
    }

    private void Certificate(string name, int bits, string subject)
    {
        using var key = RSA.Create(bits);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        Write($"{name}.crt", made.ExportCertificatePem());
        Write($"{name}.key", key.ExportPkcs8PrivateKeyPem());
    }

    private void Write(string name, string text)
    {
        File.WriteAllText(Path.Combine(folder, name), text);
        File.SetUnixFileMode(Path.Combine(folder, name), OwnerOnly);
    }
}
