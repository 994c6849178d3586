using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenBanking.Samples.Tpp.Terminal;

/// <summary>What is written to the terminal: headings, indented text, JSON and JWTs opened up. Colour only where a person looks.</summary>
internal sealed class Paper(TextWriter output, bool colour)
{
    private const int MostLines = 60;
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void Step(int number, string title, string why)
    {
        output.WriteLine();
        output.WriteLine(Paint("1;36", $"== {number}. {title} " + new string('=', Math.Max(3, 68 - title.Length))));
        output.WriteLine(why);
        output.WriteLine();
    }

    public void Line(string text = "") => output.WriteLine(text);

    public void Strong(string text) => output.WriteLine(Paint("1", text));

    public void Good(string text) => output.WriteLine(Paint("32", "ok  ") + text);

    public void Bad(string text) => output.WriteLine(Paint("31", "no  ") + text);

    public void Header(string name, string value) => output.WriteLine($"  {Paint("2", name + ":")} {value}");

    public void Parameter(string name, string value)
    {
        output.WriteLine($"  {Paint("2", name)}={value}");
        if (Json(value) is { } json) Indent(json, "      ");
    }

    /// <summary>A body: JSON laid out, anything else as it is.</summary>
    public void Body(string text)
    {
        if (text.Length > 0) Indent(Json(text) ?? text, "  ");
    }

    /// <summary>Opens a JWT, so that its header and claims can be read. Nothing is checked here.</summary>
    public void Jwt(string what, string compact)
    {
        var parts = compact.Split('.');
        if (parts.Length != 3 || Part(parts[0]) is not { } header || Part(parts[1]) is not { } payload) return;
        output.WriteLine(Paint("35", $"      {what}, header"));
        Indent(header, "      ");
        output.WriteLine(Paint("35", $"      {what}, claims"));
        Indent(payload, "      ");
    }

    /// <summary>Opens a signature that travels beside its message: what its header says. Nothing is checked here.</summary>
    public void Detached(string what, string compact)
    {
        if (Part(compact.Split('.')[0]) is not { } header) return;
        output.WriteLine(Paint("35", $"      {what}, header"));
        Indent(header, "      ");
    }

    public string Paint(string code, string text) => colour ? $"\e[{code}m{text}\e[0m" : text;

    private static string? Part(string part)
    {
        try
        {
            return Json(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(part)));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string? Json(string text)
    {
        if (text.Length == 0 || text[0] is not ('{' or '[')) return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return JsonSerializer.Serialize(document.RootElement, Readable);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Indent(string text, string margin)
    {
        var lines = text.Split('\n');
        foreach (var line in lines.Take(MostLines)) output.WriteLine(margin + Printable(line.TrimEnd('\r')));
        if (lines.Length > MostLines) output.WriteLine(Paint("2", $"{margin}… and {lines.Length - MostLines} lines more"));
    }

    // What the bank sends must not steer the terminal.
    private static string Printable(string line) =>
        line.Any(char.IsControl) ? string.Concat(line.Select(one => char.IsControl(one) && one != '\t' ? '\uFFFD' : one)) : line;
}
