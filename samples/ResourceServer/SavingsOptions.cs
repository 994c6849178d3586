using System.Globalization;

namespace OpenBanking.Samples.ResourceServer;

/// <summary>What this API must be told; settings under <c>Savings</c>.</summary>
/// <param name="Issuer">The authorization server.</param>
/// <param name="Port">Where this API listens.</param>
/// <param name="Address">Its public address; also what tokens must be for.</param>
/// <param name="Certificate">PEM of its server certificate; its key beside it as <c>.key</c>.</param>
/// <param name="TrustAnchor">PEM of the CA of the authorization server's certificate.</param>
/// <param name="ClientId">Its own name at the authorization server.</param>
/// <param name="ClientKey">PEM of the key (ES256) with which it says so.</param>
/// <param name="Signed">Whether it wants signed introspection answers.</param>
/// <param name="CacheSeconds">How long it keeps them.</param>
/// <param name="DemandsNonces">Whether DPoP proofs must carry a nonce.</param>
/// <param name="FreshAbove">Above this amount the customer must have authenticated within the last five minutes.</param>
internal sealed record SavingsOptions(
    string Issuer,
    int Port,
    string Address,
    string Certificate,
    string TrustAnchor,
    string ClientId,
    string ClientKey,
    bool Signed,
    int CacheSeconds,
    bool DemandsNonces,
    decimal FreshAbove)
{
    public static SavingsOptions From(IConfiguration configuration)
    {
        var settings = configuration.GetSection("Savings");
        var port = settings.GetValue("Port", 5020);
        return new SavingsOptions(
            settings["Issuer"] ?? "https://localhost:5001",
            port,
            settings["Address"] ?? string.Create(CultureInfo.InvariantCulture, $"https://localhost:{port}"),
            settings["Certificate"] ?? ".data/tls/server.crt",
            settings["TrustAnchor"] ?? ".data/tls/ca.crt",
            settings["ClientId"] ?? "savings",
            settings["ClientKey"] ?? ".data/savings/client-key.pem",
            settings.GetValue("Signed", false),
            settings.GetValue("CacheSeconds", 0),
            settings.GetValue("DemandsNonces", true),
            settings.GetValue("FreshAbove", 100m));
    }

    /// <summary>What is wrong with the settings, a sentence each.</summary>
    public IEnumerable<string> Problems()
    {
        if (Port is < 1 or > 65535) yield return "Savings__Port must be a port number.";
        foreach (var (name, file) in new[] { ("Certificate", Certificate), ("TrustAnchor", TrustAnchor), ("ClientKey", ClientKey) })
        {
            if (!File.Exists(file)) yield return $"Savings__{name} names a file that is not there.";
        }
    }
}
