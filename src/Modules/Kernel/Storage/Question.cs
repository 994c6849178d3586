using Npgsql;

namespace OpenBanking.Kernel.Storage;

/// <summary>
/// A written statement that only reads. It is not sent when it is made but with the next question whose answer somebody waits for, so
/// that what is known to be needed early costs no trip of its own to the database.
/// </summary>
public abstract class Question
{
    internal abstract NpgsqlBatchCommand Command { get; }

    internal abstract Task ReadAsync(NpgsqlDataReader rows, CancellationToken ct);
}

/// <inheritdoc cref="Question"/>
public sealed class Question<T> : Question
    where T : class
{
    private readonly UnitOfWork unit;
    private readonly Func<NpgsqlDataReader, T> read;
    private List<T>? answer;

    internal Question(UnitOfWork unit, NpgsqlBatchCommand command, Func<NpgsqlDataReader, T> read)
    {
        this.unit = unit;
        this.read = read;
        Command = command;
    }

    internal override NpgsqlBatchCommand Command { get; }

    /// <summary>All rows.</summary>
    public async ValueTask<IReadOnlyList<T>> AllAsync(CancellationToken ct)
    {
        if (answer is null) await unit.AnswerAsync(ct).ConfigureAwait(false);
        return answer!;
    }

    /// <summary>The first row; null where there is none.</summary>
    public async ValueTask<T?> OneAsync(CancellationToken ct) => await AllAsync(ct).ConfigureAwait(false) is [var first, ..] ? first : null;

    internal override async Task ReadAsync(NpgsqlDataReader rows, CancellationToken ct)
    {
        var found = new List<T>();
        while (await rows.ReadAsync(ct).ConfigureAwait(false)) found.Add(read(rows));
        answer = found;
    }
}
