using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing.Patterns;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// Makes the request of a number: the same seed and number give the same request, but for what is random in signatures and must be
/// fresh. First a good one for a route, signed and with all credentials, then something is broken, sometimes all of it.
/// </summary>
internal sealed class MalformedRequests(FuzzWorld world, int seed)
{
    private static readonly string[] Methods =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "PROPFIND", "M-SEARCH", "BREW", "QUERY", "G\u00cbT"];

    private static readonly string[] Texts =
    [
        "", " ", "\0", "a\0b", "\u0001", "'", "\"", "'; DROP TABLE x; --", "\\", "%", "%00", "%zz", "%25%30%30", "\u202e", "\ud83d\ude00", "\u00e9\u0301", "\ufeff",
        "<script>alert(1)</script>", "../../../etc/passwd", "${jndi:ldap://x/y}", "{{7*7}}", "null", "true", "[]", "{}", "a,b", "a b", "a\r\nX-Injected: 1", "a\nb", "\t",
        "-1", "0", "1e400", "9999999999999999999999", "-9223372036854775808", "NaN", "0x10", "2024-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.9999999Z", "2024-02-30T00:00:00", "2024-01-01T00:00:00.123456789012345Z", "urn:ietf:params:oauth:request_uri:x",
        "https://evil.test", "javascript:alert(1)", "file:///etc/passwd", "//evil.test", "eyJhbGciOiJub25lIn0.e30.", "e30.e30.e30", "a.b.c", "....", "=", "==", "____", "A", "AA==", "\u0130", "\u212a",
        "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "openid openid", "openid  accounts", "accounts payments", "S256", "plain", "none", "login", "fragment", "form_post",
    ];

    private static readonly string[] RawJson =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "-0", "123456789012345678901234567890", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "[]", "{}", "[null]", "[[]]", "{\"a\":{\"a\":{}}}",
        "[1,\"a\",null,{}]", "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59-14:00\"", "\"9999-12-31T23:59:60Z\"", "{\"__proto__\":1}", "{\"$ref\":\"#\"}", "[true,true]", "\"a\\u0000b\"",
    ];

    private static readonly string[] Types =
    [
        "", "application/json", "application/json; charset=utf-16", "application/json; charset=bogus", "application/json;", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded; charset=\"", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "text/plain", "text/xml", "application/jwt", "application/jose", "*/*", "a", "/", "application/json, application/json", "application/octet-stream", "APPLICATION/JSON; CHARSET=UTF-8", "application/merge-patch+json",
    ];

    private static readonly string[] HeaderNames =
    [
        "Authorization", "DPoP", "x-fapi-interaction-id", "x-fapi-auth-date", "x-fapi-customer-ip-address", "x-idempotency-key", "x-customer-user-agent", "x-jws-signature", "Accept", "Accept-Language", "Accept-Encoding",
        "Content-Encoding", "Cookie", "Origin", "Referer", "Sec-Fetch-Site", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URL", "X-HTTP-Method-Override", "Forwarded", "If-None-Match",
        "If-Modified-Since", "If-Match", "Range", "Expect", "Upgrade", "TE", "Via", "From", "User-Agent", "RequestVerificationToken", "X-Client-Cert", "X-SSL-CERT", "traceparent", "tracestate", "baggage", "Content-Language", "Date", "X-User", "X-Tenant",
    ];

    public Sent Make(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var (method, pattern) = world.Routes[random.Next(world.Routes.Count)];
        var request = Good(method, pattern, random);
        var breaks = random.Next(10) == 0 ? 0 : 1 + random.Next(3);
        if (random.Next(6) == 0) request.Anonymous();
        for (; breaks > 0; breaks--) Break(request, random);
        return request;
    }

    private Sent Good(string method, RoutePattern pattern, Random random)
    {
        var route = "/" + string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternParameterPart parameter => Parameter(parameter.Name, random),
            _ => "",
        }))));
        if (method == "DELETE") route = route.Replace(world.ConsentId, world.SpareConsentId, StringComparison.Ordinal);
        var sent = new Sent { Method = method, Path = route, IsHttp2 = random.Next(4) == 0 };
        if (route.StartsWith("/open-banking/", StringComparison.Ordinal)) return Api(sent, random);
        switch (route)
        {
            case "/par":
                return OAuth(sent, FuzzWorld.Request(world.ConsentId), random);
            case "/token":
                return OAuth(sent, Pick(random,
                    Form.Empty.With("grant_type", "client_credentials").With("scope", "accounts"),
                    world.Tpp.CodeRequest("no-such-code"),
                    Form.Empty.With("grant_type", "refresh_token").With("refresh_token", world.RefreshToken).With("scope", "accounts")), random);
            case "/introspect" or "/revoke":
                return OAuth(sent, Form.Empty.With("token", TestTpp.NewId()).With("token_type_hint", "access_token"), random);
            case "/authorize":
                var requestUri = "urn:ietf:params:oauth:request_uri:" + TestTpp.NewId();
                if (method == "GET") sent.Query.AddRange([("client_id", world.Tpp.ClientId), ("request_uri", requestUri)]);
                else sent.Form = [("client_id", world.Tpp.ClientId), ("request_uri", requestUri)];
                return sent;
            case "/userinfo":
                return WithToken(sent, world.CustomerToken, random);
            case "/sandbox/control":
                sent.Json = JsonNode.Parse("""{"operation":"revoke","customer":"anna","consentId":"x"}""");
                if (method == "GET") sent.Json = null;
                sent.Headers.Add(("Authorization", "Sandbox " + world.ControlSecret));
                return sent;
            default:
                return Page(sent, random);
        }
    }

    private Sent Page(Sent sent, Random random)
    {
        sent.UsesCookies = true;
        if (sent.Path is "/signin" or "/activate" or "/approve" && sent.Method == "GET")
            sent.Query.AddRange([("interaction", world.Open.Interaction), ("returnUrl", "/connections"), ("ended", "idle")]);
        if (sent.Path == "/connections") sent.Query.AddRange([("q", "budget"), ("show", "active"), ("sort", "name")]);
        if (sent.Method == "GET") return sent;
        sent.Headers.Add(("Origin", world.Browser.Origin));
        switch (sent.Path)
        {
            case "/passkeys/registration/options":
                sent.Json = new JsonObject { ["username"] = "fuzz-nobody", ["activationCode"] = "AAAA-BBBB-CCCC-DDDD" };
                break;
            case "/passkeys/assertion/options":
                sent.Json = new JsonObject { ["username"] = "fuzz", ["interaction"] = world.Open.Interaction };
                break;
            case "/passkeys/registration" or "/passkeys/assertion":
                var isNew = sent.Path == "/passkeys/registration";
                using (var authenticator = new SoftwareAuthenticator())
                {
                    var passkey = isNew ? authenticator : world.Browser.Authenticator;
                    sent.Json = (isNew ? world.Registrations : world.SignIns).TryDequeue(out var begun)
                        ? new JsonObject
                        {
                            ["ceremony"] = begun.Ceremony,
                            ["credential"] = isNew ? passkey.Create(begun.PublicKey, world.Browser.Origin) : passkey.Get(begun.PublicKey, world.Browser.Origin),
                            ["name"] = "Phone",
                        }
                        : new JsonObject { ["ceremony"] = TestTpp.NewId(), ["credential"] = new JsonObject(), ["interaction"] = world.Open.Interaction };
                }

                break;
            case "/approve":
                // Without its digest it is never taken.
                sent.Form =
                [
                    ("__RequestVerificationToken", world.FormToken), ("interaction", world.Open.Interaction), ("digest", "not-what-was-shown"), ("decision", "approve"), ("account", world.AccountId),
                ];
                return sent;
            default:
                // Signing out would leave the rest at the door.
                sent.Form = [("__RequestVerificationToken", sent.Path == "/signout" ? "x" : world.FormToken), ("name", Text(random))];
                return sent;
        }

        sent.Headers.Add(("RequestVerificationToken", world.FormToken));
        return sent;
    }

    private Sent Api(Sent sent, Random random)
    {
        if (sent.Method == "POST")
        {
            sent.Json = JsonNode.Parse(
                """{"Data":{"Permissions":["ReadAccountsDetail","ReadBalances"],"ExpirationDateTime":"2030-01-01T00:00:00+00:00","TransactionFromDateTime":"2020-01-01T00:00:00Z","TransactionToDateTime":"2030-01-01T00:00:00Z"},"Risk":{}}""");
        }

        if (sent.Path.EndsWith("/transactions", StringComparison.Ordinal))
        {
            sent.Query.Add(("fromBookingDateTime", "2024-01-01T00:00:00"));
            if (random.Next(2) == 0) sent.Query.Add(("toBookingDateTime", "2030-01-01T00:00:00"));
            if (random.Next(4) == 0) sent.Query.Add(("page", TestTpp.NewId()));
        }

        if (sent.Path.EndsWith("/statements", StringComparison.Ordinal))
        {
            sent.Query.Add(("fromStatementDateTime", "20240101T000000Z"));
            if (random.Next(2) == 0) sent.Query.Add(("toStatementDateTime", "2030-01-01"));
            if (random.Next(4) == 0) sent.Query.Add(("page", TestTpp.NewId()));
        }

        sent.Headers.Add(("x-fapi-interaction-id", Guid.NewGuid().ToString()));
        return WithToken(sent, sent.Path.Contains("consents", StringComparison.Ordinal) ? world.ClientToken : world.CustomerToken, random);
    }

    private Sent WithToken(Sent sent, string token, Random random)
    {
        if (sent.Path.Contains("/aisp/", StringComparison.Ordinal) && token == world.CustomerToken && random.Next(4) == 0)
        {
            sent.IsMtls = true;
            sent.Headers.Add(("Authorization", "Bearer " + world.MtlsToken));
            return sent;
        }

        sent.Headers.Add(("Authorization", "DPoP " + token));
        var path = sent.Path;
        sent.Headers.Add(("DPoP", Perhaps(world.Tpp.Proof(sent.Method, world.Tpp.Address(path), token), world.Tpp.ProofKey, random)));
        return sent;
    }

    private Sent OAuth(Sent sent, Form form, Random random)
    {
        sent.IsMtls = random.Next(5) == 0;
        var authenticated = sent.IsMtls ? world.Mtls.Authenticated() : world.Tpp.Authenticated();
        if (authenticated["client_assertion"] is { } assertion) authenticated = authenticated.With("client_assertion", Perhaps(assertion, world.Tpp.Key, random));
        sent.Form = [.. form.All, .. authenticated.All];
        if (!sent.IsMtls) sent.Headers.Add(("DPoP", Perhaps(world.Tpp.Proof("POST", world.Tpp.Address(sent.Path)), world.Tpp.ProofKey, random)));
        return sent;
    }

    /// <summary>One time in six, claims that are well signed and wrong: there a mistake would be deepest.</summary>
    private static string Perhaps(string jws, SigningKey key, Random random)
    {
        if (random.Next(6) != 0) return jws;
        const string Mark = "@@mark@@";
        var parts = jws.Split('.');
        var inHeader = random.Next(4) == 0;
        var json = JsonNode.Parse(Base64Url.DecodeFromChars(parts[inHeader ? 0 : 1]))!.AsObject();
        var names = json.Select(member => member.Key).Append(inHeader ? "crit" : "nbf").ToList();
        json[names[random.Next(names.Count)]] = Mark;
        var value = random.Next(2) == 0 ? JsonValue.Create(Text(random)).ToJsonString() : RawJson[random.Next(RawJson.Length)];
        parts[inHeader ? 0 : 1] = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal)));
        var signed = $"{parts[0]}.{parts[1]}";
        return $"{signed}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
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

    private string Parameter(string name, Random random) => random.Next(3) == 0 ? Uri.EscapeDataString(Text(random)) : name switch
    {
        "consentId" => world.ConsentId,
        "accountId" => world.AccountId,
        "statementId" => world.StatementId,
        "id" => Guid.NewGuid().ToString(),
        _ => "portal.css",
    };

    private static string Text(Random random) => random.Next(12) switch
    {
        0 => new string('a', 1 << random.Next(4, 15)),
        1 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        2 => new string('\u00fc', random.Next(1, 400)),
        _ => Texts[random.Next(Texts.Length)],
    };

    private static string Garble(string value, Random random)
    {
        if (value.Length == 0) return "x";
        var at = random.Next(value.Length);
        return random.Next(4) switch
        {
            0 => value[..at],
            1 => value.Insert(at, Texts[random.Next(Texts.Length)]),
            2 => value.Remove(at, 1),
            _ => value + value,
        };
    }

    private static string Deep(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}

