using System.Collections.Frozen;

namespace OpenBanking.Identity.Token;

/// <summary>Scopes as they stand on the wire: names between single spaces.</summary>
internal static class GrantedScope
{
    public const string OpenId = "openid";
    public const string OfflineAccess = "offline_access";
    public const string Accounts = "accounts";

    /// <summary>What is offered; discovery lists it.</summary>
    public static readonly IReadOnlyList<string> Offered = [OpenId, OfflineAccess, Accounts];

    /// <summary>Which role of the third party each API scope needs (OB-SEC-6).</summary>
    public static readonly FrozenDictionary<string, string> Roles = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Accounts] = "AISP",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string[] Split(string scope) => scope.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public static bool Contains(string scope, string name)
    {
        foreach (var part in scope.AsSpan().Split(' '))
        {
            if (scope.AsSpan(part).SequenceEqual(name)) return true;
        }

        return false;
    }

    /// <summary>Whether who holds these roles may use the scope.</summary>
    public static bool RoleAllows(string scope, string[] roles) => !Roles.TryGetValue(scope, out var role) || roles.Contains(role);
}
