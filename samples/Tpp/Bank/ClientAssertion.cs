using System.Text.Json.Nodes;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Samples.Tpp.Bank;

/// <summary>How a client with <c>private_key_jwt</c> says who it is (RFC 7523).</summary>
internal static class ClientAssertion
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    /// <summary>A fresh one for every request. Its audience is the issuer, as a string, whichever endpoint it goes to (FAPI 2.0, 5.3.3.1).</summary>
    public static string Create(SigningKey key, string clientId, string issuer, DateTimeOffset now) => Jws.Sign(key, null, new JsonObject
    {
        ["iss"] = clientId,
        ["sub"] = clientId,
        ["aud"] = issuer,
        ["jti"] = Handle.New().Value,
        ["iat"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.Add(Lifetime).ToUnixTimeSeconds(),
    });
}
