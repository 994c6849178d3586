using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace OpenBanking.Testing;

/// <summary>nginx as the proxy before a host, with the configuration that <c>deploy/nginx</c> gives to operators.</summary>
public sealed class Nginx : IAsyncDisposable
{
    private readonly Process process;
    private readonly string folder;

    private Nginx(Process process, string folder, int port, int mtlsPort)
    {
        this.process = process;
        this.folder = folder;
        Port = port;
        MtlsPort = mtlsPort;
    }

    /// <summary>Where browsers and DPoP clients call.</summary>
    public int Port { get; }

    /// <summary>Where clients show certificates.</summary>
    public int MtlsPort { get; }

    /// <param name="bank">The host's port for proxies.</param>
    /// <param name="tls">Folder with the authority <c>ca.crt</c> and the server's <c>server.crt</c> and <c>server.key</c>.</param>
    public static async Task<Nginx> StartAsync(int port, int mtlsPort, int bank, string tls)
    {
        var folder = Directory.CreateDirectory(TestFolder.Make()).FullName;
        var source = Path.Combine(Root(), "deploy", "nginx");
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["NAME"] = "localhost",
            ["PORT"] = Local(port),
            ["MTLS_PORT"] = Local(mtlsPort),
            ["BANK"] = Local(bank),
            ["BANK_CA"] = Path.Combine(tls, "ca.crt"),
            ["CERTIFICATE"] = Path.Combine(tls, "server.crt"),
            ["KEY"] = Path.Combine(tls, "server.key"),
        };
        var servers = await File.ReadAllTextAsync(Path.Combine(source, "openbanking.conf.template"));
        foreach (var (name, value) in values) servers = servers.Replace("${" + name + "}", value, StringComparison.Ordinal);
        var temporary = string.Concat(((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]).Select(kind => $"{kind}_temp_path {folder}/{kind};\n"));
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off;
            master_process off;
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log;
            events { worker_connections 512; }
            http {
            access_log off;
            {{temporary}}
            include {{source}}/client-cert.conf;
            {{servers}}
            }
            """);
        var process = Process.Start(new ProcessStartInfo("/usr/sbin/nginx", ["-e", $"{folder}/error.log", "-c", configuration]) { UseShellExecute = false })!;
        var nginx = new Nginx(process, folder, port, mtlsPort);
        for (var attempt = 0; attempt < 2_000 && !process.HasExited; attempt++)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", mtlsPort);
                return nginx;
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }

        var problem = File.Exists($"{folder}/error.log") ? await File.ReadAllTextAsync($"{folder}/error.log") : "";
        await nginx.DisposeAsync();
        throw new InvalidOperationException("nginx does not listen: " + problem);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        TestFolder.Delete(folder);
    }

    private static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OpenBanking.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("OpenBanking.sln is not above the tests.");
    }
}
