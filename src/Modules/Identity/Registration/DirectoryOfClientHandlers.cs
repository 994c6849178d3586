using MediatR;
using Microsoft.EntityFrameworkCore;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>
/// What the sandbox's directory does with a client that is there. A client is read anew with each of its requests, so a suspension
/// holds on every host from the next one on; nobody but who suspended it lets it back (OB-DCR-15).
/// </summary>
internal sealed class DirectoryOfClientHandlers(IdentityDb db) : IRequestHandler<FindSoftware, string?>, IRequestHandler<SuspendClient, bool>
{
    private const string BySandbox = "sandbox";

    public Task<string?> Handle(FindSoftware request, CancellationToken cancellationToken) => db.RegisteredSoftware
        .Where(software => software.ClientId == request.ClientId && software.Directory == request.Directory)
        .Select(software => software.SoftwareId)
        .FirstOrDefaultAsync(cancellationToken);

    public async Task<bool> Handle(SuspendClient request, CancellationToken cancellationToken)
    {
        var clients = db.Clients.Where(client => client.ClientId == request.ClientId);
        if (request.On)
        {
            await clients.Where(client => client.SuspendedBy == null)
                .ExecuteUpdateAsync(set => set.SetProperty(client => client.SuspendedBy, BySandbox), cancellationToken);
        }
        else
        {
            await clients.Where(client => client.SuspendedBy == BySandbox)
                .ExecuteUpdateAsync(set => set.SetProperty(client => client.SuspendedBy, (string?)null), cancellationToken);
        }

        return await clients.AnyAsync(cancellationToken);
    }
}
