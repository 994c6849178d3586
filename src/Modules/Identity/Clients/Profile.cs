namespace OpenBanking.Identity.Clients;

/// <summary>
/// The security profile of a client: a property of the registration, resolved once, before anything else is validated. A rule is
/// a row in a table with the profiles it holds for; no code asks for a profile by name. The page to read first is
/// <see cref="ProfileRules"/>.
/// </summary>
[Flags]
internal enum Profile
{
    None = 0,

    /// <summary>FAPI 2.0 Security Profile, <c>fapi2-sp</c>.</summary>
    F2 = 1,

    /// <summary>FAPI 2.0 Message Signing, <c>fapi2-ms</c>: it adds to the Security Profile, so it never stands without <see cref="F2"/>.</summary>
    MS = 2,

    /// <summary>FAPI 1.0 Advanced, <c>fapi1-advanced</c>: hybrid or JARM, whichever a request asks for.</summary>
    F1 = 4,

    /// <summary>FAPI 1.0 Baseline, <c>fapi1-baseline</c>: clients that only read.</summary>
    Baseline = 8,
}
