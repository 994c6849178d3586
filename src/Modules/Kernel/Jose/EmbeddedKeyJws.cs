namespace OpenBanking.Kernel.Jose;

/// <summary>A message whose signature was verified with the key that it brought.</summary>
public sealed class EmbeddedKeyJws
{
    internal EmbeddedKeyJws(Jws jws, JsonWebKey key)
    {
        Jws = jws;
        Key = key;
    }

    public Jws Jws { get; }

    public JsonWebKey Key { get; }
}
