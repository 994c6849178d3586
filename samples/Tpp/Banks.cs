using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp;

/// <summary>The two ways to the bank, each with its own registration and its own connections.</summary>
internal sealed class Banks(TppOptions options, TppKeys keys, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);
    private readonly Way dpop = WayOf(ClientKind.Dpop, options, keys, time, wrap);
    private readonly Way mtls = WayOf(ClientKind.Certificate, options, keys, time, wrap);

    /// <summary>Whether the directory has given us a client certificate by now.</summary>
    public bool OffersMtls => File.Exists(options.ClientCertificate);

    public BankClient Client(string kind) => Of(kind).Client;

    /// <summary>One a client, since it keeps a token of our own.</summary>
    public PaymentJourney Payments(string kind) => Of(kind).Payments;

    public ConnectionJourney Journey(string kind) => new(Client(kind), options, time);

    /// <summary>Registers with the bank both ways; a bank that is not up yet is tried again.</summary>
    public async Task RegisterAsync(CancellationToken ct)
    {
        foreach (var way in (Way[])[dpop, mtls])
        {
            while ((await way.Client.DiscoverAsync(ct)).Failed(out _, out _)) await Task.Delay(BetweenTries, time, ct);
        }
    }

    private Way Of(string kind) => kind == ClientKind.Certificate.Key ? mtls : dpop;

    private static Way WayOf(ClientKind kind, TppOptions options, TppKeys keys, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler>? wrap)
    {
        var client = Client(kind, options, keys, new SelfRegistration(kind, options, keys, time, wrap), time, wrap);
        return new Way(client, new PaymentJourney(client, options, time));
    }

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

    private sealed record Way(BankClient Client, PaymentJourney Payments);
}
