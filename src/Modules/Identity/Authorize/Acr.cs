namespace OpenBanking.Identity.Authorize;

/// <summary>Authentication contexts: one passkey with user verification is all there is, and it reaches both.</summary>
internal static class Acr
{
    /// <summary>Strong customer authentication.</summary>
    public const string Sca = "urn:openbanking:psd2:sca";

    /// <summary>Authentication at all; what is strong is that too.</summary>
    public const string Ca = "urn:openbanking:psd2:ca";

    /// <summary>
    /// The context to report: the first wish that is met (ID-08), or the strongest. Null where an essential wish cannot be met (ID-09).
    /// </summary>
    public static string? Reached(AuthorizationRequest request, RequestedClaims claims)
    {
        var wishes = claims.Acrs.Concat(request.AcrValues?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);
        if (claims.AcrIsEssential) wishes = claims.Acrs;
        return wishes.FirstOrDefault(wish => wish is Sca or Ca) ?? (claims.AcrIsEssential ? null : Sca);
    }
}
