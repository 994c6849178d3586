using System.Text.Json;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Kernel.Tests.Http;

public sealed class JsonValuesTests
{
    [Theory]
    [Trait("Rule", "OB-PIS-4")]
    [Trait("Rule", "OB-IDM-8")]
    [Trait("Rule", "PY-08")]
    [InlineData("""{"a":1,"b":[true,null,"x"]}""", """{ "b" : [ true, null, "\u0078" ], "a" : 1 }""", null)]
    [InlineData("""{"a":"10.00"}""", """{"a":"10.0"}""", "D.a")]
    [InlineData("""{"a":10.00}""", """{"a":10.0}""", "D.a")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{"b":2}}""", "D.a.b")]
    [InlineData("""{"a":{}}""", """{}""", "D.a")]
    [InlineData("""{}""", """{"a":{}}""", "D.a")]
    [InlineData("""{"a":""}""", """{"a":null}""", "D.a")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""", "D.a[0]")]
    [InlineData("""{"a":[1,2]}""", """{"a":[1]}""", "D.a")]
    [InlineData("""{"a":1}""", """{"A":1}""", "D.a")]
    public void Compares_values_and_not_their_spelling(string one, string other, string? difference)
    {
        var (first, second) = (JsonElement.Parse(one), JsonElement.Parse(other));
        Assert.Equal(difference, JsonValues.FirstDifference(first, second, "D"));
        Assert.Equal(difference is null, JsonValues.Digest(first).AsSpan().SequenceEqual(JsonValues.Digest(second)));
    }
}
