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
        http.Response.Headers.RetryAfter = Seconds(counts.SegmentLength).ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Says on an answer how much a client may ask and how much of it is left (OB-V401-2). Harmless to clients of v4.0; an x-client-id that
    /// one sends for it is not read.
    /// </summary>
    public void SayShare(HttpContext http, string clientId)
    {
        var left = counts.Left("client " + clientId, ofClient);
        http.Response.Headers["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"default\";q={ofClient};w={Seconds(counts.Window)}");
        http.Response.Headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"default\";r={left};t={Seconds(counts.SegmentLength)}");
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)Math.Ceiling(time.TotalSeconds));
}
