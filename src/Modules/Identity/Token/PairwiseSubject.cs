using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Metadata;

namespace OpenBanking.Identity.Token;

/// <summary>
/// What a client knows a customer as: the same within a sector, different between sectors, and no way back to the customer without
/// the server's key (PW-01). The key is apart from the signing keys and is never rotated, or every client would lose its customers (PW-03).
/// </summary>
internal sealed class PairwiseSubject(ServerSecrets secrets)
{
    /// <summary>Clients registered for <c>public</c> share one value: a sector that no host can have.</summary>
    private const string EveryClient = "";

    /// <summary>43 characters for this client and user. User ids are random and never given to another user (PW-05).</summary>
    public async Task<string> ForAsync(Client client, Guid userId, CancellationToken ct)
    {
        var sector = client.SubjectType == "public" ? EveryClient : client.Sector;
        return Of(await secrets.GetAsync(ServerSecrets.PairwiseSubject, ct), sector, userId);
    }

    /// <summary>HMAC-SHA-256 over both parts, each behind its length, so that no two pairs read the same (PW-03).</summary>
    internal static string Of(byte[] key, string sector, Guid userId)
    {
        const int idLength = 16;
        var sectorLength = Encoding.UTF8.GetByteCount(sector);
        var input = new byte[sizeof(int) + sectorLength + sizeof(int) + idLength];
        BinaryPrimitives.WriteInt32BigEndian(input, sectorLength);
        Encoding.UTF8.GetBytes(sector, input.AsSpan(sizeof(int)));
        BinaryPrimitives.WriteInt32BigEndian(input.AsSpan(sizeof(int) + sectorLength), idLength);
        userId.TryWriteBytes(input.AsSpan(sizeof(int) + sectorLength + sizeof(int)), bigEndian: true, out _);
        return Base64Url.EncodeToString(HMACSHA256.HashData(key, input));
    }
}
