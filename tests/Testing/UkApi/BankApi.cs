using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank.Connector;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Consent;
using OpenBanking.Consent.Contracts;
using OpenBanking.Host;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Http;
using OpenBanking.Kernel.Jose;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments;
using OpenBanking.ResourceServer;
using OpenBanking.Testing.OpenApi;

namespace OpenBanking.Testing.UkApi;

/// <summary>Who calls, in the place of an access token.</summary>
public sealed record TestCaller(string ClientId, string? ConsentId = null, string CustomerId = "C-100001")
{
    /// <summary>How long ago the customer has authenticated.</summary>
    public TimeSpan Age { get; init; }
}

/// <summary>An answer, already found to be what the official files allow.</summary>
public sealed record ApiAnswer(int Status, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, Refusal? Refusal)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public JsonElement Data => Json.GetProperty(nameof(Data));

    /// <summary>The rule that the security log names as broken.</summary>
    public string? Rule => Refusal?.Rule;

    /// <summary>Code, and path where there is one, of every fault.</summary>
    public IReadOnlyList<string> Faults =>
        [.. Json.GetProperty("Errors").EnumerateArray().Select(error => error.GetProperty("ErrorCode").GetString() + (error.TryGetProperty("Path", out var path) ? " " + path.GetString() : ""))];

    public string? Link(string name) => Json.GetProperty("Links").TryGetProperty(name, out var link) ? link.GetString() : null;
}

/// <summary>
/// The Consent and Accounts modules on a server and a database of their own, without the authorization server: a header says who
/// calls. Every answer is validated against both official OpenAPI files before a test sees it.
/// </summary>
public sealed class BankApi : IAsyncDisposable
{
    public const string Tpp = "tpp-1";
    public const string OtherTpp = "tpp-2";
    public const string Root = "/open-banking/v4.0/aisp";
    public const string FundsRoot = "/open-banking/v4.0/cbpii";
    public const string PaymentsRoot = "/open-banking/v4.0/pisp";
    public const string EventsRoot = "/open-banking/v4.0";
    public const string Issuer = "https://bank.example";

    /// <summary>The key of what the bank signs.</summary>
    public static readonly SigningKey SigningKey = SigningKey.Create("PS256", rsaBits: 2048);

    public static readonly string[] Everything =
    [
        "ReadAccountsDetail", "ReadBalances", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits", "ReadPAN",
        "ReadBeneficiariesDetail", "ReadStandingOrdersDetail", "ReadDirectDebits", "ReadScheduledPaymentsDetail", "ReadOffers", "ReadProducts",
        "ReadParty", "ReadPartyPSU", "ReadStatementsDetail",
    ];

    private const string CallerHeader = "test-caller";
    private static readonly PasskeySignature Signed = new(Guid.Empty, [1], [2], [3], [4], [5]);
    private readonly WebApplication app;
    private readonly string folder;
    private readonly HttpClient client;

