namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>What the app is, in a screenful, and the button that everything begins with.</summary>
internal static class StartPage
{
    /// <param name="bankName">As the customer knows the bank.</param>
    /// <param name="connected">There is an access already.</param>
    /// <param name="mtls">The sandbox has given us a client certificate.</param>
    public static Page Show(string bankName, bool connected, bool mtls) => new("See where your money goes", Html.Of($"""
        <section class="hero">
          <div class="pitch">
            <h1>See where your money goes.</h1>
            <p class="lead">Tally brings your accounts together and adds up what you spend, month by month. And when a bill is due, you pay it from here, straight from your bank.</p>
            {Html.When(connected, $"""<p class="actions"><a class="button" href="/overview">Open my overview</a></p>""")}
            <form method="post" action="/connect" class="connect">
              <button class="button {(connected ? "quiet" : "")}" type="submit">Connect my bank</button>
              <p class="small">Takes a minute. You sign in at {bankName}, never here. Or <a href="/pay">pay a bill</a> without connecting anything.</p>
              <details>
                <summary>For developers</summary>
                {ClientChoice.Show(mtls)}
                <p class="small">To watch every request and answer, run this app with <code>--console</code>.</p>
              </details>
            </form>
          </div>
          {Illustration}
        </section>
        <section class="steps" aria-labelledby="steps">
          <h2 id="steps">What happens next</h2>
          <ol>
            <li><b>Your bank opens.</b><span>You sign in there as you always do. Tally never sees how.</span></li>
            <li><b>You pick the accounts.</b><span>Your bank shows what Tally asks for: names, balances and transactions, for 90 days.</span></li>
            <li><b>You come back here.</b><span>Your year of spending is ready.</span></li>
          </ol>
        </section>
        <section class="promises" aria-label="What you can count on">
          <p>{Icons.Eye}<span><b>Sees only what you show.</b> Connected accounts can be read, and nothing else.</span></p>
          <p>{Icons.Shield}<span><b>Your bank asks you.</b> Nothing is shared, and no penny paid, before you say yes there.</span></p>
          <p>{Icons.Power}<span><b>Off when you say.</b> Stop it here, or at your bank, at any time.</span></p>
        </section>
        """), Connected: connected);

    // A taste of the overview; decoration, so it says nothing to a screen reader.
    private static readonly Html Illustration = Html.Of($"""
        <div class="taste" aria-hidden="true">
          <svg viewBox="0 0 420 340" focusable="false">
            <circle class="sun" cx="338" cy="76" r="72"/>
            <rect class="behind" x="52" y="44" width="344" height="286" rx="22" transform="rotate(4 224 187)"/>
            <rect class="front" x="20" y="24" width="360" height="292" rx="22"/>
            <text class="t-small" x="48" y="68">Spent this month</text>
            <text class="t-big" x="48" y="108">£1,284</text>
            <rect class="t-badge" x="238" y="78" width="116" height="32" rx="16"/><text class="t-pill" x="296" y="99" text-anchor="middle">£96 less</text>
            <path class="base" d="M48 270h304"/>
            <g>
              <rect class="s1" x="56" y="206" width="34" height="64"/><rect class="s2" x="56" y="170" width="34" height="36"/><rect class="s3" x="56" y="150" width="34" height="20" rx="3"/>
              <rect class="s1" x="108" y="200" width="34" height="70"/><rect class="s2" x="108" y="158" width="34" height="42"/><rect class="s3" x="108" y="142" width="34" height="16" rx="3"/>
              <rect class="s1" x="160" y="210" width="34" height="60"/><rect class="s2" x="160" y="182" width="34" height="28"/><rect class="s3" x="160" y="156" width="34" height="26" rx="3"/>
              <rect class="s1" x="212" y="196" width="34" height="74"/><rect class="s2" x="212" y="160" width="34" height="36"/><rect class="s3" x="212" y="134" width="34" height="26" rx="3"/>
              <rect class="s1" x="264" y="206" width="34" height="64"/><rect class="s2" x="264" y="176" width="34" height="30"/><rect class="s3" x="264" y="158" width="34" height="18" rx="3"/>
              <rect class="s1" x="316" y="224" width="34" height="46"/><rect class="s2" x="316" y="204" width="34" height="20"/><rect class="s3" x="316" y="192" width="34" height="12" rx="3"/>
            </g>
            <g class="t-months" text-anchor="middle"><text x="73" y="292">Jun</text><text x="125" y="292">Jul</text><text x="177" y="292">Aug</text><text x="229" y="292">Sep</text><text x="281" y="292">Oct</text><text x="333" y="292">Nov</text></g>
          </svg>
        </div>
        """);
}
