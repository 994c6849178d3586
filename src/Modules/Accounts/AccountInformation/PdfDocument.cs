using System.Globalization;
using System.Text;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>
/// A PDF of text and lines on A4 pages (ISO 32000-1), in the typefaces that every reader has: no library for it can be restored here, and
/// a statement needs no more. Measured in points from the upper left corner.
/// </summary>
internal sealed class PdfDocument(string title, DateTimeOffset created)
{
    public const double Width = 595;
    public const double Height = 842;

    // What Helvetica's digits, points and signs are wide, in thousandths: enough to align amounts to the right.
    private const int Digit = 556;
    private const int Sign = 333;
    private const int Point = 278;

    // WinAnsi, as the typefaces are encoded; what it lacks becomes a question mark.
    private static readonly Encoding Latin = CodePagesEncodingProvider.Instance.GetEncoding(1252, new EncoderReplacementFallback("?"), DecoderFallback.ReplacementFallback)!;
    private readonly List<StringBuilder> pages = [];

    public int Pages => pages.Count;

    public void NewPage() => pages.Add(new StringBuilder());

    public void Text(double x, double y, double size, string text, bool bold = false) => pages[^1].Append(
        CultureInfo.InvariantCulture, $"BT /{(bold ? "F2" : "F1")} {size:0.##} Tf {x:0.##} {Height - y:0.##} Td ({Escaped(text)}) Tj ET\n");

    /// <summary>A number that ends at <paramref name="right"/>.</summary>
    public void Number(double right, double y, double size, string number, bool bold = false) =>
        Text(right - (number.Sum(Advance) * size / 1000), y, size, number, bold);

    public void Rule(double x, double y, double width) =>
        pages[^1].Append(CultureInfo.InvariantCulture, $"0.5 w {x:0.##} {Height - y:0.##} m {x + width:0.##} {Height - y:0.##} l S\n");

    /// <summary>The file.</summary>
    public byte[] ToBytes()
    {
        // 1 catalog, 2 pages, 3 and 4 typefaces, 5 information, then a page and its content each.
        var objects = new List<string>
        {
            "<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) /ViewerPreferences << /DisplayDocTitle true >> >>",
            $"<< /Type /Pages /Count {pages.Count} /Kids [{string.Join(' ', pages.Select((_, index) => $"{6 + (2 * index)} 0 R"))}] >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
            $"<< /Title ({Escaped(title)}) /CreationDate (D:{created.UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}Z) >>",
        };
        foreach (var page in pages)
        {
            var content = page.ToString();
            objects.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {Width} {Height}] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents {objects.Count + 2} 0 R >>"));
            objects.Add($"<< /Length {Latin.GetByteCount(content)} >>\nstream\n{content}\nendstream");
        }

        using var file = new MemoryStream();
        void Write(string text) => file.Write(Latin.GetBytes(text));
        Write("%PDF-1.4\n");
        file.Write([(byte)'%', 0xE2, 0xE3, 0xCF, 0xD3, (byte)'\n']); // says that the file is not text
        var offsets = new List<long>();
        foreach (var (body, index) in objects.Select((body, index) => (body, index)))
        {
            offsets.Add(file.Position);
            Write($"{index + 1} 0 obj\n{body}\nendobj\n");
        }

        var table = file.Position;
        Write($"xref\n0 {objects.Count + 1}\n0000000000 65535 f \n");
        foreach (var offset in offsets) Write(offset.ToString("0000000000", CultureInfo.InvariantCulture) + " 00000 n \n");
        Write($"trailer\n<< /Size {objects.Count + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{table}\n%%EOF\n");
        return file.ToArray();
    }

    private static int Advance(char character) => char.IsAsciiDigit(character) ? Digit : character == '-' ? Sign : Point;

    // Delimiters are escaped; a control character would end the line that it is in.
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (character is '(' or ')' or '\\') escaped.Append('\\');
            escaped.Append(char.IsControl(character) ? ' ' : character);
        }

        return escaped.ToString();
    }
}
