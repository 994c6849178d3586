using System.Text.Json;

namespace OpenBanking.Testing.Tpp;

/// <summary>An answer as it came off the wire.</summary>
public sealed record Answer(int Status, string Body, string? ContentType, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>OAuth's <c>error</c>; null where the body has none.</summary>
    public string? Error => Text("error");

    public Uri? Location => Header("Location") is { } location ? new Uri(location, UriKind.RelativeOrAbsolute) : null;

    public JsonElement Json => JsonElement.Parse(Body);

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>A member of the JSON body as text; null where there is none.</summary>
    public string? Text(string name) =>
        Body.StartsWith('{') && Json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A parameter of the address that the answer redirects to.</summary>
    public string? Parameter(string name) => Location is { } location ? Query(location).GetValueOrDefault(name) : null;

    public static async Task<Answer> OfAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var headers = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
            return new Answer(
                (int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType, headers);
        }
    }

    /// <summary>The parameters of an address.</summary>
    public static IReadOnlyDictionary<string, string> Query(Uri address)
    {
        var text = address.OriginalString;
        var mark = text.IndexOf('?', StringComparison.Ordinal);
        return mark < 0
            ? new Dictionary<string, string>(StringComparer.Ordinal)
            : text[(mark + 1)..].Split('&').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]), StringComparer.Ordinal);
    }
}
