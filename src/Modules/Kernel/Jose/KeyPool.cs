namespace OpenBanking.Kernel.Jose;

/// <summary>
/// Imported copies of one key, each used by one caller at a time. The framework does not promise that one RSA or ECDsa object may be
/// used by two threads at once, and importing anew for each signature costs three times the check of one. In the steady state there are as many
/// copies as ever were needed at one moment, at most one a processor.
/// </summary>
internal sealed class KeyPool<T>(Func<T> import)
    where T : class, IDisposable
{
    private readonly T?[] idle = new T?[Environment.ProcessorCount];
    private volatile bool closed;

    public T Rent()
    {
        ObjectDisposedException.ThrowIf(closed, this);
        for (var i = 0; i < idle.Length; i++)
        {
            if (Interlocked.Exchange(ref idle[i], null) is { } key) return key;
        }

        return import();
    }

    public void Return(T key)
    {
        for (var i = 0; i < idle.Length && !closed; i++)
        {
            if (Interlocked.CompareExchange(ref idle[i], key, null) is null) return;
        }

        key.Dispose();
    }

    /// <summary>Frees the copies at once, as a private key wants it. A pool of public keys is left to the collector.</summary>
    public void Close()
    {
        closed = true;
        for (var i = 0; i < idle.Length; i++) Interlocked.Exchange(ref idle[i], null)?.Dispose();
    }
}
