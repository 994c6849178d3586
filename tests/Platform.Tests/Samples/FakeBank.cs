using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Platform.Tests.Samples;

/// <summary>
/// A bank in the place of outbound HTTP: it answers as the standard says, remembers what it was asked, and can be told to answer
/// otherwise. What the real one does is proven by the journeys; here the third party is looked at from outside.
/// </summary>
internal sealed class FakeBank(TimeProvider time) : HttpMessageHandler
{
    public const string Issuer = "https://bank.test:5001";
    private readonly SigningKey key = SigningKey.Create("ES256");
    private readonly SigningKey messageKey = SigningKey.Create("PS256", rsaBits: 2048);
    private readonly Dictionary<string, string> orders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> pushed = new(StringComparer.Ordinal);

    public List<Seen> Requests { get; } = [];

    /// <summary>What each side wants in a proof; none where null.</summary>
    public string? AuthorizationServerNonce { get; set; }

    public string? ResourceServerNonce { get; set; }

    public bool Revoked { get; set; }

    public bool Down { get; set; }

    public bool RefreshWorks { get; set; } = true;

    /// <summary>Changes the claims of the next ID tokens.</summary>
    public Action<JsonObject> Spoil { get; set; } = _ => { };

    public Action<JsonObject> SpoilMetadata { get; set; } = _ => { };

    public int Transactions { get; set; } = 60;

    public string? NextLink { get; set; }

    /// <summary>What has happened: events as the bank sends them, by their ids, until they are acknowledged.</summary>
    public Dictionary<string, string> Events { get; } = new(StringComparer.Ordinal);

    /// <summary>What was said of events that could not be used.</summary>
    public Dictionary<string, string> EventErrors { get; } = new(StringComparer.Ordinal);

    /// <summary>How a payment stands, one after the other at each look; the last one stays.</summary>
    public Queue<string> Statuses { get; } = new(["RCVD", "ACSC", "ACCC"]);

    /// <summary>The code with which the next order is refused.</summary>
    public string? Refuses { get; set; }

    /// <summary>How many answers to orders get lost on the way, after the order was taken.</summary>
    public int LosesAnswers { get; set; }

    /// <summary>Signs nothing, or something else.</summary>
    public Func<byte[], byte[]?> SignedBytes { get; set; } = bytes => bytes;

    /// <summary>The payments that were taken, by the keys of their orders.</summary>
    public IReadOnlyDictionary<string, string> Orders => orders;

    public string LastState => Requests.Last(one => one.Path == "/par").Form["state"];

    public KeySet Keys => KeySet.Parse(Encoding.UTF8.GetBytes(Jwks().ToJsonString())).Failed(out _, out var keys)
        ? throw new InvalidOperationException("The fake bank's own keys cannot be read.")
        : keys;

    public string IdToken(Action<JsonObject>? spoil = null, string? typ = null, SigningKey? by = null, string clientId = "sample-tpp-dpop", string nonce = "n", string consent = "c-1", string accessToken = "at")
    {
        var now = time.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["sub"] = "customer-1",
            ["aud"] = clientId,
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["auth_time"] = now.ToUnixTimeSeconds(),
            ["nonce"] = nonce,
            ["acr"] = "urn:openbanking:psd2:sca",
            ["openbanking_intent_id"] = consent,
            ["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(0, 16)),
        };
        (spoil ?? Spoil)(claims);
        return Jws.Sign(by ?? key, typ, claims);
    }

