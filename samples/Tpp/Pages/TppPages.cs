using OpenBanking.Kernel;
using OpenBanking.Samples.Tpp.Bank;
using OpenBanking.Samples.Tpp.Budget;
using OpenBanking.Samples.Tpp.Journey;

namespace OpenBanking.Samples.Tpp.Pages;

/// <summary>The app's pages: every route with its steps.</summary>
internal sealed class TppPages(Banks banks, ConnectionStore store, EventLog events, TppOptions options, TimeProvider time)
{
    private const string CookieName = "__Host-tally";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    public static void Map(WebApplication app)
    {
        app.MapGet("/", (TppPages pages, HttpContext http, CancellationToken ct) => pages.StartAsync(http, ct));
        app.MapPost("/connect", (TppPages pages, HttpContext http, CancellationToken ct) => pages.ConnectAsync(http, ct));
        app.MapGet("/callback", (TppPages pages, HttpContext http, CancellationToken ct) => pages.CallbackAsync(http, ct));
        app.MapGet("/overview", (TppPages pages, HttpContext http, CancellationToken ct) => pages.OverviewAsync(http, ct));
        app.MapPost("/refresh", (TppPages pages, HttpContext http, CancellationToken ct) => pages.RefreshAsync(http, ct));
        app.MapGet("/problem", (TppPages pages, HttpContext http, CancellationToken ct) => pages.ProblemAsync(http, ct));
        app.MapGet("/disconnect", (TppPages pages, HttpContext http, CancellationToken ct) => pages.AskAsync(http, ct));
        app.MapGet("/pay", (TppPages pages, HttpContext http, CancellationToken ct) => pages.BillAsync(http, ct));
        app.MapPost("/pay", (TppPages pages, HttpContext http, CancellationToken ct) => pages.PayAsync(http, ct));
        app.MapGet("/payments/{id}", (TppPages pages, HttpContext http, string id, CancellationToken ct) => pages.PaymentAsync(http, id, ct));
        app.MapPost("/payments/{id}/again", (TppPages pages, HttpContext http, string id, CancellationToken ct) => pages.AgainAsync(http, id, ct));
        app.MapPost("/disconnect", (TppPages pages, HttpContext http, CancellationToken ct) => pages.DisconnectAsync(http, ct));
        app.MapGet("/assets/{version}/{name}", Assets.Get);
    }

    /// <summary>What every page says to the browser. Forms lead to ourselves, and "Connect my bank" on to the bank.</summary>
    public static Task Headers(HttpContext http, RequestDelegate next)
    {
        var bank = http.RequestServices.GetRequiredService<Banks>().Client(ClientKind.Dpop.Key).AuthorizationOrigin;
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
            + $"form-action 'self' {bank}; base-uri 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        return next(http);
    }

    /// <summary>A form of another site, the bank's included, must not press our buttons.</summary>
    public static Task OwnFormsOnly(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(http.Request.Method)) return next(http);
        var own = http.RequestServices.GetRequiredService<TppOptions>().Origin;
        if (http.Request.Headers.Origin == own) return next(http);
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    public async Task<IResult> StartAsync(HttpContext http, CancellationToken ct)
    {
        var session = await SessionAsync(http, ct);
        return StartPage.Show(options.BankName, session.Connection is not null, banks.OffersMtls);
    }

    public async Task<IResult> ConnectAsync(HttpContext http, CancellationToken ct)
    {
        var kind = await ChosenClientAsync(http.Request, ct);
        if ((await banks.Journey(kind).StartAsync(Customer.Of(http), ct)).Failed(out var fault, out var started))
            return ProblemPage.Show(Problem.Of(fault), kind, StatusCodes.Status502BadGateway);
        return await LeaveAsync(http, started, ct);
    }

    /// <summary>Where a bill is paid, with what was paid before.</summary>
    public async Task<IResult> BillAsync(HttpContext http, CancellationToken ct) => Bill(await SessionAsync(http, ct), PayForm.Of(Payment.Sample()));

    public async Task<IResult> PayAsync(HttpContext http, CancellationToken ct)
    {
        if (!http.Request.HasFormContentType) return new SeeOther("/pay");
        if (PayForm.Read(await http.Request.ReadFormAsync(ct)).Judge().Failed(out var again, out var payment)) return Bill(await SessionAsync(http, ct), again);
        var kind = await ChosenClientAsync(http.Request, ct);
        return (await banks.Payments(kind).StartAsync(payment, Customer.Of(http), ct)).Failed(out var fault, out var started)
            ? ProblemPage.Show(Problem.Of(fault) with { OfPayment = true }, kind, StatusCodes.Status502BadGateway)
            : await LeaveAsync(http, started, ct);
    }

