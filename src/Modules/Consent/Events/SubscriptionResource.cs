using System.Text.Json.Serialization;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.Events;

/// <summary>A subscription as its third party sees it (OBEventSubscriptionResponse1): as it was sent, with its id (OB-GEN-7).</summary>
internal sealed record SubscriptionResource(SubscriptionResource.Subscription Data, Links Links, Meta Meta)
{
    internal sealed record Subscription(string EventSubscriptionId, string? CallbackUrl, string Version, IReadOnlyList<string>? EventTypes)
    {
        public static Subscription Of(EventSubscription subscription) =>
            new(subscription.Id, subscription.CallbackUrl, subscription.Version, subscription.EventTypes);
    }
}

/// <summary>All of a third party's subscriptions, which are one or none (OBEventSubscriptionsResponse1).</summary>
internal sealed record SubscriptionsResource(SubscriptionsResource.Own Data, Links Links, Meta Meta)
{
    internal sealed record Own(IReadOnlyList<SubscriptionResource.Subscription> EventSubscription);
}

/// <summary>The answer to a poll (OBEventPollingResponse1).</summary>
/// <param name="MoreAvailable">There are more than were sent.</param>
/// <param name="Sets">Signed events by their <c>jti</c>, oldest first.</param>
internal sealed record PollAnswer(
    [property: JsonPropertyName("moreAvailable")] bool MoreAvailable,
    [property: JsonPropertyName("sets")] IReadOnlyDictionary<string, string> Sets);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SubscriptionResource))]
[JsonSerializable(typeof(SubscriptionsResource))]
[JsonSerializable(typeof(PollAnswer))]
internal sealed partial class EventWire : JsonSerializerContext;
