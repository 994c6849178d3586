using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using OpenBanking.Consent.Audit;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Somebody with all rights in the database edits the audit, and the verifier finds it.</summary>
public sealed class AuditEditTests
{
    private const string Amelia = "C-100001";

    private static readonly string[] Kinds = ["change", "delete", "insert", "reorder", "cut"];

    /// <summary>Columns of the chain and of the history, each with a value that it does not have.</summary>
    private static readonly (string Table, string Column, string Value)[] Changes =
    [
        ("audit", "Id", "gen_random_uuid()"),
        ("audit", "At", "\"At\" + interval '1 microsecond'"),
        ("audit", "What", "\"What\" || '.'"),
        ("audit", "Subject", "overlay(\"Subject\" placing 'z' from 5 for 1)"),
        ("audit", "Content", "\"Content\" || ' '"),
        ("audit", "Content", "replace(\"Content\", '{', '{\"x\":1,')"),
        ("audit", "Tag", "set_byte(\"Tag\", 7, get_byte(\"Tag\", 7) # 1)"),
        ("audit", "Hash", "set_byte(\"Hash\", 31, get_byte(\"Hash\", 31) # 128)"),
        ("audit", "Day", "\"Day\" + 1000"),
        ("audit", "Sequence", "\"Sequence\" + 1000"),
        ("history", "Id", "gen_random_uuid()"),
        ("history", "ConsentId", "overlay(\"ConsentId\" placing 'z' from 5 for 1)"),
        ("history", "At", "\"At\" - interval '1 microsecond'"),
        ("history", "Event", "CASE \"Event\" WHEN 'Cancel' THEN 'Expire' ELSE 'Cancel' END"),
        ("history", "From", "CASE \"From\" WHEN 'AUTH' THEN NULL ELSE 'AUTH' END"),
        ("history", "To", "CASE \"To\" WHEN 'AUTH' THEN 'CANC' ELSE 'AUTH' END"),
        ("history", "ReasonCode", "CASE WHEN \"ReasonCode\" IS NULL THEN 'CUST' END"),
        ("history", "By", "CASE \"By\" WHEN 'Customer' THEN 'Bank' ELSE 'Customer' END"),
        ("history", "ActorId", "coalesce(\"ActorId\", '') || 'x'"),
        ("history", "Address", "coalesce(\"Address\", '') || '1'"),
        ("history", "UserAgent", "coalesce(\"UserAgent\", '') || '1'"),
        ("history", "Reason", "coalesce(\"Reason\", '') || '.'"),
    ];

    [Fact]
    [Trait("Reliability", "R35")]
    [Trait("Rule", "OP-06")]
    public async Task Every_edit_is_found()
    {
        await using var api = await BankApi.StartAsync();
        await using var bank = await Edited.OfAsync(api);
        var (random, tries) = (new Random(ProofRun.Seed), ProofRun.Count(100, 5000));
        var missed = new List<string>();
        for (var edit = 0; edit < tries; edit++)
        {
            var kind = Kinds[edit % Kinds.Length];
            var how = await bank.EditAsync(kind, random);
            if (await bank.ProblemAsync() is null) missed.Add($"{edit} {kind}: {how}");
            await bank.RestoreAsync(kind);
            if (edit % 25 == 0) Assert.Null(await bank.ProblemAsync());
        }

        Assert.True(missed.Count == 0, $"seed {ProofRun.Seed}:\n" + string.Join('\n', missed));
        Assert.Null(await bank.ProblemAsync());
        ProofRun.Passed("R35", $"{tries} of {tries} edits of {Kinds.Length} kinds found");
    }

