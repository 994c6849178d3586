using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.Configuration;
using Npgsql;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Kernel.Storage;

/// <summary>That a request with a key has made something. Each module that makes such things keeps these beside them (OB-IDM-14).</summary>
public sealed class IdempotencyRecord
{
    public required string ClientId { get; init; }

    /// <summary>Method and path template: the same key on another endpoint is another key (OB-IDM-6).</summary>
    public required string Operation { get; init; }

    public required string Key { get; init; }

    /// <summary>Of the body as JSON values, or of a file's bytes (OB-IDM-8).</summary>
    public required byte[] Digest { get; init; }

    public required string ResourceId { get; init; }

    /// <summary>What the first request was answered with, and so is each repetition (OB-IDM-4).</summary>
    public required int Status { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>How a module's context stores them; it applies this beside its own configurations.</summary>
public sealed class IdempotencyTable : IEntityTypeConfiguration<IdempotencyRecord>
{
    public const string Name = "idempotency";

    public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
    {
        // The key is what makes two requests at one moment one (OB-IDM-10).
        builder.ToTable(Name).HasKey(record => new { record.ClientId, record.Operation, record.Key });
        builder.Property(record => record.Operation).HasMaxLength(120);
        builder.Property(record => record.Key).HasMaxLength(Idempotency.MaxLength);
        builder.Property(record => record.ResourceId).HasMaxLength(128);
        builder.HasIndex(record => record.At);
    }
}

/// <summary>What a request is asked to make: under which id, how, and how it is shown when it is there already.</summary>
/// <param name="Digest">Of the request's content.</param>
/// <param name="Create">Makes it and answers, or refuses; what a refusal leaves behind is undone.</param>
/// <param name="Show">Answers with the resource as it is now (OB-IDM-4).</param>
public sealed record Creation(string NewId, byte[] Digest, Func<Task<Outcome<IResult, ApiError>>> Create, Func<string, Task<IResult>> Show);

/// <summary>
/// Every request that makes something under an <c>x-idempotency-key</c> goes through here (OB-IDM-1): the key is taken first, by one insert
/// against a unique index, so of two at one moment the second waits for the first and then shows what that one has made. Whoever refuses gives
/// the key back in the same transaction, so a corrected request may use it again (OB-IDM-9).
/// </summary>
public sealed class Idempotency(UnitOfWork unit, TimeProvider time, IConfiguration configuration)
{
    public const string Header = "x-idempotency-key";
    public const int MaxLength = 40;

    /// <summary>From then on a key is new (OB-IDM-5).</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    private static readonly SearchValues<char> Printable = SearchValues.Create(" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>The setting for a bank that answers as version 4.0.1 does (OB-V401-3, OB-DEC-8): 422 and not 400 where a key comes with another body.</summary>
    private readonly int otherBody = configuration["Api:OtherBodyStatus"] is "422" ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status400BadRequest;

    /// <summary>The request's key; a refusal where it is missing, or none that the standard allows.</summary>
    public static Outcome<string, ApiError> KeyOf(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Header, out var sent)) return ApiError.BadRequest("U007", "OB-HDR-10", "The header is missing.", Header);
        return sent is [{ Length: >= 1 and <= MaxLength } key] && key[0] != ' ' && key[^1] != ' ' && !key.AsSpan().ContainsAnyExcept(Printable)
            ? key
            : ApiError.BadRequest("U006", "OB-IDM-3", $"The header must be one key of 1 to {MaxLength} printable characters.", Header);
    }

    /// <summary>Makes what is asked for, or shows what was made under the key before. Nothing was written by this request until now.</summary>
    /// <param name="db">The context of the module whose resource it is; it has an <see cref="IdempotencyTable"/>.</param>
    public async Task<IResult> RunAsync(HttpContext http, ModuleContext db, string clientId, Creation creation, CancellationToken ct)
    {
        if (KeyOf(http.Request).Failed(out var error, out var key)) return error;
        var table = $"{db.Model.GetDefaultSchema()}.{IdempotencyTable.Name}";
        var operation = $"{http.Request.Method} {((RouteEndpoint)http.GetEndpoint()!).RoutePattern.RawText}";
        var mark = await unit.MarkAsync(ct).ConfigureAwait(false);
        if (!await TakeAsync(table, new Taken(clientId, operation, key), creation, ct).ConfigureAwait(false))
        {
            var (digest, resourceId) = await ReadAsync(table, new Taken(clientId, operation, key), ct).ConfigureAwait(false);
            return digest.AsSpan().SequenceEqual(creation.Digest)
                ? await creation.Show(resourceId).ConfigureAwait(false)
                : new ApiError(otherBody, "OB-IDM-7", [new ApiFault("U029", "OB-IDM-7", "This key was used with another request.", Header)]);
        }

        if (!(await creation.Create().ConfigureAwait(false)).Failed(out var refusal, out var answer)) return answer;
        await unit.ReturnToAsync(mark, ct).ConfigureAwait(false);
        return refusal;
    }

    /// <summary>The digest of a JSON body.</summary>
    public static byte[] DigestOf(JsonElement body) => JsonValues.Digest(body);

    private async Task<bool> TakeAsync(string table, Taken taken, Creation creation, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var insert = Command(
            $"""
            INSERT INTO {table} AS known ("ClientId", "Operation", "Key", "Digest", "ResourceId", "Status", "At") VALUES ($1, $2, $3, $4, $5, 201, $6)
            ON CONFLICT ("ClientId", "Operation", "Key") DO UPDATE SET "Digest" = excluded."Digest", "ResourceId" = excluded."ResourceId", "At" = excluded."At"
            WHERE known."At" <= $7
            """,
            taken);
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = creation.Digest });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = creation.NewId });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        insert.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - Life });
        return await insert.ExecuteNonQueryAsync(ct).ConfigureAwait(false) == 1;
    }

    private async Task<(byte[] Digest, string ResourceId)> ReadAsync(string table, Taken taken, CancellationToken ct)
    {
        await using var select = Command($"""SELECT "Digest", "ResourceId" FROM {table} WHERE "ClientId" = $1 AND "Operation" = $2 AND "Key" = $3""", taken);
        await using var rows = await select.ExecuteReaderAsync(ct).ConfigureAwait(false);
        if (!await rows.ReadAsync(ct).ConfigureAwait(false)) throw new InvalidOperationException("A key that was taken has gone.");
        return (rows.GetFieldValue<byte[]>(0), rows.GetString(1));
    }

    private NpgsqlCommand Command(string statement, Taken taken)
    {
        var command = new NpgsqlCommand(statement, (NpgsqlConnection)unit.Connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = taken.ClientId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = taken.Operation });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = taken.Key });
        return command;
    }

    private sealed record Taken(string ClientId, string Operation, string Key);
}
