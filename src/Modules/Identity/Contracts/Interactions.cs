using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>
/// An authorization request that waits for the customer, as the browser names it: the id from the page's address, the secret from
/// the cookie that was set when this browser arrived (OA-45, OA-46), and the portal's signed-in customer, if any.
/// </summary>
/// <param name="BrowserSecret">Value of the interaction's cookie; null where the browser has none.</param>
/// <param name="SessionId">The portal session, from its cookie's principal; null before sign-in.</param>
public sealed record InteractionReference(string InteractionId, string? BrowserSecret, Guid? SessionId);

/// <summary>Asks what a page of an interaction may show.</summary>
public sealed record DescribeInteraction(InteractionReference Interaction) : IRequest<InteractionState>;

/// <summary>The answer to <see cref="DescribeInteraction"/>: the server keeps the step, not the page (OA-47).</summary>
public abstract record InteractionState
{
    private InteractionState() { }

    /// <summary>The customer must authenticate with a passkey for this very request.</summary>
    /// <param name="Because">Why once more, where the customer has done so before.</param>
    public sealed record SignInNeeded(InteractionSummary Summary, string? Because = null) : InteractionState;

    /// <summary>The customer has authenticated for it and may decide.</summary>
    /// <param name="ChosenAccounts">What was ticked already, where the customer was asked for the passkey in between.</param>
    public sealed record DecisionNeeded(
        InteractionSummary Summary, string CustomerId, DateTimeOffset AuthenticatedAt, IReadOnlyList<string>? ChosenAccounts = null) : InteractionState
    {
        /// <summary>What a passkey that is used for the decision names it by.</summary>
        public required Guid ApprovalId { get; init; }
    }

    /// <summary>It ended without a decision in time; the customer goes back with an error .</summary>
    public sealed record TimedOut(InteractionSummary Summary, ReturnToClient Return) : InteractionState;

    /// <summary>Unknown, decided already, or of another browser: a page, never a redirect .</summary>
    public sealed record NotUsable(string Rule) : InteractionState;
}

/// <summary>What every page of an interaction shows.</summary>
/// <param name="ConsentId">The consent to be decided on.</param>
/// <param name="DecideBefore">When the interaction ends by itself .</param>
/// <param name="Continues">The customer has approved this consent before and only authenticates again (R-1, OB-CON-12).</param>
public sealed record InteractionSummary(string ClientId, string ClientName, string? OnBehalfOf, string ConsentId, DateTimeOffset DecideBefore, bool Continues)
{
    /// <summary>What kind of thing is asked for: its type of <c>authorization_details</c>; null where the consent has ended meanwhile.</summary>
    public string? Asks { get; init; }
}

/// <summary>Records the customer's approval and answers with the way back to the third party.</summary>
/// <param name="AccountIds">The accounts the customer ticked.</param>
/// <param name="ShownDigest">The digest of what the page showed; approval of anything else is refused (CO-07).</param>
/// <param name="From">Where the decision came from: address and user agent, kept as evidence.</param>
public sealed record ApproveInteraction(InteractionReference Interaction, IReadOnlyList<string> AccountIds, string ShownDigest, DecisionOrigin From)
    : IRequest<DecisionAnswer>
{
    /// <summary>The passkey as it was used for this very approval; needed where money is moved (OB-SCA-2).</summary>
    public PasskeyUse? Passkey { get; init; }
}

/// <summary>Records that the customer declined and answers with the way back.</summary>
public sealed record DenyInteraction(InteractionReference Interaction, DecisionOrigin From) : IRequest<DecisionAnswer>;

/// <summary>Where a decision came from.</summary>
public sealed record DecisionOrigin(string? Address, string? UserAgent);

/// <summary>The answer to a decision.</summary>
public abstract record DecisionAnswer
{
    private DecisionAnswer() { }

    /// <summary>Decided; the browser goes back.</summary>
    public sealed record Done(ReturnToClient Return) : DecisionAnswer;

    /// <summary>What is stored is no longer what was shown: 409, and the page is shown again (CO-07).</summary>
    public sealed record Changed : DecisionAnswer;

    /// <summary>The choice cannot stand as it is, e.g. no account ticked; the page says why.</summary>
    public sealed record NotAcceptable(string Rule, string Message) : DecisionAnswer;

    /// <summary>An account of somebody else, or not eligible: 403 and an alarm (CO-05).</summary>
    public sealed record Forbidden(string Rule) : DecisionAnswer;

    /// <summary>The customer must authenticate (again) for this request first (CO-10).</summary>
    public sealed record SignInNeeded : DecisionAnswer;

    /// <summary>The passkey was not used for this approval: nothing was approved, and the page is shown again (OB-SCA-2).</summary>
    public sealed record PasskeyNeeded(string Rule) : DecisionAnswer;

    /// <summary>Not now: the policy puts the approval off or refuses it, and the request stays open.</summary>
    /// <param name="Rule">The name of the policy's rule.</param>
    /// <param name="Message">Why and what to do, for the customer.</param>
    /// <param name="RetryAfterSeconds">When to try again; null where that is not known.</param>
    public sealed record Held(string Rule, bool IsRefused, string Message, int? RetryAfterSeconds) : DecisionAnswer;

    /// <summary>The consent went another way while the page was open: 409 (CO-09), and the way back with an error (OB-SEC-12).</summary>
    public sealed record Ended(string Rule, ReturnToClient Return) : DecisionAnswer;

    /// <summary>Unknown, of another browser, or already decided: 400 page, or 409 where it was decided (CO-08, CO-09).</summary>
    public sealed record NotUsable(string Rule, int Status) : DecisionAnswer;
}

/// <summary>The way back to a third party: a verified redirect URI with the response parameters.</summary>
/// <param name="Location">The whole address, for a 303 or a link.</param>
/// <param name="FormAction">With <c>form_post</c>: where to post; null otherwise.</param>
/// <param name="FormFields">With <c>form_post</c>: what to post.</param>
public sealed record ReturnToClient(string Location, string? FormAction, IReadOnlyDictionary<string, string> FormFields);
