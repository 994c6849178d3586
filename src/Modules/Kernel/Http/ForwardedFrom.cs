using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// The proxies whose word on a request is believed: who calls, from where, with which certificate. One list for all such headers; from
/// anybody else they are what the caller made up (OP-08, FWD-02).
/// </summary>
public sealed class ForwardedFrom
{
    /// <summary>Addresses and networks with commas between, such as <c>10.0.0.0/8, 2001:db8::5</c>; empty is nobody.</summary>
    public const string Setting = "Forwarded:From";

    private const string Header = "X-Forwarded-For";
    private const string ProtoHeader = "X-Forwarded-Proto";

    // A chain of proxies is short; a longer list is somebody's try to have us count.
    private const int LongestChain = 20;
    private static readonly object Key = new();
    private readonly IPNetwork[] proxies;

    private ForwardedFrom(IPNetwork[] proxies) => this.proxies = proxies;

    /// <summary>Whether there is a proxy at all.</summary>
    public bool IsSet => proxies.Length > 0;

    public static ForwardedFrom Of(IConfiguration configuration) => new([.. Entries(configuration).Select(entry => Network(entry) ?? throw new FormatException(Sentence))]);

    /// <summary>What is wrong with the setting; null where nothing is.</summary>
    public static string? Problem(IConfiguration configuration) => Entries(configuration).All(entry => Network(entry) is { PrefixLength: > 0 }) ? null : Sentence;

    /// <summary>
    /// Remembers by which proxy a request came, and puts the client's address in the place of the proxy's: the last in the chain that
    /// is none of the proxies. What stands further left may be the client's own invention.
    /// </summary>
    public void Apply(HttpContext http)
    {
        if (http.Connection.RemoteIpAddress is not { } peer || !IsListed(peer)) return;
        http.Items[Key] = peer;
        var chain = http.Request.Headers[Header].SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries)).ToArray();
        foreach (var entry in chain.Reverse().Take(LongestChain))
        {
            if (Address(entry) is not { } address) return;
            http.Connection.RemoteIpAddress = address;
            if (!IsListed(address)) return;
        }
    }

    /// <summary>The listed proxy that handed this request on; null where it came straight from its caller, whose headers say nothing.</summary>
    public static IPAddress? ProxyOf(HttpContext http) => http.Items[Key] as IPAddress;

    /// <summary>Whether a listed proxy says that it was called without TLS; nobody else's word on it counts (TLS-01).</summary>
    public static bool WasInTheClear(HttpContext http) =>
        ProxyOf(http) is not null && http.Request.Headers.TryGetValue(ProtoHeader, out var proto) && proto is not ["https"];

    private const string Sentence = "Forwarded__From must be addresses or networks of proxies, such as 10.0.0.0/8, with commas between, and not everybody.";

    private bool IsListed(IPAddress address)
    {
        var plain = Plain(address);
        return Array.Exists(proxies, proxy => proxy.Contains(plain));
    }

    private static string[] Entries(IConfiguration configuration) =>
        (configuration[Setting] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IPNetwork? Network(string entry)
    {
        if (IPNetwork.TryParse(entry, out var network)) return network;
        return IPAddress.TryParse(entry, out var address) ? new IPNetwork(Plain(address), Plain(address).GetAddressBytes().Length * 8) : null;
    }

    // Some write the port as well: 192.0.2.1:4711, [2001:db8::1]:4711.
    private static IPAddress? Address(string entry)
    {
        if (IPAddress.TryParse(entry, out var address)) return Plain(address);
        return IPEndPoint.TryParse(entry, out var endpoint) ? Plain(endpoint.Address) : null;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
