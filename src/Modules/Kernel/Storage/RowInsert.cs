using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace OpenBanking.Kernel.Storage;

/// <summary>
/// The statement that inserts an entity, read off the model once. EF Core's own way there (tracking, sorting, building the command anew)
/// costs more processor time than the check of a signature.
/// </summary>
internal sealed class RowInsert
{
    private static readonly NpgsqlCommand Maker = new();
    private readonly Column[] columns;

    private RowInsert(string statement, Column[] columns)
    {
        Statement = statement;
        this.columns = columns;
    }

    public string Statement { get; }

    public static RowInsert For(IEntityType type)
    {
        Column[] all = [.. type.GetProperties().Select(property => new Column(property.GetColumnName(), property.GetGetter(), property.GetRelationalTypeMapping()))];
        var names = string.Join(", ", all.Select(column => $"\"{column.Name}\""));
        var values = string.Join(", ", Enumerable.Range(1, all.Length).Select(number => $"${number}"));
        return new RowInsert($"INSERT INTO \"{type.GetSchema()}\".\"{type.GetTableName()}\" ({names}) VALUES ({values})", all);
    }

    public NpgsqlParameter[] ParametersOf(object row) =>
        [.. columns.Select(column => (NpgsqlParameter)column.Mapping.CreateParameter(Maker, "", column.Getter.GetClrValue(row)))];

    private sealed record Column(string Name, IClrPropertyGetter Getter, RelationalTypeMapping Mapping);
}