    [Fact]
    [Trait("Reliability", "R35")]
    [Trait("Rule", "OP-06")]
    public async Task The_verifier_goes_over_many_events_a_second()
    {
        await using var api = await BankApi.StartAsync();
        var events = ProofRun.Count(10_000, 300_000);
        await using (var scope = api.Services.CreateAsyncScope())
        {
            // Steps of consents, as the history has them: the dearer kind of event to verify.
            var db = scope.ServiceProvider.GetRequiredService<OpenBanking.Consent.Storage.ConsentDb>();
            var trail = scope.ServiceProvider.GetRequiredService<AuditTrail>();
            for (var number = 0; number < events; number++)
            {
                var at = api.Clock.Now;
                var entry = new OpenBanking.Consent.Storage.HistoryEntry
                {
                    Id = Guid.CreateVersion7(at),
                    ConsentId = $"aac-{number % 1000:x32}", // Each once in what is saved together.
                    At = at,
                    Event = OpenBanking.Consent.ConsentEvent.Authorise,
                    From = OpenBanking.Consent.ConsentState.AUTH,
                    To = OpenBanking.Consent.ConsentState.AUTH,
                    By = OpenBanking.Consent.Storage.Actor.Customer,
                    ActorId = Amelia,
                    Address = "192.0.2.9",
                    UserAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                    Reason = "The customer authorised the access.",
                };
                db.Add(entry);
                await trail.AddAsync(AuditEntry.Of(entry), CancellationToken.None);
                if (number % 1000 != 999) continue;
                await db.SaveChangesAsync();
                db.ChangeTracker.Clear();
            }

            await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync();
        }

        await StopJobsAsync(api);
        await api.Services.GetRequiredService<AuditSealer>().SealAndAnchorAsync(CancellationToken.None);
        await api.Database.ExecuteAsync("ANALYZE consent.audit, consent.history");
        var verifier = api.Services.GetRequiredService<AuditVerifier>();
        var best = double.MaxValue;
        for (var round = 0; round < 3; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var check = await verifier.CheckAllAsync(CancellationToken.None);
            Assert.Equal((events, null), ((int)check.Events, check.Problem));
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        var rate = (long)(events / best);
        if (ProofRun.IsLarge) Assert.True(rate >= 50_000, $"{rate} events a second");
        ProofRun.Passed("R35", $"{rate} events a second over {events} events");
    }

    /// <summary>Only the test writes from here on.</summary>
    private static async Task StopJobsAsync(BankApi api)
    {
        foreach (var job in api.Services.GetServices<IHostedService>().Where(job => job.GetType().Assembly == typeof(AuditSealer).Assembly)) await job.StopAsync(CancellationToken.None);
    }

    /// <summary>A bank of three days with a copy of what is edited.</summary>
    private sealed class Edited(BankApi api, NpgsqlDataSource database) : IAsyncDisposable
    {
        private readonly AuditVerifier verifier = api.Services.GetRequiredService<AuditVerifier>();
        private readonly Dictionary<string, byte[]> files = Directory.GetFiles(api.AuditFolder).ToDictionary(file => file, File.ReadAllBytes, StringComparer.Ordinal);

        public static async Task<Edited> OfAsync(BankApi api)
        {
            await StopJobsAsync(api);
            var sealer = api.Services.GetRequiredService<AuditSealer>();
            for (var day = 0; day < 3; day++)
            {
                for (var number = 0; number < 6; number++)
                {
                    var id = (await api.AccessAsync(["GB-1"])).ConsentId!;
                    if (number % 2 == 0) await api.AskAsync(new CancelConnection(id, Amelia, new DecisionOrigin("192.0.2.9", "Browser/2")));
                    if (number % 3 == 0) await api.ApproveAsync(id, []);
                    await api.PublishAsync(new AuditedFact("test.happened", $"test-{day}-{number}", api.Clock.Now, new Dictionary<string, string?>(StringComparer.Ordinal) { ["by"] = "test" }));
                }

                await sealer.SealAndAnchorAsync(CancellationToken.None);
                api.Clock.Advance(TimeSpan.FromDays(1));
            }

            await api.Database.ExecuteAsync("CREATE TABLE audit_copy AS SELECT * FROM consent.audit; CREATE TABLE history_copy AS SELECT * FROM consent.history");
            var edited = new Edited(api, NpgsqlDataSource.Create(api.Database.ConnectionString));
            Assert.Null(await edited.ProblemAsync());
            return edited;
        }

        public async Task<string?> ProblemAsync() => (await verifier.CheckAllAsync(CancellationToken.None)).Problem;

        public async Task<string> EditAsync(string kind, Random random)
        {
            var sql = await (kind switch
            {
                "change" => ChangeAsync(random),
                "delete" => Task.FromResult($"DELETE FROM consent.{Table(random)} WHERE ctid IN (SELECT ctid FROM consent.{Table(random, again: true)} ORDER BY random() LIMIT {random.Next(1, 4)})"),
                "insert" => InsertAsync(random),
                "reorder" => Task.FromResult(Reordering(random)),
                _ => Task.FromResult(Cut(random)),
            });
            if (sql.Length == 0) return "an anchor";
            await using var command = database.CreateCommand(sql);
            Assert.True(await command.ExecuteNonQueryAsync() != 0, sql);
            return sql;
        }

        public async Task RestoreAsync(string kind)
        {
            foreach (var (file, bytes) in files) await File.WriteAllBytesAsync(file, bytes);
            await using var restore = database.CreateCommand(
                """
                TRUNCATE consent.audit, consent.history, consent.audit_pending;
                INSERT INTO consent.audit SELECT * FROM audit_copy;
                INSERT INTO consent.history OVERRIDING SYSTEM VALUE SELECT * FROM history_copy
                """);
            await restore.ExecuteNonQueryAsync();
        }

        public ValueTask DisposeAsync() => database.DisposeAsync();

        private string table = "";

        private string Table(Random random, bool again = false) => again ? table : table = random.Next(3) == 0 ? "history" : "audit";

        private async Task<string> ChangeAsync(Random random)
        {
            var (of, column, value) = Changes[random.Next(Changes.Length)];
            return $"UPDATE consent.{of} SET \"{column}\" = {value} WHERE {await RowAsync(of, random)}";
        }

        private async Task<string> InsertAsync(Random random)
        {
            var row = await RowAsync("audit", random);
            var entry = await RowAsync("history", random);
            const string Line = "\"Id\", \"At\", \"What\", \"Subject\", \"Content\", \"Tag\"";
            const string Next = "(SELECT max(\"Day\") FROM consent.audit), (SELECT max(\"Sequence\") + 1 FROM consent.audit WHERE \"Day\" = (SELECT max(\"Day\") FROM consent.audit))";
            return random.Next(7) switch
            {
                // A line that is there already: at the end, at the end with the right link, on a day of its own, among what waits.
                0 => $"INSERT INTO consent.audit (\"Day\", \"Sequence\", {Line}, \"Hash\") SELECT {Next}, {Line}, \"Hash\" FROM consent.audit WHERE {row}",
                1 => $"INSERT INTO consent.audit (\"Day\", \"Sequence\", {Line}, \"Hash\") SELECT {Next}, {Line}, '\\x{await LinkAsync(row)}' FROM consent.audit WHERE {row}",
                2 => $"INSERT INTO consent.audit (\"Day\", \"Sequence\", {Line}, \"Hash\") SELECT (SELECT max(\"Day\") + 1 FROM consent.audit), 1, {Line}, \"Hash\" FROM consent.audit WHERE {row}",
                3 => $"INSERT INTO consent.audit_pending ({Line}) SELECT {Line} FROM consent.audit WHERE {row}",

                // One that never was, among what waits; and steps that never were.
                4 => $"INSERT INTO consent.audit_pending ({Line}) SELECT gen_random_uuid(), \"At\", \"What\", \"Subject\", \"Content\", \"Tag\" FROM consent.audit WHERE {row}",
                5 => Copied("\"ConsentId\""),
                _ => Copied("'aac-' || md5(random()::text)"),
            };

            string Copied(string consent) =>
                $"INSERT INTO consent.history (\"Id\", \"ConsentId\", \"At\", \"Event\", \"From\", \"To\", \"ReasonCode\", \"By\", \"ActorId\", \"Address\", \"UserAgent\", \"Reason\") " +
                $"SELECT gen_random_uuid(), {consent}, \"At\", \"Event\", \"From\", \"To\", \"ReasonCode\", \"By\", \"ActorId\", \"Address\", \"UserAgent\", \"Reason\" FROM consent.history WHERE {entry}";
        }

        /// <summary>Two lines change places, or what they say does; two steps of a consent do.</summary>
        private static string Reordering(Random random)
        {
            const string Two = "SELECT a.\"Id\" AS one, b.\"Id\" AS other FROM consent.audit a JOIN consent.audit b ON a.\"Day\" = b.\"Day\" AND a.\"Sequence\" < b.\"Sequence\" ORDER BY random() LIMIT 1";
            const string Steps = "SELECT a.\"Id\" AS one, b.\"Id\" AS other FROM consent.history a JOIN consent.history b ON a.\"ConsentId\" = b.\"ConsentId\" AND a.\"Number\" < b.\"Number\" ORDER BY random() LIMIT 1";
            return random.Next(4) switch
            {
                0 => $"""
                    ALTER TABLE consent.audit DROP CONSTRAINT "PK_audit";
                    UPDATE consent.audit x SET "Sequence" = y."Sequence" FROM ({Two}) two, consent.audit y
                    WHERE (x."Id" = two.one AND y."Id" = two.other) OR (x."Id" = two.other AND y."Id" = two.one);
                    ALTER TABLE consent.audit ADD CONSTRAINT "PK_audit" PRIMARY KEY ("Day", "Sequence")
                    """,
                1 => $"""
                    UPDATE consent.audit x SET ("Id", "At", "What", "Subject", "Content", "Tag") = (y."Id", y."At", y."What", y."Subject", y."Content", y."Tag") FROM ({Two}) two, consent.audit y
                    WHERE (x."Id" = two.one AND y."Id" = two.other) OR (x."Id" = two.other AND y."Id" = two.one)
                    """,
                2 => $"""
                    UPDATE consent.history x SET ("At", "Event", "From", "To") = (y."At", y."Event", y."From", y."To") FROM ({Steps}) two, consent.history y
                    WHERE (x."Id" = two.one AND y."Id" = two.other) OR (x."Id" = two.other AND y."Id" = two.one)
                    """,

                // An identity column is written by a detour.
                _ => $"""
                    ALTER TABLE consent.history ALTER COLUMN "Number" DROP IDENTITY;
                    UPDATE consent.history x SET "Number" = y."Number" FROM ({Steps}) two, consent.history y
                    WHERE (x."Id" = two.one AND y."Id" = two.other) OR (x."Id" = two.other AND y."Id" = two.one);
                    ALTER TABLE consent.history ALTER COLUMN "Number" ADD GENERATED ALWAYS AS IDENTITY (START 1000000)
                    """,
            };
        }

        private string Cut(Random random)
        {
            var few = random.Next(1, 10);
            var tail = $"DELETE FROM consent.audit WHERE ctid IN (SELECT ctid FROM consent.audit ORDER BY \"Day\" DESC, \"Sequence\" DESC LIMIT {few})";
            var steps = $"DELETE FROM consent.history WHERE \"Number\" > (SELECT max(\"Number\") FROM consent.history) - {few}";
            switch (random.Next(7))
            {
                case 0: return steps;
                case 1: return $"{tail}; DELETE FROM consent.history h WHERE NOT EXISTS (SELECT FROM consent.audit a WHERE a.\"Id\" = h.\"Id\")";
                case 2: return "DELETE FROM consent.audit WHERE \"Day\" = (SELECT max(\"Day\") FROM consent.audit)";
                case 3: return "DELETE FROM consent.audit WHERE \"Day\" = (SELECT min(\"Day\") FROM consent.audit)";
                case 4: return "DELETE FROM consent.audit; DELETE FROM consent.history";
                case 5:
                    // The anchors themselves: the last, one of the others, or all.
                    foreach (var file in random.Next(3) switch { 0 => [files.Keys.Max()!], 1 => [files.Keys.Min()!], _ => files.Keys.ToArray() }) File.Delete(file);
                    return "";
                default: return tail;
            }
        }

        private async Task<string> RowAsync(string of, Random random)
        {
            await using var count = database.CreateCommand($"SELECT count(*) FROM consent.{of}");
            var offset = random.Next((int)(long)(await count.ExecuteScalarAsync())!);
            return $"\"Id\" = (SELECT \"Id\" FROM {of}_copy ORDER BY {(of == "audit" ? "\"Day\", \"Sequence\"" : "\"Number\"")} OFFSET {offset} LIMIT 1)";
        }

        /// <summary>What the next line's hash would be if it were this one.</summary>
        private async Task<string> LinkAsync(string row)
        {
            await using var last = database.CreateCommand("SELECT \"Day\", \"Sequence\", \"Hash\" FROM consent.audit ORDER BY \"Day\" DESC, \"Sequence\" DESC LIMIT 1");
            await using var at = await last.ExecuteReaderAsync();
            Assert.True(await at.ReadAsync());
            await using var copy = database.CreateCommand($"SELECT \"Id\", \"At\", \"What\", \"Subject\", \"Content\", \"Tag\" FROM consent.audit WHERE {row}");
            await using var line = await copy.ExecuteReaderAsync();
            Assert.True(await line.ReadAsync());
            var hash = new byte[AuditLink.HashBytes];
            new AuditLink()
                .Take(new AuditEntry(line.GetGuid(0), line.GetFieldValue<DateTimeOffset>(1), line.GetString(2), line.GetString(3), line.GetString(4)))
                .Hash(at.GetFieldValue<byte[]>(2), at.GetFieldValue<DateOnly>(0), at.GetInt64(1) + 1, line.GetFieldValue<byte[]>(5), hash);
            return Convert.ToHexStringLower(hash);
        }
    }
}
