using System.Globalization;
using System.Numerics;

namespace OpenBanking.Kernel.Jose;

/// <summary>The curve of ES256. Its cofactor is 1, so a point on it is a point of the right group.</summary>
internal static class P256
{
    public const int FieldBytes = 32;
    public const int SignatureBytes = 2 * FieldBytes;

    private static readonly BigInteger Prime = Hex("0FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
    private static readonly BigInteger B = Hex("05AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");

    /// <summary>
    /// Whether y² = x³ − 3x + b, with both coordinates below the field's prime. Asked here and not left to the platform's import, whose
    /// answer to a point off the curve is an exception on one platform and has been acceptance on others.
    /// </summary>
    public static bool IsOnCurve(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        var (bigX, bigY) = (new BigInteger(x, isUnsigned: true, isBigEndian: true), new BigInteger(y, isUnsigned: true, isBigEndian: true));
        if (bigX >= Prime || bigY >= Prime) return false;
        return ((bigX * ((bigX * bigX) - 3)) + B - (bigY * bigY)) % Prime == 0;
    }

    private static BigInteger Hex(string digits) => BigInteger.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
