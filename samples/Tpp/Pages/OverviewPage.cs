using System.Globalization;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Budget;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>The customer's money on a page: what there is, what it goes on, what moved last.</summary>
internal static class OverviewPage
{
    private const int AtFirst = 12;
    private const int AtMost = 500;
    private const int MostEvents = 5;

    /// <param name="events">What the bank says has happened to the connection, the latest first.</param>
    /// <param name="currency">What the customer asked to see the chart in; the most used one where that is none of theirs.</param>
    /// <param name="all">More than the latest transactions.</param>
    public static Page Show(Overview overview, string clientId, IReadOnlyList<BankEvent> events, string? currency, bool all)
    {
        var currencies = overview.Currencies;
        var shown = currencies.Contains(currency, StringComparer.Ordinal) ? currency! : currencies.Count > 0 ? currencies[0] : null;
        return new Page("Overview", Html.Of($"""
            <h1 class="sr">Overview</h1>
            {Totals(overview)}
            {Accounts(overview)}
            <div class="split">
              {(shown is null ? default : Chart(overview, Spending.Of(overview.Transactions, shown, overview.Now), currencies))}
              {Latest(overview, all)}
              {ForDevelopers(overview, clientId, events)}
            </div>
            """), Connected: true, Area: "overview");
    }

    private static Html Totals(Overview overview) => Html.Of($"""
        <section class="totals" aria-labelledby="totals">
          <h2 id="totals">All in all</h2>
          <p class="sum">{(overview.Totals.Count > 0 ? MoneyText.Exact(overview.Totals[0]) : "No balance")}</p>
          {Html.When(overview.Totals.Count > 1, $"""<p class="more">and {string.Join(", ", overview.Totals.Skip(1).Select(MoneyText.Exact))}</p>""")}
          <p class="small">From {overview.BankName}, <span class="nowrap">today at {overview.Now.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)} UTC</span></p>
        </section>
        """);

    private static Html Accounts(Overview overview) => Html.Of($"""
        <section aria-labelledby="accounts">
          <h2 id="accounts">Accounts</h2>
          {Html.When(overview.Accounts.Count == 0, $"""<p class="card">Your bank shares no account with Tally at the moment.</p>""")}
          <ul class="accounts">
            {overview.Accounts.Select(account => Html.Of($"""
              <li class="card account">
                <p class="name">{account.Name}</p>
                <p class="small">{account.Kind}{(account.Number is null ? default : Html.Of($""" <span class="nowrap"><span aria-hidden="true">•• </span><span class="sr">ending in </span>{account.Number}</span>"""))}</p>
                <p class="amount {(account.Balance is { Amount: < 0 } ? "minus" : "")}">{(account.Balance is { } balance ? MoneyText.Exact(balance) : "No balance")}</p>
              </li>
              """))}
          </ul>
        </section>
        """);

    private static Html Chart(Overview overview, Spending spending, IReadOnlyList<string> currencies)
    {
        var current = spending.Months.Count - 1;
        var total = spending.TotalOf(current);
        var against = Spending.AgainstLastMonth(overview.Transactions, spending.Currency, overview.Now);
        return Html.Of($"""
            <section class="card spending" aria-labelledby="spending">
              <div class="head">
                <div>
                  <h2 id="spending">Spending by month</h2>
                  <p class="sum">{MoneyText.Round(total, spending.Currency)} <span class="small">so far in {spending.Months[current].ToString("MMMM", CultureInfo.InvariantCulture)}</span></p>
                </div>
                {Comparison(against, spending.Currency)}
              </div>
              {Html.When(currencies.Count > 1, $"""
                <nav class="tabs" aria-label="Currency">{currencies.Select(one => Html.Of($"""<a href="/overview?currency={one}#spending" {(one == spending.Currency ? Html.Of($"""aria-current="true" """) : default)}>{one}</a>"""))}</nav>
                """)}
              {SpendingChart.Draw(spending)}
              {Html.When(spending.UsualMonth is not null, $"""
                <p class="small usual-key"><svg viewBox="0 0 24 4" aria-hidden="true" focusable="false"><line class="usual" x1="0" x2="24" y1="2" y2="2"/></svg>A usual month: {MoneyText.Round(spending.UsualMonth ?? 0, spending.Currency)}</p>
                """)}
              <h3>Where it went in {SpendingChart.LongName(spending.Months[current])}</h3>
              <ul class="kinds">
                {spending.Stacks.Select((stack, index) => Html.Of($"""
                  <li><svg class="swatch" viewBox="0 0 12 12" aria-hidden="true" focusable="false"><rect class="s{index + 1}" width="12" height="12" rx="3"/></svg><span>{stack.Name}</span><span class="num">{MoneyText.Round(stack.Amounts[current], spending.Currency)}</span><svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="100" height="6"/><rect class="s{index + 1}" width="{(total > 0 ? stack.Amounts[current] / total * 100 : 0)}" height="6"/></svg></li>
                  """))}
              </ul>
              <details><summary>Show as a table</summary>{SpendingChart.Table(spending)}</details>
            </section>
            """);
    }

