using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace OpenBanking.Kernel.Http;

/// <summary>Whom the server may call at addresses that a client has given, as the deployment has it.</summary>
/// <param name="AllowLoopback">Sandbox only: this machine too.</param>
/// <param name="SandboxAuthority">PEM file of the sandbox's own CA, which counts beside the machine's; null without.</param>
public sealed record OutboundRules(bool AllowLoopback = false, string? SandboxAuthority = null);

/// <summary>
/// How the server calls addresses that a client has given. What may be reached is decided on the resolved address in the moment of
/// connecting, since a name can answer differently twice (DC-10, DC-11). Redirects, cookies, proxies and decompression are off (DC-12, DC-14).
/// </summary>
public static class OutboundHttp
{
    /// <summary>Nothing that a client gives us takes longer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Nothing that a client gives us is longer.</summary>
    public const int MaxBytes = 64 * 1024;

    private static readonly int[] Ports = [443, 8443];

    /// <summary>The handler for all such calls; a test puts its own in the place.</summary>
    /// <param name="resolve">What stands in the place of DNS, in a test.</param>
    public static HttpMessageHandler Handler(OutboundRules rules, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        resolve ??= Dns.GetHostAddressesAsync;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, resolve, rules.AllowLoopback, ct),
            ConnectTimeout = Patience,
            MaxConnectionsPerServer = 2,
            MaxResponseDrainSize = 0, // Nobody has us read what we did not want; the connection goes instead.
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            UseCookies = false,
            UseProxy = false,
        };
        if (rules is { AllowLoopback: true, SandboxAuthority: { } authority })
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors, authority);
        return handler;
    }

    /// <summary>Why an address can never be called, as far as its text tells; null if nothing speaks against it (DC-10, DC-13).</summary>
    public static string? Problem(string address, bool allowLoopback)
    {
        // Uri takes blanks and controls and mends them; what is kept and called is the text itself, and the database has no place for a NUL.
        if (address.AsSpan().ContainsAnyInRange('\0', ' ') || !Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps) return "must be an https address";
        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0) return "must have neither user nor fragment";

        // Uri has turned decimal, octal and hexadecimal spellings of an address into the usual one.
        if (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var literal)) return MayConnect(literal, uri.Port, allowLoopback) ? null : "must be a public address";
        if (uri.IsLoopback) return allowLoopback ? null : "must be a public address";
        return allowLoopback || Ports.Contains(uri.Port) ? null : "must be on port 443 or 8443";
    }

    /// <summary>Asks an address for a document; where there is none to be had, why not, for the log.</summary>
    /// <param name="types">Media types that are taken.</param>
    [SuppressMessage("Reliability", "CA2000", Justification = "The handler is not the invoker's to dispose of.")]
    public static async Task<Outcome<byte[], string>> GetAsync(
        HttpMessageHandler outbound, string address, bool allowLoopback, IReadOnlyList<string> types, CancellationToken ct, int maxBytes = MaxBytes)
    {
        if (Problem(address, allowLoopback) is { } problem) return problem;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            using var http = new HttpMessageInvoker(outbound, disposeHandler: false);
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            foreach (var type in types) request.Headers.Accept.ParseAdd(type);
            using var response = await http.SendAsync(request, patience.Token).ConfigureAwait(false);
            if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentEncoding.Count > 0) return "the answer is not a plain 200";
            if (!types.Contains(response.Content.Headers.ContentType?.MediaType, StringComparer.OrdinalIgnoreCase)) return "the answer is of another type";

            var body = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            await using var ending = body.ConfigureAwait(false);
            var buffer = new byte[maxBytes + 1];
            var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, patience.Token).ConfigureAwait(false);
            return length > maxBytes ? "the answer is too long" : buffer[..length];
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return failure.GetType().Name;
        }
    }

    /// <summary>Whether an address is one that anybody on the internet could reach.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            var number = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
            return !NotPublic4.Any(network => number >> (32 - network.Bits) == network.Prefix >> (32 - network.Bits));
        }

        // Only 2000::/3 is given out; of it, what carries an IPv4 address inside or is for documentation is out as well.
        var bytes = address.GetAddressBytes();
        var first = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        var second = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2));
        return first >> 13 == 1 && first != 0x2002 && !(first == 0x2001 && (second < 0x0200 || second == 0x0db8)) && first >> 4 != 0x3fff >> 4;
    }

    private static readonly (uint Prefix, int Bits)[] NotPublic4 =
    [
        (0x00000000, 8), (0x0A000000, 8), (0x64400000, 10), (0x7F000000, 8), (0xA9FE0000, 16), (0xAC100000, 12), (0xC0000000, 24),
        (0xC0000200, 24), (0xC0586300, 24), (0xC0A80000, 16), (0xC6120000, 15), (0xC6336400, 24), (0xCB007100, 24), (0xE0000000, 3),
    ];

    private static bool MayConnect(IPAddress address, int port, bool allowLoopback) =>
        (allowLoopback && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
        || (IsPublic(address) && Ports.Contains(port));

    private static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint target, Func<string, CancellationToken, Task<IPAddress[]>> resolve, bool allowLoopback, CancellationToken ct)
    {
        // Asked once: what was judged is what is connected to, and nobody is asked again in between (DC-11).
        var addresses = await resolve(target.Host, ct).ConfigureAwait(false);

        // A name with one forbidden address is forbidden, or the order of the answers would decide.
        if (addresses.Length == 0 || !addresses.All(address => MayConnect(address, target.Port, allowLoopback)))
            throw new HttpRequestException("The name leads to an address that clients may not have us call.");

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, target.Port, ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The names must fit in any case (TLS-09); in the sandbox its own CA counts beside the machine's.</summary>
    private static bool IsTrusted(X509Certificate? shown, SslPolicyErrors errors, string authority)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || shown is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        using var certificate = X509CertificateLoader.LoadCertificate(shown.GetRawCertData());
        return chain.Build(certificate);
    }
}
