using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace OpenBanking.Testing;

/// <summary>
/// The line between a host and its database. It counts the commands that pass and can be cut at any of them, just before it arrives or just
/// after it was carried out: to the database that is a host that dies there, and nothing of the product has to know of it.
/// </summary>
public sealed class DatabaseLine : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly EndPoint server;
    private readonly Lock guard = new();
    private readonly List<Call> calls = [];
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;
    private bool isCut;
    private int mended;
    private int cutAt = int.MaxValue;
    private bool cutAfter;
    private int commands;

    public DatabaseLine(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        server = settings.Host!.StartsWith('/')
            ? new UnixDomainSocketEndPoint(Path.Combine(settings.Host, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{settings.Port}")))
            : new DnsEndPoint(settings.Host, settings.Port);
        listener.Start();
        settings.Host = IPAddress.Loopback.ToString();
        settings.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        settings.SslMode = SslMode.Disable;
        ConnectionString = settings.ConnectionString;
        accepting = AcceptAsync();
    }

    /// <summary>The database by this line.</summary>
    public string ConnectionString { get; }

    /// <summary>How many commands have passed since it was last mended.</summary>
    public int Commands
    {
        get
        {
            lock (guard) return commands;
        }
    }

    /// <summary>Whether it has come to where it was to be cut.</summary>
    public bool IsCut
    {
        get
        {
            lock (guard) return isCut;
        }
    }

    /// <summary>Counts from here on, and cuts all connections at a command: before it is sent on, or once the database has carried it out and before anybody hears of it.</summary>
    public void CutAt(int command, bool after)
    {
        lock (guard) (commands, cutAt, cutAfter) = (0, command, after);
    }

    /// <summary>Lets everything pass again, also new connections.</summary>
    public void Mend()
    {
        lock (guard) (isCut, commands, cutAt, mended) = (false, 0, int.MaxValue, mended + 1);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        Cut(mended);
        await accepting;
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(ending.Token);
                client.NoDelay = true;
                lock (guard)
                {
                    if (isCut) client.Dispose();
                    else calls.Add(new Call(this, client, server));
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Nobody is expected any more.
        }
    }

    /// <summary>Counts a command; answers whether it passes, and where the line ends with it, how often it had been mended before.</summary>
    private (bool Passes, int? Ends) Count()
    {
        lock (guard)
        {
            if (isCut) return (false, mended);
            commands++;
            return commands < cutAt ? (true, null) : (cutAfter, mended);
        }
    }

    /// <summary>Cuts the line, unless it has been mended since: who is late must not cut it once more.</summary>
    private void Cut(int before)
    {
        lock (guard)
        {
            if (before != mended) return;
            isCut = true;
            foreach (var call in calls) call.Dispose();
            calls.Clear();
        }
    }

    /// <summary>One connection.</summary>
    private sealed class Call : IDisposable
    {
        private const int EncryptionAsked = 80877103;
        private const int GssAsked = 80877104;
        private readonly DatabaseLine line;
        private readonly Socket client;
        private readonly Socket server;

        // How often the line had been mended when its last command came; -1 until then.
        private volatile int ends = -1;

        public Call(DatabaseLine line, Socket client, EndPoint address)
        {
            this.line = line;
            this.client = client;
            server = new Socket(address is UnixDomainSocketEndPoint ? AddressFamily.Unix : AddressFamily.InterNetwork, SocketType.Stream, address is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Tcp);
            _ = RunAsync(address);
        }

        public void Dispose()
        {
            client.Dispose();
            server.Dispose();
        }

        private async Task RunAsync(EndPoint address)
        {
            try
            {
                await server.ConnectAsync(address);
                await using var fromClient = new NetworkStream(client);
                await using var fromServer = new NetworkStream(server);
                await BeginAsync(fromClient, fromServer);
                await Task.WhenAny(AskAsync(fromClient, fromServer), AnswerAsync(fromServer, fromClient));
            }
            catch (Exception end) when (end is IOException or SocketException or ObjectDisposedException)
            {
                // One of the two has gone.
            }
            finally
            {
                Dispose();
            }
        }

        /// <summary>What comes before the first message has no type; encryption is declined here.</summary>
        private static async Task BeginAsync(NetworkStream client, NetworkStream server)
        {
            while (true)
            {
                var head = new byte[8];
                await client.ReadExactlyAsync(head);
                var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - head.Length];
                await client.ReadExactlyAsync(rest);
                if (BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)) is EncryptionAsked or GssAsked)
                {
                    await client.WriteAsync("N"u8.ToArray());
                    continue;
                }

                await server.WriteAsync(head);
                await server.WriteAsync(rest);
                return;
            }
        }

        private async Task AskAsync(NetworkStream client, NetworkStream server)
        {
            using var waiting = new MemoryStream();
            while (true)
            {
                var type = await ReadAsync(client, waiting);

                // A command is what the database answers with being ready again.
                if (type is 'S' or 'Q')
                {
                    var (passes, before) = line.Count();
                    if (before is { } end) ends = end;
                    if (!passes)
                    {
                        line.Cut(ends);
                        return;
                    }
                }

                if (type is 'P' or 'B' or 'D' or 'E' or 'C') continue;
                await server.WriteAsync(waiting.GetBuffer().AsMemory(0, (int)waiting.Length));
                waiting.SetLength(0);
            }
        }

        private async Task AnswerAsync(NetworkStream server, NetworkStream client)
        {
            using var waiting = new MemoryStream();
            while (true)
            {
                var type = await ReadAsync(server, waiting);
                if (ends >= 0)
                {
                    waiting.SetLength(0);
                    if (type != 'Z') continue;
                    line.Cut(ends);
                    return;
                }

                if (type != 'Z' && waiting.Length < 8192 && server.DataAvailable) continue;
                await client.WriteAsync(waiting.GetBuffer().AsMemory(0, (int)waiting.Length));
                waiting.SetLength(0);
            }
        }

        private static async Task<char> ReadAsync(NetworkStream from, MemoryStream to)
        {
            var head = new byte[5];
            await from.ReadExactlyAsync(head);
            var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - 4];
            await from.ReadExactlyAsync(rest);
            to.Write(head);
            to.Write(rest);
            return (char)head[0];
        }
    }
}
