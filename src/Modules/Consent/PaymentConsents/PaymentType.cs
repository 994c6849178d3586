using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http.Requests;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>
/// A type of payment, as a row: what its consents are called, what its requests must be like, what the bank says to one, and what the customer is
/// shown. Everything else the types share: endpoints, signatures, idempotency, states, approval.
/// </summary>
/// <param name="Path">Of its consents, below <c>pisp</c>.</param>
/// <param name="Schema">Of the request for a consent, in the standard's file.</param>
/// <param name="Rules">What the schema cannot say.</param>
/// <param name="Quote">Charges and times.</param>
/// <param name="Show">What the customer approves, in words.</param>
/// <param name="ConfirmsFunds">Whether its third party may ask if the money is there (OB-PIS-13).</param>
internal sealed record PaymentType(
    ConsentKind Kind,
    string Path,
    string Schema,
    IReadOnlyList<PaymentRule> Rules,
    Func<PaymentRequest, PaymentPlace, PaymentQuote> Quote,
    Func<PaymentRequest, ConsentRecord, ShownPayment> Show,
    bool ConfirmsFunds)
{
    /// <summary>Which of the customer's accounts it can be paid from.</summary>
    public Func<PaymentRequest, OwnAccount, bool> CanBePaidFrom { get; init; } =
        (payment, account) => account.Scheme != "UK.OBIE.PAN" && account.Currency == payment.Amount?.Currency && payment.Creditor?.Is(account) != true;

    /// <summary>What leaves the payer's account, in its currency; charges apart.</summary>
    public Func<PaymentRequest, ConsentRecord, Money> Debit { get; init; } = (payment, _) => payment.Amount!.Value;

    /// <summary>Third parties may ask for accounts that one approves for alone, or that several must (OB-PIS-25); without a word all will do.</summary>
    private static bool IsApprovedAsAsked(PaymentRequest payment, OwnAccount account) => payment.Text("Data.Authorisation.AuthorisationType") switch
    {
        "Single" => account.ApproversNeeded == 1,
        "Multiple" => account.ApproversNeeded > 1,
        _ => true,
    };

    public RequestSchema RequestSchema => RequestSchema.Of("payment-initiation", Schema);

    /// <summary>What its kind of consent has of its own: named accounts are not chosen (P-2), else exactly one is (P-3, OB-PIS-7).</summary>
    public KindRules KindRules => new(Kind, (consent, own) =>
    {
        var payment = PaymentRequest.Of(consent);
        var debtor = payment.Debtor;
        var accounts = own.Where(account => CanBePaidFrom(payment, account) && (debtor is null || debtor.Is(account)) && IsApprovedAsAsked(payment, account)).ToList();
        return new ShownTerms(accounts, ChoosesAccounts: debtor is null, []) { Payment = Show(payment, consent) };
    });
}

/// <summary>The types of payment that are served.</summary>
internal static class PaymentTypes
{
    public static readonly IReadOnlyList<PaymentType> All =
    [
        new(
            ConsentKind.DomesticPayment,
            "/domestic-payment-consents",
            "OBWriteDomesticConsent4",
            [.. PaymentRules.Domestic, .. PaymentRules.Common],
            (payment, place) => DomesticScheme.Of(payment)!.Quote(place.Now, place),
            ShownPayments.Single,
            ConfirmsFunds: true),
        new(
            ConsentKind.DomesticScheduledPayment,
            "/domestic-scheduled-payment-consents",
            "OBWriteDomesticScheduledConsent4",
            [.. PaymentRules.Domestic, .. ScheduledPayments.Rules, .. PaymentRules.Common],
            (payment, place) => DomesticScheme.Of(payment)!.Quote(ScheduledPayments.ExecutionOf(payment, place.Days), place),
            ShownPayments.Scheduled,
            ConfirmsFunds: false),
        new(
            ConsentKind.DomesticStandingOrder,
            "/domestic-standing-order-consents",
            "OBWriteDomesticStandingOrderConsent5",
            [.. PaymentRules.DomesticOf(StandingOrders.Amounts), .. StandingOrders.Rules, .. PaymentRules.Common],
            (_, place) => new PaymentQuote(place.TimesOf(place.Now, null).CutOff, null, null, []),
            ShownPayments.Repeated,
            ConfirmsFunds: false),
        new(
            ConsentKind.InternationalPayment,
            "/international-payment-consents",
            "OBWriteInternationalConsent5",
            [.. InternationalPayments.Rules, .. PaymentRules.Common],
            InternationalPayments.Quote,
            ShownPayments.Abroad,
            ConfirmsFunds: true)
        {
            CanBePaidFrom = InternationalPayments.CanBePaidFrom,
            Debit = (payment, consent) => InternationalPayments.AmountsOf(payment, consent).Debit,
        },
        new(
            ConsentKind.InternationalScheduledPayment,
            "/international-scheduled-payment-consents",
            "OBWriteInternationalScheduledConsent5",
            [.. InternationalPayments.Rules, .. ScheduledPayments.Rules, .. PaymentRules.Common],
            InternationalPayments.Quote,
            ShownPayments.Abroad,
            ConfirmsFunds: true)
        {
            CanBePaidFrom = InternationalPayments.CanBePaidFrom,
            Debit = (payment, consent) => InternationalPayments.AmountsOf(payment, consent).Debit,
        },
        new(
            ConsentKind.InternationalStandingOrder,
            "/international-standing-order-consents",
            "OBWriteInternationalStandingOrderConsent6",
            [.. InternationalPayments.Rules, .. StandingOrders.Rules, .. PaymentRules.Common],
            InternationalPayments.QuoteRepeated,
            ShownPayments.RepeatedAbroad,
            ConfirmsFunds: false)
        {
            CanBePaidFrom = InternationalPayments.CanBePaidFrom,
        },
        new(
            ConsentKind.FilePayment,
            "/file-payment-consents",
            "OBWriteFileConsent3",
            [.. FilePayments.Rules, .. PaymentRules.Common],
            (_, place) => new PaymentQuote(place.TimesOf(place.Now, null).CutOff, null, null, []),
            ShownPayments.File,
            ConfirmsFunds: false)
        {
            CanBePaidFrom = FilePayments.CanBePaidFrom,
            Debit = (_, consent) => new Money(consent.FileSum!.Value, "GBP"),
        },
    ];

    /// <summary>The collection of a type's orders: its consents' without the word.</summary>
    public static string OrdersOf(ConsentKind kind) => All.Single(type => type.Kind == kind).Path.Trim('/').Replace("-consents", "s", StringComparison.Ordinal);

    public static PaymentType Of(ConsentRecord consent) => All.Single(type => type.Kind == consent.Kind);

    public static bool Serves(ConsentKind kind) => All.Any(type => type.Kind == kind);
}
