namespace OpenBanking.Host;

/// <summary>
/// Whether this process lives, and whether it can serve: two questions, because a host whose database is away must not be killed, only
/// be left out.
/// </summary>
internal sealed class Health(HostDatabase database)
{
    /// <summary>The tables are up to date; before that nothing can be served.</summary>
    public bool Migrated { get; set; }

    /// <summary>This host is about to end; whoever balances sends new requests elsewhere.</summary>
    public bool Stopping { get; set; }

    public static void Map(WebApplication app)
    {
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", async (HttpContext http, Health health) =>
        {
            if (health is { Migrated: true, Stopping: false } && await health.DatabaseAnswersAsync(http.RequestAborted)) return Results.Text("ready");
            http.Response.Headers.RetryAfter = "1";
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        });
    }

    private Task<bool> DatabaseAnswersAsync(CancellationToken ct) => database.AnswersAsync(ct);
}