    /// <summary>An event as the bank signs it.</summary>
    public void Raise(string id, string type, Action<JsonObject>? spoil = null, SigningKey? by = null, string clientId = "sample-tpp-dpop", string typ = "secevent+jwt")
    {
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["iat"] = time.GetUtcNow().ToUnixTimeSeconds(),
            ["jti"] = id,
            ["aud"] = clientId,
            ["sub"] = Issuer + "/open-banking/v4.0/aisp/account-access-consents/c-1",
            ["txn"] = id,
            ["toe"] = time.GetUtcNow().ToUnixTimeSeconds(),
            ["events"] = new JsonObject
            {
                ["urn:uk:org:openbanking:events:" + type] = new JsonObject { ["reason"] = "<i>why</i>", ["subject"] = new JsonObject { ["http://openbanking.org.uk/rid"] = "c-1" } },
            },
        };
        spoil?.Invoke(claims);
        Events[id] = Jws.Sign(by ?? key, typ, claims);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Down) throw new HttpRequestException("connection refused");
        var seen = await Seen.ReadAsync(request, cancellationToken);
        lock (Requests) Requests.Add(seen);
        return seen.Path switch
        {
            "/.well-known/openid-configuration" => Json(200, Metadata()),
            "/jwks" => Json(200, Jwks()),
            "/token" => WithNonce(seen, AuthorizationServerNonce, 400, () => Token(seen)),
            "/par" => WithNonce(seen, AuthorizationServerNonce, 400, () => Pushed(seen)),
            "/open-banking/v4.0/events" => WithNonce(seen, ResourceServerNonce, 401, () => Poll(seen)),
            _ when seen.Path.StartsWith("/open-banking/v4.0/pisp/", StringComparison.Ordinal) => WithNonce(seen, ResourceServerNonce, 401, () => Pay(seen)),
            _ when seen.Path.StartsWith("/open-banking/v4.0/aisp/", StringComparison.Ordinal) =>
                WithNonce(seen, ResourceServerNonce, 401, () => Api(seen)),
            _ => Json(404, []),
        };
    }

    private static HttpResponseMessage WithNonce(Seen seen, string? nonce, int status, Func<HttpResponseMessage> answer)
    {
        if (nonce is null || seen.Proof is not { } proof || Claims.Text(proof, "nonce") == nonce) return answer();
        var demand = Json(status, status == 400 ? new JsonObject { ["error"] = "use_dpop_nonce" } : []);
        demand.Headers.Add("DPoP-Nonce", nonce);
        if (status == 401) demand.Headers.TryAddWithoutValidation("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\", algs=\"ES256 PS256\"");
        return demand;
    }

    private JsonObject Metadata()
    {
        var metadata = new JsonObject
        {
            ["issuer"] = Issuer,
            ["authorization_endpoint"] = Issuer + "/authorize",
            ["token_endpoint"] = Issuer + "/token",
            ["pushed_authorization_request_endpoint"] = Issuer + "/par",
            ["jwks_uri"] = Issuer + "/jwks",
            ["authorization_response_iss_parameter_supported"] = true,
            ["mtls_endpoint_aliases"] = new JsonObject
            {
                ["token_endpoint"] = "https://bank.test:5002/token",
                ["pushed_authorization_request_endpoint"] = "https://bank.test:5002/par",
            },
        };
        SpoilMetadata(metadata);
        return metadata;
    }

    private JsonObject Jwks() => new() { ["keys"] = new JsonArray(key.PublicKey.ToJson(), messageKey.PublicKey.ToJson()) };

    private HttpResponseMessage Pushed(Seen seen)
    {
        var uri = "urn:ietf:params:oauth:request_uri:" + pushed.Count.ToString(CultureInfo.InvariantCulture);
        pushed[uri] = seen.Form["nonce"];
        return Json(201, new JsonObject { ["request_uri"] = uri, ["expires_in"] = 90 });
    }

    private HttpResponseMessage Token(Seen seen)
    {
        var token = new JsonObject
        {
            ["access_token"] = "at-" + seen.Form["grant_type"],
            ["token_type"] = seen.Proof is null ? "Bearer" : "DPoP",
            ["expires_in"] = 300,
            ["scope"] = "openid accounts offline_access",
        };
        switch (seen.Form["grant_type"])
        {
            case "authorization_code":
                token["refresh_token"] = "rt";
                token["id_token"] = IdToken(
                    clientId: seen.Form["client_id"],
                    nonce: int.TryParse(seen.Form["code"], out var index) ? pushed.Values.ElementAt(index) : pushed.Values.Last(),
                    accessToken: "at-authorization_code");
                break;
            case "refresh_token" when Revoked || !RefreshWorks:
                return Json(400, new JsonObject { ["error"] = "invalid_grant" });
        }

        return Json(200, token);
    }

    private HttpResponseMessage Poll(Seen seen)
    {
        var said = JsonElement.Parse(seen.Body);
        if (said.TryGetProperty("ack", out var known))
        {
            foreach (var id in known.EnumerateArray()) Events.Remove(id.GetString()!);
        }

        if (said.TryGetProperty("setErrs", out var errors))
        {
            foreach (var error in errors.EnumerateObject())
            {
                EventErrors[error.Name] = error.Value.GetProperty("err").GetString()!;
                Events.Remove(error.Name);
            }
        }

        var sets = new JsonObject();
        foreach (var (id, set) in Events) sets[id] = set;
        return Json(200, new JsonObject { ["moreAvailable"] = false, ["sets"] = sets });
    }

    private HttpResponseMessage Pay(Seen seen)
    {
        if (seen.Path.EndsWith("/domestic-payment-consents", StringComparison.Ordinal))
            return Signed(201, new JsonObject { ["Data"] = new JsonObject { ["ConsentId"] = "c-1", ["Status"] = "AWAU" } });
        if (seen.Path.EndsWith("/funds-confirmation", StringComparison.Ordinal))
            return Signed(200, new JsonObject { ["Data"] = new JsonObject { ["FundsAvailableResult"] = new JsonObject { ["FundsAvailable"] = true } } });
        if (seen.Path.EndsWith("/payment-details", StringComparison.Ordinal)) return Signed(200, new JsonObject { ["Data"] = new JsonObject { ["PaymentStatus"] = new JsonArray() } });
        if (seen.Method == "GET") return Signed(200, Order("p-1", Statuses.Count > 1 ? Statuses.Dequeue() : Statuses.Peek()));
        if (Refuses is { } code) return Json(400, new JsonObject { ["Errors"] = new JsonArray(new JsonObject { ["ErrorCode"] = code, ["Message"] = "no" }) });
        orders.TryAdd(seen.Headers["x-idempotency-key"], seen.Body);
        if (LosesAnswers-- > 0) throw new HttpRequestException("connection reset");
        return Signed(201, Order("p-1", Statuses.Peek()));
    }

    private JsonObject Order(string id, string status)
    {
        var data = new JsonObject
        {
            ["DomesticPaymentId"] = id,
            ["Status"] = status,
            ["StatusUpdateDateTime"] = time.GetUtcNow().ToString("O"),
            ["Refund"] = new JsonObject { ["Account"] = new JsonObject { ["Identification"] = "99012420450061", ["Name"] = "A <b>Payer</b>" } },
        };
        if (status == "RJCT") data["StatusReason"] = new JsonArray(new JsonObject { ["StatusReasonCode"] = "AM04" });
        return new JsonObject { ["Data"] = data };
    }

    private HttpResponseMessage Signed(int status, JsonObject body)
    {
        var answer = Json(status, body);
        var bytes = SignedBytes(Encoding.UTF8.GetBytes(body.ToJsonString()));
        if (bytes is not null) answer.Headers.Add("x-jws-signature", OpenBanking.Samples.Tpp.Bank.MessageSignature.Sign(messageKey, "bank", bytes, time.GetUtcNow()));
        return answer;
    }

    private HttpResponseMessage Api(Seen seen)
    {
        if (seen.Path.EndsWith("/account-access-consents", StringComparison.Ordinal))
            return Json(201, new JsonObject { ["Data"] = new JsonObject { ["ConsentId"] = "c-1", ["Status"] = "AWAU" } });
        if (seen.Method == "DELETE")
        {
            Revoked = true;
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }

        if (Revoked) return new HttpResponseMessage(HttpStatusCode.Unauthorized);
        if (seen.Path.EndsWith("/accounts", StringComparison.Ordinal))
        {
            return Listing("Account", [new JsonObject
            {
                ["AccountId"] = "a-1",
                ["AccountTypeCode"] = "CACC",
                ["Currency"] = "GBP",
                ["Nickname"] = "<b>Everyday</b>",
                ["Account"] = new JsonArray(new JsonObject { ["SchemeName"] = "UK.OBIE.SortCodeAccountNumber", ["Identification"] = "40400412345678" }),
            }], null);
        }

        if (seen.Path.EndsWith("/balances", StringComparison.Ordinal))
            return Listing("Balance", [new JsonObject { ["AccountId"] = "a-1", ["Type"] = "ITAV", ["CreditDebitIndicator"] = "Credit", ["Amount"] = Amount("1234.50") }], null);

        var page = int.Parse(HttpUtility.ParseQueryString(seen.Query)["page"] ?? "0", CultureInfo.InvariantCulture);
        var entries = Enumerable.Range(page * 25, Math.Clamp(Transactions - (page * 25), 0, 25)).Select(index => (JsonNode)new JsonObject
        {
            ["AccountId"] = "a-1",
            ["CreditDebitIndicator"] = "Debit",
            ["Status"] = "BOOK",
            ["BookingDateTime"] = time.GetUtcNow().AddHours(-index - 1).ToString("O"),
            ["TransactionInformation"] = "Shop <script>alert(1)</script> " + index.ToString(CultureInfo.InvariantCulture),
            ["Amount"] = Amount("2.00"),
        });
        var more = (page + 1) * 25 < Transactions;
        return Listing("Transaction", [.. entries], NextLink ?? (more ? $"https://{seen.Host}{seen.Path}?page={page + 1}" : null));
    }

    private static JsonObject Amount(string amount) => new() { ["Amount"] = amount, ["Currency"] = "GBP" };

    private static HttpResponseMessage Listing(string member, JsonNode[] entries, string? next)
    {
        var links = new JsonObject { ["Self"] = "x" };
        if (next is not null) links["Next"] = next;
        return Json(200, new JsonObject { ["Data"] = new JsonObject { [member] = new JsonArray(entries) }, ["Links"] = links, ["Meta"] = new JsonObject() });
    }

    private static HttpResponseMessage Json(int status, JsonObject body) => new((HttpStatusCode)status)
    {
        Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
    };
}

