using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpenBanking.Consent.Audit;

/// <summary>How far the chain of a day had come when this host last looked.</summary>
/// <param name="Head">The hash of the day's line of number <paramref name="Events"/>.</param>
internal sealed record AuditAnchor(DateOnly Day, long Events, byte[] Head, DateTimeOffset At);

/// <summary>What the anchors are, or why they cannot be believed.</summary>
internal sealed record AnchorsFound(IReadOnlyList<AuditAnchor> Anchors, string? Problem)
{
    public AuditAnchor? Last => Anchors.Count > 0 ? Anchors[^1] : null;
}

/// <summary>
/// The anchors of the chain outside the database: a file a day in this host's data directory, two lines: what it says as JSON, and the
/// signature of that line by the server's key. Each names the digest of the one before, so none can be taken out of the middle.
/// </summary>
internal sealed class AuditAnchors(ConsentOptions options)
{
    private const string Ending = ".anchor";
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public AnchorsFound Read(AuditKey.Keys key)
    {
        var anchors = new List<AuditAnchor>();
        byte[]? before = null;
        foreach (var file in Files())
        {
            var day = DayOf(file);
            var lines = File.ReadAllText(file).Split('\n');
            if (lines.Length < 2 || !key.HasSigned(Encoding.UTF8.GetBytes(lines[0]), SignatureOf(lines[1]))) return Faulty($"The anchor of {day} is not signed by this server's key, or was changed.");
            using var json = JsonDocument.Parse(lines[0]);
            var said = json.RootElement;
            if (said.GetProperty("day").GetString() != day) return Faulty($"The anchor of {day} is that of another day.");
            var follows = said.GetProperty("follows").GetString();
            if (follows != (before is null ? null : Convert.ToHexStringLower(before))) return Faulty($"An anchor before that of {day} is missing.");
            anchors.Add(new AuditAnchor(
                DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture),
                said.GetProperty("events").GetInt64(),
                Convert.FromHexString(said.GetProperty("head").GetString()!),
                said.GetProperty("at").GetDateTimeOffset()));
            before = SHA256.HashData(Encoding.UTF8.GetBytes(lines[0]));
        }

        return new AnchorsFound(anchors, null);

        AnchorsFound Faulty(string problem) => new(anchors, problem);
    }

    /// <summary>Writes a day's anchor in one step, over the one that it had; the days come in their order.</summary>
    public void Write(AuditAnchor anchor, AuditKey.Keys key)
    {
        Directory.CreateDirectory(options.AuditFolder, Private);
        var name = anchor.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var earlier = Files().LastOrDefault(file => string.CompareOrdinal(DayOf(file), name) < 0);
        var said = JsonSerializer.Serialize(new
        {
            day = name,
            events = anchor.Events,
            head = Convert.ToHexStringLower(anchor.Head),
            at = anchor.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            follows = earlier is null ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(File.ReadAllText(earlier).Split('\n')[0]))),
            key = Convert.ToBase64String(key.PublicKey()),
        });
        var temporary = Path.Combine(options.AuditFolder, $"{name}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}");
        var file = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = PrivateFile };
        using (var stream = new FileStream(temporary, file))
        {
            stream.Write(Encoding.UTF8.GetBytes($"{said}\n{Base64Url.EncodeToString(key.Sign(Encoding.UTF8.GetBytes(said)))}\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, Path.Combine(options.AuditFolder, name + Ending), overwrite: true);
    }

    private string[] Files()
    {
        if (!Directory.Exists(options.AuditFolder)) return [];
        var files = Directory.GetFiles(options.AuditFolder, "????-??-??" + Ending);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static string DayOf(string file) => Path.GetFileNameWithoutExtension(file);

    private static byte[] SignatureOf(string line) =>
        Base64Url.IsValid(line.AsSpan().Trim()) ? Base64Url.DecodeFromChars(line.AsSpan().Trim()) : [];
}
