using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Clients;

namespace OpenBanking.Identity.GrantManagement;

/// <summary>The words of <c>grant_management_action</c>.</summary>
internal static class GrantAction
{
    public const string Create = "create";
    public const string Merge = "merge";
    public const string Replace = "replace";

    /// <summary>Discovery lists them, with what the endpoint can do.</summary>
    public static readonly IReadOnlyList<string> All = [Create, Merge, Replace, "query", "revoke"];

    /// <summary>What a request asks for; null where nothing, or where the client's profile knows no such thing.</summary>
    public static string? Of(AuthorizationRequest request, Client client) =>
        ProfileRules.ManagesGrants.HoldsFor(client) ? request.GrantManagementAction : null;
}
