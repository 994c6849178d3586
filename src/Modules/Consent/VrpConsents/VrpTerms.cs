using System.Globalization;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Consent.PaymentConsents;
using OpenBanking.Kernel;

namespace OpenBanking.Consent.VrpConsents;

/// <summary>What a VRP consent is to its customer: the account that is paid from, and the limits in words (V-1, V-3, V-4).</summary>
internal static class VrpTerms
{
    /// <summary>Chosen here or named by the third party (P-2, P-3). What is shown of a first period depends on the day.</summary>
    public static KindRules RulesBy(TimeProvider time) => new(ConsentKind.VariableRecurringPayments, (consent, own) =>
    {
        var payment = PaymentRequest.Of(consent);
        var debtor = payment.Debtor;
        var accounts = own.Where(account => CanPay(payment, account) && (debtor is null || debtor.Is(account))).ToList();
        return new ShownTerms(accounts, ChoosesAccounts: debtor is null, []) { Payment = Show(payment, consent, consent.GrantedAt ?? time.GetUtcNow()) };
    });

    // No single payment waits for a second approver, so accounts that need one cannot be chosen (OB-VRP-22).
    private static bool CanPay(PaymentRequest payment, OwnAccount account) =>
        account.ApproversNeeded == 1 && account.Scheme != "UK.OBIE.PAN" && account.Currency == new ControlParameters(payment).MostPerPayment.Currency && payment.Creditor?.Is(account) != true;

    /// <param name="authorised">When it was or would be authorised first.</param>
    private static ShownPayment Show(PaymentRequest payment, ConsentRecord consent, DateTimeOffset authorised)
    {
        var parameters = new ControlParameters(payment);
        var start = parameters.StartOf(authorised);
        return new ShownPayment(
            parameters.MostPerPayment,
            payment.Creditor?.Name ?? "Whoever it names with each payment",
            payment.Creditor is { } creditor ? ShownPayments.Account(creditor) : "Named with each payment",
            [
                new ShownLine("Purpose", Purpose(parameters)),
                .. parameters.Periods.SelectMany(limit => Words(limit, start)),
                new ShownLine("Starts", parameters.ValidFrom is null ? "As soon as you approve" : Day(start)),
                new ShownLine("Ends", consent.ExpiresAt is { } end ? Moment(end) : "Ongoing, until you cancel"),
                .. ShownPayments.Reference(payment),
                .. ShownPayments.Parties(payment),
            ])
        {
            GivesRefundAccount = payment.Text("Data.ReadRefundAccount") == "Yes",
            IsWithinLimits = true,
            IsToAnyPayee = payment.Creditor is null,
            TellsChosenAccount = payment.Debtor is null,
        };
    }

    private static string Purpose(ControlParameters parameters) => (parameters.IsSweeping, parameters.Types.Distinct(StringComparer.Ordinal).Count()) switch
    {
        (true, 1) => "Sweeping: moving money between your own accounts",
        (true, _) => "Sweeping between your own accounts, and other payments",
        _ => "Other payments, such as bills and purchases",
    };

    /// <summary>A limit, and what is left of it in a first period that is not a whole one (V-3).</summary>
    private static IEnumerable<ShownLine> Words(PeriodicLimit limit, DateOnly start)
    {
        yield return new ShownLine("In all, at most", $"{Text(limit.Most)} {limit.Words(start)}");
        if (limit.At(start, start) is { IsPartial: true } first)
            yield return new ShownLine($"First {limit.Type.Noun.Split(',')[0]}", $"{Text(first.Most)} from {Day(first.First)} to {Day(first.Last)}, in proportion to the days left in it");
    }

    private static string Text(Money amount) => $"£{amount.ToWire()}";

    private static string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    private static string Moment(DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, WorkingDays.London).ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture);
}
