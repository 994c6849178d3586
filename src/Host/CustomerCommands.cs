using System.Buffers;
using System.Globalization;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;

namespace OpenBanking.Host;

/// <summary>How a bank makes its customers known to the portal, and gives them codes to create a passkey with.</summary>
internal static class CustomerCommands
{
    private const int LongestUsername = 64;
    private static readonly SearchValues<char> Username = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_@");

    /// <summary>Makes a customer known whom the core bank has, and prints the code.</summary>
    public static async Task<int> EnrolAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        if (words is not [var customerId, var username, .. var name]) return await SayAsync("Use: ./run.sh customers enrol CUSTOMER USERNAME [NAME…]");
        if (username.Length > LongestUsername || username.AsSpan().ContainsAnyExcept(Username))
            return await SayAsync($"A username is 1 to {LongestUsername} letters, digits, or . - _ @");

        var mediator = services.GetRequiredService<IMediator>();
        if (await mediator.Send(new FindCustomer(username), ct) is { } known && known.CustomerId != customerId)
            return await SayAsync($"The username {username} is another customer's.");
        if (await mediator.Send(new FindCustomer(CustomerId: customerId), ct) is { } same && !string.Equals(same.Username, username, StringComparison.OrdinalIgnoreCase))
            return await SayAsync($"This customer is known as {same.Username}. Another code: ./run.sh customers code {same.Username}");
        try
        {
            if ((await mediator.Send(new ListOwnAccounts(customerId), ct)).Count == 0) return await SayAsync("The core bank knows no open account of this customer.");
        }
        catch (CoreBankAwayException)
        {
            return await SayAsync("The core bank cannot be asked at the moment; nothing was done.");
        }

        return await IssueAsync(services, new IssueActivationCode(customerId, username, name.Length == 0 ? username : string.Join(' ', name), ActivationCode: null, Reusable: false), output, ct);
    }

    /// <summary>Gives a customer another code; one that was given before is worth nothing then.</summary>
    public static async Task<int> IssueCodeAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        // The sandbox's own customers have codes that testers may use again, and that stand in its file.
        var seeded = services.GetRequiredService<HostSettings>().Sandbox ? await DemoData.SeedAsync(services, words[0], ct) : [];
        if (seeded.FirstOrDefault(customer => string.Equals(customer.Username, words[0], StringComparison.OrdinalIgnoreCase)) is { } one)
        {
            SandboxFile.Replace(services.GetRequiredService<DataDirectory>(), one);
            await output.WriteLineAsync(one.ActivationCode);
            return 0;
        }

        return await services.GetRequiredService<IMediator>().Send(new FindCustomer(words[0]), ct) is { } known
            ? await IssueAsync(services, new IssueActivationCode(known.CustomerId, known.Username, known.DisplayName, ActivationCode: null, Reusable: false), output, ct)
            : await SayAsync("There is no such customer.");
    }

    // Whoever holds the code can become the customer, so the audit tells that there was one and who had it made (OP-07).
    private static async Task<int> IssueAsync(IServiceProvider services, IssueActivationCode issue, TextWriter output, CancellationToken ct)
    {
        var mediator = services.GetRequiredService<IMediator>();
        var issued = await mediator.Send(issue, ct);
        var facts = new Dictionary<string, string?>(StringComparer.Ordinal) { ["username"] = issued.Username, ["by"] = Commands.AtTheKeyboard };
        await mediator.Publish(new AuditedFact("customer.code", issue.CustomerId, services.GetRequiredService<TimeProvider>().GetUtcNow(), facts), ct);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{issued.ActivationCode} (for {issued.Username}, once, until {issued.ExpiresAt:yyyy-MM-dd HH:mm} UTC)"));
        return 0;
    }

    private static async Task<int> SayAsync(string problem)
    {
        await Console.Error.WriteLineAsync(problem);
        return 1;
    }
}
