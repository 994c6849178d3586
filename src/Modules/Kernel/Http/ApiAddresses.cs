using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace OpenBanking.Kernel.Http;

/// <summary>
/// The addresses under which the APIs are published. Links in answers are made from these and never from the Host header, which
/// its sender chooses.
/// </summary>
public sealed class ApiAddresses
{
    private readonly string main;
    private readonly string mutualTls;
    private readonly int mutualTlsPort;

    public ApiAddresses(IConfiguration configuration)
    {
        Issuer = configuration["Identity:Issuer"] ?? "https://localhost:5001";
        main = Issuer.TrimEnd('/');
        mutualTls = configuration["Identity:MtlsIssuer"]?.TrimEnd('/') ?? main;
        mutualTlsPort = new Uri(mutualTls).Port;
    }

    /// <summary>Who the bank is in what it signs, character by character as in its metadata.</summary>
    public string Issuer { get; }

    /// <summary>The absolute address of a path for whoever is told of it without having asked: where certificates are taken, which the standard wants for every resource (OB-GEN-3).</summary>
    public string OfResource(string path) => mutualTls + path;

    /// <summary>The absolute address of a path, under the published name of the port that the request came in by (OB-PAG-1).</summary>
    public string Of(HttpContext http, string pathAndQuery) =>
        (http.Connection.LocalPort == mutualTlsPort ? mutualTls : main) + pathAndQuery;
}
