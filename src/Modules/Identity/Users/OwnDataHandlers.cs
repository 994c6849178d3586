using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Policies;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Identity.Users;

/// <summary>What this module keeps about a customer. Of keys, codes, cookies and tokens it says that they are there, never what they are.</summary>
internal sealed class OwnDataHandler(IdentityDb db, IMediator mediator, IOptions<AuthorizationServerOptions> options) : INotificationHandler<OwnDataAsked>
{
    public async Task Handle(OwnDataAsked notification, CancellationToken cancellationToken)
    {
        if (await db.Users.FirstOrDefaultAsync(row => row.CustomerId == notification.CustomerId, cancellationToken) is not { } user) return;
        notification.Answer.Add(await CustomerAsync(user, cancellationToken));
        notification.Answer.Add(await PasskeysAsync(user, cancellationToken));
        notification.Answer.Add(await SignInsAsync(user, cancellationToken));
        notification.Answer.Add(await DevicesAsync(user, cancellationToken));
        notification.Answer.Add(await PermitsAsync(user, cancellationToken));
        notification.Answer.Add(await RequestsAsync(user, cancellationToken));
    }

    private async Task<OwnDataSection> CustomerAsync(User user, CancellationToken ct)
    {
        var code = await db.ActivationCodes.FirstOrDefaultAsync(row => row.UserId == user.Id, ct);
        return new OwnDataSection(
            "customer",
            "Your details",
            "To know you at sign-in and to find your accounts. Kept for as long as you are our customer.",
            [
                new OwnDataRecord(
                    new OwnDataField("customer_number", "Customer number", user.CustomerId),
                    new OwnDataField("username", "Username", user.Username),
                    new OwnDataField("name", "Name", user.DisplayName),
                    new OwnDataField("known_since", "Known to this service since", user.CreatedAt),
                    new OwnDataField("requests_off_since", "Requests of apps switched off since", user.DeclinesRequestsSince),
                    new OwnDataField("activation_code_used", "Last activation code used", code?.UsedAt),
                    new OwnDataField("activation_code_ends", "Last activation code valid until", code?.ExpiresAt)),
            ]);
    }

    private async Task<OwnDataSection> PasskeysAsync(User user, CancellationToken ct) => new(
        "passkeys",
        "Your passkeys",
        "To sign you in. Kept until you remove them. The keys themselves stay on your devices; what we keep to check them by is left out here.",
        [
            .. (await db.Passkeys.Where(row => row.UserId == user.Id).OrderBy(row => row.CreatedAt).ToListAsync(ct)).Select(row => new OwnDataRecord(
                new OwnDataField("name", "Name", row.Name),
                new OwnDataField("created", "Created", row.CreatedAt),
                new OwnDataField("last_used", "Last used", row.LastUsedAt),
                new OwnDataField("synced", "Synced between devices", row.IsBackedUp),
                new OwnDataField("transports", "How it is reached", row.Transports),
                new OwnDataField("suspected", "Refused as a possible copy", row.SuspectedAt))),
        ]);

    private async Task<OwnDataSection> SignInsAsync(User user, CancellationToken ct) => new(
        "sign_ins",
        "Sign-ins and approvals",
        $"To protect your account and to show you who has used it. Kept for {Days(options.Value.SignInHistory)}. How each was weighed, rule by rule, is kept with it and left out here, because it would help those we protect you from; the reason is given in words.",
        [
            .. (await db.SignIns.Where(row => row.UserId == user.Id).OrderByDescending(row => row.At).ToListAsync(ct)).Select(row => new OwnDataRecord(
                new OwnDataField("at", "When", row.At),
                new OwnDataField("what", "What", ListSignInsHandler.Words(row.Outcome)),
                new OwnDataField("third_party", "For", row.ClientName),
                new OwnDataField("passkey", "Passkey", row.PasskeyName),
                new OwnDataField("address", "Internet address", row.Address),
                new OwnDataField("browser", "Browser", row.UserAgent),
                new OwnDataField("country", "Country", row.Country),
                new OwnDataField("reason", "Why it was allowed or not", row.Reason))),
        ]);

