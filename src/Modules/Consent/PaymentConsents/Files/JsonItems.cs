using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenBanking.Consent.PaymentConsents.Files;

/// <summary>The items of one list in a JSON text, as they come along a stream. The whole text is read, so that what follows the list is JSON too.</summary>
internal sealed class JsonItems(Stream stream) : IDisposable
{
    private const int MaxItem = 64 * 1024;
    private readonly Stream stream = stream;
    private byte[] buffer = new byte[8 * 1024];
    private int filled;
    private JsonReaderState state;
    private string? top;
    private Phase phase;

    private enum Phase
    {
        Before,
        AtList,
        Inside,
        Behind,
    }

    public void Dispose() => buffer = [];

    /// <summary>Reads the list that is a member of a member of the text.</summary>
    /// <exception cref="JsonException">The text is none, or has no such list, or an item is larger than any payment.</exception>
    public async IAsyncEnumerable<JsonElement> ReadAsync(string[] path, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var isLast = false; !isLast;)
        {
            if (filled == buffer.Length) Grow();
            var read = await stream.ReadAsync(buffer.AsMemory(filled), ct);
            isLast = read == 0;
            filled += read;
            foreach (var item in Take(path, isLast)) yield return item;
        }

        if (phase != Phase.Behind) throw new JsonException();
    }

    private List<JsonElement> Take(string[] path, bool isLast)
    {
        var items = new List<JsonElement>();
        var reader = new Utf8JsonReader(buffer.AsSpan(0, filled), isLast, state);
        while (true)
        {
            if (phase == Phase.Inside)
            {
                // An item is taken whole or not yet.
                var before = reader;
                if (!reader.Read()) break;
                if (reader.TokenType == JsonTokenType.EndArray)
                {
                    phase = Phase.Behind;
                    continue;
                }

                if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
                if (!JsonDocument.TryParseValue(ref reader, out var item))
                {
                    reader = before;
                    break;
                }

                using (item) items.Add(item.RootElement.Clone());
                continue;
            }

            if (!reader.Read()) break;
            if (phase == Phase.AtList)
            {
                if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException();
                phase = Phase.Inside;
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
            {
                top = reader.GetString();
            }
            else if (phase == Phase.Before && reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 2 && top == path[0] && reader.ValueTextEquals(path[1]))
            {
                phase = Phase.AtList;
            }
        }

        var used = (int)reader.BytesConsumed;
        buffer.AsSpan(used, filled - used).CopyTo(buffer);
        filled -= used;
        state = reader.CurrentState;
        return items;
    }

    private void Grow()
    {
        if (buffer.Length >= MaxItem) throw new JsonException();
        Array.Resize(ref buffer, buffer.Length * 2);
    }
}
