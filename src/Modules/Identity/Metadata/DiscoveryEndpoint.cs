using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Ciba;
using OpenBanking.Identity.GrantManagement;
using OpenBanking.Identity.Registration;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Metadata;

/// <summary>
/// What this server offers, for clients to configure themselves by, in both forms of the well-known address (META-01) and
/// nowhere else (META-03). It says nothing
/// that is not there: an advertised endpoint that answers 404 costs an integrator a day.
/// </summary>
internal sealed class DiscoveryEndpoint(IOptions<AuthorizationServerOptions> options, OfferedKinds offered)
{
    /// <summary>The one authentication this bank has reaches the first; the second is met by it too.</summary>
    private static readonly string[] AcrValues = ["urn:openbanking:psd2:sca", "urn:openbanking:psd2:ca"];

    private static readonly string[] AuthenticationMethods = ["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"];

    private readonly string json = Document(options.Value, offered).ToJsonString();

    public IResult Get(HttpContext http)
    {
        http.Response.Headers.CacheControl = $"public, max-age={KeySchedule.PublicCacheLife.TotalSeconds:0}"; // META-19
        return Results.Text(json, "application/json");
    }

    internal static JsonObject Document(AuthorizationServerOptions options, OfferedKinds offered)
    {
        var document = new JsonObject
        {
            ["issuer"] = options.Issuer, // META-02
            ["authorization_endpoint"] = options.Endpoint("/authorize"),
            ["token_endpoint"] = options.Endpoint("/token"),
            ["pushed_authorization_request_endpoint"] = options.Endpoint("/par"),
            ["introspection_endpoint"] = options.Endpoint("/introspect"),
            ["revocation_endpoint"] = options.Endpoint("/revoke"),
            ["userinfo_endpoint"] = options.Endpoint("/userinfo"), // META-04, as all that has no id of its own
            ["backchannel_authentication_endpoint"] = options.Endpoint("/bc-authorize"), // META-15
            ["backchannel_token_delivery_modes_supported"] = Array(BackchannelRequest.Poll, BackchannelRequest.Ping), // never push (CIBA-18)
            ["backchannel_authentication_request_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]), // CIBA-06
            ["backchannel_user_code_parameter_supported"] = false, // CIBA-14
            ["registration_endpoint"] = RegistrationEndpoint.Address(options), // OB-DCR-1
            ["jwks_uri"] = options.Endpoint("/jwks"),

            // Which clients must push is the client's profile; the flag would speak for all of them (META-06).
            ["require_pushed_authorization_requests"] = false,
            ["response_types_supported"] = Array([.. ResponseTypes.Offered]), // META-13
            ["response_modes_supported"] = Array([.. ResponseMode.Offered]), // META-12
            ["authorization_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]),
            ["grant_types_supported"] = Array([.. GrantType.All]),
            ["scopes_supported"] = Array([.. offered.Scopes]),
            ["authorization_details_types_supported"] = Array([.. offered.DetailsTypes]), // META-16
            ["authorization_details_schemas"] = new JsonObject(offered.DetailsTypes.Select(type => KeyValuePair.Create(type, (JsonNode?)options.Endpoint("/schemas/" + type)))), // RAR-15
            ["grant_management_endpoint"] = options.Endpoint(GrantManagementEndpoint.Path),
            ["grant_management_actions_supported"] = Array([.. GrantAction.All]),
            ["grant_management_action_required"] = false,
            ["code_challenge_methods_supported"] = Array("S256"), // META-08
            ["authorization_response_iss_parameter_supported"] = true, // META-07, ISS-03
            ["request_parameter_supported"] = true, // META-10
            ["request_object_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]),
            ["require_signed_request_object"] = false, // which clients must sign is their profile
            ["request_uri_parameter_supported"] = false, // left out it would mean true (META-11)
            ["claims_parameter_supported"] = true, // META-14
            ["claims_supported"] = Array([.. IdToken.Claims]),
            ["acr_values_supported"] = Array(AcrValues), // STEP-06
            ["prompt_values_supported"] = Array("none", "login", "consent", "select_account"),
            ["subject_types_supported"] = Array("pairwise", "public"),
            ["userinfo_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]),
            ["introspection_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]), // META-17
            ["id_token_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]),
            ["tls_client_certificate_bound_access_tokens"] = true, // MTLS-08
            ["dpop_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]), // META-09
        };
        foreach (var endpoint in (string[])["token", "introspection", "revocation"])
        {
            document[$"{endpoint}_endpoint_auth_methods_supported"] = Array(AuthenticationMethods); // META-05
            document[$"{endpoint}_endpoint_auth_signing_alg_values_supported"] = Array([.. SigningKeys.Algorithms]);
        }

        if (options.MtlsEndpoint("") is not null)
        {
            document["mtls_endpoint_aliases"] = new JsonObject
            {
                ["token_endpoint"] = options.MtlsEndpoint("/token"),
                ["pushed_authorization_request_endpoint"] = options.MtlsEndpoint("/par"),
                ["introspection_endpoint"] = options.MtlsEndpoint("/introspect"),
                ["revocation_endpoint"] = options.MtlsEndpoint("/revoke"),
                ["userinfo_endpoint"] = options.MtlsEndpoint("/userinfo"),
                ["grant_management_endpoint"] = options.MtlsEndpoint(GrantManagementEndpoint.Path),
                ["backchannel_authentication_endpoint"] = options.MtlsEndpoint("/bc-authorize"),
                ["registration_endpoint"] = options.MtlsEndpoint("/register"),
            };
        }

        return document;
    }

    private static JsonArray Array(params string[] values) => [.. values.Select(value => (JsonNode)value)];
}