    private static Html Comparison(decimal? against, string currency) => against switch
    {
        null => default,
        <= -1 => Html.Of($"""<p class="pill good">{MoneyText.Round(-against.Value, currency)} less than by this day last month</p>"""),
        >= 1 => Html.Of($"""<p class="pill warm">{MoneyText.Round(against.Value, currency)} more than by this day last month</p>"""),
        _ => Html.Of($"""<p class="pill good">Level with last month</p>"""),
    };

    private static Html Latest(Overview overview, bool all)
    {
        var names = overview.Accounts.ToDictionary(account => account.Id, account => account.Name, StringComparer.Ordinal);
        var days = overview.Transactions
            .Take(all ? AtMost : AtFirst)
            .GroupBy(one => DateOnly.FromDateTime(one.BookedAt.UtcDateTime));
        return Html.Of($"""
            <section class="card latest" aria-labelledby="latest">
              <h2 id="latest">Latest transactions</h2>
              {Html.When(overview.Transactions.Count == 0, $"""<p>Nothing has moved in the last year.</p>""")}
              {days.Select(day => Html.Of($"""
                <h3>{Day(day.Key, overview.Now)}</h3>
                <ul>{day.Select(one => Html.Of($"""
                  <li><span class="what">{one.Text}<span class="small">{names.GetValueOrDefault(one.AccountId, "")} · {Categories.NameOf(Categories.Of(one))}{Html.When(one.Pending, $""" <span class="tag">pending</span>""")}</span></span><span class="num {(one.Amount.Amount > 0 ? "plus" : "")}">{(one.Amount.Amount > 0 ? "+" : "")}{MoneyText.Exact(one.Amount)}</span></li>
                  """))}</ul>
                """))}
              {Html.When(!all && overview.Transactions.Count > AtFirst, $"""<p><a class="button quiet" href="/overview?all=1#latest">Show more</a></p>""")}
            </section>
            """);
    }

    private static Html ForDevelopers(Overview overview, string clientId, IReadOnlyList<BankEvent> events)
    {
        var connection = overview.Connection;
        var mtls = connection.Client == ClientKind.Certificate.Key;
        return Html.Of($"""
            <details class="card developers">
              <summary>For developers</summary>
              <dl>
                <dt>Client</dt><dd><code>{clientId}</code></dd>
                <dt>Tokens are bound to</dt><dd>{(mtls ? "the certificate of the TLS connection (RFC 8705)" : "a DPoP key (RFC 9449)")}</dd>
                <dt>Scope</dt><dd><code>{connection.Scope ?? "as asked"}</code></dd>
                <dt>Access token</dt><dd>until {Moment(connection.AccessTokenExpiresAt)}, renewed by itself</dd>
                <dt>Refresh token</dt><dd>{(connection.RefreshToken is null ? "none" : "kept, never rotated")}</dd>
                <dt>Consent</dt><dd><code>{connection.ConsentId}</code>{(connection.ConsentExpiresAt is { } end ? $", until {Moment(end)}" : "")}</dd>
                <dt>Customer</dt><dd><code>{connection.Subject}</code>, known by this name to Tally alone</dd>
                <dt>Events from the bank</dt>{(events.Count == 0 ? Html.Of($"""<dd>none so far</dd>""") : default)}{events.Take(MostEvents).Select(one => Html.Of($"""<dd><code>{one.Type}</code>{(one.Reason is null ? "" : $", {one.Reason}")}, {Moment(one.At)}</dd>"""))}
                <dt>Transactions read</dt><dd>{overview.Transactions.Count}</dd>
              </dl>
              <form method="post" action="/refresh"><button class="button quiet" type="submit">Renew the access token now</button></form>
            </details>
            """);
    }

    private static string Day(DateOnly day, DateTimeOffset now)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        if (day == today) return "Today";
        if (day == today.AddDays(-1)) return "Yesterday";
        return day.ToString(day.Year == today.Year ? "dddd d MMMM" : "d MMMM yyyy", CultureInfo.InvariantCulture);
    }

    private static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("d MMMM yyyy, HH:mm", CultureInfo.InvariantCulture) + " UTC";
}
