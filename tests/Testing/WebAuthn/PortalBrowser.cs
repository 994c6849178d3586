using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Web;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Testing.WebAuthn;

/// <summary>
/// A customer's browser without the browser: it keeps cookies, reads the antiforgery token off the pages, and does what
/// <c>passkey.js</c> does with a <see cref="SoftwareAuthenticator"/>.
/// </summary>
public sealed partial class PortalBrowser : IDisposable
{
    private readonly HttpClient http;

    public PortalBrowser(TestHost host, SoftwareAuthenticator? authenticator = null)
        : this(host.Reach, authenticator)
    {
    }

    public PortalBrowser(Reach reach, SoftwareAuthenticator? authenticator = null)
    {
        http = reach.Open(null, Cookies);
        Origin = reach.Issuer.GetLeftPart(UriPartial.Authority);
        Authenticator = authenticator ?? new SoftwareAuthenticator();
    }

    public CookieContainer Cookies { get; } = new();

    public string Origin { get; }

    /// <summary>What it sends with every request; a proxy in front of it would add the like.</summary>
    public System.Net.Http.Headers.HttpRequestHeaders Headers => http.DefaultRequestHeaders;

    public SoftwareAuthenticator Authenticator { get; set; }

    /// <summary>Makes a customer known and gives the activation code.</summary>
    public static Task<string> NewCustomerAsync(TestHost host, string username, string? customerId = null, bool reusable = true) =>
        host.InScopeAsync(async services =>
        {
            var issued = await services.GetRequiredService<MediatR.IMediator>().Send(
                new IssueActivationCode(customerId ?? "customer-" + username, username, username, ActivationCode: null, reusable));
            return issued.ActivationCode;
        });

