using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Kernel.Tests.Http;

public sealed class JsonPatchTests
{
    private const string Document = """{"a":{"b":[1,2]},"c/d":"x","~":null}""";

    // The last column is null where the patch is refused.
    public static TheoryData<string, string?> Examples => new()
    {
        { """[{"op":"add","path":"/e","value":3}]""", """{"a":{"b":[1,2]},"c/d":"x","~":null,"e":3}""" },
        { """[{"op":"add","path":"/a/b/1","value":9}]""", """{"a":{"b":[1,9,2]},"c/d":"x","~":null}""" },
        { """[{"op":"add","path":"/a/b/-","value":9}]""", """{"a":{"b":[1,2,9]},"c/d":"x","~":null}""" },
        { """[{"op":"remove","path":"/c~1d"},{"op":"remove","path":"/~0"}]""", """{"a":{"b":[1,2]}}""" },
        { """[{"op":"replace","path":"/a/b/0","value":7}]""", """{"a":{"b":[7,2]},"c/d":"x","~":null}""" },
        { """[{"op":"move","from":"/a/b","path":"/f"}]""", """{"a":{},"c/d":"x","~":null,"f":[1,2]}""" },
        { """[{"op":"copy","from":"/c~1d","path":"/a/g"}]""", """{"a":{"b":[1,2],"g":"x"},"c/d":"x","~":null}""" },
        { """[{"op":"test","path":"/a/b","value":[1,2]},{"op":"replace","path":"","value":{"all":"new"}}]""", """{"all":"new"}""" },
        { """[{"op":"test","path":"/a/b","value":[1]}]""", null },
        { """[{"op":"add","path":"/e","value":3},{"op":"remove","path":"/nothing"}]""", null },
        { """[{"op":"add","path":"/a/b/3","value":9}]""", null },
        { """[{"op":"add","path":"/a/b/01","value":9}]""", null },
        { """[{"op":"add","path":"/no/way","value":9}]""", null },
        { """[{"op":"move","from":"/a","path":"/a/b"}]""", null },
        { """[{"op":"remove","path":""}]""", null },
        { """[{"op":"spoil","path":"/a"}]""", null },
        { """[{"op":"add","path":"a","value":1}]""", null },
        { """[{"op":"add","path":"/a"}]""", null },
        { """[{"op":"move","path":"/a"}]""", null },
        { """[{"op":"add","path":"/a","value":1,"more":2}]""", null },
        { "[1]", null },
        { "[]", null },
    };

    [Theory]
    [Trait("Rule", "OB-V401-19")]
    [MemberData(nameof(Examples))]
    public void Makes_all_changes_or_none(string patch, string? expected)
    {
        var document = JsonNode.Parse(Document)!;
        var refused = JsonPatch.Apply(document, JsonDocument.Parse(patch).RootElement).Failed(out var fault, out var changed);
        Assert.Equal(expected is null, refused);
        if (expected is null) Assert.Equal("OB-V401-19", fault!.Rule);
        else Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), changed), changed!.ToJsonString());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Document), document));
    }
}
