using System.Net;
using System.Net.Sockets;

namespace OpenBanking.Kernel.Http;

/// <summary>What is counted as one sender.</summary>
public static class SenderNetwork
{
    /// <summary>
    /// An IPv4 address, or the first half of an IPv6 address: who has one of those has 2^64 of them. Empty where there is no address, as
    /// on a Unix socket.
    /// </summary>
    public static byte[] Of(IPAddress? address)
    {
        if (address is null) return [];
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? bytes[..8] : bytes;
    }
}
