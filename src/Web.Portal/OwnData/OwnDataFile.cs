using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Web.Portal.OwnData;

/// <summary>The same as the page shows, for a program: each section a member, each record an object, times in UTC.</summary>
internal static class OwnDataFile
{
    // For people to open too, so names stay as they are written. It is never part of a page.
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Of(IReadOnlyList<OwnDataSection> sections, string bankName, DateTimeOffset at)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Readable))
        {
            json.WriteStartObject();
            json.WriteString("stored_by", bankName);
            json.WriteString("made_at", Moment(at));
            foreach (var section in sections)
            {
                json.WriteStartObject(section.Name);
                json.WriteString("purpose", section.Purpose);
                json.WritePropertyName("records");
                Write(json, section.Records);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private static void Write(Utf8JsonWriter json, IEnumerable<OwnDataRecord> records)
    {
        json.WriteStartArray();
        foreach (var record in records)
        {
            json.WriteStartObject();
            foreach (var field in record.Fields.Where(field => field.Value is not null))
            {
                json.WritePropertyName(field.Name);
                Write(json, field.Value!);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case string text: json.WriteStringValue(text); break;
            case bool yes: json.WriteBooleanValue(yes); break;
            case int number: json.WriteNumberValue(number); break;
            case decimal amount: json.WriteNumberValue(amount); break;
            case DateTimeOffset at: json.WriteStringValue(Moment(at)); break;
            case DateOnly day: json.WriteStringValue(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)); break;
            case IEnumerable<OwnDataRecord> records: Write(json, records); break;
            case IEnumerable<string> texts:
                json.WriteStartArray();
                foreach (var text in texts) json.WriteStringValue(text);
                json.WriteEndArray();
                break;
            default: throw new System.Diagnostics.UnreachableException($"A field of the type {value.GetType()} cannot be written.");
        }
    }

    private static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
