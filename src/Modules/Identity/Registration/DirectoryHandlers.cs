using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>What an operator, and a tester in the sandbox, do with what a directory has told us.</summary>
internal sealed class DirectoryHandlers(IdentityDb db, Revocations revocations, IOptions<AuthorizationServerOptions> options)
    : IRequestHandler<FindSoftware, string?>, IRequestHandler<SuspendClient, bool>, IRequestHandler<RevokeStatements, RevocationAnswer>, IRequestHandler<RestoreStatements, RevocationAnswer>
{
    public Task<string?> Handle(FindSoftware request, CancellationToken cancellationToken) => db.RegisteredSoftware
        .Where(software => software.ClientId == request.ClientId && software.Directory == request.Directory)
        .Select(software => software.SoftwareId)
        .FirstOrDefaultAsync(cancellationToken);

    public Task<bool> Handle(SuspendClient request, CancellationToken cancellationToken) => revocations.SuspendAsync(request.ClientId, request.On, cancellationToken);

    public async Task<RevocationAnswer> Handle(RevokeStatements request, CancellationToken cancellationToken) => Find(request.Directory) is { } directory
        ? new RevocationAnswer.Done(await revocations.RevokeAsync(directory, request.Id, cancellationToken))
        : Unknown();

    public async Task<RevocationAnswer> Handle(RestoreStatements request, CancellationToken cancellationToken)
    {
        if (Find(request.Directory) is not { } directory) return Unknown();
        return await revocations.RestoreAsync(directory, request.Id, cancellationToken) ? new RevocationAnswer.Done(0) : new RevocationAnswer.WasNotRevoked();
    }

    private DirectoryOptions? Find(string directory) => options.Value.AllDirectories.FirstOrDefault(known => known.Issuer == directory);

    private RevocationAnswer.UnknownDirectory Unknown() => new([.. options.Value.AllDirectories.Select(directory => directory.Issuer)]);
}
