using System.Text.Json;

namespace OpenBanking.Kernel.Tests.Jose;

/// <summary>One file of vectors, read so that nothing unknown can pass for a success.</summary>
internal sealed class WycheproofFile
{
    private WycheproofFile(string name, JsonElement root, IReadOnlyList<Vector> vectors)
    {
        Name = name;
        Algorithm = root.TryGetProperty("algorithm", out var algorithm) ? algorithm.GetString()! : name;
        Vectors = vectors;
    }

    public static string Folder => Path.Combine(AppContext.BaseDirectory, "Jose", "Vectors");

    public string Name { get; }

    public string Algorithm { get; }

    public IReadOnlyList<Vector> Vectors { get; }

    public static WycheproofFile Read(string name, string groupType)
    {
        var root = JsonElement.Parse(File.ReadAllBytes(Path.Combine(Folder, name + "_test.json")));
        var vectors = new List<Vector>();
        foreach (var group in root.GetProperty("testGroups").EnumerateArray())
        {
            Assert.Equal(groupType, group.GetProperty("type").GetString());
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var result = test.GetProperty("result").GetString();
                Assert.Contains(result, (string[])["valid", "invalid", "acceptable"]);
                vectors.Add(new Vector(test.GetProperty("tcId").GetInt32(), result!, group, test));
            }
        }

        Assert.Equal(root.GetProperty("numberOfTests").GetInt32(), vectors.Count);
        return new WycheproofFile(name, root, vectors);
    }

    internal sealed record Vector(int Id, string Result, JsonElement Group, JsonElement Test)
    {
        public byte[] Bytes(string name) => Convert.FromHexString(Test.GetProperty(name).GetString()!);

        public string GroupText(string name) => Group.GetProperty(name).GetString()!;

        public byte[] GroupBytes(string name) => Convert.FromHexString(GroupText(name));

        public int Number(string name) => (Test.TryGetProperty(name, out var value) ? value : Group.GetProperty(name)).GetInt32();
    }
}
