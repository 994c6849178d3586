using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp;

/// <summary>The two ways to the bank, each with its own registration and its own connections.</summary>
internal sealed class Banks(TppOptions options, TppKeys keys, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null)
{
    private readonly BankClient dpop = Client(ClientKind.Dpop, options, keys, time, wrap);
    private readonly BankClient mtls = Client(ClientKind.Certificate, options, keys, time, wrap);

    /// <summary>Whether the sandbox has given us a client certificate by now.</summary>
    public bool OffersMtls => File.Exists(options.ClientCertificate);

    public BankClient Client(string kind) => kind == ClientKind.Certificate.Key ? mtls : dpop;

    public ConnectionJourney Journey(string kind) => new(Client(kind), options, time);

    private static BankClient Client(
        ClientKind kind, TppOptions options, TppKeys keys, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap) => new(
            kind,
            options,
            keys,
            new DpopKey(keys.Dpop, time),

            // What fails is tried again: the trust anchor may be there the next time.
            new Lazy<HttpClient>(() => BankConnection.Open(options, kind.Mtls, wrap), LazyThreadSafetyMode.PublicationOnly),
            time);
}
