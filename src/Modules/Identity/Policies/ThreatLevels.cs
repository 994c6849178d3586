using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Logging;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Policies;

/// <summary>The one threat level, the same for all hosts at their next decision.</summary>
internal sealed class CurrentThreat
{
    public const int OnlyId = 1;

    public required int Id { get; init; }

    public required ThreatLevel Level { get; init; }
}

internal sealed class CurrentThreatTable : IEntityTypeConfiguration<CurrentThreat>
{
    public void Configure(EntityTypeBuilder<CurrentThreat> builder)
    {
        builder.ToTable("threat_level", table => table.HasCheckConstraint("one_row", "\"Id\" = 1")).HasKey(threat => threat.Id);
        builder.Property(threat => threat.Id).ValueGeneratedNever();
        builder.Property(threat => threat.Level).HasConversion<string>();
        builder.HasData(new CurrentThreat { Id = CurrentThreat.OnlyId, Level = ThreatLevel.Normal });
    }
}

/// <summary>Who changed it, when and why.</summary>
internal sealed class ThreatChange
{
    public required Guid Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required ThreatLevel From { get; init; }

    public required ThreatLevel To { get; init; }

    public required string By { get; init; }

    public required string Why { get; init; }
}

internal sealed class ThreatChangeTable : IEntityTypeConfiguration<ThreatChange>
{
    public void Configure(EntityTypeBuilder<ThreatChange> builder)
    {
        builder.ToTable("threat_changes").HasKey(change => change.Id);
        builder.Property(change => change.From).HasConversion<string>();
        builder.Property(change => change.To).HasConversion<string>();
    }
}

/// <summary>Moves the threat level by one, and leaves a line about it in the table and in the log.</summary>
internal sealed class ChangeThreatHandler(IdentityDb db, TimeProvider clock, ILoggerFactory logs) : IRequestHandler<ChangeThreat, ThreatDescription>
{
    private const int LongestText = 500;

    public async Task<ThreatDescription> Handle(ChangeThreat request, CancellationToken cancellationToken)
    {
        // The row is the lock: two operators who raise at once have raised twice, and each has a line of its own.
        await db.Database.ExecuteSqlAsync($"""SELECT 1 FROM identity.threat_level FOR UPDATE""", cancellationToken);
        var from = (await db.Threats.SingleAsync(cancellationToken)).Level;
        var to = (ThreatLevel)Math.Clamp((int)from + (request.Raise ? 1 : -1), (int)ThreatLevel.Normal, (int)ThreatLevel.High);
        if (to != from)
        {
            var (by, why) = (Kernel.Shortened.To(LongestText, request.By)!, Kernel.Shortened.To(LongestText, request.Why)!);
            await db.Threats.ExecuteUpdateAsync(set => set.SetProperty(row => row.Level, to), cancellationToken);
            var now = clock.GetUtcNow();
            db.ThreatChanges.Add(new ThreatChange { Id = Guid.CreateVersion7(now), At = now, From = from, To = to, By = by, Why = why });
            await db.SaveChangesAsync(cancellationToken);
            DecisionLog.ThreatChanged(logs, from, to, by, why);
        }

        return await ThreatDescriptions.NowAsync(db, to != from, cancellationToken);
    }
}

internal sealed class DescribeThreatHandler(IdentityDb db) : IRequestHandler<DescribeThreat, ThreatDescription>
{
    public Task<ThreatDescription> Handle(DescribeThreat request, CancellationToken cancellationToken) => ThreatDescriptions.NowAsync(db, changed: false, cancellationToken);
}

internal static class ThreatDescriptions
{
    private const int ShownChanges = 20;

    public static async Task<ThreatDescription> NowAsync(IdentityDb db, bool changed, CancellationToken ct)
    {
        var level = (await db.Threats.SingleAsync(ct)).Level;
        var changes = await db.ThreatChanges.OrderByDescending(change => change.At).Take(ShownChanges).ToListAsync(ct);
        return new ThreatDescription(
            Name(level), changed, [.. changes.Select(change => new ThreatChangeLine(change.At, Name(change.From), Name(change.To), change.By, change.Why))]);
    }

    public static string Name(ThreatLevel level) => level.ToString().ToLowerInvariant();
}
