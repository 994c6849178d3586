using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Identity.Authorize;

/// <summary>How far customers come who are asked to authorise something, in a browser or on the back channel (OB-OPS-5).</summary>
internal sealed class AuthorisationTallies(Tallies tallies, TimeProvider time)
{
    public const string Started = "started";
    public const string Authenticated = "authenticated";
    public const string Completed = "completed";
    public const string Refused = "refused";
    public const string Abandoned = "abandoned";
    public const string Failed = "failed";

    public void Count(string consentId, string what) => tallies.Count(time.GetUtcNow(), $"authorisation of {ConsentKind.OfId(consentId)?.Name}", what);
}
