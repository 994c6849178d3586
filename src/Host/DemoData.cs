using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using Microsoft.AspNetCore.DataProtection;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Host;

/// <summary>The sandbox's bank: its customers with their activation codes and accounts, and the sample third party as a client.</summary>
internal static class DemoData
{
    private const string CodesSetting = "sandbox-activation-codes";
    private const string ClientsFile = "clients.json";

    /// <summary>Opens the sandbox's bank on the host that is about to listen; of several that start, one does it at a time.</summary>
    public static async Task<IReadOnlyList<DemoCustomer>> OpenBankAsync(WebApplication app, CancellationToken ct)
    {
        IReadOnlyList<DemoCustomer> customers = [];
        await app.Services.GetRequiredService<SandboxClock>().FollowAsync(app.Services.GetRequiredService<HostDatabase>(), ct);
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

    /// <summary>
    /// Registers the sample third party twice, once for DPoP and once for mutual TLS, in a file that the authorization server reads, and
    /// gives it its certificates. Answers the file's path.
    /// </summary>
    public static string RegisterSampleClients(DataDirectory data, HostSettings settings)
    {
        const string Subject = "CN=sample-tpp-mtls,O=Tally,C=GB"; // As RFC 4514 writes it.
        data.Folder("tls");
        data.Folder("tpp");
        ServerCertificates.IssueForSample(data, "tls/tpp", Server.RealTime);
        ServerCertificates.IssueClientCertificate(data, "tpp/client.pem", Subject, Server.RealTime);
        var clients = new JsonArray(
            Client("sample-tpp-dpop", new JsonObject
            {
                ["token_endpoint_auth_method"] = "private_key_jwt",
                ["dpop_bound_access_tokens"] = true,
                ["jwks_uri"] = $"https://localhost:{settings.TppPort}/jwks.json",
            }),
            Client("sample-tpp-mtls", new JsonObject
            {
                ["token_endpoint_auth_method"] = "tls_client_auth",
                ["tls_client_certificate_bound_access_tokens"] = true,
                ["tls_client_auth_subject_dn"] = Subject,
            }));
        data.Write(ClientsFile, clients.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        return data[ClientsFile];

        JsonObject Client(string id, JsonObject more)
        {
            var client = new JsonObject
            {
                ["client_id"] = id,
                ["client_name"] = "Tally",
                ["client_uri"] = $"https://localhost:{settings.TppPort}",
                ["org_id"] = "sample-org",
                ["software_id"] = "sample-tpp",
                ["software_roles"] = new JsonArray("AISP"),
                ["security_profile"] = "fapi2-sp",
                ["redirect_uris"] = new JsonArray($"https://localhost:{settings.TppPort}/callback", $"https://localhost:{settings.TppPort + 1}/callback"),
                ["grant_types"] = new JsonArray("authorization_code", "refresh_token", "client_credentials"),
                ["scope"] = "openid accounts offline_access",
            };
            foreach (var (name, value) in more) client[name] = value?.DeepClone();
            return client;
        }
    }
}

/// <summary>A customer as testers need to know her.</summary>
internal sealed record DemoCustomer(string CustomerId, string Username, string ActivationCode, IReadOnlyList<SandboxAccountName> Accounts);

/// <summary>The customers of the sandbox, once they are there.</summary>
internal sealed class SandboxCustomers
{
    public IReadOnlyList<DemoCustomer> All { get; set; } = [];

    /// <summary>The bank's number of a customer named by username or by that number.</summary>
    public string? Find(string name) =>
        All.FirstOrDefault(customer => string.Equals(customer.Username, name, StringComparison.OrdinalIgnoreCase) || customer.CustomerId == name)?.CustomerId;
}
