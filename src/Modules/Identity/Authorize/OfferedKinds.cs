using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// What can be asked for here: scopes and types of the kinds of consent that some module serves. Metadata, registration and the
/// published schemas all say this and nothing else, so a kind is offered everywhere from the moment it is served.
/// </summary>
internal sealed class OfferedKinds(IEnumerable<ServedConsentKind> served)
{
    private static readonly string[] Management = [GrantManagementEndpoint.QueryScope, GrantManagementEndpoint.RevokeScope];
    private readonly ConsentKind[] kinds = [.. ConsentKind.All.Where(kind => served.Any(one => one.Kind == kind))];

    /// <summary>In the order of discovery.</summary>
    public IReadOnlyList<string> Scopes => [GrantedScope.OpenId, GrantedScope.OfflineAccess, .. kinds.Select(kind => kind.Scope).Distinct(StringComparer.Ordinal), .. Management];

    public IReadOnlyList<string> DetailsTypes => [.. kinds.Select(kind => kind.DetailsType).Distinct(StringComparer.Ordinal)];

    /// <summary>Every scope that is known, and whether it is offered.</summary>
    public Dictionary<string, bool> ScopeWords => Words([GrantedScope.OpenId, GrantedScope.OfflineAccess, .. ConsentKind.All.Select(kind => kind.Scope), .. Management], Scopes);

    /// <summary>Every type that is known, and whether it is offered.</summary>
    public Dictionary<string, bool> DetailsTypeWords => Words(ConsentKind.All.Select(kind => kind.DetailsType), DetailsTypes);

    /// <summary>The API scopes that a third party of these roles may hold (OB-SEC-6).</summary>
    public IEnumerable<string> ScopesOf(IReadOnlyCollection<string> roles) =>
        kinds.Where(kind => roles.Contains(kind.Role)).Select(kind => kind.Scope).Distinct(StringComparer.Ordinal);

    /// <summary>The types that go with these scopes.</summary>
    public string[] DetailsTypesOf(IReadOnlyCollection<string> scopes) =>
        [.. kinds.Where(kind => scopes.Contains(kind.Scope)).Select(kind => kind.DetailsType).Distinct(StringComparer.Ordinal)];

    private static Dictionary<string, bool> Words(IEnumerable<string> known, IReadOnlyList<string> offered) =>
        known.Distinct(StringComparer.Ordinal).ToDictionary(word => word, offered.Contains, StringComparer.Ordinal);
}
