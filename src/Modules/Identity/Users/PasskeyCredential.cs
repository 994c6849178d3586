using System.Buffers.Text;
using System.Formats.Cbor;
using System.Text;
using System.Text.Json;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>
/// A browser's answer in a ceremony, strictly read: the JSON form of WebAuthn's <c>PublicKeyCredential</c>. What is not exactly of
/// that form is refused here, before anything is compared (PK-08, PK-13).
/// </summary>
internal sealed class PasskeyCredential
{
    private const int LongestCredentialId = 1023;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private PasskeyCredential(string json, byte[] id, ClientData client, byte[] authenticatorData, byte[]? userHandle)
    {
        Json = json;
        Id = id;
        Client = client;
        AuthenticatorData = authenticatorData;
        UserHandle = userHandle;
    }

    /// <summary>The whole answer, for the framework's handler.</summary>
    public string Json { get; }

    public byte[] Id { get; }

    public ClientData Client { get; }

    /// <summary>At least the 37 bytes that every authenticator sends: hash of the relying party's id, flags, counter.</summary>
    public byte[] AuthenticatorData { get; }

    public byte[]? UserHandle { get; }

    /// <summary>Byte 32 of the authenticator data; covered by the signature.</summary>
    public AuthenticatorFlags Flags => (AuthenticatorFlags)AuthenticatorData[32];

    public long SignCount => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(AuthenticatorData.AsSpan(33, 4));

    /// <summary>Reads the answer of <c>navigator.credentials.create()</c>.</summary>
    public static Outcome<PasskeyCredential, PasskeyRefusal> ReadAttestation(JsonElement credential) =>
        Read(credential, response => Bytes(response, "attestationObject") is { } attestation ? AuthenticatorDataOf(attestation) : null, "PK-13");

    /// <summary>Reads the answer of <c>navigator.credentials.get()</c>.</summary>
    public static Outcome<PasskeyCredential, PasskeyRefusal> ReadAssertion(JsonElement credential) =>
        Read(credential, response => Bytes(response, "signature") is { Length: > 0 } ? Bytes(response, "authenticatorData") : null, "PK-09");

    private static Outcome<PasskeyCredential, PasskeyRefusal> ReadText(
        JsonElement credential, Func<JsonElement, byte[]?> authenticatorData, string malformed)
    {
        if (credential.ValueKind != JsonValueKind.Object
            || Text(credential, "type") != "public-key"
            || Text(credential, "id") is not { } id
            || Text(credential, "rawId") is not { } rawId
            || !string.Equals(id, rawId, StringComparison.Ordinal)
            || Bytes(credential, "rawId") is not { Length: > 0 and <= LongestCredentialId } idBytes
            || !credential.TryGetProperty("response", out var response)
            || response.ValueKind != JsonValueKind.Object)
        {
            return new PasskeyRefusal("PK-08");
        }

        var hasUserHandle = response.TryGetProperty("userHandle", out var handle) && handle.ValueKind != JsonValueKind.Null;
        var userHandle = hasUserHandle ? Bytes(response, "userHandle") : null;
        if (hasUserHandle && userHandle is null) return new PasskeyRefusal("PK-07");
        if (Bytes(response, "clientDataJSON") is not { } clientBytes || ClientDataOf(clientBytes) is not { } client) return new PasskeyRefusal("PK-08");
        if (authenticatorData(response) is not { Length: >= 37 } data) return new PasskeyRefusal(malformed);
        return new PasskeyCredential(credential.GetRawText(), idBytes, client, data, userHandle);
    }

    // Half a surrogate pair in an escape passes the parser and fails only who reads the text.
    private static Outcome<PasskeyCredential, PasskeyRefusal> Read(
        JsonElement credential, Func<JsonElement, byte[]?> authenticatorData, string malformed)
    {
        try
        {
            return ReadText(credential, authenticatorData, malformed);
        }
        catch (InvalidOperationException)
        {
            return new PasskeyRefusal("PK-08");
        }
    }

    private static ClientData? ClientDataOf(byte[] utf8)
    {
        try
        {
            using var json = JsonDocument.Parse(utf8, Strict);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return null;
            var isCrossOrigin = root.TryGetProperty("crossOrigin", out var cross) && cross.ValueKind != JsonValueKind.False;
            var topOrigin = root.TryGetProperty("topOrigin", out var top) ? top.ValueKind == JsonValueKind.String ? top.GetString() : "" : null;
            return new ClientData(Text(root, "type"), Bytes(root, "challenge"), Text(root, "origin"), isCrossOrigin, topOrigin);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Canonical CBOR only: no duplicate labels, no indefinite lengths, no lengths beyond the data (PK-13).
    private static byte[]? AuthenticatorDataOf(byte[] attestation)
    {
        try
        {
            var reader = new CborReader(attestation, CborConformanceMode.Ctap2Canonical);
            byte[]? data = null;
            for (var entries = reader.ReadStartMap(); entries > 0; entries--)
            {
                if (reader.ReadTextString() == "authData") data = reader.ReadByteString();
                else reader.SkipValue();
            }

            reader.ReadEndMap();
            return reader.BytesRemaining == 0 ? data : null;
        }
        catch (Exception malformed) when (malformed is CborContentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static byte[]? Bytes(JsonElement o, string name)
    {
        var text = Text(o, name);
        return text is not null && Base64Url.IsValid(text) ? Base64Url.DecodeFromUtf8(Encoding.UTF8.GetBytes(text)) : null;
    }
}

/// <summary>What the browser says it did (WebAuthn's <c>CollectedClientData</c>).</summary>
/// <param name="TopOrigin">Null where the browser sent none.</param>
internal sealed record ClientData(string? Type, byte[]? Challenge, string? Origin, bool IsCrossOrigin, string? TopOrigin);

[Flags]
internal enum AuthenticatorFlags
{
    None = 0,
    UserPresent = 0x01,
    UserVerified = 0x04,
    BackupEligible = 0x08,
    BackedUp = 0x10,
}