    private BankApi(WebApplication app, TestDatabase database, TestClock clock, CapturedLog log, EndedConsents ended, OutboundHttp outbound, IReadOnlyList<SandboxCustomer> customers, string folder)
    {
        this.folder = folder;
        this.app = app;
        Database = database;
        Clock = clock;
        Log = log;
        Ended = ended;
        Outbound = outbound;
        Customers = customers;
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public TestDatabase Database { get; }

    public TestClock Clock { get; }

    public CapturedLog Log { get; }

    /// <summary>Consents whose tokens the authorization server was told to end.</summary>
    public EndedConsents Ended { get; }

    /// <summary>Third parties' own servers.</summary>
    public OutboundHttp Outbound { get; }

    public IReadOnlyList<SandboxCustomer> Customers { get; }

    public IServiceProvider Services => app.Services;

    /// <summary>Where the anchors of the audit chain are.</summary>
    public string AuditFolder => Path.Combine(folder, "audit");

    /// <summary>An account's id by its short name.</summary>
    public string Account(string tag) => Customers.SelectMany(customer => customer.Accounts).First(account => account.Tag == tag).AccountId;

    /// <param name="reach">How it reaches its database, by the connection string of the direct way.</param>
    /// <param name="database">What to run on; null is a database with the sandbox's bank in it, unless the accounts are kept by another core.</param>
    public static async Task<BankApi> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<IServiceCollection>? replace = null,
        Func<string, string>? reach = null,
        TestDatabase? database = null)
    {
        database ??= settings?.ContainsKey("Accounts:Core:Address") == true ? await TestDatabase.CreateAsync() : await TestDatabase.CreateFilledAsync();
        var (clock, log, ended, folder, outbound) = (new TestClock(), new CapturedLog(), new EndedConsents(), TestFolder.Make(), new OutboundHttp());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Identity:Issuer"] = Issuer,
            ["Identity:MtlsIssuer"] = "https://mtls.bank.example:9443",
            ["Consent:AuditFolder"] = Path.Combine(folder, "audit"),
        });
        if (settings is not null) builder.Configuration.AddInMemoryCollection(settings);
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseUrls("http://127.0.0.1:0");

        var services = builder.Services;
        services.AddSingleton<TimeProvider>(clock);
        var connection = reach?.Invoke(database.ConnectionString) ?? database.ConnectionString;
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connection).Build());
        services.AddSingleton<DbDataSource>(provider => provider.GetRequiredService<NpgsqlDataSource>());
        services.AddScoped<ServiceFactory>(provider => provider.GetService);
        services.AddScoped<IMediator, Mediator>();
        services.AddConsent(builder.Configuration);
        services.AddAccounts(builder.Configuration);
        services.AddPayments(builder.Configuration);
        services.AddDataProtection().UseEphemeralDataProtectionProvider();

        // What the authorization server would answer and do.
        services.AddScoped<IRequestHandler<DescribeClient, ClientDescription?>, KnownClients>();
        services.AddScoped<IRequestHandler<SignMessage, string>, Signatures>();
        services.AddScoped<IRequestHandler<VerifyMessage, MessageVerdict>, Signatures>();
        services.AddScoped<IRequestHandler<SignClaims, string>, Signatures>();
        services.AddScoped<IRequestHandler<ListClientHosts, IReadOnlySet<string>?>, KnownClients>();
        services.AddSingleton(new OutboundRules());
        services.AddSingleton<HttpMessageHandler>(outbound);
        services.AddSingleton(ended);
        services.AddScoped<INotificationHandler<ConsentEnded>>(provider => provider.GetRequiredService<EndedConsents>());
        replace?.Invoke(services);

        // The customers' own standing orders would come between a test and its balances; who wants them has them carried out.
        services.Remove(services.Single(service => service.ImplementationFactory is Func<IServiceProvider, DuePayments>));

        var app = builder.Build();
        app.Use(NameCallerAsync);
        app.UseMiddleware<Faults>();
        app.UseRouting();
        app.UseMiddleware<OneTransaction>();
        app.Use(MessageSigning.AnswerAsync);
        app.MapConsent();
        app.MapAccounts();
        app.MapPayments();
        await app.StartAsync();
        var customers = await AccountsModule.SeedSandboxAsync(app.Services, CancellationToken.None);
        return new BankApi(app, database, clock, log, ended, outbound, customers, folder);
    }

    /// <summary>Sends a request and validates the answer.</summary>
    /// <param name="path">Below the family's root, or an absolute link that an answer gave.</param>
    /// <param name="root">The family's root: <see cref="Root"/> or <see cref="FundsRoot"/>.</param>
    public async Task<ApiAnswer> SendAsync(
        HttpMethod method, string path, TestCaller caller, string? body = null, Action<HttpRequestMessage>? adjust = null, string root = Root)
    {
        if (path.StartsWith(Issuer, StringComparison.Ordinal)) path = path[(Issuer.Length + root.Length)..];
        var interaction = Guid.NewGuid().ToString();
        using var request = new HttpRequestMessage(method, new Uri(root + path, UriKind.Relative));
        request.Headers.Add(InteractionId.Header, interaction);
        request.Headers.Add(CallerHeader, string.Join(';', caller.ClientId, caller.ConsentId, caller.CustomerId, caller.Age.Ticks));
        if (body is not null) request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        adjust?.Invoke(request);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var answer = new ApiAnswer((int)response.StatusCode, text, response.Headers, response.Content.Headers, Log.RefusalOf(response.Headers.GetValues(InteractionId.Header).Single()));
        await ValidateAsync(method, path, answer, root);
        return answer;
    }

    public Task<ApiAnswer> GetAsync(string path, TestCaller caller) => SendAsync(HttpMethod.Get, path, caller);

    /// <summary>Asks a module what another module would ask, in a transaction of its own.</summary>
    public async Task<T> AskAsync<T>(IRequest<T> question)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var answer = await scope.ServiceProvider.GetRequiredService<IMediator>().Send(question);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync();
        return answer;
    }

    /// <summary>Gives back what another system has set aside for nobody, as a job does now and then.</summary>
    public Task<int> GiveBackForgottenHoldsAsync(CancellationToken ct) => app.Services.GetRequiredService<Batches<ForgottenHolds>>().DoAllAsync(ct);

    public async Task PublishAsync(INotification fact)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMediator>().Publish(fact);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync();
    }

    /// <summary>A consent that waits for its customer; answers its id.</summary>
    public async Task<string> ConsentAsync(string clientId = Tpp, string[]? permissions = null, DateTimeOffset? expires = null, string? from = null, string? to = null)
    {
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["Permissions"] = permissions ?? Everything };
        if (expires is { } end) data["ExpirationDateTime"] = end.ToString("O", CultureInfo.InvariantCulture);
        if (from is not null) data["TransactionFromDateTime"] = from;
        if (to is not null) data["TransactionToDateTime"] = to;
        var answer = await SendAsync(HttpMethod.Post, "/account-access-consents", new TestCaller(clientId), JsonSerializer.Serialize(new { Data = data, Risk = new { } }));
        return answer.Status == 201 ? answer.Data.GetProperty("ConsentId").GetString()! : throw new InvalidOperationException(answer.Body);
    }

    /// <summary>Approves a consent as the portal would: as it is shown.</summary>
    /// <param name="isSigned">A passkey has signed it; whether rightly, the authorization server has found out before.</param>
    /// <param name="age">How long ago the customer has authenticated.</param>
    public async Task<AuthorisationAnswer> ApproveAsync(string consentId, string[] accounts, string customerId = "C-100001", string clientId = Tpp, string? digest = null, bool isSigned = true, TimeSpan age = default)
    {
        digest ??= (await AskAsync(new DescribeForApproval(consentId, clientId, customerId)))?.Digest ?? "-";
        return await AskAsync(new AuthoriseConsent(
            consentId, clientId, customerId, accounts, digest, new AuthenticationEvidence(Clock.Now - age, "passkey-1", new DecisionOrigin("192.0.2.7", "Browser/1")) { Signature = isSigned ? Signed : null }));
    }

    /// <summary>The caller of an approved consent.</summary>
    /// <param name="tags">Accounts by their short names.</param>
    public async Task<TestCaller> AccessAsync(
        string[] tags, string[]? permissions = null, string customerId = "C-100001", DateTimeOffset? expires = null, string? from = null, string? to = null)
    {
        var consentId = await ConsentAsync(permissions: permissions, expires: expires, from: from, to: to);
        var answer = await ApproveAsync(consentId, [.. tags.Select(Account)], customerId);
        return answer is AuthorisationAnswer.Authorised ? new TestCaller(Tpp, consentId, customerId) : throw new InvalidOperationException(answer.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
        await Database.DisposeAsync();
        TestFolder.Delete(folder);
        Log.Dispose();
    }

    private static Task NameCallerAsync(HttpContext http, RequestDelegate next)
    {
        var sent = http.Request.Headers[InteractionId.Header].ToString();
        var interaction = Guid.TryParseExact(sent, "D", out _) ? sent : Guid.NewGuid().ToString();
        http.SetInteractionIdentifier(interaction);
        http.Response.OnStarting(() =>
        {
            http.Response.Headers[InteractionId.Header] = interaction;
            return Task.CompletedTask;
        });
        if (http.Request.Headers[CallerHeader].ToString().Split(';') is [var clientId, var consentId, var customerId, var age])
        {
            var authenticated = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() - TimeSpan.FromTicks(long.Parse(age, CultureInfo.InvariantCulture));
            var consent = consentId.Length > 0 ? new ConsentBinding(consentId, customerId, DateTimeOffset.UtcNow, "urn:openbanking:psd2:sca") : null;
            var caller = new Caller(clientId, new HashSet<string>(StringComparer.Ordinal) { "accounts" }, consent);
            http.SetAccessToken(new BankToken { ClientId = clientId, Scopes = caller.Scopes, Caller = caller, DpopKeyThumbprint = "a-key", AuthenticatedAt = authenticated });
        }

        return next(http);
    }

    private static async Task ValidateAsync(HttpMethod method, string path, ApiAnswer answer, string root)
    {
        OfficialSchemas[] files = root == FundsRoot
            ? [await OfficialSchemas.FundsConfirmationAsync()]
            : root == EventsRoot ? [await OfficialSchemas.EventsAsync("v4.0.1"), await OfficialSchemas.EventsAsync("v4.0")]
            : root == PaymentsRoot && path.StartsWith("/domestic-vrp", StringComparison.Ordinal)
                ? [await OfficialSchemas.VariableRecurringPaymentsAsync("v4.0.1"), await OfficialSchemas.VariableRecurringPaymentsAsync("v4.0")]
            : root == PaymentsRoot ? [await OfficialSchemas.PaymentInitiationAsync("v4.0.1"), await OfficialSchemas.PaymentInitiationAsync("v4.0")]
            : [await OfficialSchemas.AccountInformationAsync("v4.0.1"), await OfficialSchemas.AccountInformationAsync("v4.0")];
        foreach (var official in files)
        {
            var problems = official.Problems(method.Method, path.Split('?')[0], answer.Status, answer.ContentHeaders.ContentType?.ToString(), answer.Body)
                .Where(problem => !MayDiffer(problem, answer) && !IsNewer(problem)).ToList();
            if (problems.Count > 0)
                throw new InvalidOperationException($"{method} {path} answered {answer.Status}, not as {official.Version} says: {string.Join("; ", problems)}\n{answer.Body}");
        }
    }

    /// <summary>That several must approve is asked for since 4.0.1 (OB-V401-9, OB-DEC-16).</summary>
    private static bool IsNewer(string problem) =>
        problem.StartsWith("v4.0 OBWriteDomestic", StringComparison.Ordinal) && problem.EndsWith("#/Data.Authorisation.AuthorisationType NotInEnumeration", StringComparison.Ordinal);

    /// <summary>
    /// Statuses that the text has and the file of 4.0 forgot for two types (OB-DEC-3), the account for refunds, which 4.0.1 has one object deeper
    /// (OB-DEC-15, OB-V401-16), and nothing else.
    /// </summary>
    private static bool MayDiffer(string problem, ApiAnswer answer) => problem.StartsWith("v4.0 OBDomesticVRPResponse: #/Data.Refund", StringComparison.Ordinal) || problem.StartsWith("v4.0 ", StringComparison.Ordinal) && problem.EndsWith("#/Data.Status NotInEnumeration", StringComparison.Ordinal)
        && (problem, answer.Data.GetProperty("Status").GetString()) switch
        {
            ("v4.0 OBWriteDomesticScheduledResponse5: #/Data.Status NotInEnumeration", "ACCC") => true,
            ("v4.0 OBWriteInternationalResponse5: #/Data.Status NotInEnumeration", "RCVD") => true,
            ("v4.0 OBWriteInternationalScheduledResponse6: #/Data.Status NotInEnumeration", "RCVD" or "CANC" or "ACCC") => true,
            _ => false,
        };

    /// <summary>Of a client's signature only that it is there; what a right one is, the tests of the authorization server ask.</summary>
    private sealed class Signatures : IRequestHandler<SignMessage, string>, IRequestHandler<SignClaims, string>, IRequestHandler<VerifyMessage, MessageVerdict>
    {
        public Task<string> Handle(SignClaims request, CancellationToken cancellationToken) => Task.FromResult(Jws.Sign(SigningKey, request.Type, request.Claims));

        public Task<string> Handle(SignMessage request, CancellationToken cancellationToken) =>
            Task.FromResult("signed.." + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(request.Body.Span)));

        public Task<MessageVerdict> Handle(VerifyMessage request, CancellationToken cancellationToken) => Task.FromResult<MessageVerdict>(
            request.Signatures is [{ Length: > 0 }] ? new MessageVerdict.Good() : new MessageVerdict.Wrong(new ApiFault("U019", "OB-JWS-12", "The request must be signed.", MessageSigning.Header)));
    }

    private sealed class KnownClients : IRequestHandler<DescribeClient, ClientDescription?>, IRequestHandler<ListClientHosts, IReadOnlySet<string>?>
    {
        public Task<IReadOnlySet<string>?> Handle(ListClientHosts request, CancellationToken cancellationToken) => Task.FromResult<IReadOnlySet<string>?>(
            request.ClientId.StartsWith("tpp-", StringComparison.Ordinal) ? new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "tpp.example" } : null);

        public Task<ClientDescription?> Handle(DescribeClient request, CancellationToken cancellationToken) => Task.FromResult(request.ClientId switch
        {
            Tpp => new ClientDescription(Tpp, "Tidy Budget", "Tidy Group", null),
            OtherTpp => new ClientDescription(OtherTpp, "Other App", null, null),
            _ => null,
        });
    }
}

/// <summary>What was said to the authorization server of consents that ended.</summary>
public sealed class EndedConsents : INotificationHandler<ConsentEnded>
{
    private readonly ConcurrentQueue<ConsentEnded> ended = new();

    public int Count(string consentId) => ended.Count(consent => consent.ConsentId == consentId);

    public Task Handle(ConsentEnded notification, CancellationToken cancellationToken)
    {
        ended.Enqueue(notification);
        return Task.CompletedTask;
    }
}
