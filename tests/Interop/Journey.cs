namespace OpenBanking.Interop.Tests;

/// <summary>One combination of what a third party may be, as <c>clients/run.mjs</c> is told it.</summary>
/// <param name="Library">Whose code it runs on: <c>openid-client</c>, <c>oauth4webapi</c>, <c>jose</c>.</param>
/// <param name="Profile">Its registered <c>security_profile</c>.</param>
/// <param name="Authentication">Its <c>token_endpoint_auth_method</c>.</param>
/// <param name="Constraint">What its tokens are bound to: <c>dpop</c> or <c>mtls</c>.</param>
/// <param name="Request"><c>plain</c>, <c>signed</c> (a request object, pushed) or <c>by-value</c>.</param>
/// <param name="Response"><c>plain</c>, <c>jarm</c> or <c>hybrid</c>.</param>
/// <param name="Mode">Its <c>response_mode</c>; null leaves it to the response type.</param>
/// <param name="Introspection"><c>plain</c> or <c>signed</c>.</param>
/// <param name="Naming">How it names the consent: by <c>details</c> or by <c>intent</c>.</param>
/// <param name="Algorithm">Of all it signs but proofs.</param>
/// <param name="Registers">It gets a software statement from the sandbox's directory and registers itself; else the bank knows it before.</param>
internal sealed record Journey(
    string Library,
    string Profile,
    string Authentication,
    string Constraint,
    string Request = "plain",
    string Response = "plain",
    string? Mode = null,
    string Introspection = "plain",
    string Naming = "intent",
    string Algorithm = "PS256",
    bool Registers = false)
{
    private static readonly string[] Libraries = ["openid-client", "oauth4webapi", "jose"];
    private static readonly string[] Authentications = ["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"];
    private static readonly string[] Constraints = ["dpop", "mtls"];

    /// <summary>Every client authentication with every sender constraint, request and response, by profile and library.</summary>
    public static IReadOnlyDictionary<string, Journey> All { get; } = Libraries
        .SelectMany(OfLibrary)
        .ToDictionary(journey => journey.ToString(), StringComparer.Ordinal);

    public override string ToString() =>
        $"{Library}{(Registers ? " registers itself" : "")}, {Profile}, {Authentication}, {Constraint}, request {Request}, response {Response}{(Mode is null ? "" : $" by {Mode}")}, introspection {Introspection}, {Naming}, {Algorithm}";

    private static IEnumerable<Journey> OfLibrary(string library)
    {
        var own = new Journey(library, "fapi2-sp", "private_key_jwt", "dpop", Algorithm: "ES256", Registers: true);
        yield return own;
        yield return own with { Authentication = "tls_client_auth", Constraint = "mtls", Naming = "details" };
        yield return own with { Profile = "fapi2-ms", Request = "signed", Response = "jarm", Introspection = "signed" };
        yield return own with { Profile = "fapi1-advanced", Constraint = "mtls", Request = "by-value", Response = "hybrid", Algorithm = "PS256" };
        foreach (var authentication in Authentications)
        {
            foreach (var constraint in Constraints)
            {
                var sp = new Journey(library, "fapi2-sp", authentication, constraint);
                var ms = new Journey(library, "fapi2-ms", authentication, constraint, Request: "signed", Introspection: "signed");
                yield return sp;
                yield return sp with { Mode = "form_post", Naming = "details", Algorithm = "ES256" };
                yield return sp with { Request = "signed" };
                yield return ms;
                yield return ms with { Response = "jarm", Algorithm = "ES256" };
            }

            var advanced = new Journey(library, "fapi1-advanced", authentication, "mtls");
            yield return advanced with { Request = "by-value", Response = "hybrid" };
            yield return advanced with { Request = "signed", Response = "hybrid", Mode = "form_post" };
            yield return advanced with { Request = "by-value", Response = "jarm" };
            yield return advanced with { Request = "signed", Response = "jarm", Algorithm = "ES256", Introspection = "signed" };
            yield return new Journey(library, "fapi1-baseline", authentication, "mtls");
        }
    }
}
