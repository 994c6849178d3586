using MediatR;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.Events;

/// <summary>
/// Whether a third party may have us call an address: one that anybody can reach, on a host that its directory knows as its own. A
/// third party that names another one's host would have us knock there in its place (DC-19).
/// </summary>
internal sealed class CallbackAddresses(IMediator mediator, OutboundRules outbound)
{
    /// <summary>What speaks against it; null where nothing does.</summary>
    public async Task<string?> ProblemAsync(string address, string clientId, CancellationToken ct)
    {
        if (OutboundHttp.Problem(address, outbound.AllowLoopback) is { } problem) return problem;
        if (await mediator.Send(new ListClientHosts(clientId), ct) is not { } hosts) return "is of a third party that is not in service";

        // In the sandbox a tester's own machine stands for any of its hosts.
        var uri = new Uri(address);
        return hosts.Contains(uri.IdnHost) || (outbound.AllowLoopback && uri.IsLoopback) ? null : "must be on a host of the software statement's";
    }
}
