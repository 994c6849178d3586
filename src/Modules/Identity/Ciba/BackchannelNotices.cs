using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace OpenBanking.Identity.Ciba;

/// <summary>What a ping is made of: which request, and the secret by which the client knows that it comes from us (CIBA-26).</summary>
internal sealed record BackchannelNotice(string AuthReqId, string Token);

/// <summary>
/// Keeps the two secrets of a ping until it is sent. They have to be sent in clear, so a hash will not do; they are encrypted for the
/// one request that they belong to, and go as soon as nothing is to be sent any more.
/// </summary>
internal sealed class BackchannelNotices(IDataProtectionProvider protection)
{
    public byte[] Protect(Guid request, string authReqId, string token) =>
        Protector(request).Protect(JsonSerializer.SerializeToUtf8Bytes(new BackchannelNotice(authReqId, token)));

    public BackchannelNotice Unprotect(Guid request, byte[] notification) =>
        JsonSerializer.Deserialize<BackchannelNotice>(Protector(request).Unprotect(notification))
        ?? throw new InvalidOperationException("A stored notification is empty.");

    private IDataProtector Protector(Guid request) => protection.CreateProtector("OpenBanking.Identity.BackchannelNotices", request.ToString("N"));
}
