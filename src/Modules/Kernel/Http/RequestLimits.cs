using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// How many requests one address and one client may send (HTTP-15). Addresses are those of the real peer and clients those that have
/// proven who they are, so neither headers nor many paths, hosts or addresses get around it (OP-08).
/// Every client has the same share (OB-HTTP-8).
/// </summary>
public sealed class RequestLimits(RequestCounts counts, int ofAddress, int ofClient)
{
    public bool AdmitsAddress(IPAddress? address) => counts.Admits("address " + Convert.ToHexStringLower(SenderNetwork.Of(address)), ofAddress);

    /// <summary>To be asked once the client is authenticated: a name that anybody may claim would let anybody shut its owner out.</summary>
    public bool AdmitsClient(string clientId) => counts.Admits("client " + clientId, ofClient);

    /// <summary>Says in the answer when to come again (OB-HDR-11).</summary>
    public void SayWhen(HttpContext http) =>
        http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(counts.SegmentLength.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}
