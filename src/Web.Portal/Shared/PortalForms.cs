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
        // Read before the token is looked for: the framework's own reading takes a form that is no form for a fault of ours.
        if (await FormAsync(http.Request, ct) is { } form && await antiforgery.IsRequestValidAsync(http)) return form;
        RefusalLog.Write(http, "page", "PO-01");
        return null;
    }

    private static async Task<IFormCollection?> FormAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasFormContentType) return null;
        try
        {
            return await request.ReadFormAsync(ct);
        }
        catch (InvalidDataException)
        {
            return null; // Too many fields, or parts that do not end.
        }
    }
}
