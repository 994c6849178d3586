using System.Text.Json;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// Asks a sector's address whether the client is of the sector (DCR-12). Without it a client could name another's sector and know its
/// customers by the same <c>sub</c>.
/// </summary>
internal sealed class SectorIdentifier(HttpMessageHandler outbound, UnitOfWork unit, IOptions<AuthorizationServerOptions> options)
{
    private static readonly string[] MediaTypes = ["application/json"];

    public async Task<OAuthError?> RefusalAsync(Client client, string? address, CancellationToken ct)
    {
        if (address is null) return null;
        if (OutboundHttp.Problem(address, options.Value.AllowLoopbackTargets) is { } problem)
            return RegistrationError.InvalidMetadata("DC-15", "the client has a sector_identifier_uri that " + problem);

        await unit.ReleaseAsync(ct); // Not with a connection of the database in hand (DC-14).
        if ((await OutboundHttp.GetAsync(outbound, address, options.Value.AllowLoopbackTargets, MediaTypes, ct)).Failed(out _, out var body)
            || !StrictJson.TryParse(body, out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return RegistrationError.InvalidMetadata("DCR-12", "sector_identifier_uri does not answer with a list");
        }

        // Who has no redirect URI, as with CIBA, is known by its keys (CIBA 4).
        var members = list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()).ToHashSet(StringComparer.Ordinal);
        string?[] needed = client.RedirectUris.Length > 0 ? [.. client.RedirectUris] : [client.JwksUri];
        return needed.All(members.Contains) ? null : RegistrationError.InvalidMetadata("DCR-12", "the list at sector_identifier_uri does not hold every redirect URI");
    }
}
