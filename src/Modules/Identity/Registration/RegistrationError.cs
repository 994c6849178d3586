using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Protocol;

namespace OpenBanking.Identity.Registration;

/// <summary>The refusals of a registration, in RFC 7591's words (DCR-03, OB-DCR-11).</summary>
internal static class RegistrationError
{
    public static OAuthError Of(MetadataFault fault) => new(fault.Code, fault.Rule, "the client " + fault.What);

    public static OAuthError InvalidMetadata(string rule, string description) => new(MetadataFault.InvalidMetadata, rule, description);

    public static OAuthError InvalidRedirectUri(string rule, string description) => new(MetadataFault.InvalidRedirectUri, rule, description);

    public static OAuthError InvalidStatement(string rule, string description) => new("invalid_software_statement", rule, description);

    public static OAuthError UnapprovedStatement(string rule, string description) => new("unapproved_software_statement", rule, description);

    /// <summary>The caller may not register: its certificate is missing or nobody's.</summary>
    public static OAuthError NotAdmitted(string rule) =>
        new("invalid_client", rule, "a client certificate of an accepted authority is required", StatusCodes.Status401Unauthorized);

    public static OAuthError TooMany(string rule) =>
        new("temporarily_unavailable", rule, "too many registrations; come again later", StatusCodes.Status429TooManyRequests);

    public static OAuthError TooLarge { get; } =
        new(MetadataFault.InvalidMetadata, "DCR-16", "the body is larger than 64 KB", StatusCodes.Status413PayloadTooLarge);
}
