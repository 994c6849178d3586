using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;
using OpenBanking.ResourceServer;

namespace OpenBanking.Samples.ResourceServer;

/// <summary>Puts the API together: TLS, the kit's check before every endpoint, and the endpoints.</summary>
internal static class SavingsServer
{
    public static WebApplication Build(SavingsOptions options, TimeProvider time)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        var services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(time);
        services
            .AddResourceServer(
                kit =>
                {
                    kit.Realm = "savings";
                    kit.Addresses.Add(options.Address);
                    kit.Audience = options.Address;
                    kit.DemandsNonces = options.DemandsNonces;
                },
                ask =>
                {
                    ask.Issuer = options.Issuer;
                    ask.ClientId = options.ClientId;
                    ask.Key = Key(options.ClientKey);
                    ask.Signed = options.Signed;
                    ask.Cache = TimeSpan.FromSeconds(options.CacheSeconds);
                })
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                SslOptions = { CertificateChainPolicy = Trust(options.TrustAnchor) },
            });

        var certificate = X509Certificate2.CreateFromPemFile(options.Certificate, Path.ChangeExtension(options.Certificate, ".key"));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;
            kestrel.ListenLocalhost(options.Port, listen => listen.UseHttps(certificate, https =>
            {
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;

                // Only programs call: asked for a certificate, who has none goes without, and what it is worth the token's binding says.
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            }));
        });

        var app = builder.Build();
        app.Use((http, next) =>
        {
            // RS-10: the caller's id where it has sent one, so that both sides' logs speak of the same call.
            var sent = http.Request.Headers[InteractionId.Header];
            var id = sent.Count == 1 && Guid.TryParseExact(sent[0], "D", out _) ? sent[0]! : new Guid(RandomNumberGenerator.GetBytes(16)).ToString("D");
            http.SetInteractionIdentifier(id);
            http.Response.Headers[InteractionId.Header] = id;
            http.Response.Headers.CacheControl = "no-store";
            return next(http);
        });
        app.UseRouting();
        app.UseAccessTokenCheck();
        SavingsApi.Map(app);
        return app;
    }

    private static SigningKey Key(string file)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(file));
        return SigningKey.FromPkcs8("ES256", key.ExportPkcs8PrivateKey());
    }

    private static X509ChainPolicy Trust(string anchor)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(anchor);
        return policy;
    }
}
