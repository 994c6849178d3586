using Microsoft.AspNetCore.Http;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// Writes the page that a person sees where an address answers with an error status and nothing else. The portal registers it; the
/// status is set already.
/// </summary>
public delegate Task ErrorPage(HttpContext http, int status);
