namespace OpenBanking.Samples.Tpp;

/// <summary>What this app must be told about its bank and itself; every default fits a checkout in which the sandbox runs.</summary>
/// <param name="Issuer">The bank, as its metadata, its ID tokens and its answers to the browser must name it.</param>
/// <param name="BankName">How the customer knows the bank.</param>
/// <param name="Port">Where the customer's browser finds this app.</param>
/// <param name="Data">Keys and connections.</param>
/// <param name="TrustAnchor">The CA of the bank's server certificates.</param>
/// <param name="Certificate">PEM of this app's server certificate; its key in the same file or beside it as <c>.key</c>.</param>
/// <param name="ClientCertificate">PEM of certificate and key for the bank's mutual TLS; without the file that way is not offered.</param>
/// <param name="Api">The bank's APIs for DPoP, where they are not on the issuer's origin.</param>
/// <param name="MtlsApi">The same for certificate-bound tokens, where they are not on the origin of the bank's mTLS aliases.</param>
internal sealed record TppOptions(
    string Issuer,
    string BankName,
    int Port,
    string Data,
    string TrustAnchor,
    string Certificate,
    string ClientCertificate,
    string? Api,
    string? MtlsApi)
{
    public string Origin => $"https://localhost:{Port}";

    /// <summary>The port that was set: the terminal, which listens beside the pages, is another on the same registration.</summary>
    public int HomePort { get; init; }

    /// <summary>What is registered with the bank, byte for byte.</summary>
    public IReadOnlyList<string> RedirectUris
    {
        get
        {
            var home = HomePort == 0 ? Port : HomePort;
            return [$"https://localhost:{home}/callback", $"https://localhost:{home + 1}/callback"];
        }
    }

    /// <summary>The one of them on which we listen.</summary>
    public string RedirectUri => Origin + "/callback";

    public static TppOptions From(IConfiguration configuration)
    {
        var sandbox = configuration["OPENBANKING_DATA"] is { Length: > 0 } set ? set : ".data";
        var bankPort = configuration["OPENBANKING_PORT"] is { Length: > 0 } port ? port : "5001";
        var tpp = configuration.GetSection("Tpp");
        return new TppOptions(
            tpp["Issuer"] ?? $"https://localhost:{bankPort}",
            tpp["BankName"] ?? "your bank",
            int.TryParse(configuration["OPENBANKING_TPP_PORT"] ?? "5010", out var own) ? own : 0,
            Path.GetFullPath(tpp["Data"] ?? Path.Combine(sandbox, "tpp")),
            Path.GetFullPath(tpp["TrustAnchor"] ?? Path.Combine(sandbox, "tls", "ca.crt")),
            Path.GetFullPath(tpp["Certificate"] ?? Path.Combine(sandbox, "tls", "tpp.crt")),
            Path.GetFullPath(tpp["ClientCertificate"] ?? Path.Combine(sandbox, "tpp", "client.pem")),
            tpp["Api"],
            tpp["MtlsApi"]);
    }

    /// <summary>What is wrong with the settings, a sentence each.</summary>
    public IEnumerable<string> Problems()
    {
        if (!Uri.TryCreate(Issuer, UriKind.Absolute, out var issuer) || issuer.Scheme != Uri.UriSchemeHttps)
            yield return "Tpp:Issuer must be an https URL.";
        if (Port is < 1 or > 65534) yield return "OPENBANKING_TPP_PORT must be a port number.";
        foreach (var (name, value) in new[] { ("Tpp:Api", Api), ("Tpp:MtlsApi", MtlsApi) })
        {
            if (value is not null && (!Uri.TryCreate(value, UriKind.Absolute, out var api) || api.Scheme != Uri.UriSchemeHttps))
                yield return $"{name} must be an https URL.";
        }
    }
}
