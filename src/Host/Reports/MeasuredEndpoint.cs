namespace OpenBanking.Host.Reports;

/// <summary>Whose interface an endpoint belongs to; each has an availability of its own, and RTS article 32 compares the two.</summary>
internal enum Interface
{
    /// <summary>The dedicated interface of third parties, with all that stands between them and an answer.</summary>
    ThirdParties = 0,

    /// <summary>What customers use themselves.</summary>
    Customers = 1,
}

/// <summary>What an endpoint is for: response times are reported for each by itself (OB-OPS-3).</summary>
internal enum Service
{
    AccountInformation,
    Payments,
    FundsConfirmation,
    Consents,
    Events,
    Authorisation,
    Portal,
}

/// <summary>An endpoint as reports name it: its method and its route, the standard's version in it (OB-OPS-5).</summary>
internal sealed record MeasuredEndpoint(string Name, Service Service)
{
    private const string Api = "/open-banking/";

    // Probes, the sandbox's own means, the bank's own system, files and this very report say nothing of the service.
    private static readonly string[] NotMeasured = ["/health/", "/sandbox/", "/core-bank/", "/portal/", "/performance"];

    private static readonly string[] OfAuthorisation =
        ["/authorize", "/approve", "/par", "/token", "/bc-authorize", "/introspect", "/revoke", "/userinfo", "/grants/", "/register", "/jwks", "/.well-known/", "/schemas/"];

    /// <summary>The first row that fits says what an endpoint is for.</summary>
    private static readonly (Predicate<string> Fits, Service Service)[] Services =
    [
        (route => IsApi(route) && (route.EndsWith("/funds-confirmation", StringComparison.Ordinal) || route.EndsWith("/funds-confirmations", StringComparison.Ordinal)), Service.FundsConfirmation),
        (route => IsApi(route) && route.Contains("-consents", StringComparison.Ordinal), Service.Consents),
        (route => IsApi(route) && route.Contains("/aisp/", StringComparison.Ordinal), Service.AccountInformation),
        (route => IsApi(route) && route.Contains("/pisp/", StringComparison.Ordinal), Service.Payments),
        (IsApi, Service.Events),
        (route => Array.Exists(OfAuthorisation, start => route.StartsWith(start, StringComparison.Ordinal)), Service.Authorisation),
        (_ => true, Service.Portal),
    ];

    public Interface Interface => Service == Service.Portal ? Interface.Customers : Interface.ThirdParties;

    /// <summary>Null where it is not measured.</summary>
    public static MeasuredEndpoint? Of(string method, string? route)
    {
        var path = "/" + route?.Trim('/');
        return Array.Exists(NotMeasured, start => path.StartsWith(start, StringComparison.Ordinal)) ? null : new MeasuredEndpoint($"{method} {path}", ServiceOf(path));
    }

    /// <summary>The same, of what was stored.</summary>
    public static MeasuredEndpoint Named(string name) => new(name, ServiceOf(name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..]));

    private static Service ServiceOf(string path) => Array.Find(Services, row => row.Fits(path)).Service;

    private static bool IsApi(string route) => route.StartsWith(Api, StringComparison.Ordinal);
}
