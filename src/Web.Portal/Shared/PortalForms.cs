using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>Reads a form that one of our own pages has sent.</summary>
internal sealed class PortalForms(IAntiforgery antiforgery)
{
    /// <summary>The form, or null where it lacks this customer's antiforgery token: a page of 400, and nothing has changed (PO-01, CON-02).</summary>
    public async Task<IFormCollection?> ReadAsync(HttpContext http, CancellationToken ct)
    {
        if (await FormAsync(http.Request, ct) is { } form && await antiforgery.IsRequestValidAsync(http)) return form;
        RefusalLog.Write(http, "page", "PO-01");
        return null;
    }

    // Read before the framework looks for its token, which takes a form that nobody can read for a fault of the server (OP-09). One
    // that is too large is told so elsewhere (HTTP-14).
    private static async Task<IFormCollection?> FormAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasFormContentType) return null;
        try
        {
            return await request.ReadFormAsync(ct);
        }
        catch (Exception broken) when (broken is InvalidDataException or NotSupportedException or (IOException and not BadHttpRequestException))
        {
            return null;
        }
    }
}
