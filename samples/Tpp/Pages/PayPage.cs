using System.Globalization;
using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Budget;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>What a form said, as it was typed, with what is wrong of it.</summary>
internal sealed record PayForm(string Payee, string SortCode, string AccountNumber, string Amount, string Reference, bool ForRefund)
{
    private const decimal Most = 1_000_000;

    /// <summary>What is wrong, by the name of the field.</summary>
    public IReadOnlyDictionary<string, string> Faults { get; private init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public static PayForm Of(Payment payment) =>
        new(payment.PayeeName, $"{payment.SortCode[..2]}-{payment.SortCode[2..4]}-{payment.SortCode[4..]}", payment.AccountNumber, payment.Amount, payment.Reference, payment.ForRefund);

    public static PayForm Read(IFormCollection form) => new(
        Text(form["payee"]), Text(form["sort"]), Text(form["number"]), Text(form["amount"]), Text(form["reference"]), form["refund"] == "yes");

    /// <summary>The payment that was typed, or the form again with what is wrong of it.</summary>
    public Outcome<Payment, PayForm> Judge()
    {
        var faults = new Dictionary<string, string>(StringComparer.Ordinal);
        var sort = Digits(SortCode);
        var amount = Amount.TrimStart('£').Replace(",", "", StringComparison.Ordinal);
        if (Payee.Length is 0 or > 70) faults["payee"] = "Who is it for? Up to 70 characters.";
        if (sort.Length != 6) faults["sort"] = "A sort code has six digits, like 08-08-00.";
        if (Digits(AccountNumber).Length != 8) faults["number"] = "An account number has eight digits.";
        if (!decimal.TryParse(amount, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var pounds) || pounds <= 0 || pounds > Most || decimal.Round(pounds, 2) != pounds)
            faults["amount"] = "An amount in pounds, like 24.50.";
        if (Reference.Length is 0 or > 18) faults["reference"] = "What is it for? Up to 18 characters.";
        if (faults.Count > 0) return this with { Faults = faults };
        return new Payment(Payee, sort, Digits(AccountNumber), pounds.ToString("0.00", CultureInfo.InvariantCulture), Reference, ForRefund) { EndToEnd = Payment.NewEndToEnd() };
    }

    private static string Text(string? value) => value?.Trim() ?? "";

    // As people write them: with spaces and dashes, or without.
    private static string Digits(string text) => text.All(one => char.IsAsciiDigit(one) || one is ' ' or '-' or '–') ? string.Concat(text.Where(char.IsAsciiDigit)) : "";
}

/// <summary>Where a bill is paid: to whom, how much, and the button that leads to the bank.</summary>
internal static class PayPage
{
    public static Page Show(string bankName, PayForm form, IReadOnlyList<MadePayment> made, bool connected, bool mtls) => new("Pay a bill", Html.Of($"""
        <section class="pay" aria-labelledby="pay">
          <h1 id="pay">Pay a bill</h1>
          <p class="lead">Straight from your bank account, without a card: you look at it at {bankName} and approve it there.</p>
          {Html.When(form.Faults.Count > 0, $"""<p class="alarm" role="alert">{(form.Faults.Count == 1 ? "One thing is not right yet." : $"{form.Faults.Count} things are not right yet.")}</p>""")}
          <form method="post" action="/pay" class="card bill" novalidate>
            {Field(form, "payee", "To", form.Payee, "text", "organization", "wide")}
            {Field(form, "sort", "Sort code", form.SortCode, "numeric", "off")}
            {Field(form, "number", "Account number", form.AccountNumber, "numeric", "off")}
            {Field(form, "amount", "Amount in pounds", form.Amount, "decimal", "transaction-amount")}
            {Field(form, "reference", "Reference", form.Reference, "text", "off")}
            <label class="wide"><input type="checkbox" name="refund" value="yes" {(form.ForRefund ? Html.Of($"checked") : default)}><span>Let Tally know which account paid, so that a refund finds it</span></label>
            <div class="wide connect">
              <button class="button" type="submit">Pay with my bank</button>
              <p class="small">Nothing is paid before you approve it at {bankName}.</p>
              <details><summary>For developers</summary>{ClientChoice.Show(mtls)}
                <p class="small">To watch every request and answer, run this app with <code>--console --pay</code>.</p>
              </details>
            </div>
          </form>
        </section>
        {Html.When(made.Count > 0, $"""
          <section class="card latest" aria-labelledby="made">
            <h2 id="made">Paid through Tally</h2>
            <ul>{made.Select(one => Html.Of($"""
              <li><span class="what"><a href="/payments/{one.Id}">{one.Wanted.Payment.PayeeName}</a><span class="small">{PaymentWords.Of(one).Title} · {one.ApprovedAt.UtcDateTime.ToString("d MMMM, HH:mm", CultureInfo.InvariantCulture)} UTC</span></span><span class="num">{MoneyText.Exact(one.Wanted.Payment.Money)}</span></li>
              """))}</ul>
          </section>
          """)}
        """), form.Faults.Count > 0 ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK, connected, Area: "pay");

