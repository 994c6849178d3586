using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenBanking.Kernel;

/// <summary>An amount of one currency. Never a floating number, never without its currency.</summary>
/// <param name="Amount">Positive, zero or negative; at most 13 digits before and 5 after the point on the wire.</param>
/// <param name="Currency">ISO 4217, three capital letters.</param>
public readonly partial record struct Money(decimal Amount, string Currency)
{
    /// <summary>The digits after the point that ISO 4217 gives a currency.</summary>
    public static int ScaleOf(string currency) => currency switch
    {
        "BIF" or "CLP" or "DJF" or "GNF" or "ISK" or "JPY" or "KMF" or "KRW" or "PYG" or "RWF" or "UGX" or "UYI" or "VND" or "VUV"
            or "XAF" or "XOF" or "XPF" => 0,
        "BHD" or "IQD" or "JOD" or "KWD" or "LYD" or "OMR" or "TND" => 3,
        "CLF" or "UYW" => 4,
        _ => 2,
    };

    /// <summary>The amount as the UK standard writes it: positive, with the currency's digits, direction said elsewhere.</summary>
    public string ToWire() => Math.Abs(Amount).ToString("F" + ScaleOf(Currency), CultureInfo.InvariantCulture);

    /// <summary>Reads an amount as the UK schema allows it; null for anything else, also for more digits than the currency has.</summary>
    public static Money? Parse(string amount, string currency)
    {
        if (!WireAmount().IsMatch(amount) || currency.Length != 3 || !currency.All(char.IsAsciiLetterUpper)) return null;
        var value = decimal.Parse(amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        return decimal.Round(value, ScaleOf(currency)) == value ? new Money(value, currency) : null;
    }

    /// <summary>As customers read it: pounds with their sign, every other currency with its code.</summary>
    public string ToText()
    {
        var digits = (Amount < 0 ? "−" : "") + (Currency == "GBP" ? "£" : "") + Math.Abs(Amount).ToString("N" + ScaleOf(Currency), CultureInfo.InvariantCulture);
        return Currency == "GBP" ? digits : $"{digits} {Currency}";
    }

    public override string ToString() => $"{Amount.ToString(CultureInfo.InvariantCulture)} {Currency}";

    [GeneratedRegex(@"\A[0-9]{1,13}(\.[0-9]{1,5})?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex WireAmount();
}
