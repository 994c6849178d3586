using System.Text.Json;
using MediatR;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// The hosts of a third party: those that its directory vouches for in the software statement, not those that it names itself (DC-19). Of a
/// client from a file the file is the word.
/// </summary>
internal sealed class ListClientHostsHandler(ClientRegister register, Registrations registrations) : IRequestHandler<ListClientHosts, IReadOnlySet<string>?>
{
    public async Task<IReadOnlySet<string>?> Handle(ListClientHosts request, CancellationToken cancellationToken)
    {
        if (await register.FindAsync(request.ClientId, cancellationToken) is not { SuspendedBy: null } client) return null;
        var stated = await registrations.FindAsync(client.ClientId, cancellationToken) is { } software
            ? Stated(JsonElement.Parse(software.Metadata))
            : client.RedirectUris.Append(client.ClientUri);
        return stated
            .Select(address => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri.IdnHost : null)
            .OfType<string>()
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    private static IEnumerable<string?> Stated(JsonElement metadata) =>
        metadata.GetProperty("software_redirect_uris").EnumerateArray().Select(uri => uri.GetString()).Append(Claims.Text(metadata, "software_client_uri"));
}