    private static Html Field(PayForm form, string name, string label, string value, string mode, string autocomplete, string place = "")
    {
        var fault = form.Faults.GetValueOrDefault(name);
        return Html.Of($"""
            <p class="field {place}"><label for="{name}">{label}</label>
              <input id="{name}" name="{name}" value="{value}" inputmode="{mode}" autocomplete="{autocomplete}" maxlength="70" required {(fault is null ? default : Html.Of($"""aria-invalid="true" aria-describedby="{name}-fault" """))}>
              {(fault is null ? default : Html.Of($"""<span class="fault" id="{name}-fault">{fault}</span>"""))}</p>
            """);
    }
}

/// <summary>One payment and how far it has come. While it is under way the page asks again by itself; without script there is a link.</summary>
internal static class PaymentPage
{
    /// <param name="away">The bank could not be asked just now; what is shown is what was known before.</param>
    public static Page Show(string bankName, MadePayment made, string clientId, bool connected, bool away)
    {
        var (words, payment) = (PaymentWords.Of(made), made.Wanted.Payment);
        var goesOn = made.Order is not null && !words.IsEnd;
        return new Page($"{words.Title} · {payment.PayeeName}", Html.Of($"""
            <p class="sr" role="status" id="said">{words.Title}</p>
            <section class="card receipt" id="live" data-said="{words.Title}" data-goes-on="{(goesOn ? "yes" : "no")}">
              <div class="receipt-head">
                <span class="seal {(words.IsBad ? "bad" : words.Stage == Stage.Arrived ? "good" : "busy")}">{(words.IsBad ? Icons.Cross : words.Stage == Stage.Arrived ? Icons.Tick : Icons.Clock)}</span>
                <h1>{words.Title}</h1>
                <p class="sum">{MoneyText.Exact(payment.Money)}</p>
                <p class="to">to {payment.PayeeName}</p>
              </div>
              <p>{words.Text}{(PaymentWords.Because(made.Order?.Code ?? made.Problem?.Code) is { } because ? " " + because : "")}</p>
              {Html.When(away, $"""<p class="alarm">{bankName} does not answer just now; this is how it stood before.</p>""")}
              {(words.IsBad ? default : Progress(words))}
              {Facts(made, words.IsBad)}
              {Html.When(made.IsUnclear, $"""<form method="post" action="/payments/{made.Id}/again"><button class="button" type="submit">Ask again</button></form>""")}
              {Html.When(words is { IsEnd: true, IsBad: true }, $"""<p><a class="button" href="/pay">Pay another way</a></p>""")}
              {Html.When(goesOn, $"""<noscript><p><a class="button quiet" href="/payments/{made.Id}">Look again</a></p></noscript>""")}
            </section>
            {Html.When(!words.IsBad, $"""<p class="after"><a href="/pay">Pay something else</a></p>""")}
            {ForDevelopers(made, clientId)}
            """), Connected: connected, Area: "pay", Script: goesOn ? "pay.js" : null);
    }

