using Microsoft.AspNetCore.Http;

namespace OpenBanking.Kernel.Http;

/// <summary>The <c>x-fapi-interaction-id</c> of a request: one id for the answer, the log and the customer's support call (RS-10).</summary>
public static class InteractionId
{
    public const string Header = "x-fapi-interaction-id";
    private static readonly object Key = new();

    /// <summary>The id of this request; Host has set it before any endpoint runs.</summary>
    public static string InteractionIdentifier(this HttpContext http) => http.Items[Key] as string ?? http.TraceIdentifier;

    /// <summary>Fixes the id of this request. Host alone calls this.</summary>
    public static void SetInteractionIdentifier(this HttpContext http, string value) => http.Items[Key] = value;
}
