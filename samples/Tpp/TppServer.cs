using System.Security.Authentication;
using Microsoft.AspNetCore.DataProtection;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Journey;
using OpenBanking.Samples.Tpp.Pages;

namespace OpenBanking.Samples.Tpp;

/// <summary>Puts the app together: an https listener for this machine's browser, and the pages.</summary>
internal static class TppServer
{
    public static WebApplication Build(TppOptions options, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });

        // A request line of the callback holds a code, so requests are not logged; nor is the cookie's encryption anybody's news.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);

        // A port in use is said by us, in a sentence.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);

        var services = builder.Services;
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.AddSingleton(_ => TppKeys.Load(options.Data));
        services.AddSingleton(provider => new Banks(options, provider.GetRequiredService<TppKeys>(), time, wrap));
        services.AddSingleton(provider => new ConnectionStore(options.Data, provider.GetRequiredService<IDataProtectionProvider>(), time));
        services.AddSingleton<EventLog>();
        services.AddSingleton<TppPages>();
        TppKeys.PrivateDirectory(Path.Combine(options.Data, "session-keys"));
        services.AddDataProtection()
            .SetApplicationName("Tally")
            .PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(options.Data, "session-keys")));

        var certificate = TppKeys.ServerCertificate(options, time);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenLocalhost(options.Port, listen => listen.UseHttps(certificate, https =>
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13));
        });

        var app = builder.Build();
        app.Use(TppPages.Headers);
        app.Use(TppPages.OwnFormsOnly);
        app.MapGet("/health", () => Results.Text("ok"));
        return app;
    }
}
