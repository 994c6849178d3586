using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests.Events;

/// <summary>What the tests of events do at a bank.</summary>
internal static class EventsBank
{
    public const string Subscriptions = "/event-subscriptions";
    public const string Callback = "https://tpp.example/open-banking/v4.0/event-notifications";

    /// <summary>A third party that nothing has happened to yet.</summary>
    public static TestCaller NewTpp() => new("tpp-" + Guid.CreateVersion7().ToString("N"));

    /// <summary>The body of a subscription.</summary>
    public static string Body(string? callback = null, string? id = null, string[]? types = null, string version = "4.0")
    {
        var data = new JsonObject();
        if (id is not null) data["EventSubscriptionId"] = id;
        if (callback is not null) data["CallbackUrl"] = callback;
        data["Version"] = version;
        if (types is not null) data["EventTypes"] = new JsonArray([.. types.Select(type => (JsonNode)type)]);
        return new JsonObject { ["Data"] = data }.ToJsonString();
    }

    /// <summary>Sends a request about subscriptions, signed where a body is.</summary>
    public static Task<ApiAnswer> SendEventsAsync(this BankApi api, HttpMethod method, string path, TestCaller caller, string? body = null, bool isSigned = true) => api.SendAsync(
        method, path, caller, body, request => { if (body is not null && isSigned) request.Headers.Add("x-jws-signature", "signed"); }, BankApi.EventsRoot);

    public static Task<ApiAnswer> SubscribeAsync(this BankApi api, TestCaller caller, string? body = null) => api.SendEventsAsync(HttpMethod.Post, Subscriptions, caller, body ?? Body());

    public static string IdOf(ApiAnswer answer) => answer.Data.GetProperty("EventSubscriptionId").GetString()!;

    public static Task<ApiAnswer> PollAsync(this BankApi api, TestCaller caller, string body = "{}") => api.SendEventsAsync(HttpMethod.Post, "/events", caller, body, isSigned: false);

    /// <summary>Has something happen to resources of a third party, each in a transaction of its own.</summary>
    public static async Task RaiseAsync(this BankApi api, TestCaller of, params string[] ids)
    {
        foreach (var id in ids) await api.PublishAsync(new ResourceChanged(EventType.ResourceUpdate, of.ClientId, "domestic-payment", id, "pisp/domestic-payments/" + id));
    }

    /// <summary>The events of a poll's answer, their signatures verified, in their order.</summary>
    public static IReadOnlyList<JsonElement> Sets(this ApiAnswer answer)
    {
        Assert.Equal(200, answer.Status);
        return
        [
            .. answer.Json.GetProperty("sets").EnumerateObject().Select(set =>
            {
                var claims = Verified(set.Value.GetString()!);
                Assert.Equal(set.Name, claims.GetProperty("jti").GetString());
                return claims;
            }),
        ];
    }

    /// <summary>The claims of an event that is signed as it must be.</summary>
    public static JsonElement Verified(string token)
    {
        Assert.False(Jws.Parse(token).Failed(out _, out var jws));
        var policy = new JwsPolicy(new HashSet<string>(StringComparer.Ordinal) { "PS256" }, new HashSet<string?>(StringComparer.Ordinal) { "secevent+jwt" });
        Assert.Null(jws!.Verify(BankApi.SigningKey.PublicKey, policy));
        return jws.Payload;
    }

    public static string ResourceOf(JsonElement claims) =>
        claims.GetProperty("events").EnumerateObject().Single().Value.GetProperty("subject").GetProperty("http://openbanking.org.uk/rid").GetString()!;

    public static IReadOnlyList<string> Resources(this ApiAnswer answer) => [.. answer.Sets().Select(ResourceOf)];
}
