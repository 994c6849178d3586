using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Testing.WebAuthn;

/// <summary>
/// A passkey in software: it makes the answers that a browser and its authenticator would make, or answers that differ from them in
/// whatever a test says. One instance holds one credential.
/// </summary>
public sealed class SoftwareAuthenticator : IDisposable
{
    public const byte UserPresent = 0x01;
    public const byte UserVerified = 0x04;
    public const byte BackupEligible = 0x08;
    public const byte BackedUp = 0x10;
    private const byte AttestedData = 0x40;

    private readonly ECDsa ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private RSA? rsa;

    public byte[] CredentialId { get; set; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>What the relying party called the user; learnt at registration.</summary>
    public string UserHandle { get; set; } = "";

    /// <summary>Counts up with each answer; 0 stays 0, as with synced passkeys.</summary>
    public uint Counter { get; set; }

    /// <summary>Makes an RSA key in place of one on the curve.</summary>
    public void UseRsa(int bits = 2048) => rsa = RSA.Create(bits);

    /// <summary>Answers <c>navigator.credentials.create()</c>.</summary>
    public JsonObject Create(JsonElement options, string origin, Tampering? tampering = null)
    {
        var t = tampering ?? new Tampering();
        UserHandle = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(options.GetProperty("user").GetProperty("id").GetString()));
        var rpId = t.RpId ?? options.GetProperty("rp").GetProperty("id").GetString()!;
        var flags = (byte)((t.Flags ?? (UserPresent | UserVerified)) | AttestedData);
        var data = new MemoryStream();
        data.Write(Head(rpId, flags, t.Counter ?? Counter));
        data.Write(new byte[16]);
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)CredentialId.Length);
        data.Write(length);
        data.Write(CredentialId);
        data.Write(t.PublicKey ?? PublicKey());

        var attestation = new CborWriter(CborConformanceMode.Ctap2Canonical);
        attestation.WriteStartMap(3);
        attestation.WriteTextString("fmt");
        attestation.WriteTextString(t.AttestationFormat ?? "none");
        attestation.WriteTextString("attStmt");
        if (t.AttestationStatement is { } statement) attestation.WriteEncodedValue(statement);
        else
        {
            attestation.WriteStartMap(0);
            attestation.WriteEndMap();
        }

        attestation.WriteTextString("authData");
        attestation.WriteByteString(data.ToArray());
        attestation.WriteEndMap();
        var client = ClientData("webauthn.create", options, origin, t);
        return Credential(t, new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(client),
            ["attestationObject"] = Base64Url.EncodeToString(t.AttestationObject ?? attestation.Encode()),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary>Answers <c>navigator.credentials.get()</c>.</summary>
    public JsonObject Get(JsonElement options, string origin, Tampering? tampering = null)
    {
        var t = tampering ?? new Tampering();
        if (Counter > 0 && t.Counter is null) Counter++;
        var rpId = t.RpId ?? options.GetProperty("rpId").GetString()!;
        var data = Head(rpId, t.Flags ?? (UserPresent | UserVerified), t.Counter ?? Counter);
        var client = ClientData("webauthn.get", options, origin, t);
        byte[] signed = [.. data, .. SHA256.HashData(client)];
        var signature = (t.SignedBy ?? this).Sign(signed);
        var response = new JsonObject
        {
            ["clientDataJSON"] = Base64Url.EncodeToString(client),
            ["authenticatorData"] = Base64Url.EncodeToString(data),
            ["signature"] = Base64Url.EncodeToString(t.Signature is null ? signature : t.Signature(signature, signed, ecdsa)),
        };
        var handle = t.UserHandle ?? UserHandle;
        if (handle.Length > 0) response["userHandle"] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(handle));
        return Credential(t, response);
    }

    /// <summary>The public key in COSE form.</summary>
    public byte[] PublicKey()
    {
        if (rsa is not null)
        {
            var key = rsa.ExportParameters(includePrivateParameters: false);
            return Cose((1, 3), (3, -257), (-1, key.Modulus!), (-2, key.Exponent!));
        }

        var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
        return Cose((1, 2), (3, -7), (-1, 1), (-2, point.X!), (-3, point.Y!));
    }

    /// <summary>A COSE key of any labels, for keys that should not be accepted.</summary>
    public static byte[] Cose(params (int Label, object Value)[] entries)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteStartMap(entries.Length);
        foreach (var (label, value) in entries)
        {
            writer.WriteInt32(label);
            if (value is byte[] bytes) writer.WriteByteString(bytes);
            else writer.WriteInt32((int)value);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    public void Dispose()
    {
        ecdsa.Dispose();
        rsa?.Dispose();
    }

    private byte[] Sign(byte[] data) => rsa is not null
        ? rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : ecdsa.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    private static byte[] Head(string rpId, byte flags, uint counter)
    {
        var head = new byte[37];
        SHA256.HashData(Encoding.UTF8.GetBytes(rpId), head);
        head[32] = flags;
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(33), counter);
        return head;
    }

    private static byte[] ClientData(string type, JsonElement options, string origin, Tampering t)
    {
        if (t.ClientData is not null) return Encoding.UTF8.GetBytes(t.ClientData);
        var client = new JsonObject
        {
            ["type"] = t.Type ?? type,
            ["challenge"] = t.Challenge ?? options.GetProperty("challenge").GetString(),
            ["origin"] = t.Origin ?? origin,
            ["crossOrigin"] = t.CrossOrigin,
        };
        if (t.TopOrigin is not null) client["topOrigin"] = t.TopOrigin;
        return Encoding.UTF8.GetBytes(client.ToJsonString());
    }

    private JsonObject Credential(Tampering t, JsonObject response)
    {
        var id = Base64Url.EncodeToString(CredentialId);
        var credential = new JsonObject
        {
            ["id"] = t.Id ?? id,
            ["rawId"] = id,
            ["type"] = "public-key",
            ["clientExtensionResults"] = new JsonObject(),
            ["response"] = response,
        };
        if (t.WithoutRawId) credential.Remove("rawId");
        return credential;
    }
}

/// <summary>In what an answer differs from an honest one; null leaves it honest.</summary>
public sealed record Tampering
{
    public string? Type { get; init; }

    public string? Challenge { get; init; }

    public string? Origin { get; init; }

    public bool CrossOrigin { get; init; }

    public string? TopOrigin { get; init; }

    /// <summary>The whole client data as text.</summary>
    public string? ClientData { get; init; }

    public string? RpId { get; init; }

    public byte? Flags { get; init; }

    public uint? Counter { get; init; }

    public string? Id { get; init; }

    public bool WithoutRawId { get; init; }

    public string? UserHandle { get; init; }

    public byte[]? PublicKey { get; init; }

    public string? AttestationFormat { get; init; }

    public byte[]? AttestationStatement { get; init; }

    public byte[]? AttestationObject { get; init; }

    /// <summary>Signs in place of the credential's own key.</summary>
    public SoftwareAuthenticator? SignedBy { get; init; }

    /// <summary>Makes another signature of the good one, the signed bytes and the key.</summary>
    public Func<byte[], byte[], ECDsa, byte[]>? Signature { get; init; }
}
