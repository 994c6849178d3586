using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel;

namespace OpenBanking.Identity.Users;

/// <summary>What a passkey is asked to approve.</summary>
/// <param name="Request">The one request that it is for.</param>
/// <param name="ShownDigest">The digest of what the page showed.</param>
/// <param name="Choice">What the customer chose on it.</param>
internal sealed record ApprovalSubject(Guid Request, string ShownDigest, IReadOnlyList<string> Choice)
{
    /// <summary>
    /// The challenge that the passkey signs: it is made of the subject, so the signature is one over what was approved, and of a nonce, so
    /// that no two are alike (PK-17). A sign-in signs random bytes, which are no hash of any subject.
    /// </summary>
    public byte[] Challenge(byte[] nonce)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, "approval"u8);
        Add(hash, nonce);
        Add(hash, Request.ToByteArray(bigEndian: true));
        Add(hash, Encoding.UTF8.GetBytes(ShownDigest));
        foreach (var choice in Choice.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)) Add(hash, Encoding.UTF8.GetBytes(choice));
        return hash.GetHashAndReset();
    }

    // Each part behind its length, so that no two lists of parts read the same.
    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}

/// <summary>
/// The approval ceremony (WebAuthn §7.2): a signed-in customer uses a passkey for one decision. It begins no session and finishes no
/// sign-in, and what a sign-in has signed finishes no approval.
/// </summary>
internal sealed class PasskeyApproval(
    IdentityDb db, PasskeyCeremonies ceremonies, IPasskeyHandler<User> handler, PasskeyAssertion assertion, PortalSessions sessions)
{
    private const int NonceBytes = 32;

    public async Task<Outcome<CeremonyOptions, PasskeyRefusal>> OptionsAsync(HttpContext http, ApprovalRequest request, CancellationToken ct)
    {
        if (http.Request.Cookies[PortalSessions.Cookie] is not { Length: > 0 } secret || await sessions.FindAsync(secret, ct) is not { } session)
            return new PasskeyRefusal("CO-10");
        if (request is not { Request: { } id, Digest: { } digest }) return new PasskeyRefusal("PK-08");

        // Whoever is signed in may know which passkeys are theirs.
        var user = await db.Users.FirstAsync(row => row.Id == session.UserId, ct);
        var made = await handler.MakeRequestOptionsAsync(user, http);
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        var challenge = new ApprovalSubject(id, digest, request.Choice ?? []).Challenge(nonce);
        var options = WithChallenge(made.RequestOptionsJson, Base64Url.EncodeToString(challenge));
        var state = WithChallenge(made.AssertionState!, Convert.ToBase64String(challenge));
        var handle = await ceremonies.BeginAsync(http, CeremonyKind.Approval, options, state, new CeremonyPurpose(user.Id, Nonce: nonce), ct);
        return new CeremonyOptions(handle, options);
    }

    /// <summary>Verifies the answer; a passkey comes out only when this customer used it for this very subject.</summary>
    public async Task<Outcome<AssertedPasskey, PasskeyRefusal>> FinishAsync(
        HttpContext http, Guid userId, ApprovalSubject subject, string ceremonyHandle, JsonElement credential, CancellationToken ct)
    {
        if ((await ceremonies.ConsumeAsync(http, CeremonyKind.Approval, ceremonyHandle, ct)).Failed(out var refusal, out var ceremony)) return refusal;
        if (ceremony.UserId != userId) return new PasskeyRefusal("PK-07");
        if (!CryptographicOperations.FixedTimeEquals(subject.Challenge(ceremony.Nonce!), ceremony.Challenge)) return new PasskeyRefusal("PK-17");
        if ((await assertion.VerifyAsync(http, ceremony, credential, ct)).Failed(out refusal, out var asserted)) return refusal;
        var response = credential.GetProperty("response");
        return asserted with
        {
            Signature = new PasskeySignature(
                subject.Request, ceremony.Nonce!, Bytes(response, "clientDataJSON"), Bytes(response, "authenticatorData"), Bytes(response, "signature"), asserted.Passkey.PublicKey),
        };
    }

    /// <summary>The same for an answer that is JSON, or should be.</summary>
    public async Task<Outcome<AssertedPasskey, PasskeyRefusal>> FinishAsync(HttpContext http, Guid userId, ApprovalSubject subject, PasskeyUse used, CancellationToken ct)
    {
        JsonElement credential;
        try
        {
            credential = JsonElement.Parse(used.Credential, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
        }
        catch (JsonException)
        {
            return new PasskeyRefusal("PK-08"); // The framework has no parser that answers without an exception.
        }

        return await FinishAsync(http, userId, subject, used.Ceremony, credential, ct);
    }

    private static byte[] Bytes(JsonElement response, string name) => Base64Url.DecodeFromChars(response.GetProperty(name).GetString());

    // The handler makes its own challenge and remembers it in its state, as base64; ours takes its place in both. Were there none to
    // replace, no signature would be taken: the handler compares.
    private static string WithChallenge(string json, string challenge)
    {
        var members = JsonNode.Parse(json)!.AsObject();
        members["challenge"] = challenge;
        return members.ToJsonString();
    }
}

/// <summary>What the page asks a ceremony for.</summary>
internal sealed record ApprovalRequest(Guid? Request, string? Digest, IReadOnlyList<string>? Choice);
