using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace OpenBanking.Kernel.Storage;

/// <summary>
/// The one connection and the one transaction of a request. The contexts of all modules use it, so what a request changes in
/// several modules commits together or not at all. It opens with the first command and is committed before an answer leaves.
/// </summary>
public sealed class UnitOfWork(DbDataSource database) : IAsyncDisposable, IDisposable
{
    private readonly DbConnection connection = database.CreateConnection();
    private readonly List<Question> asked = [];
    private readonly List<NpgsqlBatchCommand> atCommit = [];
    private DbTransaction? transaction;
    private List<Func<Task>>? afterCommit;
    private bool isOpen;
    private bool presumed;
    private int marks;

    public DbConnection Connection => connection;

    /// <summary>
    /// Whether <see cref="TryPresume"/> may be used: only whoever can do everything again that follows from a presumption sets it,
    /// which is the request's own middleware.
    /// </summary>
    public bool Presuming { get; set; }

    /// <summary>Opens connection and transaction if this is the first command that may change something.</summary>
    public async ValueTask StartAsync(CancellationToken ct)
    {
        if (transaction is not null) return;
        await OpenAsync(ct).ConfigureAwait(false);
        transaction = await connection.BeginTransactionAsync(ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Prepares a question. Questions alone begin no transaction: each statement sees what is committed when it runs, inside of one or not.
    /// </summary>
    public Question<T> Ask<T>(string statement, Func<NpgsqlDataReader, T> read, params ReadOnlySpan<NpgsqlParameter> parameters)
        where T : class
    {
        var question = new Question<T>(this, Command(statement, parameters), read);
        asked.Add(question);
        return question;
    }

    /// <summary>
    /// Leaves a statement to be run with the commit, in one trip to the database. For what this request does not read again and what
    /// cannot fail for a reason that the caller should hear of; if it fails all the same, nothing of the request lasts.
    /// </summary>
    public void AtCommit(string statement, params ReadOnlySpan<NpgsqlParameter> parameters) => atCommit.Add(Command(statement, parameters));

    /// <summary>
    /// Goes on as if a statement had succeeded, and leaves it to be run with the commit; where it then fails for an empty column
    /// (23502, its way to say no), nothing of the request lasts and <see cref="CommitAsync"/> is false. False here means that nothing
    /// may be presumed and the statement must be run now.
    /// </summary>
    public bool TryPresume(string statement, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        if (!Presuming) return false;
        AtCommit(statement, parameters);
        presumed = true;
        return true;
    }

    /// <summary>Has something done once the changes are safe, such as waking a worker; it is dropped on rollback.</summary>
    public void AfterCommit(Func<Task> action) => (afterCommit ??= []).Add(action);

    /// <summary>
    /// Remembers how far the request has come, for a part of it that may be refused after it has written: what that part has done is then
    /// undone by <see cref="ReturnToAsync"/>, and what came before it lasts.
    /// </summary>
    public async Task<Mark> MarkAsync(CancellationToken ct)
    {
        await StartAsync(ct).ConfigureAwait(false);
        var mark = new Mark($"part_{++marks}", atCommit.Count, afterCommit?.Count ?? 0);
        await transaction!.SaveAsync(mark.Name, ct).ConfigureAwait(false);
        return mark;
    }

    /// <summary>Undoes everything since a mark, also what was left for the commit and for after it.</summary>
    public async Task ReturnToAsync(Mark mark, CancellationToken ct)
    {
        await transaction!.RollbackAsync(mark.Name, ct).ConfigureAwait(false);
        atCommit.RemoveRange(mark.AtCommit, atCommit.Count - mark.AtCommit);
        afterCommit?.RemoveRange(mark.AfterCommit, afterCommit.Count - mark.AfterCommit);
    }

    /// <summary>Makes the changes last. What was not started needs no commit. False: something was presumed that does not hold, and nothing has changed.</summary>
    public async Task<bool> CommitAsync(CancellationToken ct = default)
    {
        try
        {
            if (atCommit.Count > 0) await CommitTogetherAsync(ct).ConfigureAwait(false);
            else if (transaction is not null) await transaction.CommitAsync(ct).ConfigureAwait(false);
        }
        catch (PostgresException no) when (presumed && no.SqlState == PostgresErrorCodes.NotNullViolation)
        {
            await RollbackAsync().ConfigureAwait(false);
            return false;
        }

        await EndAsync().ConfigureAwait(false);
        var actions = afterCommit;
        afterCommit = null;
        foreach (var action in actions ?? []) await action().ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Gives the connection back while something outside is waited for, or a slow key server would hold it (DC-14). What was left for
    /// the commit still waits for it, and with it what was presumed: it is judged once, at the end. What was changed before lasts.
    /// </summary>
    public async Task ReleaseAsync(CancellationToken ct)
    {
        if (transaction is not null) await transaction.CommitAsync(ct).ConfigureAwait(false);
        await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// As <see cref="ReleaseAsync"/>, but only where nothing was changed yet: whoever answers is then waited for without a connection, and
    /// what was begun stays one whole.
    /// </summary>
    public async ValueTask RestAsync()
    {
        if (transaction is null) await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Forgets the changes; also safe where the connection is already gone.</summary>
    public async Task RollbackAsync()
    {
        afterCommit = null;
        asked.Clear();
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Sends all questions that wait, in one batch.</summary>
    internal async Task AnswerAsync(CancellationToken ct)
    {
        await OpenAsync(ct).ConfigureAwait(false);
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        foreach (var question in asked) batch.BatchCommands.Add(question.Command);
        await using var rows = await batch.ExecuteReaderAsync(ct).ConfigureAwait(false);
        foreach (var question in asked)
        {
            await question.ReadAsync(rows, ct).ConfigureAwait(false);
            await rows.NextResultAsync(ct).ConfigureAwait(false);
        }

        asked.Clear();
    }

    private static NpgsqlBatchCommand Command(string statement, ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(statement);
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    // A batch is one message: where a statement of it fails, the server passes over the rest, and so over the commit. Outside of a
    // transaction it is one by itself.
    private async Task CommitTogetherAsync(CancellationToken ct)
    {
        await OpenAsync(ct).ConfigureAwait(false);
        await using var batch = new NpgsqlBatch((NpgsqlConnection)connection);
        foreach (var command in atCommit) batch.BatchCommands.Add(command);
        if (transaction is not null) batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await batch.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }

    private async ValueTask OpenAsync(CancellationToken ct)
    {
        if (isOpen) return;
        await connection.OpenAsync(ct).ConfigureAwait(false);
        isOpen = true;
    }

    private async Task EndAsync()
    {
        atCommit.Clear();
        presumed = false;
        await CloseAsync().ConfigureAwait(false);
    }

    private async Task CloseAsync()
    {
        // Disposing a transaction that was not committed rolls it back.
        if (transaction is not null) await transaction.DisposeAsync().ConfigureAwait(false);
        transaction = null;
        if (isOpen) await connection.CloseAsync().ConfigureAwait(false);
        isOpen = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (transaction is not null) await transaction.DisposeAsync().ConfigureAwait(false);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        transaction?.Dispose();
        connection.Dispose();
    }

    /// <summary>A place in a request's work to which it can return.</summary>
    public readonly record struct Mark(string Name, int AtCommit, int AfterCommit);

    /// <summary>Gives EF Core the unit's connection, already inside the unit's transaction, and keeps it open between commands.</summary>
    internal sealed class Opening : DbConnectionInterceptor
    {
        public static readonly Opening Instance = new();

        public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            await ((ModuleContext)eventData.Context!).Unit!.StartAsync(cancellationToken).ConfigureAwait(false);
            return InterceptionResult.Suppress();
        }

        public override InterceptionResult ConnectionOpening(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result) =>
            throw new InvalidOperationException("The database is used asynchronously only.");

        public override ValueTask<InterceptionResult> ConnectionClosingAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result) =>
            ValueTask.FromResult(InterceptionResult.Suppress());

        public override InterceptionResult ConnectionClosing(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result) => InterceptionResult.Suppress();
    }

    /// <summary>
    /// Begins the transaction before a command of EF Core's. A question may have opened the connection already, and then
    /// <see cref="Opening"/> is not asked.
    /// </summary>
    internal sealed class Beginning : DbCommandInterceptor
    {
        public static readonly Beginning Instance = new();

        public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            await StartAsync(eventData, cancellationToken).ConfigureAwait(false);
            return result;
        }

        public override async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            await StartAsync(eventData, cancellationToken).ConfigureAwait(false);
            return result;
        }

        public override async ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<object> result, CancellationToken cancellationToken = default)
        {
            await StartAsync(eventData, cancellationToken).ConfigureAwait(false);
            return result;
        }

        private static ValueTask StartAsync(CommandEventData of, CancellationToken ct) => ((ModuleContext)of.Context!).Unit!.StartAsync(ct);
    }
}
