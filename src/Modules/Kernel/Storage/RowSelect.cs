using System.Linq.Expressions;
using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace OpenBanking.Kernel.Storage;

/// <summary>
/// The statement that reads entities and the function that makes one of a row, both of the model and made once. What EF Core does for a
/// query beside that, even for a compiled one, costs as much as the check of a signature.
/// </summary>
internal sealed class RowSelect<T>
    where T : class
{
    private RowSelect(string columns, string table, Func<NpgsqlDataReader, T> read)
    {
        Columns = columns;
        Statement = columns + " FROM " + table + " r ";
        Read = read;
    }

    /// <summary>All columns of what is called <c>r</c>; whence they come is the asker's.</summary>
    public string Columns { get; }

    /// <summary>All columns of the table, which is called <c>r</c>; what follows is the asker's.</summary>
    public string Statement { get; }

    public Func<NpgsqlDataReader, T> Read { get; }

    public static RowSelect<T> For(IEntityType type)
    {
        IProperty[] properties = [.. type.GetProperties()];
        var columns = string.Join(", ", properties.Select(property => $"r.\"{property.GetColumnName()}\""));
        var row = Expression.Parameter(typeof(NpgsqlDataReader), "row");
        var bindings = properties.Select((property, column) => Expression.Bind(property.PropertyInfo!, Value(row, column, property)));
        var read = Expression.Lambda<Func<NpgsqlDataReader, T>>(Expression.MemberInit(Expression.New(typeof(T)), bindings), row);
        return new RowSelect<T>("SELECT " + columns, $"\"{type.GetSchema()}\".\"{type.GetTableName()}\"", read.Compile());
    }

    private static Expression Value(ParameterExpression row, int column, IProperty property)
    {
        var converter = property.GetRelationalTypeMapping().Converter;
        var stored = converter?.ProviderClrType ?? Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
        var number = Expression.Constant(column);
        Expression value = Expression.Call(row, Generic(nameof(NpgsqlDataReader.GetFieldValue)).MakeGenericMethod(stored), number);
        if (converter is not null) value = Expression.Invoke(converter.ConvertFromProviderExpression, value);
        value = Expression.Convert(value, property.ClrType);
        return property.IsNullable
            ? Expression.Condition(Expression.Call(row, nameof(NpgsqlDataReader.IsDBNull), null, number), Expression.Default(property.ClrType), value)
            : value;
    }

    private static MethodInfo Generic(string name) => typeof(NpgsqlDataReader).GetMethods().Single(method => method.Name == name && method.IsGenericMethodDefinition);
}
