namespace OpenBanking.Identity.Clients;

/// <summary>
/// The security profile of a client: a property of the registration, resolved once, before anything else is validated. A rule is
/// a row in a table with the profiles it holds for; no code asks for a profile by name.
/// </summary>
[Flags]
internal enum Profile
{
    None = 0,

    /// <summary>FAPI 2.0 Security Profile, <c>fapi2-sp</c>.</summary>
    F2 = 1,
}
