using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing.Patterns;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.WebAuthn;
using static OpenBanking.Platform.Tests.Proof.OddValues;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Makes a request of a route as an honest sender would: signed, with all credentials. Only now and then is something inside of it odd.</summary>
internal sealed class GoodRequests(FuzzWorld world)
{
    public Sent Make(string method, RoutePattern pattern, Random random)
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

    private string Parameter(string name, Random random) => random.Next(3) == 0 ? Uri.EscapeDataString(Text(random)) : name switch
    {
        "consentId" => world.ConsentId,
        "accountId" => world.AccountId,
        "statementId" => world.StatementId,
        "id" => Guid.NewGuid().ToString(),
        _ => "portal.css",
    };
}
