using System.Formats.Cbor;

namespace OpenBanking.Identity.Users;

/// <summary>
/// Which keys a passkey may have (PK-13). ES256 is what nearly all authenticators make; RS256 is what Windows makes on machines
/// whose security chip knows no elliptic curves. Everything else is not offered and so not accepted.
/// </summary>
internal static class PasskeyPublicKey
{
    public const int Es256 = -7;
    public const int Rs256 = -257;

    private const int SmallestModulus = 256;
    private const int LargestModulus = 512;

    public static bool IsAllowedAlgorithm(int algorithm) => algorithm is Es256 or Rs256;

    /// <summary>
    /// Whether type, algorithm, curve and size of a COSE key belong together. The handler has verified that the point is on the curve;
    /// it does not bound RSA keys, and one with a huge exponent would make every sign-in cost seconds.
    /// </summary>
    public static bool IsAcceptable(byte[] cose)
    {
        try
        {
            var reader = new CborReader(cose, CborConformanceMode.Ctap2Canonical);
            long? type = null, algorithm = null, curve = null;
            byte[]? first = null, second = null, third = null;
            for (var entries = reader.ReadStartMap(); entries > 0; entries--)
            {
                switch (reader.ReadInt64())
                {
                    case 1: type = reader.ReadInt64(); break;
                    case 3: algorithm = reader.ReadInt64(); break;
                    case -1 when reader.PeekState() == CborReaderState.ByteString: first = reader.ReadByteString(); break;
                    case -1: curve = reader.ReadInt64(); break;
                    case -2: second = reader.ReadByteString(); break;
                    case -3: third = reader.ReadByteString(); break;
                    default: return false;
                }
            }

            return (type, algorithm) switch
            {
                (2, Es256) => curve == 1 && first is null && second is { Length: 32 } && third is { Length: 32 },
                (3, Rs256) => curve is null && third is null
                    && first is { Length: >= SmallestModulus and <= LargestModulus } && second is [1, 0, 1],
                _ => false,
            };
        }
        catch (Exception malformed) when (malformed is CborContentException or InvalidOperationException or OverflowException)
        {
            return false;
        }
    }
}
