using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>Keys that tests share, since making RSA keys is slow; and short ways to what a test starts from.</summary>
internal static class TestKeys
{
    public static readonly SigningKey Es256 = SigningKey.Create("ES256");
    public static readonly SigningKey Ps256 = SigningKey.Create("PS256", 2048);
    public static readonly SigningKey Stranger = SigningKey.Create("ES256");

    public static readonly SigningKey[] All = [Es256, Ps256];

    /// <summary>Takes both algorithms, and messages with <c>typ</c> JWT or none.</summary>
    public static readonly JwsPolicy Policy = new(JwsPolicy.FapiAlgorithms, new HashSet<string?> { null, "JWT" });

    public static JsonObject Payload => new() { ["iss"] = "client", ["sub"] = "client", ["aud"] = "https://bank.test", ["exp"] = 1_700_000_000 };

    public static KeySet Set(params IEnumerable<JsonObject> keys) => Ok(KeySet.Parse(Json(keys)));

    public static byte[] Json(params IEnumerable<JsonObject> keys) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray([.. keys]) }.ToJsonString());

    public static JsonElement Element(this JsonObject json) => JsonElement.Parse(json.ToJsonString());

    public static JsonObject With(this JsonObject json, string name, JsonNode? value)
    {
        json[name] = value;
        return json;
    }

    public static JsonObject Without(this JsonObject json, string name)
    {
        json.Remove(name);
        return json;
    }

    public static T Ok<T>(Outcome<T, JoseFault> outcome)
        where T : class
    {
        Assert.False(outcome.Failed(out var fault, out var value), fault?.ToString());
        return value!;
    }

    public static JoseFault Fault<T>(Outcome<T, JoseFault> outcome)
        where T : class
    {
        Assert.True(outcome.Failed(out var fault, out _));
        return fault!;
    }
}
