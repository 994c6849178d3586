using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Npgsql;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Accounts.CoreBank.Connector;

/// <summary>That a core was asked to set money aside, by whom nobody has yet said that it is for an order.</summary>
internal sealed class CoreHold
{
    public required string TransferId { get; init; }

    public required DateTimeOffset AskedAt { get; init; }
}

internal sealed class CoreHoldTable : IEntityTypeConfiguration<CoreHold>
{
    public void Configure(EntityTypeBuilder<CoreHold> builder)
    {
        builder.ToTable("core_holds").HasKey(hold => hold.TransferId);
        builder.Property(hold => hold.TransferId).HasMaxLength(128);
        builder.HasIndex(hold => hold.AskedAt);
    }
}

/// <summary>
/// Remembers what another system was asked to set aside, from before it is asked until the order that wants it is stored. The two are not
/// one transaction: an answer that is lost, or a host that dies, would else leave a customer's money set aside for nobody.
/// </summary>
internal sealed class CoreHolds(DbDataSource database, UnitOfWork unit, TimeProvider time)
{
    /// <summary>Remembered at once, whatever becomes of the request.</summary>
    public async Task BeginAsync(string transferId, CancellationToken ct)
    {
        await using var insert = database.CreateCommand(
            """INSERT INTO accounts.core_holds ("TransferId", "AskedAt") VALUES ($1, $2) ON CONFLICT ("TransferId") DO UPDATE SET "AskedAt" = excluded."AskedAt" """);
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = transferId });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        await insert.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Forgotten with the commit of whoever wants the money; where that fails it is still remembered.</summary>
    public void EndWithCommit(string transferId) =>
        unit.AtCommit("""DELETE FROM accounts.core_holds WHERE "TransferId" = $1""", new NpgsqlParameter<string> { TypedValue = transferId });
}
