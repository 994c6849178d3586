using System.Diagnostics;
using System.Text;
using System.Text.Json;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Bench;

/// <summary>
/// The signatures that an operation cannot avoid, timed in the same run on one thread: the floor that the server's processor time
/// is compared with. A client's key is known and imported; a DPoP key arrives with every proof and is imported for it.
/// </summary>
internal sealed record Floor(double VerifyKnownKey, double VerifyNewKey, double Sign)
{
    /// <summary>Seconds of one operation of each kind.</summary>
    public static Floor Measure()
    {
        using var key = SigningKey.Create("ES256");
        var input = Encoding.ASCII.GetBytes(new string('x', 550));
        var signature = key.Sign(input);
        var publicKey = key.PublicKey;
        using var jwk = JsonDocument.Parse(publicKey.ToJson().ToJsonString());
        return new Floor(
            Time(() => publicKey.Verify("ES256", input, signature)),
            Time(() => !JsonWebKey.Parse(jwk.RootElement).Failed(out _, out var imported) && imported.Verify("ES256", input, signature)),
            Time(() => key.Sign(input).Length == 64));
    }

    private static double Time(Func<bool> work)
    {
        for (var i = 0; i < 500; i++) Check(work());
        var best = double.MaxValue;
        for (var run = 0; run < 3; run++)
        {
            var count = 0;
            var watch = Stopwatch.StartNew();
            while (watch.ElapsedMilliseconds < 700)
            {
                Check(work());
                count++;
            }

            best = Math.Min(best, watch.Elapsed.TotalSeconds / count);
        }

        return best;

        static void Check(bool good)
        {
            if (!good) throw new InvalidOperationException("The measured work failed.");
        }
    }
}