    /// <summary>How a payment stands: the bank is asked as long as there is more to come.</summary>
    public async Task<IResult> PaymentAsync(HttpContext http, string id, CancellationToken ct)
    {
        var session = await SessionAsync(http, ct);
        if (session.Payments.Find(one => one.Id == id) is not { } made || http.Request.Cookies[CookieName] is not { } cookie) return new SeeOther("/pay");
        var (journey, away) = (banks.Payments(made.Client), false);
        if (made.Order is not null && !PaymentWords.Of(made).IsEnd)
        {
            away = (await journey.LookAsync(made, ct)).Failed(out _, out var now);
            if (now is not null) await store.KeepAsync(cookie, made = now, ct);
        }

        return PaymentPage.Show(options.BankName, made, banks.Client(made.Client).ClientId, session.Connection is not null, away);
    }

    /// <summary>The order once more, under the same key, where nobody knows whether the bank has it.</summary>
    public async Task<IResult> AgainAsync(HttpContext http, string id, CancellationToken ct)
    {
        var session = await SessionAsync(http, ct);
        if (session.Payments.Find(one => one.Id == id) is not { } made || http.Request.Cookies[CookieName] is not { } cookie) return new SeeOther("/pay");
        if (made.IsUnclear) await store.KeepAsync(cookie, await banks.Payments(made.Client).OrderAsync(made, Customer.Of(http), ct), ct);
        return new SeeOther("/payments/" + id);
    }

    private Page Bill(TppSession session, PayForm form) => PayPage.Show(options.BankName, form, session.Payments, session.Connection is not null, banks.OffersMtls);

    // The customer goes to the bank, and we remember what for.
    private async Task<IResult> LeaveAsync(HttpContext http, StartedJourney started, CancellationToken ct)
    {
        var cookie = http.Request.Cookies[CookieName] is { Length: 43 } known ? known : Handle.New().Value;
        await store.AddAsync(cookie, started.Pending, ct);
        http.Response.Cookies.Append(CookieName, cookie, new CookieOptions
        {
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Lax, // The bank sends the browser back to us by a link.
            Path = "/",
            MaxAge = TimeSpan.FromDays(90),
        });
        return new SeeOther(started.AuthorizeUrl.AbsoluteUri);
    }

    /// <summary>The browser is back from the bank. The answer always leads on by a redirect, so that no code stays in the address bar.</summary>
    public async Task<IResult> CallbackAsync(HttpContext http, CancellationToken ct)
    {
        if (Callback.Read(http.Request.Query).Failed(out var problem, out var callback)) return NotOurs(problem);
        if (http.Request.Cookies[CookieName] is not { } cookie) return NotOurs(new Problem(Stop.NotOurs, "no cookie of ours"));
        var pending = await store.TakeAsync(cookie, callback.State, ct);
        if (callback.Judge(pending, time.GetUtcNow()).Failed(out problem, out var code))
            return pending is null ? NotOurs(problem) : await StopAsync(cookie, problem with { OfPayment = pending.Payment is not null }, ct);
        if (pending!.Payment is not null) return await OrderAsync(http, cookie, pending, code, ct);
        if ((await banks.Journey(pending.Client).FinishAsync(pending, code, ct)).Failed(out var fault, out var connection))
            return await StopAsync(cookie, Problem.Of(fault), ct);

        var before = await store.ChangeAsync(
            cookie,
            session =>
            {
                var replaced = session.Connection;
                session.Connection = connection;
                session.Problem = null;
                return replaced;
            },
            ct);

        // The access that this one replaces would live on at the bank with nobody using it. If the bank does not answer, it runs out.
        if (before is not null) await banks.Journey(before.Client).EndAsync(before.ConsentId, Customer.Of(http), ct);
        return new SeeOther("/overview");
    }

    // The customer has approved a payment: it is ordered at once, and its page says what became of it.
    private async Task<IResult> OrderAsync(HttpContext http, string cookie, PendingJourney pending, string code, CancellationToken ct)
    {
        var journey = banks.Payments(pending.Client);
        if ((await journey.FinishAsync(pending, code, ct)).Failed(out var fault, out var made)) return await StopAsync(cookie, Problem.Of(fault) with { OfPayment = true }, ct);

        // Kept before it is ordered, so that a crash in between loses neither the order's key nor the token.
        await store.KeepAsync(cookie, made, ct);
        await store.KeepAsync(cookie, await journey.OrderAsync(made, Customer.Of(http), ct), ct);
        return new SeeOther("/payments/" + made.Id);
    }

    public async Task<IResult> OverviewAsync(HttpContext http, CancellationToken ct)
    {
        var session = await SessionAsync(http, ct);
        if (session.Connection is not { } connection || http.Request.Cookies[CookieName] is not { } cookie) return new SeeOther("/");
        if ((await LoadAsync(cookie, connection, Customer.Of(http), ct)).Failed(out var fault, out var overview))
            return await FailedVisitAsync(cookie, connection, fault, ct);
        var happened = await events.OfAsync(connection, ct);
        return OverviewPage.Show(overview, banks.Client(connection.Client).ClientId, happened, http.Request.Query["currency"], http.Request.Query.ContainsKey("all"));
    }

