namespace OpenBanking.Identity.Tests.ResourceServer;

/// <summary>What is wrong with a token is said in a header, what is wrong with a request in the standard's body, and never both.</summary>
[Collection(FrontTests.Name)]
public sealed class ErrorWordsTests(FrontWorld world)
{
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents";

    [Fact]
    [Trait("Rule", "RS-15")]
    public async Task An_api_speaks_of_tokens_in_oauths_words_and_of_everything_else_in_its_own()
    {
        var token = await world.Tpp.ClientTokenAsync();

        var wrong = await world.Tpp.ApiAsync(HttpMethod.Post, Consents, token, """{"Data":{},"Risk":{}}""");
        Assert.Equal((400, null), (wrong.Status, wrong.Header("WWW-Authenticate")));
        Assert.Equal(["Id", "Errors"], wrong.Json.EnumerateObject().Select(member => member.Name));

        var unknown = await world.Tpp.ApiAsync(HttpMethod.Post, Consents, "unknown", """{"Data":{},"Risk":{}}""");
        Assert.Equal((401, ""), (unknown.Status, unknown.Body));
        Assert.Contains("error=\"invalid_token\"", unknown.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }
}
