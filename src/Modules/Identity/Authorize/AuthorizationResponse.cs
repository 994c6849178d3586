using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Clients;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Evidence;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Jose;

namespace OpenBanking.Identity.Authorize;

/// <summary>
/// The way back to the client: what the request asked for or an error, the <c>state</c> as it was sent, and <c>iss</c> in every answer,
/// so that a client of several servers knows which one speaks (ISS-01, F2-PAR-07). A client that asked for it gets all of that inside
/// one signed JWT and nothing beside it (JARM), errors too.
/// </summary>
internal sealed class AuthorizationResponse(SigningKeys keys, SignedMessages evidence, IOptions<AuthorizationServerOptions> options, TimeProvider clock)
{
    /// <summary>Long enough for a slow browser; the code inside lives half as long (JARM-02).</summary>
    public static readonly TimeSpan JwtLifetime = TimeSpan.FromSeconds(120);

    /// <param name="idToken">The detached signature of a hybrid answer; null without.</param>
    public Task<ReturnToClient> CodeAsync(AuthorizationRequest request, Client client, string code, string? idToken, CancellationToken ct) =>
        ReturnAsync(request, client, idToken is null ? [new("code", code)] : [new("code", code), new("id_token", idToken)], ct);

    /// <summary>An error carries nothing else than this (HTTP-06).</summary>
    public Task<ReturnToClient> ErrorAsync(AuthorizationRequest request, Client client, string error, string description, CancellationToken ct) =>
        ReturnAsync(request, client, [new("error", error), new("error_description", description)], ct);

    /// <summary>The answer of the authorization endpoint itself: 303, or the page that posts (HTTP-10).</summary>
    public static IResult Result(string clientName, ReturnToClient back) => back.FormAction is null ? new SeeOther(back.Location) : new FormPostPage(clientName, back);

    private async Task<ReturnToClient> ReturnAsync(AuthorizationRequest request, Client client, List<KeyValuePair<string, string>> parameters, CancellationToken ct)
    {
        var mode = ResponseMode.OfAnswer(request, client);
        if (request.State is not null) parameters.Add(new("state", request.State));
        if (mode.IsSigned) parameters = [new("response", await SignAsync(client, parameters, ct))]; // JARM-03
        else parameters.Add(new("iss", options.Value.Issuer)); // ISS-02; beside a hybrid answer too (ISS-05)

        var address = request.RedirectUri!;
        if (mode.Place == ResponsePlace.Form) return new ReturnToClient(address, address, new Dictionary<string, string>(parameters, StringComparer.Ordinal));

        var text = string.Join('&', parameters.Select(parameter => parameter.Key + "=" + Uri.EscapeDataString(parameter.Value)));
        // A query of the registered address stays before ours (DCR-06).
        var separator = mode.Place == ResponsePlace.Fragment ? "#"
            : !address.Contains('?', StringComparison.Ordinal) ? "?"
            : address[^1] is '?' or '&' ? "" : "&";
        return new ReturnToClient(address + separator + text, FormAction: null, new Dictionary<string, string>(StringComparer.Ordinal));
    }

    /// <summary>JARM-01: who answers, whom, until when, and what. The issuer stands nowhere else (ISS-04, MS-07).</summary>
    private async Task<string> SignAsync(Client client, List<KeyValuePair<string, string>> parameters, CancellationToken ct)
    {
        var claims = new JsonObject
        {
            ["iss"] = options.Value.Issuer,
            ["aud"] = client.ClientId,
            ["exp"] = (clock.GetUtcNow() + JwtLifetime).ToUnixTimeSeconds(),
        };
        foreach (var (name, value) in parameters) claims[name] = value;
        var jwt = Jws.Sign(await keys.CurrentAsync(client.AuthorizationResponseAlgorithm, ct), "JWT", claims); // JARM-05, JARM-08; signed and not encrypted (MS-09)
        evidence.Keep(client, SignedMessage.AuthorizationResponse, jwt);
        return jwt;
    }
}

/// <summary>303 and never 307: a browser must not carry what it posted to us on to somebody else (HTTP-09, OA-34).</summary>
internal sealed class SeeOther(string location) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = location;
        return Task.CompletedTask;
    }
}