    public async Task<IResult> RefreshAsync(HttpContext http, CancellationToken ct)
    {
        var session = await SessionAsync(http, ct);
        if (session.Connection is not { } connection || http.Request.Cookies[CookieName] is not { } cookie) return new SeeOther("/");
        if ((await RenewAsync(cookie, connection, ct)).Failed(out var fault, out _))
            return await FailedVisitAsync(cookie, connection, fault, ct);
        return new SeeOther("/overview");
    }

    public async Task<IResult> ProblemAsync(HttpContext http, CancellationToken ct)
    {
        var session = await SessionAsync(http, ct);
        return session.Problem is { } problem
            ? ProblemPage.Show(problem, ClientKind.Dpop.Key, StatusCodes.Status200OK)
            : new SeeOther("/");
    }

    public async Task<IResult> AskAsync(HttpContext http, CancellationToken ct)
    {
        var session = await SessionAsync(http, ct);
        return session.Connection is null ? new SeeOther("/") : DisconnectPage.Ask(options.BankName);
    }

    public async Task<IResult> DisconnectAsync(HttpContext http, CancellationToken ct)
    {
        if (http.Request.Cookies[CookieName] is not { } cookie) return new SeeOther("/");
        var connection = await store.ChangeAsync(
            cookie,
            session =>
            {
                var ended = session.Connection;
                session.Connection = null;
                session.Problem = null;
                return ended;
            },
            ct);
        if (connection is null) return new SeeOther("/");
        var failed = (await banks.Journey(connection.Client).EndAsync(connection.ConsentId, Customer.Of(http), ct)).Failed(out var fault, out _);

        // A consent that the bank no longer knows is as good as one it has just deleted.
        return DisconnectPage.Done(atBank: !failed || fault!.Kind == BankFaultKind.Refused);
    }

    // An access token lives for minutes: it is renewed before it ends, and once more if the bank is of another opinion.
    private async Task<Outcome<Overview, BankFault>> LoadAsync(string cookie, Connection connection, Customer customer, CancellationToken ct)
    {
        var fresh = connection.AccessTokenExpiresAt - Soon > time.GetUtcNow();
        if (!fresh)
        {
            if ((await RenewAsync(cookie, connection, ct)).Failed(out var ended, out var renewed)) return ended;
            connection = renewed;
        }

        var bank = banks.Client(connection.Client);
        var loaded = await Overview.LoadAsync(bank, options.BankName, connection, customer, time.GetUtcNow(), ct);
        if (!loaded.Failed(out var fault, out _) || fault.Kind != BankFaultKind.AccessEnded || !fresh) return loaded;
        if ((await RenewAsync(cookie, connection, ct)).Failed(out fault, out var again)) return fault;
        return await Overview.LoadAsync(bank, options.BankName, again, customer, time.GetUtcNow(), ct);
    }

    private async Task<Outcome<Connection, BankFault>> RenewAsync(string cookie, Connection connection, CancellationToken ct)
    {
        if ((await banks.Journey(connection.Client).RenewAsync(connection, ct)).Failed(out var fault, out var renewed)) return fault;
        await store.ChangeAsync(
            cookie,
            session =>
            {
                // Another tab may have disconnected or connected anew in the meantime; its word is the later one.
                if (session.Connection?.ConsentId == renewed.ConsentId) session.Connection = renewed;
                return true;
            },
            ct);
        return renewed;
    }

    private async Task<IResult> FailedVisitAsync(string cookie, Connection connection, BankFault fault, CancellationToken ct)
    {
        var problem = Problem.Of(fault);
        if (problem.Kind != Stop.AccessEnded)
            return ProblemPage.Show(problem, connection.Client, StatusCodes.Status502BadGateway, retry: "/overview");
        await store.ChangeAsync(
            cookie,
            session =>
            {
                if (session.Connection?.ConsentId == connection.ConsentId) session.Connection = null;
                return true;
            },
            ct);
        return ProblemPage.Show(problem, connection.Client, StatusCodes.Status200OK);
    }

    private async Task<IResult> StopAsync(string cookie, Problem problem, CancellationToken ct)
    {
        await store.ChangeAsync(
            cookie,
            session =>
            {
                session.Problem = problem;
                return true;
            },
            ct);
        return new SeeOther("/problem");
    }

    private static Page NotOurs(Problem problem) => ProblemPage.Show(problem, ClientKind.Dpop.Key, StatusCodes.Status400BadRequest);

    private async Task<string> ChosenClientAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasFormContentType) return ClientKind.Dpop.Key;
        var form = await request.ReadFormAsync(ct);
        return form["client"] == ClientKind.Certificate.Key && banks.OffersMtls ? ClientKind.Certificate.Key : ClientKind.Dpop.Key;
    }

    private async Task<TppSession> SessionAsync(HttpContext http, CancellationToken ct) =>
        http.Request.Cookies[CookieName] is { } cookie ? await store.ReadAsync(cookie, ct) : new TppSession();
}

/// <summary>303, so that the browser goes on with GET whatever it came with (RFC 9110, 15.4.4).</summary>
internal sealed record SeeOther(string Location) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = Location;
        return Task.CompletedTask;
    }
}
