using System.Security.Cryptography;
using System.Text;
using MediatR;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Evidence;

/// <summary>
/// Keeps the signed messages of clients whose profile is there for non-repudiation (MS-10): what they signed and was accepted, and what
/// was signed for them. Nobody reads them but an operator by command; they end with <see cref="AuthorizationServerOptions.SignedMessageLife"/>.
/// </summary>
internal sealed class SignedMessages(UnitOfWork unit, IDataProtectionProvider protection, TimeProvider clock)
{
    private const string Insert = $"""
        INSERT INTO {IdentityDb.Schema}.signed_messages ("Id", "ClientId", "Kind", "Hash", "Protected", "At") VALUES ($1, $2, $3, $4, $5, $6)
        """;

    private readonly IDataProtector protector = ProtectorOf(protection);

    /// <summary>Keeps a message with the commit of the request that it belongs to; nothing is kept of clients of other profiles.</summary>
    public void Keep(Client client, string kind, string jwt)
    {
        if (!ProfileRules.KeepsSignedMessages.HoldsFor(client)) return;
        var now = clock.GetUtcNow();
        var bytes = Encoding.ASCII.GetBytes(jwt);
        unit.AtCommit(
            Insert,
            new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7(now) },
            new NpgsqlParameter<string> { TypedValue = client.ClientId },
            new NpgsqlParameter<string> { TypedValue = kind },
            new NpgsqlParameter<byte[]> { TypedValue = SHA256.HashData(bytes) },
            new NpgsqlParameter<byte[]> { TypedValue = protector.Protect(bytes) },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
    }

    internal static IDataProtector ProtectorOf(IDataProtectionProvider protection) => protection.CreateProtector("OpenBanking.Identity.SignedMessages");
}

/// <summary>Reads them for an operator.</summary>
internal sealed class FindSignedMessagesHandler(IdentityDb db, IDataProtectionProvider protection) : IRequestHandler<FindSignedMessages, IReadOnlyList<KeptMessage>>
{
    public async Task<IReadOnlyList<KeptMessage>> Handle(FindSignedMessages request, CancellationToken cancellationToken)
    {
        var protector = SignedMessages.ProtectorOf(protection);
        var rows = await db.SignedMessages.AsNoTracking()
            .Where(row => row.ClientId == request.ClientId && row.At >= request.From && row.At < request.Until)
            .OrderBy(row => row.Id)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(row => new KeptMessage(row.At, row.Kind, Convert.ToHexStringLower(row.Hash), Encoding.ASCII.GetString(protector.Unprotect(row.Protected))))];
    }
}
