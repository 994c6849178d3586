using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Web;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Bench;

/// <summary>A customer of the sandbox bank with a passkey in software, who does over HTTP what her browser would do.</summary>
internal sealed partial class Customer : IDisposable
{
    private readonly HttpClient http;
    private readonly string origin;
    private readonly SoftwareAuthenticator passkey = new();

    private Customer(HostProcess host, string username)
    {
        Username = username;
        http = host.CreateClient(cookies: new CookieContainer());
        origin = host.Main.OriginalString;
    }

    public string Username { get; }

    /// <summary>The demo customer with the most accounts, activated.</summary>
    public static async Task<Customer> ActivateAsync(HostProcess host)
    {
        using var sandbox = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(host.DataPath, "sandbox.json")));
        var known = sandbox.RootElement.GetProperty("customers").EnumerateArray().MaxBy(entry => entry.GetProperty("accounts").GetArrayLength());
        var customer = new Customer(host, known.GetProperty("username").GetString()!);
        var (ceremony, options) = await customer.BeginAsync(
            "/passkeys/registration/options",
            new { username = customer.Username, activationCode = known.GetProperty("activationCode").GetString() });
        await customer.PostAsync("/passkeys/registration", new { ceremony, credential = customer.passkey.Create(options, customer.origin) });
        return customer;
    }

    /// <summary>Goes where the third party sends her, signs in and approves all accounts; answers with the code.</summary>
    public async Task<string> ApproveAsync(string authorizePath)
    {
        using var arrival = await http.GetAsync(new Uri(authorizePath, UriKind.Relative));
        var interaction = ThirdParty.Parameter(arrival.Headers.Location, "interaction");
        var (ceremony, options) = await BeginAsync("/passkeys/assertion/options", new { interaction });
        await PostAsync("/passkeys/assertion", new { ceremony, credential = passkey.Get(options, origin), interaction });

        var page = await http.GetStringAsync(new Uri($"/approve?interaction={interaction}", UriKind.Relative));
        var fields = Fields().Matches(page)
            .Select(field => KeyValuePair.Create(field.Groups["name"].Value, HttpUtility.HtmlDecode(field.Groups["value"].Value)))
            .Append(KeyValuePair.Create("decision", "approve"));
        using var form = new FormUrlEncodedContent(fields);
        using var decided = await http.PostAsync(new Uri("/approve", UriKind.Relative), form);
        var refresh = decided.Header("Refresh") ?? throw new InvalidOperationException($"Not approved: {(int)decided.StatusCode}");
        return ThirdParty.Parameter(new Uri(refresh[(refresh.IndexOf("url=", StringComparison.Ordinal) + 4)..]), "code");
    }

    public void Dispose()
    {
        http.Dispose();
        passkey.Dispose();
    }

    private async Task<(string Ceremony, JsonElement Options)> BeginAsync(string path, object body)
    {
        var answer = await PostAsync(path, body);
        return (answer.GetProperty("ceremony").GetString()!, answer.GetProperty("publicKey"));
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        var page = await http.GetStringAsync(new Uri("/signin", UriKind.Relative));
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = TestHttp.Json(JsonSerializer.Serialize(body)) };
        request.Headers.Add("Origin", origin);
        request.Headers.Add("RequestVerificationToken", HttpUtility.HtmlDecode(Token().Match(page).Groups["token"].Value));
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonElement.Parse(text) : throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {text}");
    }

    [GeneratedRegex("""name="__RequestVerificationToken" value="(?<token>[^"]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();

    [GeneratedRegex("""<input[^>]*\bname="(?<name>[^"]+)" value="(?<value>[^"]*)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Fields();
}
