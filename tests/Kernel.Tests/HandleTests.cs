using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OpenBanking.Kernel.Tests;

public sealed class HandleTests
{
    [Fact]
    [Trait("Rule", "KEY-15")]
    public void A_secret_has_256_bits_and_is_never_the_same()
    {
        var handles = Enumerable.Range(0, 1000).Select(_ => Handle.New()).ToList();

        Assert.All(handles, handle => Assert.Equal(32, Base64Url.DecodeFromChars(handle.Value).Length));
        Assert.All(handles, handle => Assert.Equal(43, handle.Value.Length));
        Assert.Equal(1000, handles.Select(handle => handle.Value).Distinct(StringComparer.Ordinal).Count());
        // Each of the 256 bits is set in about half of them: far outside of what chance does, and still a test that never fails by chance.
        var bytes = handles.Select(handle => Base64Url.DecodeFromChars(handle.Value)).ToList();
        for (var bit = 0; bit < 256; bit++) Assert.InRange(bytes.Count(value => (value[bit / 8] & (1 << (bit % 8))) != 0), 350, 650);
    }

    [Fact]
    [Trait("Rule", "KEY-18")]
    public void What_is_stored_is_the_hash_of_what_is_presented()
    {
        var handle = Handle.New();

        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(handle.Value)), handle.Hash);
        Assert.Equal(handle.Hash, Handle.HashOf(handle.Value));
        Assert.NotEqual(handle.Hash, Handle.HashOf(handle.Value + "A"));
        Assert.NotEqual(handle.Hash, Handle.HashOf(handle.Value.ToUpperInvariant()));
    }

    [Fact]
    [Trait("Rule", "HTTP-18")]
    public void In_a_log_line_it_is_a_short_hash()
    {
        var handle = Handle.New();
        var line = $"issued {handle}";

        Assert.DoesNotContain(handle.Value, line, StringComparison.Ordinal);
        Assert.Equal("issued " + Convert.ToHexStringLower(handle.Hash)[..12], line);
    }
}
