using Npgsql;
using NpgsqlTypes;

namespace OpenBanking.Kernel.Storage;

/// <summary>Writes many rows at once, by PostgreSQL's <c>COPY</c> in its binary form.</summary>
public static class BulkCopy
{
    /// <param name="table">With its schema.</param>
    /// <param name="rows">Values in the order of the columns, each of a type that the column has.</param>
    /// <exception cref="ArgumentException">A value is of a type that is not written here.</exception>
    public static async Task WriteAsync(
        NpgsqlConnection connection, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken ct)
    {
        var names = string.Join(", ", columns.Select(column => $"\"{column}\""));
        var writer = await connection.BeginBinaryImportAsync($"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)", ct).ConfigureAwait(false);
        await using var closing = writer.ConfigureAwait(false);
        foreach (var row in rows)
        {
            await writer.StartRowAsync(ct).ConfigureAwait(false);
            foreach (var value in row) await WriteAsync(writer, value, ct).ConfigureAwait(false);
        }

        await writer.CompleteAsync(ct).ConfigureAwait(false);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter writer, object? value, CancellationToken ct) => value switch
    {
        null => writer.WriteNullAsync(ct),
        string text => writer.WriteAsync(text, NpgsqlDbType.Text, ct),
        decimal amount => writer.WriteAsync(amount, NpgsqlDbType.Numeric, ct),
        DateTimeOffset moment => writer.WriteAsync(moment, NpgsqlDbType.TimestampTz, ct),
        Guid id => writer.WriteAsync(id, NpgsqlDbType.Uuid, ct),
        bool flag => writer.WriteAsync(flag, NpgsqlDbType.Boolean, ct),
        int number => writer.WriteAsync(number, NpgsqlDbType.Integer, ct),
        short number => writer.WriteAsync(number, NpgsqlDbType.Smallint, ct),
        byte[] bytes => writer.WriteAsync(bytes, NpgsqlDbType.Bytea, ct),
        string[] texts => writer.WriteAsync(texts, NpgsqlDbType.Array | NpgsqlDbType.Text, ct),
        _ => throw new ArgumentException("A column of a kind that is not written here.", nameof(value)),
    };
}
