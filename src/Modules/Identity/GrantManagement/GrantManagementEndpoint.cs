using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Identity.GrantManagement;

/// <summary>
/// What a client can ask and do about a grant by its <c>grant_id</c>: see it and end it. With a token of its own for exactly that
/// (GM-06, GM-07), bound to its key or certificate as every token here is (GM-09). There is no list, since a list would tell whose
/// grants there are (GM-08).
/// </summary>
internal sealed class GrantManagementEndpoint(ManagedGrants grants, IOptions<AuthorizationServerOptions> options)
{
    public const string Path = "/grants";
    public const string QueryScope = "grant_management_query";
    public const string RevokeScope = "grant_management_revoke";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path + "/{grantId}", (GrantManagementEndpoint endpoint, string grantId, HttpContext http, CancellationToken ct) => endpoint.GetAsync(grantId, http, ct))
            .RequireAccessToken(QueryScope, TokenKind.Client);
        routes.MapDelete(Path + "/{grantId}", (GrantManagementEndpoint endpoint, string grantId, HttpContext http, CancellationToken ct) => endpoint.DeleteAsync(grantId, http, ct))
            .RequireAccessToken(RevokeScope, TokenKind.Client);
    }

    public async Task<IResult> GetAsync(string grantId, HttpContext http, CancellationToken ct)
    {
        if (await grants.FindAsync(grantId, http.Caller().ClientId, ct) is not { } grant) return Unknown();
        http.Response.Headers.CacheControl = "no-store";
        return Results.Text(Describe(grant).ToJsonString(), "application/json");
    }

    public async Task<IResult> DeleteAsync(string grantId, HttpContext http, CancellationToken ct)
    {
        if (await grants.FindAsync(grantId, http.Caller().ClientId, ct) is not { } grant) return Unknown();
        await grants.RevokeAsync(grant, ct);
        return Results.NoContent();
    }

    private static ApiError Unknown() => ApiError.Bare(StatusCodes.Status404NotFound, "GM-08");

    private JsonObject Describe(ManagedGrant grant)
    {
        var answer = new JsonObject
        {
            ["scopes"] = new JsonArray(new JsonObject
            {
                ["scope"] = grant.Scope,
                ["resources"] = new JsonArray(ProtectedResources.Audience(options.Value)),
            }),
            ["claims"] = new JsonArray([.. grant.Claims.Select(claim => (JsonNode)claim)]),
            ["authorization_details"] = JsonNode.Parse(grant.AuthorizationDetails),
            ["created_at"] = grant.CreatedAt.ToUnixTimeSeconds(),
            ["last_updated_at"] = grant.UpdatedAt.ToUnixTimeSeconds(),
        };
        if (grant.ExpiresAt is { } end) answer["expires_at"] = end.ToUnixTimeSeconds();
        return answer;
    }
}
