using System.Text.Json.Nodes;
using OpenBanking.Testing.Tpp;
using static OpenBanking.Platform.Tests.Proof.OddValues;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Makes the request of a number: the same seed and number give the same request, but for what is random in signatures and must be
/// fresh. First a good one for a route, signed and with all credentials, then something is broken, sometimes all of it.
/// </summary>
internal sealed class MalformedRequests(FuzzWorld world, int seed)
{
    private readonly GoodRequests good = new(world);

    public Sent Make(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var (method, pattern) = world.Routes[random.Next(world.Routes.Count)];
        var request = good.Make(method, pattern, random);
        var breaks = random.Next(10) == 0 ? 0 : 1 + random.Next(3);
        if (random.Next(6) == 0) request.Anonymous();
        for (; breaks > 0; breaks--) Break(request, random);
        return request;
    }

    private void Break(Sent sent, Random random)
    {
        switch (random.Next(16))
        {
            case 0:
                sent.Method = Methods[random.Next(Methods.Length)];
                break;
            case 1 or 2:
                sent.Headers.Add((HeaderNames[random.Next(HeaderNames.Length)], Text(random)));
                break;
            case 3:
                // In place of one that is there.
                if (sent.Headers.Count > 0)
                {
                    var at = random.Next(sent.Headers.Count);
                    var (name, value) = sent.Headers[at];
                    sent.Headers[at] = (name, random.Next(3) switch { 0 => Text(random), 1 => Garble(value, random), _ => value + "," + value });
                }

                break;
            case 4:
                sent.Query.Add((Pick(random, "interaction", "client_id", "request_uri", "page", "access_token", "fromBookingDateTime", "x", Text(random)), Text(random)));
                break;
            case 5:
                if (sent.Query.Count > 0) sent.Query[random.Next(sent.Query.Count)] = (sent.Query[0].Name, Text(random));
                else sent.RawQuery = Pick(random, "?", "&&&&", "=", "%", "a=%ff%fe", "a=%c0%80", "a[]=1&a[]=2", "%00=%00", new string('a', 5000), string.Concat(Enumerable.Repeat("a=1&", 2000)));
                break;
            case 6 or 7 or 8:
                BreakBody(sent, random);
                break;
            case 9:
                sent.ContentType = Types[random.Next(Types.Length)];
                break;
            case 10:
                sent.Path = Pick(random, sent.Path + "/", sent.Path + "%00", sent.Path + "/..%2f", "/%2e%2e" + sent.Path, sent.Path.ToUpperInvariant(), "/" + sent.Path, sent.Path + ";a=b", sent.Path + "%ff%fe",
                    sent.Path + "/" + new string('a', 3000), sent.Path.Replace("v4.0", "v4.0.1", StringComparison.Ordinal), sent.Path + "%c0%ae", sent.Path + "\\x", sent.Path[..^1] + Uri.EscapeDataString(Text(random)));
                break;
            case 11:
                sent.Body = random.Next(3) switch { 0 => [], 1 => Bytes(random, 200), _ => Bytes(random, 70_000) };
                break;
            case 12:
                if (sent.Headers.Count > 0) sent.Headers.RemoveAt(random.Next(sent.Headers.Count));
                break;
            case 13:
                if (sent.Headers.Count > 0) sent.Headers.Add(sent.Headers[random.Next(sent.Headers.Count)]);
                break;
            case 14:
                sent.Headers.Add(("Cookie", Pick(random, "__Host-session=", "__Host-session=" + Text(random), "__Host-interaction-" + world.Open.Interaction[..12] + "=x", "a=b; a=c", ";;;===", "__Host-ceremony=" + TestTpp.NewId())));
                break;
            default:
                sent.IsMtls = !sent.IsMtls;
                break;
        }
    }

    private static void BreakBody(Sent sent, Random random)
    {
        if (sent.Form is { Count: > 0 } form)
        {
            var at = random.Next(form.Count);
            if (form[at].Name == "decision") return; // Anything but an approval declines, and the page would be of no more use.
            switch (random.Next(7))
            {
                case 0: form.RemoveAt(at); break;
                case 1: form.Add(form[at]); break;
                case 2: form[at] = (form[at].Name, Garble(form[at].Value, random)); break;
                case 3: form.Add((Text(random), Text(random))); break;
                case 4: sent.RawForm = Pick(random, "%ff=%fe", "a=%c0%80", "a=%ed%a0%80", "=", "&&&", "%", "a=%0", "\0", string.Concat(Enumerable.Range(0, 1100).Select(n => $"a{n}=1&")), "scope=" + new string('a', 20_000)); break;
                case 5: form.Add(("claims", Pick(random, "{", "[]", "null", "{\"id_token\":[]}", "{\"id_token\":{\"acr\":{\"value\":1}}}", "{\"userinfo\":{\"openbanking_intent_id\":true}}", Deep(200)))); break;
                default: form[at] = (form[at].Name, Text(random)); break;
            }
        }
        else if (sent.Json is not null)
        {
            switch (random.Next(6))
            {
                case 0: sent.RawBody = Deep(random.Next(1, 3) * 500); break;
                case 1:
                    var whole = sent.Json.ToJsonString();
                    sent.RawBody = whole[..random.Next(whole.Length)];
                    break;
                case 2: sent.RawBody = Pick(random, "[]", "null", "\"\"", "1", "{\"Data\":{},\"Data\":{}}", "{\"a\":1,}", "// a\n{}", "\ufeff{}", "{\"Data\":null,\"Risk\":null}", "{\"Data\":{\"Permissions\":[" + string.Join(',', Enumerable.Repeat("\"ReadBalances\"", 3000)) + "]},\"Risk\":{}}"); break;
                default: Replace(sent, random); break;
            }
        }
        else
        {
            sent.Body = Bytes(random, random.Next(300));
        }
    }

    // One value somewhere in the document becomes something else.
    private static void Replace(Sent sent, Random random)
    {
        const string Mark = "@@mark@@";
        var places = new List<(JsonNode Parent, object Key)>();
        Collect(sent.Json!);
        if (places.Count == 0) return;
        var (parent, key) = places[random.Next(places.Count)];
        if (key is string name) parent[name] = Mark;
        else parent[(int)key] = Mark;
        var value = random.Next(3) == 0 ? JsonValue.Create(Text(random)).ToJsonString() : RawJson[random.Next(RawJson.Length)];
        sent.RawBody = sent.Json!.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal);

        void Collect(JsonNode node)
        {
            if (node is JsonObject members)
            {
                foreach (var (member, child) in members.ToList())
                {
                    places.Add((node, member));
                    if (child is not null) Collect(child);
                }
            }
            else if (node is JsonArray items)
            {
                for (var at = 0; at < items.Count; at++)
                {
                    places.Add((node, at));
                    if (items[at] is { } child) Collect(child);
                }
            }
        }
    }
}
