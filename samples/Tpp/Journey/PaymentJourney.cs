using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;

namespace OpenBanking.Samples.Tpp.Journey;

/// <summary>
/// The way from "Pay with my bank" to a payment, step by step: a consent that says what is paid, the customer's passkey at the bank, the order,
/// and how it fares. The web pages and the console go the same way.
/// </summary>
internal sealed class PaymentJourney(BankClient bank, TppOptions options, TimeProvider time)
{
    private const int Tries = 3;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private readonly PaymentInitiation payments = new(bank);
    private readonly AuthorizationCodeFlow visit = new(bank, options, time);
    private TokenSet? own;

    /// <summary>A name that stays with a wish, however often it is sent.</summary>
    public static string NewKey() => Handle.New().Value[..40];

    /// <summary>Steps 1 to 3; the browser goes to the address, the rest is kept for its return.</summary>
    public async Task<Outcome<StartedJourney, BankFault>> StartAsync(Payment payment, Customer customer, CancellationToken ct)
    {
        if ((await ClientTokenAsync(ct)).Failed(out var fault, out var token)) return fault;
        if ((await CreateConsentAsync(token, payment, NewKey(), customer, ct)).Failed(out fault, out var consent)) return fault;
        return await PushAsync(consent, payment, ct);
    }

    /// <summary>Step 1: a token for ourselves, which opens consents and says how payments stand; kept while it lasts.</summary>
    public async Task<Outcome<TokenSet, BankFault>> ClientTokenAsync(CancellationToken ct)
    {
        if (own is { } known && known.ExpiresAt - Soon > time.GetUtcNow()) return known;
        var grant = new Dictionary<string, string>(StringComparer.Ordinal) { ["grant_type"] = "client_credentials", ["scope"] = "payments" };
        if ((await bank.TokenAsync(grant, ct)).Failed(out var fault, out var token)) return fault;
        return own = token;
    }

    /// <summary>Step 2: what the customer will be asked to pay.</summary>
    public Task<Outcome<PaymentConsent, BankFault>> CreateConsentAsync(TokenSet token, Payment payment, string key, Customer customer, CancellationToken ct) =>
        payments.CreateConsentAsync(token.AccessToken, payment, key, customer, ct);

    /// <summary>Step 3: the authorization request, pushed to the bank so that the browser carries only a reference to it.</summary>
    public async Task<Outcome<StartedJourney, BankFault>> PushAsync(PaymentConsent consent, Payment payment, CancellationToken ct)
    {
        if ((await visit.PushAsync(new Asked(consent.Id, null, "openid payments", "payment_initiation", Lasts: false), ct)).Failed(out var fault, out var started)) return fault;
        return started with { Pending = started.Pending with { Payment = new WantedPayment(payment, NewKey()) } };
    }

    /// <summary>Step 4: the code for a token that is good for this payment alone.</summary>
    public async Task<Outcome<MadePayment, BankFault>> FinishAsync(PendingJourney pending, string code, CancellationToken ct)
    {
        if (pending.Payment is not { } wanted) return BankFault.Untrusted("the journey was for no payment");
        if ((await visit.RedeemAsync(pending, code, ct)).Failed(out var fault, out var redeemed)) return fault;
        return new MadePayment(wanted.Payment.EndToEnd, bank.Kind.Key, pending.ConsentId, wanted, time.GetUtcNow()) { AccessToken = redeemed.Tokens.AccessToken };
    }

    /// <summary>Whether the money is there, for who wants to know before the order.</summary>
    public Task<Outcome<string, BankFault>> AreFundsThereAsync(MadePayment made, Customer customer, CancellationToken ct) =>
        payments.AreFundsThereAsync(made.AccessToken ?? "", made.ConsentId, customer, ct);

    /// <summary>
    /// Step 5: the order. An answer that did not arrive leaves open whether the bank has it, so the same order is sent again under the same
    /// key: the bank makes the payment once, whichever of the two arrived.
    /// </summary>
    public async Task<MadePayment> OrderAsync(MadePayment made, Customer customer, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var ordered = await payments.OrderAsync(made.AccessToken ?? "", made.ConsentId, made.Wanted.Payment, made.Wanted.OrderKey, customer, ct);
            if (!ordered.Failed(out var fault, out var order)) return made.With(order);
            if (fault.Kind == BankFaultKind.Unreachable && attempt < Tries)
            {
                await Task.Delay(BetweenTries, time, ct);
                continue;
            }

            return made with { Problem = Problem.Of(fault) with { OfPayment = true } };
        }
    }

    /// <summary>Step 6: how it stands now.</summary>
    public async Task<Outcome<MadePayment, BankFault>> LookAsync(MadePayment made, CancellationToken ct)
    {
        if (made.Order is not { } known) return made;
        if ((await ClientTokenAsync(ct)).Failed(out var fault, out var token)) return fault;
        if ((await payments.ReadAsync(token.AccessToken, known.Id, ct)).Failed(out fault, out var order)) return fault;
        return made.With(order);
    }

    /// <summary>What the bank says beside it, for developers.</summary>
    public async Task<Outcome<BankAnswer, BankFault>> DetailsAsync(MadePayment made, CancellationToken ct)
    {
        if ((await ClientTokenAsync(ct)).Failed(out var fault, out var token)) return fault;
        return await payments.ReadDetailsAsync(token.AccessToken, made.Order!.Id, ct);
    }
}

/// <summary>What is to be paid once the customer has said yes.</summary>
/// <param name="OrderKey">Under which the order will be sent, however often.</param>
internal sealed record WantedPayment(Payment Payment, string OrderKey);

/// <summary>A payment that the customer has approved at the bank, and what became of it.</summary>
/// <param name="Id">Names it in our addresses.</param>
internal sealed record MadePayment(string Id, string Client, string ConsentId, WantedPayment Wanted, DateTimeOffset ApprovedAt)
{
    /// <summary>Good for the order of this payment and for nothing else; forgotten once the bank has the order.</summary>
    public string? AccessToken { get; init; }

    /// <summary>Null as long as the bank has not said that it has the order.</summary>
    public PaymentOrder? Order { get; init; }

    /// <summary>The statuses that were seen, the earliest first.</summary>
    public IReadOnlyList<SeenStatus> Seen { get; init; } = [];

    /// <summary>Why there is no order; null where there is one.</summary>
    public Problem? Problem { get; init; }

    /// <summary>The bank may have the order or not: nobody has said so, and it can be asked again.</summary>
    public bool IsUnclear => Order is null && (Problem is null or { Kind: Stop.BankUnreachable or Stop.NotTrusted });

    /// <summary>The same, and the token is too old to ask again.</summary>
    public bool IsLost => Order is null && Problem is { Kind: Stop.AccessEnded };

    /// <summary>The same with what the bank says of it now.</summary>
    public MadePayment With(PaymentOrder order) => this with
    {
        Order = order,
        AccessToken = null,
        Problem = null,
        Seen = Seen.Count > 0 && Seen[^1].Status == order.Status ? Seen : [.. Seen, new SeenStatus(order.Status, order.ChangedAt)],
    };

    public override string ToString() => $"payment {Id}";
}

/// <summary>A status as the bank gave it.</summary>
internal sealed record SeenStatus(string Status, DateTimeOffset At);
