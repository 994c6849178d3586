using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Budget;
using OpenBanking.Samples.Tpp.Journey;
using OpenBanking.Samples.Tpp.Pages;

namespace OpenBanking.Samples.Tpp.Terminal;

/// <summary>The journeys in a terminal, a step at a time, with everything that passes on the wire. Only the browser's part is not here.</summary>
internal sealed class ConsoleJourney(Banks banks, ClientKind kind, TppOptions options, Paper paper, Func<Task> pause, TimeProvider time)
{
    private readonly BankClient bank = banks.Client(kind.Key);
    private readonly ConnectionJourney journey = banks.Journey(kind.Key);

    /// <summary>
    /// Runs one: <c>--console</c> reads accounts, with <c>--pay</c> it makes a payment; <c>--yes</c> does not wait for Enter, <c>--mtls</c> is the client
    /// with a certificate, and <c>--keep</c> leaves an access in place at the end.
    /// </summary>
    /// <param name="output">Where to print.</param>
    /// <param name="wire">What stands in the place of the network, in a test.</param>
    public static async Task<int> RunAsync(
        string[] args, TppOptions options, TimeProvider time, TextWriter output, Func<HttpMessageHandler, HttpMessageHandler>? wire = null)
    {
        var colour = output == Console.Out && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;
        var paper = new Paper(output, colour);
        var kind = args.Contains("--mtls", StringComparer.Ordinal) ? ClientKind.Certificate : ClientKind.Dpop;
        var answers = new Answers();
        var (app, listening) = await ListenAsync(options, answers, time, inner => new Narrator(wire?.Invoke(inner) ?? inner, paper, time));
        if (app is null)
        {
            await Console.Error.WriteLineAsync($"Neither port {options.Port} nor {options.Port + 1} is free for the bank's answer.");
            return 1;
        }

        await using (app)
        {
            var waits = !args.Contains("--yes", StringComparer.Ordinal) && !Console.IsInputRedirected;
            var (banks, stopping) = (app.Services.GetRequiredService<Banks>(), app.Lifetime.ApplicationStopping);
            Task Pause() => waits ? EnterAsync(paper) : Task.CompletedTask;
            var pays = args.Contains("--pay", StringComparer.Ordinal) || (waits && await AsksToPayAsync(paper));
            var outcome = pays
                ? await new ConsolePayment(banks, kind, listening, paper, Pause, time).GoAsync(answers, stopping)
                : await new ConsoleJourney(banks, kind, listening, paper, Pause, time).GoAsync(answers, !args.Contains("--keep", StringComparer.Ordinal), stopping);
            await app.StopAsync();
            if (outcome is null) return 0;
            paper.Bad(outcome.Detail);
            return 1;
        }
    }

    // The web pages may have the registered port; the next one is registered for this.
    private static async Task<(WebApplication? App, TppOptions Options)> ListenAsync(
        TppOptions options, Answers answers, TimeProvider time, Func<HttpMessageHandler, HttpMessageHandler> wire)
    {
        foreach (var port in new[] { options.Port, options.Port + 1 })
        {
            var candidate = options with { Port = port, HomePort = options.Port };
            var app = TppServer.Build(candidate, time, wire);
            app.MapGet("/callback", answers.Take);
            app.MapGet("/assets/{version}/{name}", Assets.Get);
            try
            {
                await app.StartAsync();
                return (app, candidate);
            }
            catch (IOException)
            {
                await app.DisposeAsync();
            }
        }

        return (null, options);
    }

