using System.Text.Json;
using MediatR;
using Microsoft.AspNetCore.DataProtection;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Host.Control;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host;

/// <summary>The sandbox's bank: its customers with their activation codes and accounts.</summary>
internal static class DemoData
{
    private const string CodesSetting = "sandbox-activation-codes";

    /// <summary>Opens the sandbox's bank on the host that is about to listen; of several that start, one does it at a time.</summary>
    public static async Task<IReadOnlyList<DemoCustomer>> OpenBankAsync(WebApplication app, CancellationToken ct)
    {
        IReadOnlyList<DemoCustomer> customers = [];
        await app.Services.GetRequiredService<SandboxClock>().FollowAsync(app.Services.GetRequiredService<HostDatabase>(), ct);
        await app.Services.GetRequiredService<SandboxState>().FollowAsync(ct);
        await HostDatabase.AloneAsync(
            app.Configuration.GetConnectionString("OpenBanking")!,
            async _ => customers = await SeedAsync(app.Services, null, ct),
            ct);
        return app.Services.GetRequiredService<SandboxCustomers>().All = customers;
    }

    /// <summary>Makes sure the bank is filled and its customers can sign in, with the codes they had before.</summary>
    /// <param name="newCodeFor">The username of a customer whose code is to be a new one.</param>
    public static async Task<IReadOnlyList<DemoCustomer>> SeedAsync(IServiceProvider services, string? newCodeFor, CancellationToken ct)
    {
        var database = services.GetRequiredService<HostDatabase>();
        var protector = services.GetRequiredService<IDataProtectionProvider>().CreateProtector(CodesSetting);
        var codes = await database.ReadAsync(CodesSetting, ct) is { } stored
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(protector.Unprotect(stored))!
            : new Dictionary<string, string>(StringComparer.Ordinal);

        if (newCodeFor is not null) codes.Remove(newCodeFor);
        var bank = await AccountsModule.SeedSandboxAsync(services, ct);
        var customers = new List<DemoCustomer>();
        await using var scope = services.CreateAsyncScope();
        var mediator = scope.ServiceProvider.GetRequiredService<IMediator>();
        foreach (var customer in bank)
        {
            // Testers enrol authenticators of their own, so a code may be used again here; outside the sandbox it is single-use.
            var issue = new IssueActivationCode(customer.CustomerId, customer.Username, customer.DisplayName, codes.GetValueOrDefault(customer.Username), Reusable: true);
            var issued = await mediator.Send(issue, ct);
            codes[customer.Username] = issued.ActivationCode;
            customers.Add(new DemoCustomer(customer.CustomerId, customer.Username, issued.ActivationCode, customer.Accounts));
        }

        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
        await database.WriteAsync(CodesSetting, protector.Protect(JsonSerializer.Serialize(codes)), ct);
        return customers;
    }

    /// <summary>Gives the sample third party a certificate for its own pages. What it is to the bank it gets from the directory like any other.</summary>
    public static void PrepareSample(DataDirectory data)
    {
        data.Folder("tls");
        ServerCertificates.IssueForSample(data, "tls/tpp", Server.RealTime);
    }
}

/// <summary>A customer as testers need to know her.</summary>
internal sealed record DemoCustomer(string CustomerId, string Username, string ActivationCode, IReadOnlyList<SandboxAccountName> Accounts);

/// <summary>The customers of the sandbox, once they are there.</summary>
internal sealed class SandboxCustomers
{
    public IReadOnlyList<DemoCustomer> All { get; set; } = [];

    /// <summary>The id of an account named by it or by its short name.</summary>
    public string? FindAccount(string name) =>
        All.SelectMany(customer => customer.Accounts).FirstOrDefault(account => account.AccountId == name || account.Tag == name)?.AccountId;

    /// <summary>The bank's number of a customer named by username or by that number.</summary>
    public string? Find(string name) =>
        All.FirstOrDefault(customer => string.Equals(customer.Username, name, StringComparison.OrdinalIgnoreCase) || customer.CustomerId == name)?.CustomerId;
}
