using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Floods that HTTP/2 makes possible on one connection: it is closed, and others are served meanwhile.</summary>
[Trait("Rule", "OP-14")]
public sealed class StreamFloodTests(StreamFloodTests.Running running) : IClassFixture<StreamFloodTests.Running>
{
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte GoAway = 7;
    private const byte Continuation = 9;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private readonly TestHost host = running.Host;

    [Fact]
    public Task Requests_that_are_taken_back_at_once_end_their_connection() => FloodAsync(async connection =>
    {
        var request = connection.Request();
        for (var stream = 1; stream < 40_000; stream += 2)
        {
            await connection.SendAsync(Headers, EndStream | EndHeaders, stream, request);
            await connection.SendAsync(Reset, 0, stream, [0, 0, 0, 8]);
        }
    });

    [Fact]
    public Task Headers_without_an_end_end_their_connection() => FloodAsync(async connection =>
    {
        // Literal, not indexed, and never the last piece.
        byte[] field = [0, 4, .. "name"u8, 127, 0, .. Enumerable.Repeat((byte)'a', 127)];
        await connection.SendAsync(Headers, EndStream, 1, connection.Request());
        for (var count = 0; count < 100_000; count++) await connection.SendAsync(Continuation, 0, 1, field);
    });

    [Fact]
    public Task Ten_thousand_open_streams_end_their_connection_or_are_refused_one_by_one() => FloodAsync(
        async connection =>
        {
            var request = connection.Request("POST");
            for (var stream = 1; stream < 20_000; stream += 2) await connection.SendAsync(Headers, EndHeaders, stream, request);
        },
        mayRefuse: true);

    private async Task FloodAsync(Func<Connection, Task> flood, bool mayRefuse = false)
    {
        using var client = host.CreateClient();
        await AnswersAsync(client);
        await using var connection = await Connection.OpenAsync(host);
        var reading = connection.ReadToEndAsync();
        try
        {
            await flood(connection);
        }
        catch (IOException)
        {
            // Cut off while it still sends, as it should be.
        }

        await AnswersAsync(client);
        await Eventually.HoldsAsync(
            () => reading.IsCompleted || (mayRefuse && connection.Refused > 5_000), () => $"The connection is open; {connection.Refused} streams were refused.");
        await AnswersAsync(client);
    }

    private static async Task AnswersAsync(HttpClient client)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await client.GetAsync(new Uri("/jwks", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"Another client waited for {watch.Elapsed}.");
    }

    /// <summary>As much of an HTTP/2 client as it takes to be a bad one.</summary>
    private sealed class Connection(SslStream stream, string authority) : IAsyncDisposable
    {
        /// <summary>Streams that the server has reset.</summary>
        public int Refused { get; private set; }

        public static async Task<Connection> OpenAsync(TestHost host)
        {
            var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, host.Main.Port);
            var stream = new SslStream(socket.GetStream());
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { host.Authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            });
            Assert.Equal(SslApplicationProtocol.Http2, stream.NegotiatedApplicationProtocol);
            var connection = new Connection(stream, host.Main.Authority);
            await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
            await connection.SendAsync(4, 0, 0, []);
            return connection;
        }

        /// <summary>The header block of a request, with the table's entries for what has one.</summary>
        public byte[] Request(string method = "GET") =>
            [method == "GET" ? (byte)0x82 : (byte)0x83, 0x87, 0x84, 0x41, (byte)authority.Length, .. Encoding.ASCII.GetBytes(authority)];

        public async Task SendAsync(byte type, int flags, int id, byte[] payload)
        {
            var frame = new byte[9 + payload.Length];
            BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
            (frame[3], frame[4]) = (type, (byte)flags);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), id);
            payload.CopyTo(frame, 9);
            await stream.WriteAsync(frame);
        }

        /// <summary>Reads until the server says farewell or closes.</summary>
        public async Task<int> ReadToEndAsync()
        {
            var head = new byte[9];
            try
            {
                while (true)
                {
                    await stream.ReadExactlyAsync(head);
                    var length = BinaryPrimitives.ReadInt32BigEndian(head) >>> 8;
                    await stream.ReadExactlyAsync(new byte[length]);
                    if (head[3] == Reset) Refused++;
                    if (head[3] == GoAway) return Refused;
                }
            }
            catch (IOException)
            {
                return Refused;
            }
        }

        public async ValueTask DisposeAsync() => await stream.DisposeAsync();
    }

    public sealed class Running : IAsyncLifetime
    {
        public TestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync(options => options.Settings["RateLimits:Requests"] = "1000000");

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
