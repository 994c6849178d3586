using System.Collections.Frozen;
using OpenBanking.Consent.Contracts;

namespace OpenBanking.Identity.Token;

/// <summary>Scopes as they stand on the wire: names between single spaces.</summary>
internal static class GrantedScope
{
    public const string OpenId = "openid";

    /// <summary>Adds nothing: how long access lasts is the consent's, which the customer saw (REF-08).</summary>
    public const string OfflineAccess = "offline_access";

    /// <summary>Which role of the third party each API scope needs (OB-SEC-1, OB-SEC-6).</summary>
    public static readonly FrozenDictionary<string, string> Roles = ConsentKind.All
        .DistinctBy(kind => kind.Scope, StringComparer.Ordinal)
        .ToFrozenDictionary(kind => kind.Scope, kind => kind.Role, StringComparer.Ordinal);

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

    /// <summary>The role that a scope needs; null where it needs none.</summary>
    public static string? RoleFor(string scope) => Roles.GetValueOrDefault(scope);
}