    private async Task<Problem?> GoAsync(Answers answers, bool giveBack, CancellationToken ct)
    {
        paper.Strong("A third party reads a customer's accounts, step by step.");
        paper.Line($"The bank is {options.Issuer}. Tokens and keys' proofs are shown in full: use this with a sandbox only.");

        paper.Step(1, "Discovery", "The issuer's own document says where its endpoints are. At the first start the app registers itself with what the directory gives it.");
        if ((await bank.DiscoverAsync(ct)).Failed(out var fault, out _)) return Problem.Of(fault);
        paper.Good($"we are client {bank.ClientId}");
        await pause();

        paper.Step(2, "A token for ourselves", kind.Mtls
            ? "Client credentials. The TLS certificate says who we are, and the token is bound to it (RFC 8705)."
            : "Client credentials. A signed assertion says who we are, a DPoP proof binds the token to our key (RFC 7523, RFC 9449).");
        if ((await journey.ClientTokenAsync(ct)).Failed(out fault, out var clientToken)) return Problem.Of(fault);
        await pause();

        paper.Step(3, "An account-access consent", "The bank learns what the customer will be asked for: which data, until when, how far back.");
        if ((await journey.CreateConsentAsync(clientToken, Customer.Absent, ct)).Failed(out fault, out var consent)) return Problem.Of(fault);
        await pause();

        paper.Step(4, "The authorization request, pushed", "It goes to the bank directly, so the browser carries only a reference (RFC 9126), with PKCE, state and nonce.");
        if ((await journey.PushAsync(consent, ct)).Failed(out fault, out var started)) return Problem.Of(fault);

        paper.Step(5, "The customer at the bank", "Open this address in a browser, sign in, choose accounts, approve. It is good for a short time only.");
        if ((await answers.CodeAsync(started, paper, time, ct)).Failed(out var problem, out var code)) return problem;
        await pause();

        paper.Step(6, "The code for tokens", "The code verifier shows that we are who pushed the request. The ID token is checked before anything is used.");
        if ((await journey.FinishAsync(started.Pending, code, ct)).Failed(out fault, out var connection)) return Problem.Of(fault);
        paper.Good("ID token: signature, iss, aud, exp, iat, nonce, acr and openbanking_intent_id are as asked for");
        paper.Good($"the bank calls the customer {connection.Subject}, to us alone");
        await pause();

        paper.Step(7, "Accounts, balances, transactions", "With the customer's token: what was chosen, and no more. Pages follow the bank's links.");
        if ((await Overview.LoadAsync(bank, options.BankName, connection, Customer.Absent, time.GetUtcNow(), ct)).Failed(out fault, out var overview))
            return Problem.Of(fault);
        Tell(overview);
        await pause();

        paper.Step(8, "A new access token", "The refresh token is used again and again; FAPI 2.0 forbids to rotate it.");
        if (connection.RefreshToken is null) paper.Bad("the bank gave no refresh token");
        else if ((await journey.RenewAsync(connection, ct)).Failed(out fault, out connection)) return Problem.Of(fault);
        await pause();

        if (giveBack)
        {
            paper.Step(9, "The access is given back", "The consent is deleted; the very next request with its token must fail.");
            if ((await journey.EndAsync(consent.Id, Customer.Absent, ct)).Failed(out fault, out _)) return Problem.Of(fault);
            var dead = await bank.ApiAsync(
                HttpMethod.Get, AccountInformation.BasePath + "accounts", connection.AccessToken, null, Customer.Absent, ct);
            if (!dead.Failed(out fault, out _)) return new Problem(Stop.NotTrusted, "the token still works");
            paper.Good("the token is worth nothing any more");
        }

        paper.Line();
        paper.Good("done; with --pay a payment is made, step by step");
        return null;
    }

    private void Tell(Overview overview)
    {
        foreach (var account in overview.Accounts)
            paper.Good($"{account.Name}, {account.Kind}: {(account.Balance is { } balance ? MoneyText.Exact(balance) : "no balance")}");
        paper.Good($"{overview.Transactions.Count} transactions");
        if (overview.Currencies.Count == 0) return;
        var spending = Spending.Of(overview.Transactions, overview.Currencies[0], overview.Now).Last(6);
        var highest = Enumerable.Range(0, spending.Months.Count).Max(spending.TotalOf);
        for (var month = 0; month < spending.Months.Count && highest > 0; month++)
        {
            var bar = new string('#', (int)Math.Round(spending.TotalOf(month) / highest * 40));
            paper.Line($"    {SpendingChart.LongName(spending.Months[month]),-15} {bar} {MoneyText.Round(spending.TotalOf(month), spending.Currency)}");
        }
    }

    private static async Task<bool> AsksToPayAsync(Paper paper)
    {
        paper.Line("1 reads a customer's accounts, 2 makes a payment. Which one? [1]");
        return (await Console.In.ReadLineAsync())?.Trim() == "2";
    }

    private static async Task EnterAsync(Paper paper)
    {
        paper.Line("Press Enter to go on.");
        await Console.In.ReadLineAsync();
    }
}

/// <summary>The answer that a browser brings to the loopback listener; only the one with the state we wait for counts.</summary>
internal sealed class Answers
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);
    private readonly TaskCompletionSource<Callback> arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? state;

    /// <summary>Prints where the browser goes, and answers with the code that it brings back, once everything beside it is as it must be.</summary>
    public async Task<Outcome<string, Problem>> CodeAsync(StartedJourney started, Paper paper, TimeProvider time, CancellationToken ct)
    {
        var pending = started.Pending;
        state = pending.State;
        paper.Line(started.AuthorizeUrl.AbsoluteUri);
        paper.Line();
        try
        {
            var callback = await arrived.Task.WaitAsync(Patience, time, ct);
            if (callback.Judge(pending, time.GetUtcNow()).Failed(out var problem, out var code)) return problem;
            paper.Good("state is the one we sent");
            paper.Good($"iss is {pending.Issuer}");
            paper.Good($"code {code}");
            return code;
        }
        catch (TimeoutException)
        {
            return new Problem(Stop.TimedOut, "nobody came back from the bank within 15 minutes");
        }
        catch (OperationCanceledException)
        {
            return new Problem(Stop.Declined, "stopped");
        }
    }

    public IResult Take(HttpContext http)
    {
        if (!Callback.Read(http.Request.Query).Failed(out _, out var callback)
            && state is not null
            && string.Equals(callback.State, state, StringComparison.Ordinal)
            && arrived.TrySetResult(callback))
            return new Page("Back to the terminal", Html.Of($"""
                <section class="card notice" role="status"><h1>Back to your terminal</h1><p>The answer has arrived there. You can close this page.</p></section>
                """));
        return new Page("Not expected", Html.Of($"""
            <section class="card notice" role="alert"><h1>Nobody waits for this</h1><p>It was used already, or it belongs to another journey.</p></section>
            """), StatusCodes.Status400BadRequest);
    }
}
