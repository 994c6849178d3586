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
    private DbTransaction? transaction;
    private NpgsqlBatch? atCommit;
    private List<Func<Task>>? afterCommit;

    public DbConnection Connection => connection;

    /// <summary>Opens connection and transaction if this is the first command.</summary>
    public async ValueTask StartAsync(CancellationToken ct)
    {
        if (transaction is not null) return;
        await connection.OpenAsync(ct).ConfigureAwait(false);
        transaction = await connection.BeginTransactionAsync(ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Leaves a statement to be run with the commit, in one trip to the database. For what this request does not read again and what
    /// cannot fail for a reason that the caller should hear of; if it fails all the same, nothing of the request lasts.
    /// </summary>
    public void AtCommit(string statement, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        atCommit ??= new NpgsqlBatch((NpgsqlConnection)connection);
        var command = new NpgsqlBatchCommand(statement);
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        atCommit.BatchCommands.Add(command);
    }

    /// <summary>Has something done once the changes are safe, such as waking a worker; it is dropped on rollback.</summary>
    public void AfterCommit(Func<Task> action) => (afterCommit ??= []).Add(action);

    /// <summary>Makes the changes last. What was not started needs no commit.</summary>
    public async Task CommitAsync(CancellationToken ct = default)
    {
        if (atCommit is not null) await StartAsync(ct).ConfigureAwait(false);
        if (transaction is not null)
        {
            await (atCommit is null ? transaction.CommitAsync(ct) : CommitWithAsync(atCommit, ct)).ConfigureAwait(false);
            await EndAsync().ConfigureAwait(false);
        }

        var actions = afterCommit;
        afterCommit = null;
        foreach (var action in actions ?? []) await action().ConfigureAwait(false);
    }

    /// <summary>Forgets the changes; also safe where the connection is already gone.</summary>
    public async Task RollbackAsync()
    {
        afterCommit = null;
        await EndAsync().ConfigureAwait(false);
    }

    // A batch is one message: where a statement of it fails, the server passes over the rest, and so over the commit.
    private static async Task CommitWithAsync(NpgsqlBatch batch, CancellationToken ct)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        await batch.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }

    private async Task EndAsync()
    {
        atCommit?.Dispose();
        atCommit = null;

        // Disposing a transaction that was not committed rolls it back.
        if (transaction is not null) await transaction.DisposeAsync().ConfigureAwait(false);
        transaction = null;
        await connection.CloseAsync().ConfigureAwait(false);
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
}