    private static Html Progress(PaymentWords words) => Html.Of($"""
        <ol class="progress" aria-label="How far it has come">
          {PaymentWords.Steps.Select((step, index) => Html.Of($"""
            <li class="{(index <= (int)words.Stage ? "done" : "")}"><span>{step}</span><span class="sr">{(index <= (int)words.Stage ? ", done" : ", still to come")}</span></li>
            """))}
        </ol>
        """);

    private static Html Facts(MadePayment made, bool isBad)
    {
        var payment = made.Wanted.Payment;
        return Html.Of($"""
            <dl>
              <dt>To</dt><dd>{payment.PayeeName}</dd>
              <dt>Account</dt><dd>{Account(payment.SortCode + payment.AccountNumber)}</dd>
              <dt>Reference</dt><dd>{payment.Reference}</dd>
              <dt>Approved</dt><dd>{Moment(made.ApprovedAt)}</dd>
              {(!isBad && made.Order?.RefundAccount is { } refund ? Html.Of($"""<dt>A refund goes to</dt><dd>{made.Order.RefundName}{(made.Order.RefundName is null ? "" : ", ")}{Account(refund)}</dd>""") : default)}
            </dl>
            """);
    }

    private static Html ForDevelopers(MadePayment made, string clientId) => Html.Of($"""
        <details class="card developers">
          <summary>For developers</summary>
          <dl>
            <dt>Client</dt><dd><code>{clientId}</code></dd>
            <dt>Consent</dt><dd><code>{made.ConsentId}</code></dd>
            <dt>Payment</dt><dd><code>{made.Order?.Id ?? "none yet"}</code></dd>
            <dt>Idempotency key of the order</dt><dd><code>{made.Wanted.OrderKey}</code></dd>
            <dt>End-to-end id</dt><dd><code>{made.Wanted.Payment.EndToEnd}</code></dd>
            <dt>Statuses seen</dt>{(made.Seen.Count == 0 ? Html.Of($"""<dd>none so far</dd>""") : default)}{made.Seen.Select(seen => Html.Of($"""<dd><code>{seen.Status}</code>, {Moment(seen.At)}</dd>"""))}
            {(made.Order?.Code is { } code ? Html.Of($"""<dt>Reason</dt><dd><code>{code}</code></dd>""") : default)}
            {(made.Problem is { } problem ? Html.Of($"""<dt>The bank said</dt><dd><code>{problem.Detail}</code></dd>""") : default)}
          </dl>
        </details>
        """);

    private static string Account(string digits) => digits.Length == 14 ? $"{digits[..2]}-{digits[2..4]}-{digits[4..6]} {digits[6..]}" : digits;

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("d MMMM yyyy, HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";
}

/// <summary>The two ways to the bank, to choose from.</summary>
internal static class ClientChoice
{
    /// <param name="mtls">The sandbox has given us a client certificate.</param>
    public static Html Show(bool mtls) => Html.Of($"""
        <fieldset>
          <legend>How this app proves that a token is its own</legend>
          <label><input type="radio" name="client" value="dpop" checked><span><b>DPoP</b> signed proofs, client authenticated with <code>private_key_jwt</code></span></label>
          {(mtls
              ? Html.Of($"""<label><input type="radio" name="client" value="mtls"><span><b>mTLS client certificate</b> for both authentication and binding (<code>tls_client_auth</code>)</span></label>""")
              : Html.Of($"""<p class="small">The mTLS way appears here once the app has a client certificate (<code>Tpp__ClientCertificate</code>).</p>"""))}
        </fieldset>
        """);
}
