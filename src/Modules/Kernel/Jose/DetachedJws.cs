using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Kernel.Jose;

/// <summary>
/// A signature that travels beside the message it is for (RFC 7515, appendix F): header and signature, with nothing between them
/// (OB-JWS-1). The message is the exact bytes that were sent, so it is handed in and never made anew (OB-JWS-3).
/// </summary>
public sealed class DetachedJws
{
    private readonly string encodedHeader;
    private readonly byte[] signature;

    private DetachedJws(string encodedHeader, JsonElement header, byte[] signature)
    {
        this.encodedHeader = encodedHeader;
        this.signature = signature;
        Header = header;
    }

    /// <summary>What the header says; a stranger's word until <see cref="Verify"/> is true. Which members it may have is the place's to judge.</summary>
    public JsonElement Header { get; }

    /// <summary>Reads a signature; malformed is a fault, never an exception.</summary>
    public static Outcome<DetachedJws, JoseFault> Parse(string text, int maxLength = 8192)
    {
        if (text.Length > maxLength) return new JoseFault("JO-22", "the signature is too long");
        var first = text.IndexOf('.', StringComparison.Ordinal);
        if (first < 0 || first + 1 >= text.Length || text[first + 1] != '.' || text.AsSpan(first + 2).Contains('.'))
            return new JoseFault("OB-JWS-1", "the signature is not a header, two dots and a signature");
        return StrictBase64Url.TryDecode(text.AsSpan(0, first), out var header)
            && StrictBase64Url.TryDecode(text.AsSpan(first + 2), out var signature)
            && signature.Length > 0
            && StrictJson.TryParseObject(header, out var json)
            ? new DetachedJws(text[..first], json, signature)
            : new JoseFault("OB-JWS-1", "a part of the signature cannot be read");
    }

    /// <summary>Whether this key made the signature over this message (OB-JWS-2).</summary>
    public bool Verify(JsonWebKey key, string algorithm, ReadOnlySpan<byte> message) => key.Verify(algorithm, SigningInput(encodedHeader, message), signature);

    /// <summary>Whether this key made the signature over a message of which <see cref="HashAsync"/> has taken the hash.</summary>
    public bool VerifyHash(JsonWebKey key, string algorithm, byte[] hash) => key.VerifyHash(algorithm, hash, signature);

    /// <summary>The hash of what is signed where the message comes along a stream and is never held whole.</summary>
    public async Task<byte[]> HashAsync(Stream message, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(encodedHeader + "."));

        // Three bytes are four characters, so parts of whole threes are encoded as the whole would be.
        var part = new byte[3 * 16 * 1024];
        int length;
        do
        {
            length = await message.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false);
            hash.AppendData(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(part.AsSpan(0, length))));
        }
        while (length == part.Length);
        return hash.GetHashAndReset();
    }

    /// <summary>A new signature beside a message, with <c>alg</c> and <c>kid</c> before what the header says else.</summary>
    public static string Sign(SigningKey key, JsonObject header, ReadOnlySpan<byte> message)
    {
        var all = new JsonObject { ["alg"] = key.Algorithm, ["kid"] = key.KeyId };
        foreach (var (name, value) in header) all[name] = value?.DeepClone();
        var encoded = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(all.ToJsonString()));
        return $"{encoded}..{Base64Url.EncodeToString(key.Sign(SigningInput(encoded, message)))}";
    }

    // The message is encoded like the payload of any JWS: b64=false, which leaves it as it is, was given up (OB-JWS-2).
    private static byte[] SigningInput(string encodedHeader, ReadOnlySpan<byte> message)
    {
        var input = new byte[encodedHeader.Length + 1 + Base64Url.GetEncodedLength(message.Length)];
        Encoding.ASCII.GetBytes(encodedHeader, input);
        input[encodedHeader.Length] = (byte)'.';
        Base64Url.EncodeToUtf8(message, input.AsSpan(encodedHeader.Length + 1));
        return input;
    }
}
