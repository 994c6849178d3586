using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>A request in its parts, so that each can be broken by itself.</summary>
internal sealed class Sent
{
    public required string Method { get; set; }

    public required string Path { get; set; }

    public List<(string Name, string Value)> Query { get; } = [];

    public string? RawQuery { get; set; }

    public List<(string Name, string Value)> Headers { get; } = [];

    public List<(string Name, string Value)>? Form { get; set; }

    public string? RawForm { get; set; }

    public JsonNode? Json { get; set; }

    public string? RawBody { get; set; }

    public byte[]? Body { get; set; }

    public string? ContentType { get; set; }

    public bool IsMtls { get; set; }

    public bool IsHttp2 { get; set; }

    public bool UsesCookies { get; set; }

    public void Anonymous()
    {
        Headers.Clear();
        UsesCookies = false;
        Form?.RemoveAll(field => field.Name.StartsWith("client_", StringComparison.Ordinal) || field.Name == "__RequestVerificationToken");
    }

    public HttpRequestMessage Message(Uri address)
    {
        var query = string.Join('&', Query.Select(pair => Uri.EscapeDataString(Whole(pair.Name)) + "=" + Uri.EscapeDataString(Whole(pair.Value))).Append(RawQuery ?? "").Where(part => part.Length > 0));
        var target = address.GetLeftPart(UriPartial.Authority) + Path.Replace(" ", "%20", StringComparison.Ordinal) + (query.Length > 0 ? "?" + query : "");
        var request = new HttpRequestMessage(new HttpMethod(Method.Replace("\u00cb", "E~", StringComparison.Ordinal)), new Uri(target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = IsHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var body = Body
            ?? (RawBody is not null ? Encoding.UTF8.GetBytes(RawBody)
            : Json is not null ? Encoding.UTF8.GetBytes(Json.ToJsonString())
            : Form is not null ? Encoding.UTF8.GetBytes(RawForm ?? string.Join('&', Form.Select(pair => Uri.EscapeDataString(Whole(pair.Name)) + "=" + Uri.EscapeDataString(Whole(pair.Value)))))
            : null);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            var type = ContentType ?? (Json is not null ? "application/json" : Form is not null ? "application/x-www-form-urlencoded" : "");
            if (type.Length > 0) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        foreach (var (name, value) in Headers)
        {
            // What cannot be part of a header is sent raw, by another test.
            var line = new string([.. value.Where(c => c is not ('\r' or '\n' or '\0'))]);
            if (!request.Headers.TryAddWithoutValidation(name, line)) request.Content?.Headers.TryAddWithoutValidation(name, line);
        }

        return request;
    }

    public override string ToString()
    {
        using var request = Message(new Uri("https://localhost"));
        var body = request.Content is null ? "" : Encoding.UTF8.GetString(request.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult());
        var text = $"{Method} {request.RequestUri?.OriginalString} {(IsMtls ? "mTLS" : "")} {(IsHttp2 ? "h2" : "")}\n{string.Join('\n', Headers.Select(header => $"{header.Name}: {Short(header.Value)}"))}\nContent-Type: {request.Content?.Headers.NonValidated.FirstOrDefault(header => header.Key == "Content-Type").Value}\n\n{Short(body)}";
        return text;
    }

    private static string Short(string text) => text.Length > 700 ? text[..700] + "…" : text;

    // EscapeDataString takes no lone surrogates.
    private static string Whole(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
