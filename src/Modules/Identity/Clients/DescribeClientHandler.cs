using MediatR;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Identity.Clients;

internal sealed class DescribeClientHandler(ClientRegister register) : IRequestHandler<DescribeClient, ClientDescription?>
{
    public async Task<ClientDescription?> Handle(DescribeClient request, CancellationToken cancellationToken)
    {
        var client = await register.FindAsync(request.ClientId, cancellationToken);
        return client is null
            ? null
            : new ClientDescription(client.ClientId, client.Name, client.OnBehalfOf, client.ClientUri is null ? null : new Uri(client.ClientUri)) { OrganisationName = client.OrganisationName };
    }
}
