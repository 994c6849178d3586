using System.Text;
using System.Text.Json;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Bench;

/// <summary>
/// The signatures that an operation cannot avoid, in processor seconds of one thread, measured in the same run: what the server's
/// processor time is compared with. A registered key is imported once. A DPoP key comes with each proof; the third party keeps its key,
/// so the floor counts the check alone and not the import, which makes it the lower and stricter one.
/// </summary>
/// <param name="Verify">One check of an ES256 signature with a key that is imported already.</param>
/// <param name="VerifyNewKey">The same with a key that is read and imported for it; shown, counted nowhere.</param>
/// <param name="Sign">One ES256 signature.</param>
internal sealed record Floor(double Verify, double VerifyNewKey, double Sign)
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private const int Slices = 8;

    public static Floor Measure()
    {
        using var key = SigningKey.Create("ES256");
        var input = Encoding.ASCII.GetBytes(new string('x', 450)); // As long as an assertion or a proof.
        var signature = key.Sign(input);
        var publicKey = key.PublicKey;
        using var jwk = JsonDocument.Parse(publicKey.ToJson().ToJsonString());
        return new Floor(
            ProcessorSeconds(() => publicKey.Verify("ES256", input, signature)),
            ProcessorSeconds(() => !JsonWebKey.Parse(jwk.RootElement).Failed(out _, out var imported) && imported.Verify("ES256", input, signature)),
            ProcessorSeconds(() => key.Sign(input).Length > 0));
    }

    public static Floor Least(Floor one, Floor other) =>
        new(Math.Min(one.Verify, other.Verify), Math.Min(one.VerifyNewKey, other.VerifyNewKey), Math.Min(one.Sign, other.Sign));

    /// <summary>The least of several slices: what else runs on the machine only ever adds.</summary>
    public static double ProcessorSeconds(Func<bool> work)
    {
        var best = double.MaxValue;
        for (var slice = 0; slice <= Slices; slice++)
        {
            var count = 0;
            var start = Environment.CpuUsage.TotalTime;
            TimeSpan spent;
            do
            {
                for (var i = 0; i < 20; i++)
                {
                    if (!work()) throw new InvalidOperationException("The measured work failed.");
                }

                count += 20;
                spent = Environment.CpuUsage.TotalTime - start;
            }
            while (spent < Slice);

            // The first slice is for the compiler.
            if (slice > 0) best = Math.Min(best, spent.TotalSeconds / count);
        }

        return best;
    }
}
