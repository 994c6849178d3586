using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Platform.Tests.Samples;

/// <summary>One good ID token, and every bad one differs from it in one thing.</summary>
public sealed class IdTokenTests : IDisposable
{
    private static readonly StandingClock Clock = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeBank bank = new(Clock);

    private readonly IdTokenExpectation expected = new(
        FakeBank.Issuer, "sample-tpp-dpop", "n", "c-1", "urn:openbanking:psd2:sca", null, "at", Clock.Now);

    [Fact]
    public void A_token_as_asked_for_is_taken_and_names_the_customer()
    {
        Assert.False(IdToken.Verify(bank.IdToken(), bank.Keys, expected).Failed(out _, out var verified));
        Assert.Equal("customer-1", verified.Subject);
    }

    [Fact]
    public void A_token_may_carry_its_type() =>
        Assert.Null(Refusal(bank.IdToken(typ: "JWT")));

    public static TheoryData<string, string?> Spoilt => new()
    {
        { "iss", "\"https://other.test\"" },
        { "iss", null },
        { "iss", "[\"https://bank.test:5001\"]" },
        { "aud", "\"another-client\"" },
        { "aud", "[\"sample-tpp-dpop\",\"another-client\"]" },
        { "aud", "[]" },
        { "aud", null },
        { "azp", "\"another-client\"" },
        { "exp", null },
        { "exp", "\"1\"" },
        { "iat", null },
        { "sub", "\"\"" },
        { "sub", null },
        { "sub", "\"kündin\"" },
        { "nonce", "\"another\"" },
        { "nonce", null },
        { "acr", "\"urn:openbanking:psd2:ca\"" },
        { "acr", null },
        { "at_hash", "\"AAAAAAAAAAAAAAAAAAAAAA\"" },
        { "openbanking_intent_id", "\"c-2\"" },
        { "openbanking_intent_id", null },
    };

    [Theory]
    [MemberData(nameof(Spoilt))]
    public void A_token_that_says_something_else_is_refused_for_just_that(string claim, string? json)
    {
        var token = bank.IdToken(claims =>
        {
            claims.Remove(claim);
            if (json is not null) claims[claim] = JsonNode.Parse(json);
        });
        Assert.StartsWith($"ID token refused, {claim}:", Refusal(token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aud", "[\"sample-tpp-dpop\"]")]
    [InlineData("azp", "\"sample-tpp-dpop\"")]
    public void What_the_standard_also_allows_is_taken(string claim, string json) =>
        Assert.Null(Refusal(bank.IdToken(claims => claims[claim] = JsonNode.Parse(json))));

    [Fact]
    public void At_hash_may_be_absent() => Assert.Null(Refusal(bank.IdToken(claims => claims.Remove("at_hash"))));

    [Theory]
    [InlineData("exp", -9, true)]
    [InlineData("exp", -10, false)]
    [InlineData("iat", 30, true)]
    [InlineData("iat", 31, false)]
    [InlineData("nbf", 30, true)]
    [InlineData("nbf", 31, false)]
    public void Time_is_kept_to_the_second(string claim, int seconds, bool taken)
    {
        var token = bank.IdToken(claims => claims[claim] = Clock.Now.ToUnixTimeSeconds() + seconds);
        Assert.Equal(taken, Refusal(token) is null);
    }

    [Fact]
    public void A_signature_by_a_strangers_key_is_refused()
    {
        using var stranger = SigningKey.Create("ES256");
        Assert.StartsWith("ID token refused, signature", Refusal(bank.IdToken(by: stranger)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("RS256")]
    [InlineData("HS256")]
    public void An_algorithm_outside_of_FAPI_is_refused(string algorithm)
    {
        var parts = bank.IdToken().Split('.');
        var header = System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes($"{{\"alg\":\"{algorithm}\"}}"));
        Assert.NotNull(Refusal($"{header}.{parts[1]}.{parts[2]}"));
        Assert.NotNull(Refusal($"{header}.{parts[1]}."));
    }

    [Theory]
    [InlineData("dpop+jwt")]
    [InlineData("at+jwt")]
    [InlineData("logout+jwt")]
    public void Another_kind_of_token_cannot_stand_for_an_ID_token(string type) =>
        Assert.StartsWith("ID token refused, signature", Refusal(bank.IdToken(typ: type)), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("{}")]
    public void What_is_no_token_is_refused(string text) =>
        Assert.StartsWith("ID token refused, form", Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void At_a_refresh_the_customer_must_be_the_same_and_no_nonce_is_due()
    {
        var refresh = expected with { Nonce = null, ConsentId = null, Acr = null, Subject = "customer-1" };
        var token = bank.IdToken(claims => claims.Remove("nonce"));
        Assert.False(IdToken.Verify(token, bank.Keys, refresh).Failed(out _, out _));
        Assert.True(IdToken.Verify(token, bank.Keys, refresh with { Subject = "customer-2" }).Failed(out _, out _));
    }

    public void Dispose() => bank.Dispose();

    private string? Refusal(string token) => IdToken.Verify(token, bank.Keys, expected).Failed(out var fault, out _) ? fault.Reason : null;
}
