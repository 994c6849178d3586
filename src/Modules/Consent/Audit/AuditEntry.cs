using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenBanking.Consent.Storage;

namespace OpenBanking.Consent.Audit;

/// <summary>What a line of the audit says.</summary>
internal sealed record AuditEntry(Guid Id, DateTimeOffset At, string What, string Subject, string Content)
{
    /// <summary>What begins so is a step of a consent, and stands in the history too; other modules' lines begin otherwise.</summary>
    public const string OfConsents = "consent.";

    /// <summary>A consent was removed, with its history.</summary>
    public const string Removal = "consent-removed";

    // Audits are read by people: names stay as they are written.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static AuditEntry Of(HistoryEntry entry) => OfStep(
        entry.Id, entry.At, entry.Event.ToString(), entry.ConsentId, entry.From?.ToString(), entry.To.ToString(), entry.ReasonCode, entry.By.ToString(),
        entry.ActorId, entry.Address, entry.UserAgent, entry.Reason);

    /// <summary>The line of a consent's step from the columns of its history; made again when the chain is verified, and then it must be the same.</summary>
    public static AuditEntry OfStep(
        Guid id, DateTimeOffset at, string on, string consentId, string? from, string to, string? code, string by, string? actor, string? address, string? userAgent, string? reason) =>
        new(id, at, OfConsents + on, consentId, Json(
        [
            new("from", from), new("to", to), new("code", code), new("by", by), new("actor", actor), new("address", address), new("userAgent", userAgent), new("reason", reason),
        ]));

    /// <summary>Members in the order given; what is null is written as such.</summary>
    public static string Json(IEnumerable<KeyValuePair<string, string?>> members)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            foreach (var (name, value) in members) json.WriteString(name, value);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}

/// <summary>
/// The bytes of a line, one spelling for each, and the link that holds it in the chain. One is used for many lines, one after the other.
/// </summary>
internal sealed class AuditLink
{
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>Before the first line of all.</summary>
    public static readonly byte[] Beginning = new byte[HashBytes];

    private const int PlaceBytes = HashBytes + sizeof(int) + sizeof(long) + AuditKey.TagBytes;
    private byte[] buffer = new byte[2048];
    private int length;

    /// <summary>Takes a line; what is asked afterwards is about it.</summary>
    public AuditLink Take(AuditEntry entry)
    {
        length = PlaceBytes;
        Room(16 + sizeof(long));
        entry.Id.TryWriteBytes(buffer.AsSpan(length), bigEndian: true, out _);
        length += 16;

        // Microseconds, as the database keeps them.
        BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(length), (entry.At.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
        length += sizeof(long);
        Text(entry.What);
        Text(entry.Subject);
        Text(entry.Content);
        return this;
    }

    public void Tag(AuditKey.Keys key, Span<byte> tag) => key.Tag(buffer.AsSpan(PlaceBytes, length - PlaceBytes), tag);

    /// <summary>The hash over the line before, the place, the tag and the line.</summary>
    public void Hash(ReadOnlySpan<byte> previous, DateOnly day, long sequence, ReadOnlySpan<byte> tag, Span<byte> hash)
    {
        previous.CopyTo(buffer);
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(HashBytes), day.DayNumber);
        BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(HashBytes + sizeof(int)), sequence);
        tag.CopyTo(buffer.AsSpan(HashBytes + sizeof(int) + sizeof(long)));
        SHA256.HashData(buffer.AsSpan(0, length), hash);
    }

    // With its length before it, so that no two lines have the same bytes.
    private void Text(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        Room(sizeof(int) + bytes);
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(length), bytes);
        Encoding.UTF8.GetBytes(text, buffer.AsSpan(length + sizeof(int)));
        length += sizeof(int) + bytes;
    }

    private void Room(int more)
    {
        if (length + more > buffer.Length) Array.Resize(ref buffer, Math.Max(2 * buffer.Length, length + more));
    }
}
