using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.PaymentConsents;

/// <summary>A way by which money goes abroad.</summary>
/// <param name="Currency">The only one that it carries; null for all.</param>
/// <param name="Bearers">How charges can be shared on it; the first where the third party does not say (OB-PIS-15).</param>
/// <param name="Days">Working days until the payee's bank has it.</param>
internal sealed record InternationalScheme(string Name, string? Currency, IReadOnlyList<string> Bearers, int Days)
{
    public const string Debtor = "BorneByDebtor";
    public const string Creditor = "BorneByCreditor";
    public const string Shared = "Shared";

    private static readonly InternationalScheme[] All =
    [
        new("UK.OBIE.SWIFT", null, [Shared, Debtor, Creditor], 2),
        new("UK.OBIE.SEPACreditTransfer", "EUR", [Shared, "FollowingServiceLevel"], 1),
    ];

    public static InternationalScheme? Of(PaymentRequest payment) =>
        payment.Text("Data.Initiation.LocalInstrument") is { } asked ? All.FirstOrDefault(scheme => scheme.Name == asked) : All[0];

    public bool Takes(string bearer) => Bearers.Contains(bearer);
}

/// <summary>What a payment abroad takes from its payer, and what it brings the payee.</summary>
/// <param name="Rate">Units of the payee's currency for one of the payer's; 1 where the two are the same.</param>
internal sealed record ExchangedAmounts(Money Debit, Money Transfer, decimal Rate)
{
    private const int RateDecimals = 6;

    /// <summary>
    /// The amount that was instructed stays as it is (OB-INT-2); the other is worked out from it and rounded, once, to its currency's smallest
    /// unit, half away from zero.
    /// </summary>
    /// <param name="unit">The currency of the account that pays.</param>
    public static ExchangedAmounts Of(Money instructed, string unit, string transfer, decimal rate) => instructed.Currency == unit
        ? new ExchangedAmounts(instructed, Rounded(instructed.Amount * rate, transfer), rate)
        : new ExchangedAmounts(Rounded(instructed.Amount / rate, unit), instructed, rate);

    /// <summary>The bank's rate between two currencies of its table.</summary>
    public static decimal RateOf(ConsentOptions options, string from, string to) =>
        from == to ? 1 : decimal.Round(options.RateOf(to)!.Value / options.RateOf(from)!.Value, RateDecimals, MidpointRounding.AwayFromZero);

    private static Money Rounded(decimal amount, string currency) => new(decimal.Round(amount, Money.ScaleOf(currency), MidpointRounding.AwayFromZero), currency);
}

/// <summary>
/// Payments in other currencies or to other countries: which rate holds and for how long, and who pays what. The rate stands in the consent
/// that the customer approves; once it has run out the customer is shown a new one (OB-INT-6).
/// </summary>
internal static class InternationalPayments
{
    private const string Initiation = "Data.Initiation.";
    private const string Amount = Initiation + "InstructedAmount";
    private const string Transfer = Initiation + "CurrencyOfTransfer";
    private const string Exchange = Initiation + "ExchangeRateInformation";
    private const string Unit = Exchange + ".UnitCurrency";
    private const string Rate = Exchange + ".ExchangeRate";
    private const string RateType = Exchange + ".RateType";
    private const string Contract = Exchange + ".ContractIdentification";
    private const string Bearer = Initiation + "ChargeBearer";
    private const string Agent = Initiation + "CreditorAgent";
    private const string Expiration = "ExpirationDateTime";

    /// <summary>What we charge for a payment abroad; our own name for it (OB-PIS-14).</summary>
    private const string ChargeType = "UK.OBNK.InternationalOut";

