using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.DataProtection;
using OpenBanking.Kernel.Jose;
using OpenBanking.Web.Portal;
using OpenBanking.Web.Portal.Developers;

namespace OpenBanking.Host.Control;

/// <summary>
/// The control for people: the same table as forms, at the same address for whoever asks for a page. Whoever has said the secret has a
/// cookie for some hours; what is done goes the same way as a program's request.
/// </summary>
internal sealed class SandboxControlPage(SandboxSecret secret, SandboxControl control, SandboxCustomers customers, IDataProtectionProvider protection)
{
    private const string Cookie = "__Host-sandbox-control";
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }; // The page encodes it.
    private readonly ITimeLimitedDataProtector protector = protection.CreateProtector(Cookie).ToTimeLimitedDataProtector();

    public static bool IsWanted(HttpRequest request) => request.Headers.Authorization.Count == 0
        && (HttpMethods.IsGet(request.Method) ? request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase) : request.HasFormContentType);

    public IResult Show(HttpContext http) => IsOpen(http) ? Portal.ShowControl(new ControlView(Subjects(null, null))) : Closed(null, StatusCodes.Status200OK);

    public async Task<IResult> PostAsync(HttpContext http, CancellationToken ct)
    {
        // Whoever has not opened it learns nothing of what is wrong with a form.
        if (await Portal.ReadFormAsync(http, ct) is not { } form) return IsOpen(http) ? Portal.ShowError(StatusCodes.Status400BadRequest) : Closed(null, StatusCodes.Status401Unauthorized);
        if (form.ContainsKey("secret")) return Open(http, form["secret"].ToString().Trim());
        if (!IsOpen(http)) return Closed("The control has been closed. Say its secret again.", StatusCodes.Status401Unauthorized);
        if (form.ContainsKey("close"))
        {
            http.Response.Cookies.Delete(Cookie, Options());
            return Portal.SeeOther(SandboxControl.Path);
        }

        var name = form["operation"].ToString();
        var (status, answer) = Wish(name, form) is { } wish ? await control.DoAsync(wish, ct) : (StatusCodes.Status400BadRequest, new JsonObject { ["error"] = "a field holds what is no JSON" });
        var done = status == StatusCodes.Status200OK;
        var text = done ? answer.ToJsonString(Readable) : answer["error"]!.GetValue<string>();
        return Portal.ShowControl(new ControlView(Subjects(name, form), new ControlResult(name, done, text)), status);
    }

    private IResult Open(HttpContext http, string said)
    {
        if (!secret.Is(said)) return Closed("This is not the secret of this sandbox.", StatusCodes.Status401Unauthorized);
        http.Response.Cookies.Append(Cookie, protector.Protect(secret.Value, Lifetime), Options());
        return Portal.SeeOther(SandboxControl.Path);
    }

    private static IResult Closed(string? problem, int status) => Portal.ShowControl(new ControlView(null, Problem: problem), status);

    private static CookieOptions Options() => new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Strict, Path = "/" };

    private bool IsOpen(HttpContext http)
    {
        try
        {
            return http.Request.Cookies[Cookie] is { } cookie && secret.Is(protector.Unprotect(cookie));
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return false;
        }
    }

    private List<ControlSubject> Subjects(string? used, IFormCollection? form) =>
    [
        .. Operations.BySubject.Select(subject => new ControlSubject(
            subject.Subject,
            [.. subject.Rows.Select(row => new ControlOperation(row.Name, row.Effect, row.Run is not null, [.. row.Members.Select(member => Field(member, row.Name == used ? form : null))]))])),
    ];

    private ControlField Field(Member member, IFormCollection? form) => new(
        member.Name,
        member.Type,
        member.Optional,
        member.Hint ?? (member.Type is null or "array" or "object" ? "As JSON." : null),
        member.Values,
        member.Name switch
        {
            "accountId" => [.. customers.All.SelectMany(customer => customer.Accounts).Select(account => account.Tag).Distinct(StringComparer.Ordinal)],
            "customer" => [.. customers.All.Select(customer => customer.Username)],
            _ => [],
        },
        form?[member.Name].ToString());

    /// <summary>The form as the JSON that a program would send; null where a field of JSON holds none.</summary>
    private static JsonElement? Wish(string name, IFormCollection form)
    {
        var wish = new JsonObject { ["operation"] = name };
        foreach (var member in Operations.All.FirstOrDefault(operation => operation.Name == name)?.Members ?? [])
        {
            var said = form[member.Name].ToString();
            if (said.Length == 0 && member.Optional) continue;
            if (member.Type == "string") wish[member.Name] = said;
            else if (Parse(said) is { } json) wish[member.Name] = JsonNode.Parse(json.GetRawText());
            else if (member.Type is null) wish[member.Name] = said; // What may be anything and is no JSON is a text.
            else if (member.Type is "array" or "object") return null;
            else wish[member.Name] = said;
        }

        return StrictJson.TryParseObject(Encoding.UTF8.GetBytes(wish.ToJsonString()), out var given) ? given : null;
    }

    private static JsonElement? Parse(string said)
    {
        try
        {
            return JsonElement.Parse(said);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
