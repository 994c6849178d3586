using System.Text;
using Microsoft.AspNetCore.Http;
using OpenBanking.Identity.Protocol;

namespace OpenBanking.Identity.Tests.Protocol;

public sealed class OAuthFormTests
{
    private const string FormType = "application/x-www-form-urlencoded";

    [Fact]
    [Trait("Rule", "HTTP-02")]
    public async Task Values_are_decoded_and_an_empty_one_counts_as_absent()
    {
        var form = await GoodAsync("a=1+2%2B3&b=&c&d=%C3%BC&&e=x=y");
        Assert.Equal(("1 2+3", null, null, "ü", "x=y", null), (form["a"], form["b"], form["c"], form["d"], form["e"], form["unknown"]));
        Assert.Equal((true, false), (form.WasSent("b"), form.WasSent("unknown")));
    }

    [Theory]
    [Trait("Rule", "HTTP-01")]
    [Trait("Rule", "HTTP-02")]
    [Trait("Rule", "OA-37")]
    [Trait("Rule", "OA-38")]
    [InlineData("a=1&a=2", FormType, "", "HTTP-02")]
    [InlineData("a=1&a=1", FormType, "", "HTTP-02")]
    [InlineData("a=1&a=", FormType, "", "HTTP-02")]
    [InlineData("a=1&%61=1", FormType, "", "HTTP-02")]
    [InlineData("a=1", "application/json", "", "HTTP-01")]
    [InlineData("a=1", "multipart/form-data; boundary=x", "", "HTTP-01")]
    [InlineData("a=1", null, "", "HTTP-01")]
    [InlineData("a=1", FormType + "; charset=utf-16", "", "HTTP-01")]
    [InlineData("a=%zz", FormType, "", "HTTP-01")]
    [InlineData("a=%4", FormType, "", "HTTP-01")]
    [InlineData("a=%ff", FormType, "", "HTTP-01")]
    [InlineData("a=%c0%af", FormType, "", "HTTP-01")]
    [InlineData("a=1", FormType, "?b=2", "OA-38")]
    public async Task What_two_readers_could_understand_differently_is_refused(string body, string? type, string query, string rule) =>
        Assert.Equal((400, "invalid_request", rule), await RefusalAsync(body, type, query));

    [Theory]
    [InlineData(FormType)]
    [InlineData("Application/X-WWW-Form-Urlencoded; charset=UTF-8")]
    public async Task The_content_type_is_a_media_type_and_not_a_text(string type) => Assert.Null((await RefusalAsync("a=1", type, "")).Rule);

    [Fact]
    [Trait("Rule", "HTTP-14")]
    public async Task A_body_of_64_KB_passes_and_a_longer_one_does_not()
    {
        Assert.Null((await RefusalAsync("a=" + new string('x', (64 * 1024) - 2), FormType, "")).Rule);
        Assert.Equal((413, "invalid_request", "HTTP-14"), await RefusalAsync("a=" + new string('x', (64 * 1024) - 1), FormType, ""));
    }

    private static async Task<OAuthForm> GoodAsync(string body) =>
        (await OAuthForm.ReadAsync(Request(body, FormType, ""), CancellationToken.None)).Failed(out var error, out var form)
            ? throw new InvalidOperationException(error.Rule)
            : form;

    private static async Task<(int? Status, string? Code, string? Rule)> RefusalAsync(string body, string? type, string query) =>
        (await OAuthForm.ReadAsync(Request(body, type, query), CancellationToken.None)).Failed(out var error, out _)
            ? (error.Status, error.Code, error.Rule)
            : (null, null, null);

    private static HttpRequest Request(string body, string? type, string query)
    {
        var request = new DefaultHttpContext().Request;
        request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        request.ContentType = type;
        request.QueryString = new QueryString(query);
        return request;
    }
}
