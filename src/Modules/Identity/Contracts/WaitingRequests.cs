using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>Asks for the requests that third parties have sent to the signed-in customer without a browser (CIBA).</summary>
public sealed record ListWaitingRequests(Guid SessionId) : IRequest<RequestInbox>;

/// <summary>The answer to <see cref="ListWaitingRequests"/>.</summary>
/// <param name="Waiting">What can be decided, the one that ends first first.</param>
/// <param name="Answered">What has ended within the last day, newest first.</param>
/// <param name="TakesRequests">Whether third parties may send any (CIBA-36).</param>
public sealed record RequestInbox(IReadOnlyList<WaitingRequest> Waiting, IReadOnlyList<WaitingRequest> Answered, bool TakesRequests);

/// <summary>One such request as its customer sees it.</summary>
/// <param name="BindingMessage">What the third party shows too, to be shown unchanged (CIBA-13); null without.</param>
/// <param name="Outcome">How it has ended; null while it waits.</param>
/// <param name="Continues">The customer has approved this consent before and only authenticates again .</param>
public sealed record WaitingRequest(
    Guid Id, string ClientId, string ClientName, string? OnBehalfOf, string ConsentId, string? BindingMessage, DateTimeOffset At, DateTimeOffset DecideBefore,
    RequestOutcome? Outcome, DateTimeOffset? DecidedAt, bool Continues)
{
    /// <summary>What kind of thing is asked for: its type of <c>authorization_details</c>; null where the consent has ended meanwhile.</summary>
    public string? Asks { get; init; }
}

public enum RequestOutcome
{
    Approved,
    Declined,
    TimedOut,

    /// <summary>The third party withdrew it, or its consent was decided on elsewhere.</summary>
    Ended,
}

/// <summary>Asks for one of the customer's own requests; the answer is null for anybody else's.</summary>
public sealed record DescribeWaitingRequest(Guid SessionId, Guid RequestId) : IRequest<WaitingRequest?>;

/// <summary>Approves a request with a passkey that was used for this very approval: request, what was shown, and what was chosen (PK-17).</summary>
/// <param name="AccountIds">The accounts the customer ticked.</param>
/// <param name="ShownDigest">The digest of what the page showed; approval of anything else is refused (CO-07).</param>
/// <param name="Ceremony">The handle of the passkey ceremony.</param>
/// <param name="Credential">The browser's answer in it, as JSON.</param>
public sealed record ApproveWaitingRequest(
    Guid SessionId, Guid RequestId, IReadOnlyList<string> AccountIds, string ShownDigest, string Ceremony, string Credential, DecisionOrigin From)
    : IRequest<RequestAnswer>;

/// <summary>Declines a request; for that no passkey is needed.</summary>
public sealed record DeclineWaitingRequest(Guid SessionId, Guid RequestId, DecisionOrigin From) : IRequest<RequestAnswer>;

/// <summary>Says whether third parties may send requests to this customer at all (CIBA-36).</summary>
public sealed record TakeRequests(Guid SessionId, bool Take) : IRequest;

/// <summary>The answer to a decision on a waiting request.</summary>
public abstract record RequestAnswer
{
    private RequestAnswer() { }

    /// <summary>Decided; the client comes for it by itself.</summary>
    public sealed record Done : RequestAnswer;

    /// <summary>What is stored is no longer what was shown: 409, and the page is shown again (CO-07).</summary>
    public sealed record Changed : RequestAnswer;

    /// <summary>The choice cannot stand as it is; the page says why.</summary>
    public sealed record NotAcceptable(string Rule, string Message) : RequestAnswer;

    /// <summary>The passkey was not used, or not for this: nothing was approved (CO-10).</summary>
    public sealed record PasskeyNeeded(string Rule) : RequestAnswer;

    /// <summary>The policy does not take the approval now; the request waits on.</summary>
    public sealed record Held(DecisionAnswer.Held Because) : RequestAnswer;

    /// <summary>An account of somebody else, or not eligible: 403 and an alarm (CO-05).</summary>
    public sealed record Forbidden(string Rule) : RequestAnswer;

    /// <summary>Decided before, out of time, or the consent went another way: 409 (CO-09).</summary>
    public sealed record Over(string Rule) : RequestAnswer;

    /// <summary>Not this customer's, or never there: the two are not told apart (CO-19).</summary>
    public sealed record NotFound : RequestAnswer;
}
