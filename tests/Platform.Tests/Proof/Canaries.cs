using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Listens on the wire of a test's clients and keeps everything that must not be written down, by what it is.</summary>
internal sealed class Canaries
{
    private static readonly HashSet<string> Secret = new(StringComparer.Ordinal)
    {
        "client_assertion", "code", "code_verifier", "refresh_token", "access_token", "id_token", "token", "request_uri", "ceremony", "signature",
        "request", "response", "activationCode", "__RequestVerificationToken",
    };

    private static readonly HashSet<string> OfCustomers = new(StringComparer.Ordinal) { "Identification", "SecondaryIdentification", "Name", "IBAN" };

    private readonly ConcurrentDictionary<string, string> known = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, bool> seen = new(StringComparer.Ordinal);

    /// <summary>Which kinds were seen.</summary>
    public IReadOnlyList<string> Kinds => [.. seen.Keys.Order(StringComparer.Ordinal)];

    public void Add(string kind, string? value)
    {
        // What is short is also found by chance.
        if (value is not { Length: >= 8 }) return;
        known.TryAdd(value, kind);
        seen.TryAdd(kind, true);
    }

    /// <summary>What of it is in a text, by kind.</summary>
    /// <param name="except">Kinds that may be there.</param>
    public IReadOnlyList<string> In(string text, params string[] except)
    {
        var wanted = known.Where(pair => !except.Contains(pair.Value)).ToDictionary(StringComparer.Ordinal);
        var search = SearchValues.Create([.. wanted.Keys], StringComparison.Ordinal);
        if (!text.AsSpan().ContainsAny(search)) return [];
        return [.. wanted.Where(pair => text.Contains(pair.Key, StringComparison.Ordinal)).Select(pair => $"{pair.Value} {pair.Key} in: {Around(text, pair.Key)}")];
    }

    /// <summary>The same way to the bank, overheard.</summary>
    public Reach Overhear(Reach reach) => reach with { Handler = (certificate, cookies) => new Ear(this, reach.Handler(certificate, cookies)) };

    private static string Around(string text, string value)
    {
        var at = text.IndexOf(value, StringComparison.Ordinal);
        return text[Math.Max(0, at - 200)..Math.Min(text.Length, at + value.Length + 50)];
    }

    private void Parameters(string text)
    {
        foreach (var pair in text.Split('&').Select(part => part.Split('=', 2)).Where(pair => Secret.Contains(pair[0]))) Add(pair[0], Uri.UnescapeDataString(pair[^1]));
    }

    private void Json(JsonElement value, string name = "")
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject()) Json(member.Value, member.Name);
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray()) Json(item, name);
        }
        else if (value.ValueKind == JsonValueKind.String && (Secret.Contains(name) || OfCustomers.Contains(name)))
        {
            Add(OfCustomers.Contains(name) ? "customer's " + name : name, value.GetString());
        }
    }

    private sealed class Ear(Canaries canaries, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var address = request.RequestUri!.OriginalString;
            if (address.Contains('?', StringComparison.Ordinal)) canaries.Parameters(address[(address.IndexOf('?', StringComparison.Ordinal) + 1)..]);
            foreach (var (name, values) in request.Headers.NonValidated)
            {
                if (name is "Authorization") canaries.Add("Authorization", values.ToString().Split(' ')[^1]);
                if (name is "DPoP") canaries.Add("proof", values.ToString());
            }

            if (request.Content is not null)
            {
                var body = await request.Content.ReadAsStringAsync(cancellationToken);
                if (request.Content.Headers.ContentType?.MediaType == "application/json") canaries.Json(JsonElement.Parse(body));
                else canaries.Parameters(body.Replace('+', ' '));
            }

            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.Headers.TryGetValues("Set-Cookie", out var cookies))
            {
                foreach (var cookie in cookies) canaries.Add("cookie", cookie.Split(';')[0].Split('=', 2)[1]);
            }

            if (answer.Headers.Location is { } location && location.OriginalString.Contains('?', StringComparison.Ordinal)) canaries.Parameters(location.OriginalString.Split('?')[1]);
            if (answer.Content.Headers.ContentType?.MediaType == "application/json")
            {
                await answer.Content.LoadIntoBufferAsync(cancellationToken);
                var text = await answer.Content.ReadAsStringAsync(cancellationToken);
                if (text.StartsWith('{')) canaries.Json(JsonElement.Parse(text));
            }

            return answer;
        }
    }

    /// <summary>A file as text in which every byte is a character, so that what is in it can be found whatever it is.</summary>
    public static async Task<string> TextOfAsync(string file) => Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
}
