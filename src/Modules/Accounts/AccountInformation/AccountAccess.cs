using MediatR;
using Microsoft.AspNetCore.Http;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;
using OpenBanking.ResourceServer;

namespace OpenBanking.Accounts.AccountInformation;

/// <summary>What the caller's consent opens. Every data endpoint begins here, on every request (CO-16).</summary>
internal sealed class AccountAccess(IMediator mediator, TimeProvider time)
{
    /// <summary>The consent's access, if it stands and has one of the permissions that open the endpoint (OB-PERM-2).</summary>
    private async Task<Outcome<AccountAccessDecision.Granted, ApiError>> OpenAsync(HttpContext http, string[] anyOf, CancellationToken ct)
    {
        var caller = http.Caller();
        var consentId = caller.Consent!.ConsentId;
        var decision = await mediator.Send(new OpenAccountAccess(consentId, caller.ClientId), ct);
        if (decision is AccountAccessDecision.Refused refused) return Refusal(http, refused.Reason);

        var granted = (AccountAccessDecision.Granted)decision;
        if (!anyOf.Any(granted.Permissions.Contains))
            return ApiError.Forbidden("U002", "OB-PERM-2", "The consent has no permission for this resource: " + string.Join(" or ", anyOf) + ".");
        return granted;
    }

    /// <summary>
    /// The same, for one account where one is named. An id that could be an account's but is not in the consent is forbidden, whether it
    /// exists or not; what cannot be an account's id is a bad request (OB-HTTP-5, CO-12, CO-13).
    /// </summary>
    public async Task<Outcome<AccountAccessDecision.Granted, ApiError>> OpenAsync(HttpContext http, string? accountId, CancellationToken ct, params string[] anyOf)
    {
        if ((await OpenAsync(http, anyOf, ct)).Failed(out var error, out var granted)) return error;
        if (accountId is null || granted.AccountIds.Contains(accountId)) return granted;
        return AccountIds.IsWellFormed(accountId)
            ? NotShared()
            : ApiError.BadRequest("U002", "OB-HTTP-5", "This is no account id.", "AccountId");
    }

    /// <summary>The account was not chosen, is closed, or is not the customer's any more; the three look alike.</summary>
    public static ApiError NotShared() => ApiError.Forbidden("U011", "OB-HTTP-5", "The consent does not cover this account.");

    /// <summary>Notes that data was read under the consent.</summary>
    public Task UsedAsync(HttpContext http, CancellationToken ct) =>
        mediator.Publish(new ConsentUsed(http.Caller().Consent!.ConsentId, time.GetUtcNow()), ct);

    // The answers of the standard's table of states (OB-CON, last table; OB-DEC-9).
    private static ApiError Refusal(HttpContext http, ConsentRefusal reason) => reason switch
    {
        ConsentRefusal.Cancelled => ApiError.Forbidden("U028", "OB-DEC-9", "The customer has stopped this access and must authenticate again."),
        ConsentRefusal.AuthenticatedTooLongAgo => ApiError.Forbidden("U028", "OB-SCA-3", "The customer must authenticate again: the last time was more than 180 days ago."),
        ConsentRefusal.Expired => Unauthorised(http, "OB-CON-19", new ApiFault("TKXP", "OB-CON-19", "The access has reached its end.")),
        ConsentRefusal.Unknown => Unauthorised(http, "OB-SEC-17"),
        ConsentRefusal.OfAnotherClient => ApiError.Forbidden("U011", "OB-HTTP-2", "This consent belongs to another third party."),
        _ => ApiError.Forbidden("U009", "OB-SEC-4", "The consent is not authorised."),
    };

    private static ApiError Unauthorised(HttpContext http, string rule, params ApiFault[] faults)
    {
        Challenge.InvalidToken(http).Write(http);
        return new ApiError(StatusCodes.Status401Unauthorized, rule, faults);
    }
}
