using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Storage;
using OpenBanking.Kernel.Jose;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Clients;

/// <summary>Clients that a sandbox knows from the start: a JSON array of RFC 7591 metadata.</summary>
internal static class ClientsFile
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>What a file holds; where it cannot be taken, the sentence that says why.</summary>
    /// <param name="Warnings">What was left out because it is known, but not offered here.</param>
    public sealed record Content(IReadOnlyList<Client> Clients, IReadOnlyList<string> Warnings, string? Problem);

    public static Content Read(string path, OfferedKinds offered, bool allowLoopback, DateTimeOffset now)
    {
        try
        {
            return Parse(File.ReadAllText(path, Encoding.UTF8), offered, allowLoopback, now);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new Content([], [], "it cannot be read");
        }
    }

    public static Content Parse(string json, OfferedKinds offered, bool allowLoopback, DateTimeOffset now)
    {
        var clients = new List<Client>();
        var warnings = new List<string>();
        var policy = new MetadataPolicy(offered, allowLoopback, AllowLoopbackRedirects: true, MetadataPolicy.AllMethods);
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Array) return new Content([], [], "it must be a JSON array");
            foreach (var element in document.RootElement.EnumerateArray())
            {
                if (Identify(element, out var id) is { } fault) return new Content([], [], fault);
                if (ClientMetadata.Judge(id, element, policy, now).Failed(out var problem, out var judged))
                    return new Content([], [], $"client {id} {problem.What}");
                if (clients.Any(other => other.ClientId == id)) return new Content([], [], $"client {id} is in it twice");
                clients.Add(judged.Client);
                warnings.AddRange(judged.LeftOut.Select(word => $"client {id}: {word} is left out, it is not offered yet"));
            }
        }
        catch (JsonException)
        {
            return new Content([], [], "it is not valid JSON");
        }

        return new Content(clients, warnings, null);
    }

    private static string? Identify(JsonElement client, out string id)
    {
        id = Claims.Text(client, "client_id") ?? "";
        if (client.ValueKind != JsonValueKind.Object) return "each client must be a JSON object";
        if (id.Length == 0) return "a client has no client_id";
        return id.Length <= 255 && id.All(letter => letter is > ' ' and <= '~') ? null : "a client_id must be 1 to 255 visible ASCII characters";
    }
}

/// <summary>Brings the clients of the files into the database before the first request is taken.</summary>
internal sealed partial class ClientsFromFiles(
    IServiceScopeFactory scopes, IOptions<AuthorizationServerOptions> options, OfferedKinds offered, TimeProvider time, ILogger<ClientsFromFiles> logger) : IHostedService
{
    /// <summary>Any number that nothing else locks: of hosts that start together, one at a time.</summary>
    private const long StartLock = 7591;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ClientsFile is not { } file) return;
        var count = await scopes.InUnitAsync(services => TakeAsync(services.GetRequiredService<IdentityDb>(), file, cancellationToken), cancellationToken);
        Log.Taken(logger, count);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<int> TakeAsync(IdentityDb db, string file, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({StartLock})", ct);
        var content = ClientsFile.Read(file, offered, options.Value.AllowLoopbackTargets, time.GetUtcNow());
        if (content.Problem is { } problem) throw new InvalidOperationException($"The clients file cannot be taken: {problem}.");
        foreach (var warning in content.Warnings) Log.LeftOut(logger, warning);
        foreach (var client in content.Clients) await StoreAsync(db, client, ct);
        return content.Clients.Count;
    }

    private static async Task StoreAsync(IdentityDb db, Client client, CancellationToken ct)
    {
        if (await db.Clients.AnyAsync(row => row.ClientId == client.ClientId, ct))
        {
            var known = db.Update(client);
            known.Property(row => row.RegisteredAt).IsModified = false;
            known.Property(row => row.SuspendedBy).IsModified = false;
        }
        else
        {
            db.Add(client);
        }

        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Clients file: {What}")]
        public static partial void LeftOut(ILogger logger, string what);

        [LoggerMessage(Level = LogLevel.Information, Message = "Clients file: {Count} clients taken")]
        public static partial void Taken(ILogger logger, int count);
    }
}
