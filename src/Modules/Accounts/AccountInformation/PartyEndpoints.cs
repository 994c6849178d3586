using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>Who authorised, who holds an account, and who else has to do with it (OB-AIS-20).</summary>
internal sealed class PartyEndpoints(AccountAccess access, ICoreBank bank, ApiAddresses addresses)
{
    private const string OwnPath = "/party";
    private const string OfCustomer = "ReadPartyPSU";
    private const string OfAccount = "ReadParty";

    public static void Map(IEndpointRouteBuilder aisp)
    {
        aisp.MapGet(OwnPath, (PartyEndpoints endpoints, HttpContext http, CancellationToken ct) => endpoints.OwnAsync(http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
        aisp.MapGet("/accounts/{accountId}/party", (PartyEndpoints endpoints, string accountId, HttpContext http, CancellationToken ct) => endpoints.HolderAsync(accountId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
        aisp.MapGet("/accounts/{accountId}/parties", (PartyEndpoints endpoints, string accountId, HttpContext http, CancellationToken ct) => endpoints.AllAsync(accountId, http, ct))
            .RequireAccessToken("accounts", TokenKind.Customer);
    }

    /// <summary>The person who authorised.</summary>
    private async Task<IResult> OwnAsync(HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, null, ct, OfCustomer)).Failed(out var error, out var granted)) return error;
        var party = await bank.PartyAsync(granted.CustomerId, ct);
        await access.UsedAsync(http, ct);
        return One(http, party is null ? null : Mapping.Of(party), Resource.Root + OwnPath);
    }

    /// <summary>The holder: of a joint account the one who authorised, of a firm's account the firm.</summary>
    private async Task<IResult> HolderAsync(string accountId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, OfAccount)).Failed(out var error, out var granted)) return error;
        var found = await bank.PartiesAsync(granted.CustomerId, [accountId], ct);
        if (found.AccountIds.Count == 0) return AccountAccess.NotShared();
        await access.UsedAsync(http, ct);
        var holder = found.Rows.FirstOrDefault(link => link.Party.CustomerId == granted.CustomerId);
        return One(http, holder is null ? null : Mapping.Of(holder, AddressOf(http, accountId)), $"{Resource.Root}/accounts/{accountId}/party");
    }

    private async Task<IResult> AllAsync(string accountId, HttpContext http, CancellationToken ct)
    {
        if ((await access.OpenAsync(http, accountId, ct, OfAccount)).Failed(out var error, out var granted)) return error;
        var found = await bank.PartiesAsync(granted.CustomerId, [accountId], ct);
        if (found.AccountIds.Count == 0) return AccountAccess.NotShared();
        await access.UsedAsync(http, ct);
        var parties = found.Rows.Select(link => AllowList.Of(Mapping.Of(link, AddressOf(http, accountId)))).ToList();
        var links = new Links(addresses.Of(http, $"{Resource.Root}/accounts/{accountId}/parties"));
        return TypedResults.Json(new PartyList(new(parties), links, Meta.OnePage), Wire.Default.PartyList, UkApi.Json);
    }

    private JsonHttpResult<PartyOne> One(HttpContext http, Party? party, string path) => TypedResults.Json(
        new PartyOne(new(party is null ? null : AllowList.Of(party)), new Links(addresses.Of(http, path)), Meta.OnePage), Wire.Default.PartyOne, UkApi.Json);

    private string AddressOf(HttpContext http, string accountId) => addresses.Of(http, $"{Resource.Root}/accounts/{accountId}");
}
