using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace OpenBanking.Kernel.Storage;

/// <summary>A module's tables, on the connection and in the transaction of the request that uses it.</summary>
public abstract class ModuleContext(DbContextOptions options) : DbContext(options)
{
    private static readonly ConcurrentDictionary<IEntityType, RowInsert> Inserts = new();
    private static readonly ConcurrentDictionary<IEntityType, object> Selects = new();

    /// <summary>The unit that this context belongs to at the moment.</summary>
    internal UnitOfWork? Unit { get; private set; }

    internal void Join(UnitOfWork unit)
    {
        Unit = unit;
        Database.SetDbConnection(unit.Connection);

        // The request's transaction is begun by the unit of work; EF must not begin one of its own inside it.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
    }

    /// <summary>Prepares a question for rows; for what nearly every request asks. The table is called <c>r</c>.</summary>
    /// <param name="which">The statement from <c>WHERE</c> on.</param>
    public Question<T> Ask<T>(string which, params ReadOnlySpan<NpgsqlParameter> parameters)
        where T : class
    {
        var select = SelectOf<T>();
        return Unit!.Ask(select.Statement + which, select.Read, parameters);
    }

    /// <summary>The same for rows that are found by way of other tables.</summary>
    /// <param name="from">The statement from <c>FROM</c> on; the rows are called <c>r</c> there.</param>
    public Question<T> AskFrom<T>(string from, params ReadOnlySpan<NpgsqlParameter> parameters)
        where T : class
    {
        var select = SelectOf<T>();
        return Unit!.Ask(select.Columns + " " + from, select.Read, parameters);
    }

    /// <summary>Prepares a question for what is no row of a table.</summary>
    public Question<T> Ask<T>(string statement, Func<NpgsqlDataReader, T> read, params ReadOnlySpan<NpgsqlParameter> parameters)
        where T : class => Unit!.Ask(statement, read, parameters);

    /// <summary>Inserts a row with the commit, in the same trip to the database; see <see cref="UnitOfWork.AtCommit"/>.</summary>
    public void InsertAtCommit<T>(T row)
        where T : class
    {
        var insert = Inserts.GetOrAdd(Model.FindEntityType(typeof(T))!, RowInsert.For);
        Unit!.AtCommit(insert.Statement, insert.ParametersOf(row));
    }

    private RowSelect<T> SelectOf<T>()
        where T : class =>
        (RowSelect<T>)Selects.GetOrAdd(Model.FindEntityType(typeof(T))!, static type => RowSelect<T>.For(type));
}
