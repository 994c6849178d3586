namespace OpenBanking.Testing.Tpp;

/// <summary>Parameters of a request; a copy with one of them changed is the usual bad request.</summary>
public sealed record Form
{
    private IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; } = [];

    public static Form Empty { get; } = new();

    /// <summary>Names and values in order.</summary>
    public IEnumerable<(string Name, string Value)> All => Parameters.Select(parameter => (parameter.Key, parameter.Value));

    public string? this[string name] => Parameters.FirstOrDefault(parameter => parameter.Key == name).Value;

    /// <summary>With this value and no other of the name; null leaves it out.</summary>
    public Form With(string name, string? value) => this with
    {
        Parameters = [.. Parameters.Where(parameter => parameter.Key != name), .. value is null ? [] : new[] { KeyValuePair.Create(name, value) }],
    };

    /// <summary>With one more of the name, as a client must not send it.</summary>
    public Form And(string name, string value) => this with { Parameters = [.. Parameters, KeyValuePair.Create(name, value)] };

    public HttpContent Content() => new StringContent(
        string.Join('&', Parameters.Select(parameter => Uri.EscapeDataString(parameter.Key) + "=" + Uri.EscapeDataString(parameter.Value))),
        System.Text.Encoding.UTF8,
        new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-www-form-urlencoded"));
}