    private async Task<OwnDataSection> DevicesAsync(User user, CancellationToken ct) => new(
        "devices",
        "Devices you have signed in on",
        $"To notice when somebody signs in as you on a device that you have never used. Kept for {Days(KnownDevices.Lifetime)} after the last use. A device is known by a random mark in its browser, which is left out here.",
        [
            .. (await db.KnownDevices.Where(row => row.UserId == user.Id).OrderBy(row => row.FirstSeenAt).ToListAsync(ct)).Select(row => new OwnDataRecord(
                new OwnDataField("first_seen", "First seen", row.FirstSeenAt),
                new OwnDataField("last_seen", "Last seen", row.LastSeenAt))),
        ]);

    private async Task<OwnDataSection> PermitsAsync(User user, CancellationToken ct)
    {
        var records = new List<OwnDataRecord>();
        foreach (var grant in await db.Grants.Where(row => row.UserId == user.Id).OrderBy(row => row.CreatedAt).ToListAsync(ct))
        {
            records.Add(new OwnDataRecord(
                new OwnDataField("third_party", "Third party", await NameOfAsync(grant.ClientId, ct)),
                new OwnDataField("consent", "Access", grant.ConsentId),
                new OwnDataField("known_there_as", "What it knows you as", grant.Subject),
                new OwnDataField("scope", "What it may ask for", grant.Scope),
                new OwnDataField("approved", "Approved", grant.CreatedAt),
                new OwnDataField("signed_in", "Signed in for it", grant.AuthenticatedAt),
                new OwnDataField("ends", "Ends", grant.ExpiresAt),
                new OwnDataField("ended", "Ended early", grant.RevokedAt)));
        }

        return new OwnDataSection(
            "permits",
            "Permits of third parties",
            $"To let in the apps that you have approved, and nobody else. Kept for {Days(options.Value.EndedGrantLifetime)} after they have ended. The tokens that were given out under them are left out here.",
            records);
    }

    private async Task<OwnDataSection> RequestsAsync(User user, CancellationToken ct)
    {
        var records = new List<OwnDataRecord>();
        foreach (var request in await db.BackchannelRequests.Where(row => row.UserId == user.Id).OrderByDescending(row => row.CreatedAt).ToListAsync(ct))
        {
            records.Add(new OwnDataRecord(
                new OwnDataField("third_party", "Third party", await NameOfAsync(request.ClientId, ct)),
                new OwnDataField("at", "Sent", request.CreatedAt),
                new OwnDataField("message", "Message", request.BindingMessage),
                new OwnDataField("consent", "Access", request.ConsentId),
                new OwnDataField("decided", "Decided", request.DecidedAt),
                new OwnDataField("outcome", "Outcome", request.Outcome?.ToString())));
        }

        return new OwnDataSection("requests", "Requests sent to you here", "To let you decide on them. Removed a day after they have ended.", records);
    }

    private static string Days(TimeSpan span) => $"{span.TotalDays:0} days";

    private async Task<string> NameOfAsync(string clientId, CancellationToken ct) => (await mediator.Send(new DescribeClient(clientId), ct))?.Name ?? clientId;
}

internal sealed class RecordDownloadHandler(PortalSessions sessions, SignIns history, IMediator mediator, TimeProvider clock, IHttpContextAccessor http)
    : AsyncRequestHandler<RecordDownload>
{
    protected override async Task Handle(RecordDownload request, CancellationToken cancellationToken)
    {
        if (await sessions.FindAsync(request.SessionId, cancellationToken) is not { } session) return;
        await history.RecordAsync(http.HttpContext, session.UserId, SignInOutcome.DataDownloaded, passkeyName: null, clientName: null, decision: null, cancellationToken);
        var details = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["passkey"] = session.PasskeyId.ToString("D"),
            ["address"] = http.HttpContext?.Connection.RemoteIpAddress?.ToString(),
        };
        await mediator.Publish(new AuditedFact("data.downloaded", session.UserId.ToString("D"), clock.GetUtcNow(), details), cancellationToken);
    }
}