/// <summary>A request in its parts, so that each can be broken by itself.</summary>
internal sealed class Sent
{
    public required string Method { get; set; }

    public required string Path { get; set; }

    public List<(string Name, string Value)> Query { get; } = [];

    public string? RawQuery { get; set; }

    public List<(string Name, string Value)> Headers { get; } = [];

    public List<(string Name, string Value)>? Form { get; set; }

    public string? RawForm { get; set; }

    public JsonNode? Json { get; set; }

    public string? RawBody { get; set; }

    public byte[]? Body { get; set; }

    public string? ContentType { get; set; }

    public bool IsMtls { get; set; }

    public bool IsHttp2 { get; set; }

    public bool UsesCookies { get; set; }

    public void Anonymous()
    {
        Headers.Clear();
        UsesCookies = false;
        Form?.RemoveAll(field => field.Name.StartsWith("client_", StringComparison.Ordinal) || field.Name == "__RequestVerificationToken");
    }

    public HttpRequestMessage Message(Uri address)
    {
        var query = string.Join('&', Query.Select(pair => Uri.EscapeDataString(Whole(pair.Name)) + "=" + Uri.EscapeDataString(Whole(pair.Value))).Append(RawQuery ?? "").Where(part => part.Length > 0));
        var target = address.GetLeftPart(UriPartial.Authority) + Path.Replace(" ", "%20", StringComparison.Ordinal) + (query.Length > 0 ? "?" + query : "");
        var request = new HttpRequestMessage(new HttpMethod(Method.Replace("\u00cb", "E~", StringComparison.Ordinal)), new Uri(target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = IsHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var body = Body
            ?? (RawBody is not null ? Encoding.UTF8.GetBytes(RawBody)
            : Json is not null ? Encoding.UTF8.GetBytes(Json.ToJsonString())
            : Form is not null ? Encoding.UTF8.GetBytes(RawForm ?? string.Join('&', Form.Select(pair => Uri.EscapeDataString(Whole(pair.Name)) + "=" + Uri.EscapeDataString(Whole(pair.Value)))))
            : null);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            var type = ContentType ?? (Json is not null ? "application/json" : Form is not null ? "application/x-www-form-urlencoded" : "");
            if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in Headers)
        {
            // What cannot be part of a header is sent raw, by another test.
            var line = new string([.. value.Where(c => c is not ('\r' or '\n' or '\0'))]);
            if (!request.Headers.TryAddWithoutValidation(name, line)) request.Content?.Headers.TryAddWithoutValidation(name, line);
        }

        return request;
    }

    public override string ToString()
    {
        using var request = Message(new Uri("https://localhost"));
        var body = request.Content is null ? "" : Encoding.UTF8.GetString(request.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult());
        var text = $"{Method} {request.RequestUri?.OriginalString} {(IsMtls ? "mTLS" : "")} {(IsHttp2 ? "h2" : "")}\n{string.Join('\n', Headers.Select(header => $"{header.Name}: {Short(header.Value)}"))}\nContent-Type: {request.Content?.Headers.NonValidated.FirstOrDefault(header => header.Key == "Content-Type").Value}\n\n{Short(body)}";
        return text;
    }

    private static string Short(string text) => text.Length > 700 ? text[..700] + "…" : text;

    // EscapeDataString takes no lone surrogates.
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
