namespace OpenBanking.Identity.Token;

/// <summary>The grant types there are; the password grant and its kind are not among them (F2-GEN-01).</summary>
internal static class GrantType
{
    public const string AuthorizationCode = "authorization_code";
    public const string RefreshToken = "refresh_token";
    public const string ClientCredentials = "client_credentials";

    public const string Ciba = "urn:openid:params:grant-type:ciba";

    public static readonly IReadOnlyList<string> All = [AuthorizationCode, RefreshToken, ClientCredentials, Ciba];
}
