using System.Globalization;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>What is wrong, rare or meant to do harm, for any part of a request.</summary>
internal static class OddValues
{
    public static readonly string[] Methods =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "PROPFIND", "M-SEARCH", "BREW", "QUERY", "G\u00cbT"];

    public static readonly string[] Texts =
    [
        "", " ", "\0", "a\0b", "\u0001", "'", "\"", "'; DROP TABLE x; --", "\\", "%", "%00", "%zz", "%25%30%30", "\u202e", "\ud83d\ude00", "\u00e9\u0301", "\ufeff",
        "<script>alert(1)</script>", "../../../etc/passwd", "${jndi:ldap://x/y}", "{{7*7}}", "null", "true", "[]", "{}", "a,b", "a b", "a\r\nX-Injected: 1", "a\nb", "\t",
        "-1", "0", "1e400", "9999999999999999999999", "-9223372036854775808", "NaN", "0x10", "2024-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.9999999Z", "2024-02-30T00:00:00", "2024-01-01T00:00:00.123456789012345Z", "urn:ietf:params:oauth:request_uri:x",
        "https://evil.test", "javascript:alert(1)", "file:///etc/passwd", "//evil.test", "eyJhbGciOiJub25lIn0.e30.", "e30.e30.e30", "a.b.c", "....", "=", "==", "____", "A", "AA==", "\u0130", "\u212a",
        "00000000-0000-0000-0000-000000000000", "{00000000-0000-0000-0000-000000000000}", "openid openid", "openid  accounts", "accounts payments", "S256", "plain", "none", "login", "fragment", "form_post",
    ];

    public static readonly string[] RawJson =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "-0", "123456789012345678901234567890", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "[]", "{}", "[null]", "[[]]", "{\"a\":{\"a\":{}}}",
        "[1,\"a\",null,{}]", "\"0001-01-01T00:00:00+14:00\"", "\"9999-12-31T23:59:59-14:00\"", "\"9999-12-31T23:59:60Z\"", "{\"__proto__\":1}", "{\"$ref\":\"#\"}", "[true,true]", "\"a\\u0000b\"",
    ];

    public static readonly string[] Types =
    [
        "", "application/json", "application/json; charset=utf-16", "application/json; charset=bogus", "application/json;", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded; charset=\"", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "text/plain", "text/xml", "application/jwt", "application/jose", "*/*", "a", "/", "application/json, application/json", "application/octet-stream", "APPLICATION/JSON; CHARSET=UTF-8", "application/merge-patch+json",
    ];

    public static readonly string[] HeaderNames =
    [
        "Authorization", "DPoP", "x-fapi-interaction-id", "x-fapi-auth-date", "x-fapi-customer-ip-address", "x-idempotency-key", "x-customer-user-agent", "x-jws-signature", "Accept", "Accept-Language", "Accept-Encoding",
        "Content-Encoding", "Cookie", "Origin", "Referer", "Sec-Fetch-Site", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-URL", "X-HTTP-Method-Override", "Forwarded", "If-None-Match",
        "If-Modified-Since", "If-Match", "Range", "Expect", "Upgrade", "TE", "Via", "From", "User-Agent", "RequestVerificationToken", "X-Client-Cert", "X-SSL-CERT", "traceparent", "tracestate", "baggage", "Content-Language", "Date", "X-User", "X-Tenant",
    ];

    public static string Text(Random random) => random.Next(12) switch
    {
        0 => new string('a', 1 << random.Next(4, 15)),
        1 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        2 => new string('\u00fc', random.Next(1, 400)),
        _ => Texts[random.Next(Texts.Length)],
    };

    public static string Garble(string value, Random random)
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

    public static string Deep(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    public static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    public static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}
