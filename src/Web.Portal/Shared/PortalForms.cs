using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Web.Portal.Shared;

/// <summary>Reads a form that one of our own pages has sent.</summary>
internal sealed class PortalForms(IAntiforgery antiforgery)
{
    /// <summary>The form, or null where it lacks this customer's antiforgery token: a page of 400, and nothing has changed (PO-01).</summary>
    public async Task<IFormCollection?> ReadAsync(HttpContext http, CancellationToken ct)
    {
        if (http.Request.HasFormContentType && await antiforgery.IsRequestValidAsync(http)) return await http.Request.ReadFormAsync(ct);
        RefusalLog.Write(http, "page", "PO-01");
        return null;
    }
}
