using System.Text.Json.Nodes;
using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Registration;

/// <summary>Lets a client read, replace and end its own registration (RFC 7592, OB-DCR-12); it has no other methods (DCM-07).</summary>
internal sealed class ClientConfigurationEndpoint(
    ClientManager manager,
    RegistrationChecks checks,
    Registrations registrations,
    ClientRegister register,
    IOptions<AuthorizationServerOptions> options,
    IMediator mediator)
{
    public async Task<IResult> GetAsync(HttpContext http, string clientId, CancellationToken ct)
    {
        if ((await manager.AuthenticateAsync(http, clientId, ct)).Failed(out var error, out var managed)) return error;
        return RegistrationEndpoint.Answer(http, JsonNode.Parse(managed.Software.Metadata)!.AsObject(), managed.AccessToken, options.Value, StatusCodes.Status200OK);
    }

    public async Task<IResult> PutAsync(HttpContext http, string clientId, CancellationToken ct)
    {
        if ((await manager.AuthenticateAsync(http, clientId, ct)).Failed(out var error, out var managed)) return error;
        if ((await RegistrationRequest.ReadAsync(http.Request, ct)).Failed(out var refusal, out var request)) return refusal;

        // The signed form of the UK says in its statement who it is and need not repeat it.
        if (Claims.Text(request.Metadata, "client_id") is var named && named != clientId && (request.Signed is null || Claims.Has(request.Metadata, "client_id")))
            return RegistrationError.InvalidMetadata("DCM-02", "client_id must be the client's own");
        if ((await checks.JudgeAsync(clientId, request, managed.Certificate, managed.Software.IssuedAt, ct)).Failed(out refusal, out var accepted)) return refusal;
        if (accepted.Statement.SoftwareId != managed.Software.SoftwareId || accepted.Statement.Directory.Issuer != managed.Software.Directory)
            return RegistrationError.InvalidMetadata("OB-DCR-9", "the software statement is of other software than the client's");
        // With another sector every customer would be a stranger to the client from now on; that is to be meant, and said (PW-06).
        var sector = (await register.FindAsync(clientId, ct))?.Sector;
        if (sector != accepted.Client.Sector && !Claims.Has(request.Metadata, "sector_identifier_uri"))
            return RegistrationError.InvalidMetadata("PW-06", "the hosts of the client change and there is no sector_identifier_uri");
        if (await registrations.ReplaceAsync(accepted, ct) is { } gone) return gone;
        return RegistrationEndpoint.Answer(http, accepted.Metadata, managed.AccessToken, options.Value, StatusCodes.Status200OK);
    }

    public async Task<IResult> DeleteAsync(HttpContext http, string clientId, CancellationToken ct)
    {
        if ((await manager.AuthenticateAsync(http, clientId, ct)).Failed(out var error, out var managed)) return error;
        await registrations.RemoveAsync(managed.Software.ClientId, ct);
        await mediator.Publish(new ClientRemoved(managed.Software.ClientId), ct);
        return Results.NoContent();
    }
}
