using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Web.Portal.Shared;
using OpenBanking.Web.Portal.SignIn;

namespace OpenBanking.Web.Portal.OwnData;

/// <summary>
/// What is stored about a customer, to read and to take away. Both need a sign-in that is minutes old: all of it on one page is worth
/// more to a thief at an open screen than any other page (PO-15).
/// </summary>
internal sealed class OwnDataEndpoints(IMediator mediator, Visitors visitors, PortalForms forms, TimeProvider time, IOptions<PortalOptions> options)
{
    public const string Address = "/my-data";
    public const string DownloadAddress = Address + "/download";

    /// <summary>Signs in anew and comes back.</summary>
    public static readonly string FreshSignIn = $"/signin?ended=fresh&returnUrl={Uri.EscapeDataString(Address)}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Address, (HttpContext http, OwnDataEndpoints endpoints, CancellationToken ct) => endpoints.ShowAsync(http, ct));
        routes.MapPost(DownloadAddress, (HttpContext http, OwnDataEndpoints endpoints, CancellationToken ct) => endpoints.DownloadAsync(http, ct));
    }

    private async Task<IResult> ShowAsync(HttpContext http, CancellationToken ct)
    {
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        SignInEndpoints.EndWhenIdle(http);
        return Pages.Show<OwnDataPage>(new { Customer = customer, Sections = customer.IsFresh ? await CollectAsync(customer, ct) : null });
    }

    private async Task<IResult> DownloadAsync(HttpContext http, CancellationToken ct)
    {
        if (await forms.ReadAsync(http, ct) is null) return Pages.Error(StatusCodes.Status400BadRequest);
        if (await visitors.FindAsync(http, ct) is not { } customer) return SignInEndpoints.SignInFor(Address);
        if (!customer.IsFresh)
        {
            RefusalLog.Write(http, "page", "PO-15");
            return Pages.SeeOther(FreshSignIn);
        }

        var now = time.GetUtcNow();
        await mediator.Send(new RecordDownload(customer.SessionId), ct);
        var file = OwnDataFile.Of(await CollectAsync(customer, ct), options.Value.BankName, now);
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.File(file, "application/json", $"my-data-{now.UtcDateTime:yyyy-MM-dd}.json");
    }

    private async Task<IReadOnlyList<OwnDataSection>> CollectAsync(SessionDescription customer, CancellationToken ct)
    {
        var asked = new OwnDataAsked(customer.CustomerId);
        await mediator.Publish(asked, ct);
        return asked.Answer;
    }
}
