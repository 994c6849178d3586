using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>
/// Markup that is safe to send. It can only be made from an interpolated string: what is written in the source stays as it is, and
/// whatever is put into a hole is encoded, so a merchant's name can never become markup. Attributes are always quoted.
/// </summary>
internal readonly record struct Html
{
    private readonly string? text;

    private Html(string text) => this.text = text;

    public static Html Of(HtmlBuilder markup) => new(markup.ToString());

    public static Html When(bool condition, HtmlBuilder markup) => condition ? new Html(markup.ToString()) : default;

    public override string ToString() => text ?? "";
}

/// <summary>What the compiler turns an interpolated string into where <see cref="Html"/> is wanted.</summary>
[InterpolatedStringHandler]
internal readonly struct HtmlBuilder(int literalLength, int holes)
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly StringBuilder text = new(literalLength + (holes * 16));

    public void AppendLiteral(string value) => text.Append(value);

    public void AppendFormatted(string? value) => text.Append(value is null ? "" : Encoder.Encode(value));

    public void AppendFormatted(int value) => text.Append(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A coordinate.</summary>
    public void AppendFormatted(decimal value) => text.Append(Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture));

    public void AppendFormatted(Html value) => text.Append(value.ToString());

    public void AppendFormatted(IEnumerable<Html> values)
    {
        foreach (var value in values) text.Append(value.ToString());
    }

    public override string ToString() => text.ToString();
}
