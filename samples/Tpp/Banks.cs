using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp;

/// <summary>The two ways to the bank, each with its own registration and its own connections.</summary>
internal sealed class Banks(TppOptions options, TppKeys keys, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);
    private readonly BankClient dpop = Client(ClientKind.Dpop, options, keys, time, wrap);
    private readonly BankClient mtls = Client(ClientKind.Certificate, options, keys, time, wrap);

    /// <summary>Whether the directory has given us a client certificate by now.</summary>
    public bool OffersMtls => File.Exists(options.ClientCertificate);

    public BankClient Client(string kind) => kind == ClientKind.Certificate.Key ? mtls : dpop;

    public ConnectionJourney Journey(string kind) => new(Client(kind), options, time);

    /// <summary>Registers with the bank both ways; a bank that is not up yet is tried again.</summary>
    public async Task RegisterAsync(CancellationToken ct)
    {
        foreach (var client in (BankClient[])[dpop, mtls])
        {
            while ((await client.DiscoverAsync(ct)).Failed(out _, out _)) await Task.Delay(BetweenTries, time, ct);
        }
    }

    private static BankClient Client(
        ClientKind kind, TppOptions options, TppKeys keys, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap) => Client(
            kind, options, keys, new SelfRegistration(kind, options, keys, time, wrap), time, wrap);

    private static BankClient Client(
        ClientKind kind,
        TppOptions options,
        TppKeys keys,
        SelfRegistration registration,
        TimeProvider time,
        Func<HttpMessageHandler, HttpMessageHandler>? wrap) => new(
            kind,
            options,
            keys,
            new DpopKey(keys.Dpop, time),
            registration,

            // What fails is tried again: the trust anchor may be there the next time.
            new Lazy<HttpClient>(() => BankConnection.Open(options, kind.Mtls ? options.ClientCertificate : null, wrap), LazyThreadSafetyMode.PublicationOnly),
            time);
}
