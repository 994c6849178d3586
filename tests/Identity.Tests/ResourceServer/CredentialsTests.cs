using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.Tests.ResourceServer;

public sealed class CredentialsTests
{
    private const string Token = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    private static (AccessRefusal? Refusal, Credentials? Shown) Of(StringValues header, string query = "")
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.Authorization = header;
        request.QueryString = new QueryString(query);
        return Credentials.Of(request).Failed(out var refusal, out var shown) ? (refusal, null) : (null, shown);
    }

    [Theory]
    [Trait("Rule", "RS-01")]
    [InlineData("DPoP ", "DPoP")]
    [InlineData("dpop ", "DPoP")]
    [InlineData("DPOP  ", "DPoP")]
    [InlineData("Bearer ", "Bearer")]
    [InlineData("bEARER ", "Bearer")]
    public void The_scheme_is_read_in_any_case(string prefix, string scheme) => Assert.Equal(new Credentials(scheme, Token), Of(prefix + Token).Shown);

    [Theory]
    [Trait("Rule", "RS-01")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("DPoP")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("")]
    [InlineData(Token)]
    public void Without_a_token_there_is_no_error_to_name(string header)
    {
        var refusal = Of(header).Refusal;

        Assert.Equal((401, null, "RS-01"), (refusal?.Status, refusal?.Code, refusal?.Rule));
    }

    [Theory]
    [Trait("Rule", "RS-08")]
    [InlineData("Bearer a b")]
    [InlineData("Bearer a,b")]
    [InlineData("DPoP \"a\"")]
    [InlineData("DPoP a\tb")]
    public void A_token_that_cannot_be_one_is_invalid(string header)
    {
        var refusal = Of(header).Refusal;

        Assert.Equal((401, "invalid_token", "RS-08"), (refusal?.Status, refusal?.Code, refusal?.Rule));
    }

    [Theory]
    [Trait("Rule", "RS-08")]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void A_token_is_at_most_4096_characters(int length, bool accepted) => Assert.Equal(accepted, Of("DPoP " + new string('a', length)).Refusal is null);

    [Fact]
    [Trait("Rule", "RS-02")]
    [Trait("Rule", "OA-39")]
    public void A_token_in_the_address_is_as_none()
    {
        var refusal = Of(StringValues.Empty, "?access_token=" + Token).Refusal;

        Assert.Equal((401, null, "RS-02"), (refusal?.Status, refusal?.Code, refusal?.Rule));
    }

    [Fact]
    [Trait("Rule", "RS-08")]
    public void Two_tokens_have_no_one_meaning()
    {
        var inBoth = Of("DPoP " + Token, "?access_token=" + Token).Refusal;
        var twoHeaders = Of(new StringValues(["DPoP " + Token, "Bearer " + Token])).Refusal;

        Assert.Equal((400, "invalid_request", "RS-08"), (inBoth?.Status, inBoth?.Code, inBoth?.Rule));
        Assert.Equal((400, "invalid_request", "RS-08"), (twoHeaders?.Status, twoHeaders?.Code, twoHeaders?.Rule));
    }
}
