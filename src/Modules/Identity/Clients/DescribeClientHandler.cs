using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Clients;

internal sealed class DescribeClientHandler(IdentityDb db) : IRequestHandler<DescribeClient, ClientDescription?>
{
    public async Task<ClientDescription?> Handle(DescribeClient request, CancellationToken cancellationToken)
    {
        var client = await db.Clients.FirstOrDefaultAsync(row => row.ClientId == request.ClientId, cancellationToken);
        return client is null
            ? null
            : new ClientDescription(client.ClientId, client.Name, client.OnBehalfOf, client.ClientUri is null ? null : new Uri(client.ClientUri));
    }
}
