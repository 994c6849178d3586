using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Registration;

/// <summary>Judges the JWT around a registration of the UK: that the software itself sends it, to us, now (SSA-10, OB-DCR-3).</summary>
internal sealed partial class SignedRegistration(ClientKeySets sets, UnitOfWork unit, IOptions<AuthorizationServerOptions> options, TimeProvider time)
{
    private static readonly JwsPolicy Policy = new(
        JwsPolicy.FapiAlgorithms, new HashSet<string?>(StringComparer.Ordinal) { null, "JWT", "JOSE" });

    public async Task<OAuthError?> FirstRefusalAsync(Jws request, SoftwareStatement statement, CancellationToken ct)
    {
        var claims = request.Payload;
        var now = time.GetUtcNow();
        if (Claims.Text(claims, "iss") is not { } issuer || !SoftwareId().IsMatch(issuer) || issuer != statement.SoftwareId)
            return RegistrationError.InvalidMetadata("OB-DCR-3", "iss must be the id of the software");
        if (Claims.Text(claims, "aud") is not { } audience || !IsUs(audience, statement.Directory))
            return RegistrationError.InvalidMetadata("SSA-10", "aud must name this server");
        if (!JwtClock.HasNotEnded(claims, now)) return RegistrationError.InvalidMetadata("OB-DCR-3", "exp is missing or past");
        if (Claims.Seconds(claims, "iat") is null || !JwtClock.HasBegun(claims, "iat", now) || !JwtClock.HasBegun(claims, "nbf", now))
            return RegistrationError.InvalidMetadata("SSA-10", "iat is missing or ahead");
        if (Claims.Text(claims, "jti") is not { } jti || !Uuid4().IsMatch(jti)) return RegistrationError.InvalidMetadata("OB-DCR-3", "jti must be a UUID of version 4");

        await unit.ReleaseAsync(ct); // Not with a connection of the database in hand (DC-14).
        if ((await sets.ReadAsync(statement.JwksUri, ct)).Failed(out var problem, out var keys))
            return RegistrationError.InvalidMetadata(OutboundHttp.Problem(statement.JwksUri, options.Value.AllowLoopbackTargets) == problem ? "DC-10" : "SSA-10", "the keys of the software cannot be had");
        return request.Verify(keys.Set, Policy) is null ? null : RegistrationError.InvalidMetadata("SSA-10", "the request is not signed by a key of the software");
    }

    private bool IsUs(string audience, DirectoryOptions directory) => audience == options.Value.Issuer || audience == directory.Audience;

    [GeneratedRegex(@"\A[0-9a-zA-Z]{1,22}\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex SoftwareId();

    [GeneratedRegex(@"\A[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}\z", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Uuid4();
}
