using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>What went wrong, in words for the customer, with a way on. What the developer wants to know stands below, folded.</summary>
internal static class ProblemPage
{
    private sealed record Words(string Title, string Text, string Button);

    private static Words For(Stop kind) => kind switch
    {
        Stop.Declined => new("Nothing was shared", "The request ended at your bank without a yes, so Tally has no access to your accounts. You can connect whenever you like.", "Connect my bank"),
        Stop.TimedOut => new("That took a little too long", "For your safety your bank closes a request that is not finished in time. Nothing was shared. Please start again.", "Start again"),
        Stop.BankUnreachable => new("Your bank does not answer", "It may be busy or under maintenance. Nothing is lost; please try again in a minute.", "Try again"),
        Stop.AccessEnded => new("Access has ended", "The bank says access has ended. It ran out, or it was cancelled at the bank. Connect again to see your accounts here.", "Connect again"),
        Stop.NotTrusted => new("We stopped, to be safe", "Something about the bank's answer was not as it must be, so Tally has not used it. Nothing was shared. Please start again.", "Start again"),
        Stop.NotOurs => new("This link is not for this browser", "It was used already, or it began in another browser. Nothing was shared. Please start from here.", "Connect my bank"),
        _ => new("Your bank said no", "The bank did not accept the request. Nothing was shared. Please try again; if it happens again, tell us.", "Try again"),
    };

    // A payment that stopped: what the customer must know first is that no money moves (P-12).
    private static Words ForPayment(Stop kind) => kind switch
    {
        Stop.Declined => new("Nothing was paid", "The payment ended at your bank without a yes, so no money moves. You can pay whenever you like.", "Pay with my bank"),
        Stop.TimedOut => new("That took a little too long", "For your safety your bank closes a payment that is not approved in time. Nothing was paid. Please start again.", "Start again"),
        Stop.BankUnreachable => new("Your bank does not answer", "It may be busy or under maintenance. Nothing was paid; please try again in a minute.", "Try again"),
        Stop.NotTrusted => new("We stopped, to be safe", "Something about the bank's answer was not as it must be, so Tally has not used it. Nothing was paid. Please start again.", "Start again"),
        _ => new("Your bank said no", "The bank did not accept the payment. Nothing was paid.", "Look at it again"),
    };

    /// <param name="retry">Where "Try again" leads for a visit that failed; null starts a new journey.</param>
    public static Page Show(Problem problem, string client, int status, string? retry = null)
    {
        var words = problem.OfPayment ? ForPayment(problem.Kind) : For(problem.Kind);
        if (problem.OfPayment) retry ??= "/pay";
        return new Page(words.Title, Html.Of($"""
            <section class="card notice" role="alert">
              <h1>{words.Title}</h1>
              <p>{words.Text}{(problem.OfPayment && PaymentWords.Because(problem.Code) is { } because ? " " + because : "")}</p>
              {(retry is null
                  ? Html.Of($"""<form method="post" action="/connect"><input type="hidden" name="client" value="{client}"><button class="button" type="submit">{words.Button}</button></form>""")
                  : Html.Of($"""<p><a class="button" href="{retry}">{words.Button}</a></p>"""))}
              <p><a href="/">Back to the start</a></p>
              <details><summary>For developers</summary><p><code>{problem.Detail}</code></p></details>
            </section>
            """), status);
    }
}

/// <summary>The end of an access, asked for once and confirmed once.</summary>
internal static class DisconnectPage
{
    public static Page Ask(string bankName) => new("Disconnect", Html.Of($"""
        <section class="card notice">
          <h1>Disconnect {bankName}?</h1>
          <p>Tally gives its access back to your bank at once and forgets your accounts. You can connect again whenever you like.</p>
          <form method="post" action="/disconnect"><button class="button" type="submit">Disconnect</button> <a class="button quiet" href="/overview">Keep it</a></form>
        </section>
        """), Connected: true, Area: "disconnect");

    /// <param name="atBank">The bank has confirmed it; otherwise it did not answer, and the customer is told where to finish.</param>
    public static Page Done(bool atBank) => new("Disconnected", Html.Of($"""
        <section class="card notice" role="status">
          <h1>Disconnected</h1>
          {(atBank
              ? Html.Of($"""<p>Your bank has confirmed it: Tally can no longer see your accounts, and has forgotten them.</p>""")
              : Html.Of($"""<p>Tally has forgotten your accounts. Your bank did not answer just now; to be sure, cancel the access among its connected accounts too.</p>"""))}
          <p><a class="button" href="/">Back to the start</a></p>
        </section>
        """));
}
