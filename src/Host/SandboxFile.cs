using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenBanking.Host.Control;

namespace OpenBanking.Host;

/// <summary>All that a tester needs to know, in <c>sandbox.json</c> for programs and on the console for people.</summary>
internal static class SandboxFile
{
    public const string Name = "sandbox.json";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // A file for people and programs; it is never part of a page.
    };

    public static void Write(DataDirectory data, HostSettings settings, string connectionString, SandboxSecret secret, IReadOnlyList<DemoCustomer> customers) =>
        data.Write(Name, JsonSerializer.Serialize(
            new
            {
                Issuer = settings.Issuer.OriginalString,
                Mtls = settings.MtlsIssuer.OriginalString,
                Ca = data[ServerCertificates.AuthorityFile],
                Customers = customers.Select(customer => new
                {
                    customer.Username,
                    customer.ActivationCode,
                    Accounts = customer.Accounts.Select(account => new { account.Tag, account.AccountId, account.Name, account.Identification, account.Currency }),
                }),
                Directory = new { Issuer = SandboxDirectory.IssuerOf(settings), Jwks = SandboxDirectory.IssuerOf(settings) + "/jwks" },
                Database = connectionString,
                ControlSecret = secret.Value,
            },
            Readable));

    /// <summary>Notes a customer's new code in the file that is there.</summary>
    public static void Replace(DataDirectory data, DemoCustomer customer)
    {
        if (data.Read(Name) is not { } text || JsonNode.Parse(text) is not JsonObject sandbox) return;
        foreach (var entry in sandbox["customers"]?.AsArray() ?? [])
        {
            if (entry?["username"]?.GetValue<string>() == customer.Username) entry["activationCode"] = customer.ActivationCode;
        }

        data.Write(Name, sandbox.ToJsonString(Readable));
    }

    public static void Print(TextWriter console, DataDirectory data, HostSettings settings, bool withSample, IReadOnlyList<DemoCustomer> customers)
    {
        console.WriteLine();
        console.WriteLine("The sandbox bank is open.");
        console.WriteLine();
        console.WriteLine($"  Bank, issuer, APIs with DPoP       {settings.Issuer.OriginalString}");
        console.WriteLine($"  APIs with client certificates      {settings.MtlsIssuer.OriginalString}");
        console.WriteLine($"  Statements and certificates        {SandboxDirectory.IssuerOf(settings)}");
        if (withSample) console.WriteLine($"  A third party's app to try it with https://localhost:{settings.TppPort}");
        console.WriteLine($"  CA to trust                        {data[ServerCertificates.AuthorityFile]}");
        console.WriteLine($"  Everything for testers             {data[Name]}");
        if (customers.Count > 0)
        {
            console.WriteLine();
            console.WriteLine($"  Customers (make a passkey first at {settings.Issuer.OriginalString.TrimEnd('/')}/activate)");
            foreach (var customer in customers)
                console.WriteLine($"    {customer.Username,-12} activation code {customer.ActivationCode}   {customer.Accounts.Count} accounts");
        }

        console.WriteLine();
    }
}
