using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Kernel.Tests.Jose;

public sealed class DetachedJwsTests
{
    /// <summary>Lengths on both sides of the parts in which a stream is read, and of base64's threes.</summary>
    [Theory]
    [Trait("Rule", "OB-JWS-2")]
    [Trait("Rule", "OB-JWS-3")]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(49_151)]
    [InlineData(49_152)]
    [InlineData(49_153)]
    [InlineData(200_000)]
    public async Task A_message_along_a_stream_has_the_signature_of_the_whole(int length)
    {
        var message = new byte[length];
        for (var at = 0; at < length; at++) message[at] = (byte)(at * 31);
        var key = TestKeys.Ps256;
        Assert.False(DetachedJws.Parse(DetachedJws.Sign(key, new JsonObject { ["typ"] = "JOSE" }, message)).Failed(out _, out var jws));
        Assert.True(jws.Verify(key.PublicKey, "PS256", message));

        using var stream = new Trickling(message);
        Assert.True(jws.VerifyHash(key.PublicKey, "PS256", await jws.HashAsync(stream, TestContext.Current.CancellationToken)));
        using var other = new MemoryStream([.. message, 0]);
        Assert.False(jws.VerifyHash(key.PublicKey, "PS256", await jws.HashAsync(other, TestContext.Current.CancellationToken)));
    }

    private sealed class Trickling(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(buffer.Length, 1000)], cancellationToken);
    }
}
