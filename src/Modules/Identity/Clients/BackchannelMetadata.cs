using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.Token;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Identity.Clients;

/// <summary>What a client registers for requests on the back channel (CIBA 4); without that grant nothing of it (OB-DCR-7).</summary>
/// <param name="Delivery">Poll or ping; null without the grant.</param>
/// <param name="NotificationEndpoint">Where a ping goes.</param>
/// <param name="SigningAlgorithm">The algorithm of its signed requests; null where it signs none.</param>
internal sealed record BackchannelMetadata(string? Delivery, string? NotificationEndpoint, string? SigningAlgorithm)
{
    private const string DeliveryMode = "backchannel_token_delivery_mode";
    private const string Endpoint = "backchannel_client_notification_endpoint";
    private const string Algorithm = "backchannel_authentication_request_signing_alg";
    private const string UserCode = "backchannel_user_code_parameter";

    /// <summary>With push the tokens would go to an address without proof of a key, so it is not among them (CIBA-18).</summary>
    private static readonly string[] DeliveryModes = [BackchannelRequest.Poll, BackchannelRequest.Ping];

    public static BackchannelMetadata Read(MetadataReader members, string[] grants, Profile profile, IReadOnlyList<string> algorithms, bool allowLoopback)
    {
        if (!grants.Contains(GrantType.Ciba))
        {
            if (new[] { DeliveryMode, Endpoint, Algorithm, UserCode }.Any(members.Has)) members.Refuse("OB-DCR-7", "has backchannel members without the grant they belong to");
            return new BackchannelMetadata(null, null, null);
        }

        if (members.Flag(UserCode) == true) members.Refuse("OB-DCR-7", "wants a user code, which is not offered");
        var delivery = members.OneOf(DeliveryMode, DeliveryModes, BackchannelRequest.Poll, "CIBA-18");
        return new BackchannelMetadata(
            delivery,
            delivery == BackchannelRequest.Ping ? NotificationEndpointOf(members, allowLoopback) : null,
            SigningAlgorithmOf(members, profile, algorithms));
    }

    private static string NotificationEndpointOf(MetadataReader members, bool allowLoopback)
    {
        var address = members.Needed(Endpoint, "CIBA-28");
        if (OutboundHttp.Problem(address, allowLoopback) is { } problem) members.Refuse("CIBA-28", $"has a {Endpoint} that {problem}");
        return address;
    }

    private static string? SigningAlgorithmOf(MetadataReader members, Profile profile, IReadOnlyList<string> algorithms)
    {
        if (members.Has(Algorithm)) return members.OneOf(Algorithm, algorithms, "", "CIBA-06");
        if (ProfileRules.SignsBackchannelRequests.HoldsFor(profile)) members.Refuse("CIBA-03", $"has no {Algorithm}, and its profile signs requests");
        return null;
    }
}