    /// <summary>Opens a page.</summary>
    public Task<HttpResponseMessage> GetAsync(string path) => http.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute));

    /// <summary>Opens a page and gives its text.</summary>
    public async Task<string> PageAsync(string path)
    {
        using var answer = await GetAsync(path);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Sends a form of a page, with the page's antiforgery token.</summary>
    public async Task<HttpResponseMessage> SubmitAsync(string page, string action, params (string Name, string Value)[] fields)
    {
        var token = await TokenAsync(page);
        return await PostFormAsync(action, [("__RequestVerificationToken", token), .. fields]);
    }

    /// <summary>Sends a form as it stands.</summary>
    public async Task<HttpResponseMessage> PostFormAsync(string action, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        return await http.PostAsync(new Uri(action, UriKind.RelativeOrAbsolute), content);
    }

    /// <summary>The antiforgery token of a page that stays open while its script asks again and again; null opens one each time.</summary>
    public string? Token { get; set; }

    /// <summary>The antiforgery token of a page.</summary>
    public async Task<string> TokenAsync(string page = "/signin") =>
        HttpUtility.HtmlDecode(TokenField().Match(await PageAsync(page)).Groups["token"].Value);

    /// <summary>Activates: options, new credential, answer.</summary>
    public async Task<PasskeyAnswer> ActivateAsync(string username, string code, Tampering? tampering = null)
    {
        var options = await RegistrationOptionsAsync(new { username, activationCode = code });
        return options.IsSuccess ? await FinishRegistrationAsync(options, tampering) : options;
    }

    public Task<PasskeyAnswer> RegistrationOptionsAsync(object request) => PostAsync("/passkeys/registration/options", request);

    public Task<PasskeyAnswer> FinishRegistrationAsync(PasskeyAnswer options, Tampering? tampering = null, string? name = null) =>
        PostAsync("/passkeys/registration", new { ceremony = options.Ceremony, credential = Authenticator.Create(options.PublicKey, Origin, tampering), name });

    /// <summary>Signs in: options, assertion, answer.</summary>
    public async Task<PasskeyAnswer> SignInAsync(string? username = null, string? interaction = null, Tampering? tampering = null)
    {
        var options = await SignInOptionsAsync(username, interaction);
        return options.IsSuccess ? await FinishSignInAsync(options, tampering, interaction) : options;
    }

    public Task<PasskeyAnswer> SignInOptionsAsync(string? username = null, string? interaction = null) =>
        PostAsync("/passkeys/assertion/options", new { username, interaction });

    public Task<PasskeyAnswer> FinishSignInAsync(PasskeyAnswer options, Tampering? tampering = null, string? interaction = null) =>
        PostAsync("/passkeys/assertion", new { ceremony = options.Ceremony, credential = Authenticator.Get(options.PublicKey, Origin, tampering), interaction });

    /// <summary>Uses the passkey once more for an answer that asks for it.</summary>
    public Task<PasskeyAnswer> ConfirmAsync(PasskeyAnswer asked, string? interaction = null) =>
        FinishSignInAsync(asked with { Text = asked.Json.GetProperty("again").GetRawText() }, interaction: interaction);

    /// <summary>Opens an authorization address and gives the id of the interaction that it began.</summary>
    public async Task<string> ArriveAsync(string path)
    {
        var answer = await Tpp.Answer.OfAsync(await GetAsync(path));
        return answer.Parameter("interaction") ?? throw new InvalidOperationException($"No interaction: {answer.Status} {answer.Location} {answer.Body}");
    }

    /// <summary>Arrives and signs in for the interaction with the passkey that it holds.</summary>
    public async Task<string> ArriveAndSignInAsync(string path)
    {
        var interaction = await ArriveAsync(path);
        var answer = await SignInAsync(interaction: interaction);
        return answer.IsSuccess ? interaction : throw new InvalidOperationException($"Not signed in: {answer.Status} {answer.Text}");
    }

    /// <summary>Opens the approval page and reads the form off it.</summary>
    public async Task<ApprovalForm> ApprovalAsync(string interaction)
    {
        var page = await PageAsync($"/approve?interaction={Uri.EscapeDataString(interaction)}");
        var accounts = AccountField().Matches(page).Select(match => match.Groups["id"].Value).ToList();
        var digest = DigestField().Match(page).Groups["digest"].Value;
        return digest.Length > 0
            ? new ApprovalForm(interaction, HttpUtility.HtmlDecode(TokenField().Match(page).Groups["token"].Value), HttpUtility.HtmlDecode(digest), accounts)
            : throw new InvalidOperationException($"No approval form: {page}");
    }

    /// <summary>Sends the form of an approval page.</summary>
    /// <param name="accounts">What is ticked; null is everything that the page offers.</param>
    public async Task<Decision> DecideAsync(ApprovalForm form, string decision = "approve", IEnumerable<string>? accounts = null, params IEnumerable<(string Name, string Value)> fields)
    {
        using var answer = await PostFormAsync(
            "/approve",
            [
                ("__RequestVerificationToken", form.Token), ("interaction", form.Interaction), ("digest", form.Digest), ("decision", decision),
                .. (accounts ?? form.Accounts).Select(account => ("account", account)), .. fields,
            ]);
        var text = await answer.Content.ReadAsStringAsync();
        var back = HttpUtility.HtmlDecode(ReturnLink().Match(text).Groups["address"].Value);
        return new Decision((int)answer.StatusCode, back.Length > 0 ? new Uri(back) : null, text);
    }

    /// <summary>Approves a payment from the first account that its page offers, with the passkey used for just that; answers the accounts too.</summary>
    public async Task<(IReadOnlyList<string> Accounts, Decision Decision)> ApprovePaymentAsync(string interaction)
    {
        var form = await ApprovalAsync(interaction);
        var chosen = form with { Accounts = [form.Accounts[0]] };
        var approval = ApprovalId().Match(await PageAsync($"/approve?interaction={Uri.EscapeDataString(interaction)}")).Groups["id"].Value;
        var (ceremony, credential) = await UsePasskeyAsync(chosen with { Interaction = approval });
        return (form.Accounts, await DecideAsync(chosen, fields: [("ceremony", ceremony), ("credential", credential)]));
    }

    /// <summary>The addresses of the requests that wait in the portal.</summary>
    public async Task<IReadOnlyList<Guid>> WaitingRequestsAsync() =>
        [.. WaitingLink().Matches(await PageAsync("/requests")).Select(match => Guid.Parse(match.Groups["id"].Value))];

    /// <summary>Opens a waiting request and reads the form off it.</summary>
    public Task<ApprovalForm> RequestFormAsync(Guid id) => FormAsync($"/requests/{id:D}");

    /// <summary>The form of a page on which a passkey approves something.</summary>
    public async Task<ApprovalForm> FormAsync(string address)
    {
        var page = await PageAsync(address);
        var digest = DigestField().Match(page).Groups["digest"].Value;
        return digest.Length > 0
            ? new ApprovalForm(
                SubjectField().Match(page).Groups["id"].Value,
                HttpUtility.HtmlDecode(TokenField().Match(page).Groups["token"].Value),
                HttpUtility.HtmlDecode(digest),
                [.. AccountField().Matches(page).Select(match => match.Groups["id"].Value)])
            : throw new InvalidOperationException($"No approval form: {page}");
    }

    /// <summary>Uses the passkey for what a form says; the ceremony and the answer are what the script puts into the form.</summary>
    public async Task<(string Ceremony, string Credential)> UsePasskeyAsync(ApprovalForm form, Tampering? tampering = null)
    {
        var options = await PostAsync("/passkeys/approval/options", new { request = form.Interaction, digest = form.Digest, choice = form.Accounts });
        if (!options.IsSuccess) throw new InvalidOperationException($"No ceremony: {options.Text}");
        return (options.Ceremony!, JsonSerializer.Serialize(Authenticator.Get(options.PublicKey, Origin, tampering)));
    }

    /// <summary>Sends the form of a waiting request.</summary>
    public async Task<Tpp.Answer> SendRequestFormAsync(ApprovalForm form, (string Ceremony, string Credential) passkey) => await Tpp.Answer.OfAsync(await PostFormAsync(
        $"/requests/{form.Interaction}",
        [
            ("__RequestVerificationToken", form.Token), ("digest", form.Digest), ("decision", "approve"), ("ceremony", passkey.Ceremony), ("credential", passkey.Credential),
            .. form.Accounts.Select(account => ("account", account)),
        ]));

    /// <summary>Approves a waiting request with the passkey, with all accounts.</summary>
    public async Task<Tpp.Answer> ApproveRequestAsync(Guid id)
    {
        var form = await RequestFormAsync(id);
        return await SendRequestFormAsync(form, await UsePasskeyAsync(form));
    }

    public async Task<Tpp.Answer> DeclineRequestAsync(Guid id) =>
        await Tpp.Answer.OfAsync(await SubmitAsync($"/requests/{id:D}", $"/requests/{id:D}", ("decision", "decline")));

    /// <summary>Calls one of the ceremony endpoints as the script does.</summary>
    public Task<PasskeyAnswer> PostAsync(string path, object body) => PostTextAsync(path, JsonSerializer.Serialize(body));

    /// <summary>The same with a body as it stands, and headers that a test may change.</summary>
    public async Task<PasskeyAnswer> PostTextAsync(string path, string body, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = TestHttp.Json(body) };
        request.Headers.Add("Origin", Origin);
        request.Headers.Add("RequestVerificationToken", Token ?? await TokenAsync());
        change?.Invoke(request);
        using var answer = await http.SendAsync(request);
        return new PasskeyAnswer(answer.StatusCode, await answer.Content.ReadAsStringAsync()) { RetryAfter = answer.Headers.RetryAfter?.Delta };
    }

    public void Dispose()
    {
        http.Dispose();
        Authenticator.Dispose();
    }

    [GeneratedRegex("""name="__RequestVerificationToken" value="(?<token>[^"]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TokenField();

    [GeneratedRegex("""name="digest" value="(?<digest>[^"]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DigestField();

    [GeneratedRegex("""data-request="(?<id>[0-9a-f-]{36})""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SubjectField();

    [GeneratedRegex("""name="account" value="(?<id>[^"]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AccountField();

    [GeneratedRegex("""class="button primary" href="/requests/(?<id>[0-9a-f-]{36})""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WaitingLink();

    [GeneratedRegex("""data-request="(?<id>[0-9a-f-]{36})""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ApprovalId();

    [GeneratedRegex("""id="return" href="(?<address>[^"]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ReturnLink();
}

/// <summary>What an approval page would send.</summary>
public sealed record ApprovalForm(string Interaction, string Token, string Digest, IReadOnlyList<string> Accounts);

/// <summary>The answer to a decision.</summary>
/// <param name="Back">Where the page leads the browser; null where it leads nowhere.</param>
public sealed record Decision(int Status, Uri? Back, string Text)
{
    /// <summary>The authorization code, where there is one.</summary>
    public string? Code => Back is null ? null : Testing.Tpp.Answer.Query(Back).GetValueOrDefault("code");
}

/// <summary>What a ceremony endpoint has answered.</summary>
public sealed record PasskeyAnswer(HttpStatusCode Status, string Text)
{
    /// <summary>Done: neither refused nor asked again.</summary>
    public bool IsSuccess => Status == HttpStatusCode.OK && !AsksAgain;

    /// <summary>The passkey is wanted once more.</summary>
    public bool AsksAgain => Status == HttpStatusCode.OK && Text.StartsWith("""{"again":""", StringComparison.Ordinal);

    /// <summary>When to try again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the customer reads.</summary>
    public string? Message => Json.TryGetProperty("message", out var message) ? message.GetString() : null;

    public JsonElement Json => JsonElement.Parse(Text);

    public string? Ceremony => Json.GetProperty("ceremony").GetString();

    public JsonElement PublicKey => Json.GetProperty("publicKey");

    public string? Next => Json.GetProperty("next").GetString();
}
