using System.Net;
using System.Security.Cryptography;
using MediatR;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Accounts.CoreBank;
using OpenBanking.Accounts.Ledger;
using OpenBanking.Accounts.Storage;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Authorize;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Storage;

namespace OpenBanking.Testing.Tpp;

/// <summary>A customer with accounts.</summary>
public sealed class TestCustomer
{
    private static int count;
    private readonly TestHost home;

    private TestCustomer(TestHost host, string customerId, string username, Guid userId, IReadOnlyList<string> accountIds)
    {
        home = host;
        Username = username;
        CustomerId = customerId;
        UserId = userId;
        AccountIds = accountIds;
    }

    public string CustomerId { get; }

    /// <summary>The name by which the customer signs in, and by which a client may hint at the customer.</summary>
    public string Username { get; }

    public Guid UserId { get; }

    public IReadOnlyList<string> AccountIds { get; }

    public static Task<TestCustomer> CreateAsync(TestHost host, int accounts = 2) => host.InScopeAsync(async services =>
    {
        var number = Interlocked.Increment(ref count);
        var customerId = $"customer-{number}";
        var now = host.Clock.Now;
        await services.GetRequiredService<IMediator>().Send(new IssueActivationCode(customerId, $"user-{number}", "Test Customer", null, false));
        var user = await services.GetRequiredService<IdentityDb>().Users.SingleAsync(row => row.CustomerId == customerId);

        var bank = services.GetRequiredService<AccountsDb>();
        var ids = new List<string>();
        for (var position = 0; position < accounts; position++)
        {
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            ids.Add(id);
            bank.Add(new BankAccount
            {
                Id = id,
                Position = position,
                Name = $"Account {position + 1}",
                Description = "Current account",
                Currency = "GBP",
                Category = "Personal",
                TypeCode = "CACC",
                Scheme = "UK.OBIE.SortCodeAccountNumber",
                Identification = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{RandomNumberGenerator.GetInt32(100_000, 999_999)}{RandomNumberGenerator.GetInt32(10_000_000, 99_999_999)}"),
                HolderName = "Test Customer",
                ServicerBic = "OPBKGB2L",
                OpenedAt = now.AddYears(-3),
                State = AccountState.Open,
                StateChangedAt = now.AddYears(-3),
                Balance = 0,
                IsJoint = false,
            });
            bank.Add(new Holder { CustomerId = customerId, AccountId = id });
        }

        await bank.SaveChangesAsync();
        return new TestCustomer(host, customerId, user.Username, user.Id, ids);
    });

    /// <summary>A browser that is signed in to the portal with a real passkey.</summary>
    public async Task<WebAuthn.PortalBrowser> SignInAsync()
    {
        var browser = new WebAuthn.PortalBrowser(home);
        var code = await WebAuthn.PortalBrowser.NewCustomerAsync(home, Username, CustomerId);
        var activated = await browser.ActivateAsync(Username, code);
        var signedIn = await browser.SignInAsync();
        return activated.IsSuccess && signedIn.IsSuccess ? browser : throw new InvalidOperationException($"Not signed in: {activated.Text} {signedIn.Text} {string.Join(" ", home.Refusals)}");
    }

    /// <summary>A browser of this customer, with cookies of its own.</summary>
    public TestBrowser OpenBrowser(TestHost? host = null) => new(host ?? home, this);
}

/// <summary>
/// A customer's browser as far as HTTP goes. Pages and passkeys have tests of their own; here the sign-in and the click are handed in
/// behind them, through the same messages that the pages send.
/// </summary>
public sealed class TestBrowser : IDisposable
{
    private readonly TestHost host;
    private readonly TestCustomer customer;
    private readonly CookieContainer cookies = new();
    private readonly HttpClient http;

    internal TestBrowser(TestHost host, TestCustomer customer)
    {
        this.host = host;
        this.customer = customer;
        http = host.CreateClient(cookies: cookies);
    }

    /// <summary>The portal session of the last sign-in.</summary>
    public Guid? SessionId { get; set; }

    public async Task<Answer> OpenAsync(string path) => await Answer.OfAsync(await http.GetAsync(new Uri(path, UriKind.Relative)));

    public async Task<Answer> PostAsync(string path, Form form)
    {
        using var content = form.Content();
        return await Answer.OfAsync(await http.PostAsync(new Uri(path, UriKind.Relative), content));
    }

    /// <summary>Opens an authorization address and answers with the id of the interaction that it began.</summary>
    public async Task<string> ArriveAsync(string path)
    {
        var answer = await OpenAsync(path);
        return answer.Parameter("interaction") ?? throw new InvalidOperationException($"No interaction: {answer.Status} {answer.Location} {answer.Body}");
    }

    /// <summary>The secret that ties an interaction to this browser; null where it has none.</summary>
    public string? SecretOf(string interaction) => cookies.GetCookies(host.Main)[InteractionCookie.NameFor(interaction)]?.Value;

    public InteractionReference Reference(string interaction) => new(interaction, SecretOf(interaction), SessionId);

    /// <summary>Signs the customer in for an interaction, as a passkey would; false where the interaction does not take it.</summary>
    public async Task<bool> SignInAsync(string interaction, TestCustomer? as_ = null)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Cookie = $"{InteractionCookie.NameFor(interaction)}={SecretOf(interaction)}";
        var session = Guid.CreateVersion7();
        var signIn = new InteractionSignIn(session, (as_ ?? customer).UserId, host.Clock.Now, "passkey-1", ["hwk", "user", "mfa"]);
        var taken = await host.InScopeAsync(async services =>
            await services.GetRequiredService<Interactions>().AuthenticatedAsync(context, interaction, signIn, CancellationToken.None) is not null);
        foreach (var cookie in context.Response.Headers.SetCookie) cookies.SetCookies(host.Main, cookie!);
        if (taken) SessionId = session;
        return taken;
    }

    public Task<InteractionState> DescribeAsync(string interaction) => SendAsync(new DescribeInteraction(Reference(interaction)));

    /// <summary>The digest that the approval page would carry.</summary>
    public async Task<ApprovalDocument> DocumentAsync(string interaction)
    {
        var state = await DescribeAsync(interaction);
        if (state is not InteractionState.DecisionNeeded needed) throw new InvalidOperationException($"Nothing to decide: {state}");
        return await SendAsync(new DescribeForApproval(needed.Summary.ConsentId, needed.Summary.ClientId, needed.CustomerId))
            ?? throw new InvalidOperationException("Nothing to show.");
    }

    /// <summary>Approves as the page shows it, with these accounts or all of them; fails where it is not taken.</summary>
    public async Task<ReturnToClient> ApproveAsync(string interaction, params string[] accountIds)
    {
        var document = await DocumentAsync(interaction);
        var chosen = accountIds.Length > 0 ? accountIds : [.. document.Accounts.Select(account => account.AccountId)];
        var answer = await TryApproveAsync(interaction, document.Digest, chosen);
        return answer is DecisionAnswer.Done done ? done.Return : throw new InvalidOperationException($"Not approved: {answer}");
    }

    public Task<DecisionAnswer> TryApproveAsync(string interaction, string digest, IReadOnlyList<string> accountIds) =>
        SendAsync(new ApproveInteraction(Reference(interaction), accountIds, digest, new DecisionOrigin("192.0.2.7", "Test browser")));

    public Task<DecisionAnswer> DenyAsync(string interaction) =>
        SendAsync(new DenyInteraction(Reference(interaction), new DecisionOrigin("192.0.2.7", "Test browser")));

    public void Dispose() => http.Dispose();

    private Task<T> SendAsync<T>(IRequest<T> request) => host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(request));
}