    public static readonly IReadOnlyList<PaymentRule> Rules =
    [
        .. PaymentRules.OfAmount(Amount),
        .. OfCurrency(Amount + ".Currency"),
        .. OfCurrency(Transfer),
        new("OB-INT-2", "U023", Transfer, "The amount is in the currency of the transfer or in that of the account that pays.", (payment, _) => payment.Amount is not { } amount || amount.Currency == UnitOf(payment) || amount.Currency == payment.Text(Transfer)),
        new("OB-PIS-12", "AM14", Amount, "The amount is above the limit of one payment.", (payment, place) => payment.Amount is not { } amount || place.Options.RateOf(amount.Currency) is not { } rate || amount.Amount <= place.Options.PaymentLimit * rate),
        new("OB-PIS-11", "U026", Initiation + "LocalInstrument", "This instrument is not supported.", (payment, _) => InternationalScheme.Of(payment) is not null),
        new("OB-PIS-11", "U023", Transfer, "The instrument does not carry this currency.", (payment, _) => InternationalScheme.Of(payment)?.Currency is not { } only || payment.Text(Transfer) is null || payment.Text(Transfer) == only),
        new("OB-PIS-15", "U002", Bearer, "Charges cannot be shared in this way.", (payment, _) => payment.Text(Bearer) is not { } bearer || InternationalScheme.Of(payment) is not { } scheme || scheme.Takes(bearer)),

        // The rate.
        .. OfCurrency(Unit),
        new("OB-INT-4", "U005", Exchange, "There is nothing to exchange: both currencies are the same.", (payment, _) => !payment.Has(Exchange) || payment.Text(Unit) != payment.Text(Transfer)),
        new("OB-INT-3", "U001", Rate, "An agreed rate is named.", (payment, _) => !IsAgreed(payment) || payment.Has(Rate)),
        new("OB-INT-3", "U001", Contract, "An agreed rate has a contract.", (payment, _) => !IsAgreed(payment) || payment.Has(Contract)),
        new("OB-INT-3", "U005", Rate, "The bank says the rate, unless one was agreed.", (payment, _) => !payment.Has(Exchange) || IsAgreed(payment) || !payment.Has(Rate)),
        new("OB-INT-3", "U005", Contract, "A contract goes with an agreed rate.", (payment, _) => !payment.Has(Exchange) || IsAgreed(payment) || !payment.Has(Contract)),
        new("OB-INT-3", "U002", Contract, "There is no such contract between these currencies at this rate.", (payment, place) => !IsAgreed(payment) || !payment.Has(Rate) || !payment.Has(Contract)
            || place.Contract is { } contract && (contract.From, contract.To, contract.Rate) == (payment.Text(Unit), payment.Text(Transfer), payment.Decimal(Rate))),

        new("PY-10", "U002", Amount, "Is nothing in the other currency.", (payment, place) => Exchanged(payment, place) is not { } amounts || amounts.Debit.Amount > 0 && amounts.Transfer.Amount > 0),

        // The payee.
        .. PaymentRules.OfAccount(Initiation + "DebtorAccount", PaymentRules.DebtorSchemes),
        .. PaymentRules.OfAgent(Agent),
        new("OB-INT-1", "U001", Agent + ".Identification", "The payee's bank has a scheme and an identification, or a name and an address.", (payment, _) => !payment.Has(Agent)
            || payment.Has(Agent + ".SchemeName") && payment.Has(Agent + ".Identification") || payment.Has(Agent + ".Name") && payment.Has(Agent + ".PostalAddress")),
        .. PaymentRules.OfAccount(Initiation + "CreditorAccount", [AccountSchemes.SortCodeAccountNumber, AccountSchemes.Iban, "UK.OBIE.BBAN"]),
        PaymentRules.OtherAccount,
    ];

    /// <summary>The currency of the account that pays: who asks for a rate says it (OB-INT-3), else it is the bank's own.</summary>
    public static string UnitOf(PaymentRequest payment) => payment.Text(Unit) ?? "GBP";

    public static bool CanBePaidFrom(PaymentRequest payment, OwnAccount account) =>
        account.Scheme != "UK.OBIE.PAN" && account.Currency == UnitOf(payment) && payment.Creditor?.Is(account) != true;

    public static PaymentQuote Quote(PaymentRequest payment, PaymentPlace place)
    {
        var quote = QuoteRepeated(payment, place);
        var scheme = InternationalScheme.Of(payment)!;
        var start = payment.Has("Data.Initiation.RequestedExecutionDateTime") ? ScheduledPayments.ExecutionOf(payment, place.Days) : place.Now;
        var (cutOff, timely) = place.TimesOf(start, null);
        var day = place.Days.OnOrAfter(WorkingDays.DayOf(timely));
        var execution = day == WorkingDays.DayOf(timely) ? timely : WorkingDays.At(day, PaymentPlace.Opening);
        for (var left = scheme.Days; left > 0; left--) day = place.Days.After(day);
        return quote with { CutOff = cutOff, Execution = execution, Settlement = WorkingDays.At(day, new TimeOnly(17, 0)), Others = RateOf(payment, place) };
    }

