using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Kernel.Jose;

/// <summary>
/// A signed JWT in compact form, strictly parsed. Parsing proves nothing: what stands in it is a stranger's word until
/// <see cref="Verify(KeySet, JwsPolicy)"/> has answered null.
/// </summary>
public sealed class Jws
{
    private readonly CompactJws compact;

    private Jws(CompactJws compact, JsonElement payload)
    {
        this.compact = compact;
        Payload = payload;
    }

    public string Algorithm => compact.Algorithm;

    public string? Type => compact.Type;

    public string? KeyId => compact.KeyId;

    public JsonElement Header => compact.Header;

    public JsonElement Payload { get; }

    /// <summary>Reads a message; malformed is a fault, never an exception.</summary>
    public static Outcome<Jws, JoseFault> Parse(string compact, int maxLength = 16384) => Parse(compact, maxLength, embeddedKey: false);

    /// <summary>Null when a key of the set made the signature and the policy takes the message.</summary>
    public JoseFault? Verify(KeySet keys, JwsPolicy policy) => compact.Verify(keys, policy);

    /// <summary>Null when this key made the signature and the policy takes the message.</summary>
    public JoseFault? Verify(JsonWebKey key, JwsPolicy policy) => compact.Verify(key, policy);

    /// <summary>A new message, with <c>alg</c>, <c>kid</c> and, if given, <c>typ</c> in its header.</summary>
    public static string Sign(SigningKey key, string? typ, JsonObject payload)
    {
        var header = new JsonObject { ["alg"] = key.Algorithm, ["kid"] = key.KeyId };
        if (typ is not null) header["typ"] = typ;
        return SignWith(key, header, payload);
    }

    internal static string SignWith(SigningKey key, JsonObject header, JsonObject payload)
    {
        var input = Encode(header) + "." + Encode(payload);
        return input + "." + Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(input)));
    }

    internal static Outcome<Jws, JoseFault> Parse(string compact, int maxLength, bool embeddedKey)
    {
        if (CompactJws.Parse(compact, maxLength, embeddedKey).Failed(out var fault, out var message)) return fault;
        return StrictJson.TryParseObject(message.Payload, out var payload)
            ? new Jws(message, payload)
            : new JoseFault("KEY-09", "the payload is not strict JSON");
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
