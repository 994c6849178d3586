using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Kernel.Tests.Http;

public sealed class UkApiTests
{
    [Theory]
    [Trait("Rule", "RS-13")]
    [Trait("Rule", "OB-HDR-7")]
    [Trait("Rule", "OB-HDR-8")]
    [InlineData(null, true)]
    [InlineData("application/json", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("application/json;charset=\"UTF-8\";q=0.1", true)]
    [InlineData("text/html, */*;q=0.1", true)]
    [InlineData("application/*", true)]
    [InlineData("text/html", false)]
    [InlineData("application/jose+jwe", false)]
    [InlineData("application/json;charset=iso-8859-1", false)]
    [InlineData("application/json;q=0, */*", false)]
    [InlineData("*/*;q=0", false)]
    [InlineData(";;;", false)]
    public void Answers_json_to_whoever_accepts_it_and_406_to_others(string? accept, bool accepted)
    {
        var request = new DefaultHttpContext().Request;
        request.Method = "GET";
        if (accept is not null) request.Headers.Accept = accept;
        var refusal = UkApi.FirstRefusal(request);
        Assert.Equal(accepted ? null : "406 OB-HDR-7", refusal is null ? null : $"{refusal.Status} {refusal.Rule}");
    }

    [Fact]
    [Trait("Rule", "OB-HDR-7")]
    public void A_charset_other_than_utf8_is_not_to_be_had()
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.AcceptCharset = "iso-8859-1";
        Assert.Equal(406, UkApi.FirstRefusal(request)?.Status);
        request.Headers.AcceptCharset = "iso-8859-1, utf-8;q=0.5";
        Assert.Null(UkApi.FirstRefusal(request));
    }

    [Fact]
    [Trait("Rule", "OB-HDR-4")]
    [Trait("Rule", "OB-HDR-2")]
    public void Misses_no_optional_header_but_takes_none_twice()
    {
        var request = new DefaultHttpContext().Request;
        Assert.Null(UkApi.FirstRefusal(request));
        request.Headers["x-fapi-interaction-id"] = new[] { Guid.Empty.ToString(), Guid.Empty.ToString() };
        Assert.Equal("OB-HDR-2", UkApi.FirstRefusal(request)?.Rule);
    }

    [Theory]
    [Trait("Rule", "RS-11")]
    [Trait("Rule", "RS-12")]
    [Trait("Rule", "OB-HDR-3")]
    [Trait("Rule", "OB-HDR-4")]
    [Trait("Rule", "OB-HDR-12")]
    [InlineData("x-fapi-customer-ip-address", "192.0.2.7")]
    [InlineData("x-fapi-customer-ip-address", "2001:db8::7")]
    [InlineData("x-fapi-customer-ip-address", "not an address")]
    [InlineData("x-fapi-customer-ip-address", "")]
    [InlineData("x-fapi-end-user-present", "true")]
    [InlineData("x-fapi-end-user-present", "perhaps")]
    [InlineData("x-fapi-auth-date", "Sun, 10 Sep 2017 19:43:31 GMT")]
    [InlineData("x-customer-user-agent", "\"><script>")]
    [InlineData("x-fapi-financial-id", "any")]
    [InlineData("payload-version", "3.1.11")]
    public void What_a_third_party_says_of_its_customer_is_never_a_reason_to_refuse(string header, string value)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers[header] = value;
        Assert.Null(UkApi.FirstRefusal(request));
    }

    [Fact]
    [Trait("Rule", "OB-PAG-6")]
    [Trait("Rule", "CO-18")]
    public void A_cursor_is_good_for_its_consent_and_listing_and_unchanged_only()
    {
        var cursors = new PageCursors(new EphemeralDataProtectionProvider());
        var cursor = cursors.Seal("c-1", "/a?x=1", "n5.abc");
        Assert.False(cursors.Open(cursor, "c-1", "/a?x=1").Failed(out _, out var position));
        Assert.Equal("n5.abc", position);
        Assert.True(cursors.Open(cursor, "c-2", "/a?x=1").Failed(out var foreign, out _));
        Assert.Equal((403, "OB-PAG-6"), (foreign!.Status, foreign.Rule));
        Assert.True(cursors.Open(cursor, "c-1", "/a?x=2").Failed(out var other, out _));
        Assert.Equal((400, "OB-PAG-6"), (other!.Status, other.Rule));
        for (var index = 0; index < cursor.Length - 1; index++)
        {
            var changed = cursor[..index] + (cursor[index] == 'A' ? 'B' : 'A') + cursor[(index + 1)..];
            Assert.True(cursors.Open(changed, "c-1", "/a?x=1").Failed(out var refusal, out _));
            Assert.Equal(400, refusal!.Status);
        }

        foreach (var garbage in new[] { "", "A", "=", "é", new string('A', 5000) }) Assert.True(cursors.Open(garbage, "c-1", "/a?x=1").Failed(out _, out _));
        Assert.True(new PageCursors(new EphemeralDataProtectionProvider()).Open(cursor, "c-1", "/a?x=1").Failed(out _, out _));
    }
}