    /// <summary>Of a standing order: each of its payments is exchanged on its own day, so no rate is quoted.</summary>
    public static PaymentQuote QuoteRepeated(PaymentRequest payment, PaymentPlace place)
    {
        var bearer = payment.Text(Bearer) ?? InternationalScheme.Of(payment)!.Bearers[0];
        var pounds = bearer switch
        {
            InternationalScheme.Debtor => place.Options.AbroadChargeWhole,
            InternationalScheme.Creditor => 0,
            _ => place.Options.AbroadCharge,
        };
        var (unit, ways) = (UnitOf(payment), ExchangedAmounts.RateOf(place.Options, "GBP", UnitOf(payment)));
        var due = ExchangedAmounts.Of(new Money(pounds, "GBP"), "GBP", unit, ways).Transfer;
        return new PaymentQuote(place.TimesOf(place.Now, null).CutOff, null, null, pounds == 0 ? [] : [new PaymentQuote.Charge(bearer, ChargeType, due)]);
    }

    /// <summary>The two amounts under the rate that stands in a consent.</summary>
    public static ExchangedAmounts AmountsOf(PaymentRequest payment, ConsentRecord consent) =>
        ExchangedAmounts.Of(payment.Amount!.Value, UnitOf(payment), payment.Text(Transfer)!, QuotedRate(consent)?.GetProperty("ExchangeRate").GetDecimal() ?? 1);

    /// <summary>The two amounts as they are when it is ordered: what was only indicated is exchanged at the rate of that moment.</summary>
    public static ExchangedAmounts AmountsNow(PaymentRequest payment, ConsentRecord consent, ConsentOptions options) =>
        payment.Text(RateType) == "Indicative" ? AmountsAt(payment, options) : AmountsOf(payment, consent);

    /// <summary>The two amounts at the bank's rate.</summary>
    public static ExchangedAmounts AmountsAt(PaymentRequest payment, ConsentOptions options)
    {
        var (unit, transfer) = (UnitOf(payment), payment.Text(Transfer)!);
        return ExchangedAmounts.Of(payment.Amount!.Value, unit, transfer, ExchangedAmounts.RateOf(options, unit, transfer));
    }

    /// <summary>The two amounts of a request; null where it names what the bank does not exchange.</summary>
    private static ExchangedAmounts? Exchanged(PaymentRequest payment, PaymentPlace place) =>
        payment.Amount is { } amount && payment.Text(Transfer) is { } transfer && place.Options.RateOf(transfer) is not null && place.Options.RateOf(UnitOf(payment)) is not null
        && (amount.Currency == transfer || amount.Currency == UnitOf(payment))
            ? AmountsAt(payment, place.Options)
            : null;

    /// <summary>What the bank has said of the rate; null where nothing is exchanged.</summary>
    public static JsonElement? QuotedRate(ConsentRecord consent) =>
        consent.Quoted is { } quoted && JsonElement.Parse(quoted).TryGetProperty("ExchangeRateInformation", out var rate) ? rate : null;

    /// <summary>Until when a quoted rate holds; null where none was quoted, or one that was agreed.</summary>
    public static DateTimeOffset? HoldsUntil(ConsentRecord consent) =>
        QuotedRate(consent) is { } rate && rate.TryGetProperty(Expiration, out var until) ? IsoDateTime.Parse(until.GetString()!) : null;

    /// <summary>The rate with its kind and its end (OB-INT-5).</summary>
    private static JsonObject? RateOf(PaymentRequest payment, PaymentPlace place)
    {
        var (unit, transfer) = (UnitOf(payment), payment.Text(Transfer)!);
        if (unit == transfer) return null;
        var type = payment.Text(RateType) ?? "Actual";
        var rate = new JsonObject
        {
            ["UnitCurrency"] = unit,
            ["ExchangeRate"] = IsAgreed(payment) ? payment.Decimal(Rate)!.Value : ExchangedAmounts.RateOf(place.Options, unit, transfer),
            ["RateType"] = type,
        };
        if (payment.Text(Contract) is { } contract) rate["ContractIdentification"] = contract;
        if (type == "Actual") rate[Expiration] = IsoDateTime.ToWire(place.Now + place.Options.QuoteLife);
        return new JsonObject { ["ExchangeRateInformation"] = rate };
    }

    private static bool IsAgreed(PaymentRequest payment) => payment.Text(RateType) == "Agreed";

    private static IEnumerable<PaymentRule> OfCurrency(string path) =>
    [
        new("PY-13", "U023", path, "The bank does not exchange this currency.", (payment, place) => payment.Text(path) is not { } currency || place.Options.RateOf(currency) is not null),
    ];
}