/// <summary>A request as it arrived.</summary>
internal sealed record Seen(
    string Method, string Host, string Path, string Query, Dictionary<string, string> Form, IReadOnlyDictionary<string, string> Headers, JsonElement? Proof, string Body)
{
    public static async Task<Seen> ReadAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal);
        if (request.Content is FormUrlEncodedContent)
        {
            var values = HttpUtility.ParseQueryString(await request.Content.ReadAsStringAsync(ct));
            foreach (var name in values.AllKeys) form[name!] = values[name]!;
        }

        var body = request.Content is not null and not FormUrlEncodedContent ? await request.Content.ReadAsStringAsync(ct) : "";
        var headers = request.Headers.ToDictionary(one => one.Key, one => string.Join(", ", one.Value), StringComparer.OrdinalIgnoreCase);
        JsonElement? proof = null;
        if (headers.TryGetValue("DPoP", out var compact))
        {
            // The kernel's own parser, as the bank uses it: signature, embedded key and form are right or this throws.
            if (DpopJws.Parse(compact).Failed(out var fault, out var read)) throw new InvalidOperationException(fault.Reason);
            proof = read.Jws.Payload;
        }

        return new Seen(
            request.Method.Method, request.RequestUri!.Authority, request.RequestUri.AbsolutePath, request.RequestUri.Query, form, headers, proof, body);
    }
}

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class StandingClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
