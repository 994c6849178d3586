using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Identity.Users;

/// <summary>
/// What every answer in a ceremony must say, in the order in which it is judged. ASP.NET Core Identity's handler checks most of it
/// again, and the signature over it; it stands here because the handler gives no reason that a log could be searched for, and
/// because <c>crossOrigin</c> and the verification of the user in this very answer must not hang on a default of its.
/// </summary>
internal static class PasskeyChecks
{
    private static readonly Check[] InOrder =
    [
        new("PK-05", TypeIsOfThisCeremony),
        new("PK-06", ChallengeIsOurs),
        new("PK-02", OriginIsOurs),
        new("PK-04", IsNotFromAFrame),
        new("PK-03", RelyingPartyIsUs),
        new("PK-01", UserWasPresentAndVerified),
        new("PK-14", BackedUpOnlyWhereEligible),
    ];

    public static PasskeyRefusal? FirstRefusal(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) => InOrder
        .Where(check => !check.Passes(credential, ceremony, us))
        .Select(check => new PasskeyRefusal(check.Rule))
        .FirstOrDefault();

    private static bool TypeIsOfThisCeremony(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) =>
        credential.Client.Type == (ceremony.Kind == CeremonyKind.Registration ? "webauthn.create" : "webauthn.get");

    private static bool ChallengeIsOurs(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) =>
        CryptographicOperations.FixedTimeEquals(credential.Client.Challenge, ceremony.Challenge);

    // The whole origin, byte for byte: a prefix, another port or a subdomain is somebody else.
    private static bool OriginIsOurs(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) =>
        string.Equals(credential.Client.Origin, us.Origin, StringComparison.Ordinal);

    private static bool IsNotFromAFrame(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) =>
        !credential.Client.IsCrossOrigin && (credential.Client.TopOrigin is null || credential.Client.TopOrigin == us.Origin);

    private static bool RelyingPartyIsUs(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) =>
        credential.AuthenticatorData.AsSpan(0, 32).SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(us.Id)));

    // Two factors in one gesture: without the verification it would be possession alone (OB-SCA-1).
    private static bool UserWasPresentAndVerified(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) =>
        credential.Flags.HasFlag(AuthenticatorFlags.UserPresent | AuthenticatorFlags.UserVerified);

    private static bool BackedUpOnlyWhereEligible(PasskeyCredential credential, PasskeyCeremony ceremony, RelyingParty us) =>
        credential.Flags.HasFlag(AuthenticatorFlags.BackupEligible) || !credential.Flags.HasFlag(AuthenticatorFlags.BackedUp);

    private sealed record Check(string Rule, Func<PasskeyCredential, PasskeyCeremony, RelyingParty, bool> Passes);
}

/// <summary>Who we are to an authenticator: the issuer's host, and its origin as a browser writes it.</summary>
internal sealed class RelyingParty(Uri issuer)
{
    public string Id { get; } = issuer.IdnHost;

    public string Origin { get; } = issuer.GetLeftPart(UriPartial.Authority);
}
