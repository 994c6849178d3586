using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenBanking.Interop.Tests;

/// <summary>A third party in a process of its own that runs on somebody else's library.</summary>
internal sealed class NodeClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string Folder = typeof(NodeClient).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == "Clients").Value!;
    private readonly Process process;
    private readonly Task<string> complaints;

    private NodeClient(Process process)
    {
        this.process = process;
        complaints = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts it, and tells it who it is.</summary>
    public static async Task<NodeClient> StartAsync(JsonObject third)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
            throw new InvalidOperationException($"The clients' packages are not installed: run ./test.sh, or 'npm ci' in {Folder}.");
        var start = new ProcessStartInfo("node", [Path.Combine(Folder, "run.mjs")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var client = new NodeClient(Process.Start(start)!);
        await client.SayAsync(third);
        return client;
    }

    public async Task SayAsync(JsonObject message) => await process.StandardInput.WriteLineAsync(message.ToJsonString());

    /// <summary>Its next message under this name; fails with all it said where another comes.</summary>
    public async Task<JsonElement> HearAsync(string name)
    {
        using var patience = new CancellationTokenSource(Patience);
        var line = await process.StandardOutput.ReadLineAsync(patience.Token);
        if (line is not null && JsonElement.Parse(line).TryGetProperty(name, out var message)) return message;
        if (line is null) await process.WaitForExitAsync(patience.Token);
        throw new InvalidOperationException($"'{name}' was due, and the client said: {line?.Replace("\\n", "\n", StringComparison.Ordinal) ?? await complaints}");
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
