using System.Globalization;
using MediatR;
using Npgsql;
using OpenBanking.Accounts;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent;
using OpenBanking.Consent.Contracts;
using OpenBanking.Host.Reports;
using OpenBanking.Identity.Contracts;
using OpenBanking.Kernel.Storage;
using OpenBanking.Payments.Contracts;

namespace OpenBanking.Host;

/// <summary>What an operator may do by <c>./run.sh VERB…</c>, beside a running host or without one.</summary>
internal static class Commands
{
    private static readonly string[] Shown = ["Sandbox", "OPENBANKING", "ConnectionStrings", "Identity", "RateLimits", "Stop", "Tls", "KeyEncryption", "Forwarded", "Policies", "Logging", "Consent", "Accounts", "Payments", "Api"];

    private sealed record Command(string Verb, string Arguments, Func<IServiceProvider, string[], TextWriter, CancellationToken, Task<int>> Run)
    {
        public bool NeedsDatabase { get; init; } = true;
    }

    private static readonly Command[] Known =
    [
        new("audit verify", "", VerifyAuditAsync),
        new("config show", "", (services, _, output, _) => ShowConfigurationAsync(services, output)),
        new("clock show", "", ShowClockAsync),
        new("consents suspend", "CONSENT [WHY…]", SuspendConsentAsync),
        new("core certify", "ADDRESS CUSTOMER [OTHER-CUSTOMER…]", CertifyCoreAsync) { NeedsDatabase = false },
        new("customers code", "USERNAME", CustomerCommands.IssueCodeAsync),
        new("customers enrol", "CUSTOMER USERNAME [NAME…]", CustomerCommands.EnrolAsync),
        new("directories revoke", "DIRECTORY ID", (services, words, output, ct) => ChangeStatementsAsync(services, new RevokeStatements(words[0], words[1]), output, ct)),
        new("directories restore", "DIRECTORY ID", (services, words, output, ct) => ChangeStatementsAsync(services, new RestoreStatements(words[0], words[1]), output, ct)),
        new("events dead", "", ShowDeadEventsAsync),
        new("events resend", "EVENT|all", ResendEventsAsync),
        new("evidence messages", "CLIENT DAY", ShowMessagesAsync),
        new("evidence verify", "CONSENT", VerifyEvidenceAsync),
        new("keyring rotate", "", RotateKeyRingAsync),
        new("keys rotate", "", RotateKeysAsync),
        new("ledger verify", "", VerifyLedgerAsync),
        new("policy explain", "[SIGNAL=VALUE…]", ExplainPolicyAsync),
        new("report counters", "[from=DAY] [to=DAY…]", ReportCommands.ShowCountersAsync),
        new("report maintenance", "FROM TO [WHY…]", ReportCommands.AnnounceAsync),
        new("report performance", "[from=DAY] [to=DAY…]", ReportCommands.ShowPerformanceAsync),
        new("seed big", "[customers=10000] [transactions=1000000] [consents=100000…]", SeedBigAsync),
        new("threat show", "", ShowThreatAsync),
        new("threat raise", "[WHY…]", (services, words, output, ct) => ChangeThreatAsync(services, raise: true, words, output, ct)),
        new("threat lower", "[WHY…]", (services, words, output, ct) => ChangeThreatAsync(services, raise: false, words, output, ct)),
    ];

    /// <summary>How the arguments of a verb end that takes any number of words.</summary>
    private const string Any = "…]";

    /// <summary>Who is at the keyboard, also behind sudo.</summary>
    internal static string AtTheKeyboard => Environment.GetEnvironmentVariable("SUDO_USER") is { Length: > 0 } user ? user : Environment.UserName;

    /// <summary>The words on the command line that are a verb and not a setting.</summary>
    public static string[] Words(string[] args) => [.. args.TakeWhile(word => !word.StartsWith('-'))];

    /// <summary>What is wrong with a verb before anything is started for it; null where nothing is.</summary>
    public static string? Problem(string[] words)
    {
        if (Find(words) is { } command)
        {
            var wanted = command.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
            return command.Arguments.EndsWith(Any, StringComparison.Ordinal) || words.Length - 2 == wanted ? null : $"Use: ./run.sh {command.Verb} {command.Arguments}".TrimEnd();
        }

        return $"There is no command '{LogLines.Escape(string.Join(' ', words))}'; there are: {string.Join(", ", Known.Select(known => $"{known.Verb} {known.Arguments}".TrimEnd()))}.";
    }

    /// <summary>Whether a verb works on what the bank has stored.</summary>
    public static bool NeedsDatabase(string[] words) => Find(words)!.NeedsDatabase;

    public static async Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        await using var scope = services.CreateAsyncScope();
        if (!NeedsDatabase(words)) return await Find(words)!.Run(scope.ServiceProvider, words[2..], output, ct);

        // A command has no follower of its own; what it decides by the time must fit what the hosts decide.
        if (services.GetService<SandboxClock>() is { } moved) await moved.FollowAsync(services.GetRequiredService<HostDatabase>(), ct);
        var exit = await Find(words)!.Run(scope.ServiceProvider, words[2..], output, ct);
        await scope.ServiceProvider.GetRequiredService<UnitOfWork>().CommitAsync(ct);
        return exit;
    }

    private static Command? Find(string[] words) =>
        words.Length < 2 ? null : Known.FirstOrDefault(command => command.Verb == $"{words[0]} {words[1]}");

    private static Task<int> ShowConfigurationAsync(IServiceProvider services, TextWriter output)
    {
        foreach (var (name, value) in services.GetRequiredService<IConfiguration>().AsEnumerable().OrderBy(setting => setting.Key, StringComparer.Ordinal))
        {
            if (value is not null && Array.Exists(Shown, root => name.StartsWith(root, StringComparison.OrdinalIgnoreCase)))
                output.WriteLine($"{name.Replace(":", "__", StringComparison.Ordinal)} = {LogLines.Escape(WithoutSecrets(name, value))}");
        }

        return Task.FromResult(0);
    }

    /// <summary>Whether the audit chain is as it was written: against itself, the status history and the anchors of this data directory.</summary>
    private static async Task<int> VerifyAuditAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var report = await services.GetRequiredService<IMediator>().Send(new VerifyAuditChain(), ct);
        if (report.Problem is { } problem)
        {
            await Console.Error.WriteLineAsync(LogLines.Escape(problem));
            return 1;
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"The audit chain is whole: {report.Events} events on {report.Days} {(report.Days == 1 ? "day" : "days")}."));
        return 0;
    }

    private static async Task<int> ShowClockAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        var offset = clock is SandboxClock { OffsetMilliseconds: var milliseconds } ? milliseconds : 0;
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():O} ({offset} ms from the real time)"));
        return 0;
    }

    /// <summary>The bank stops an access, for suspected fraud or because its customer must authenticate again.</summary>
    private static async Task<int> SuspendConsentAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var why = words.Length < 2 ? "No reason given." : string.Join(' ', words[1..]);
        var answer = words.Length == 0
            ? SuspensionAnswer.NotFound
            : await services.GetRequiredService<IMediator>().Send(new SuspendConsent(words[0], AtTheKeyboard, why), ct);
        if (answer == SuspensionAnswer.Suspended)
        {
            await output.WriteLineAsync("The access is stopped.");
            return 0;
        }

        await Console.Error.WriteLineAsync(answer == SuspensionAnswer.NotFound ? "There is no such consent." : "The consent gives no access that could be stopped.");
        return 1;
    }

    /// <summary>The signed messages of a client and a day, one a line: when, what, its hash, and the message itself.</summary>
    private static async Task<int> ShowMessagesAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        if (!DateOnly.TryParseExact(words[1], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            await Console.Error.WriteLineAsync("DAY is a date such as 2026-01-31, from midnight to midnight UTC.");
            return 1;
        }

        var from = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        foreach (var kept in await services.GetRequiredService<IMediator>().Send(new FindSignedMessages(words[0], from, from.AddDays(1)), ct))
            await output.WriteLineAsync($"{kept.At:u} {kept.Kind} {kept.Hash} {kept.Jwt}");
        return 0;
    }

    /// <summary>The events that did not arrive, oldest first, one a line: which, whose, what, since when, after how many tries, and why.</summary>
    private static async Task<int> ShowDeadEventsAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        const int Most = 1000;
        var dead = await services.GetRequiredService<IMediator>().Send(new ListDeadEvents(Most), ct);
        foreach (var one in dead)
        {
            await output.WriteLineAsync(LogLines.Escape(string.Create(
                CultureInfo.InvariantCulture, $"{one.EventId} {one.ClientId} {one.Type} {one.ResourceId} of {one.At:u}, given up {one.Since:u} after {one.Tries} tries: {one.Why}")));
        }

        await output.WriteLineAsync(dead.Count switch
        {
            0 => "Every event has arrived or is on its way.",
            Most => $"These are the oldest {Most}; there may be more.",
            _ => $"{dead.Count} did not arrive.",
        });
        return 0;
    }

    private static async Task<int> ResendEventsAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var resent = await services.GetRequiredService<IMediator>().Send(new ResendEvents(words[0] == "all" ? null : words[0]), ct);
        if (resent == 0)
        {
            await Console.Error.WriteLineAsync("There is no such event among those that did not arrive.");
            return 1;
        }

        await output.WriteLineAsync($"{resent} will be sent once more.");
        return 0;
    }

    /// <summary>What was shown, what was signed, what was executed; each against the one before (OB-SCA-2).</summary>
    private static async Task<int> VerifyEvidenceAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var mediator = services.GetRequiredService<IMediator>();
        if (await mediator.Send(new DescribeEvidence(words[0]), ct) is not { } kept)
        {
            await Console.Error.WriteLineAsync("Nobody has approved such a consent.");
            return 1;
        }

        var problems = new List<string>();
        foreach (var one in kept.Further.Prepend(kept))
        {
            await output.WriteLineAsync(LogLines.Escape($"shown {one.At:u} to {one.CustomerId} from {one.Address ?? "an unknown address"}: {one.Document}"));
            if (!one.DigestIsRight) problems.Add($"the document of {one.CustomerId} is not the one whose digest was kept");
            if (one.Signature is not { } signature)
            {
                // Under an exemption it need not be signed, and then it was not.
                if (one.Sca is { IsExempt: true } exempt) await output.WriteLineAsync($"not signed: exempt by {exempt.Article} ({exempt.Name})");
                else problems.Add("no passkey has signed it");
            }
            else if (await mediator.Send(new VerifyPasskeySignature(signature, one.Digest, one.AccountIds), ct) is { } wrong) problems.Add(wrong);
            else await output.WriteLineAsync("signed by the passkey whose key was kept, over the document and the account");

            // All who must approve a payment have seen the same.
            if (one.Payment?.Shown != kept.Payment?.Shown) problems.Add($"{one.CustomerId} was shown another payment");
        }

        var holders = kept.Further.Prepend(kept).Select(one => one.CustomerId).Distinct(StringComparer.Ordinal).Count();
        foreach (var order in await mediator.Send(new ListOrdersOfConsent(words[0]), ct))
        {
            await output.WriteLineAsync(LogLines.Escape($"executed {order.OrderId}: {order.Amount} {order.Currency} to {order.Payee}, {order.Status}"));
            if (kept.Payment is not { } shown || !shown.Allows(order.Amount, order.Currency, order.Payee) || !kept.AccountIds.Contains(order.AccountId))
                problems.Add($"the order {order.OrderId} is not what was shown");
            if (order.ApprovalsNeeded > holders) problems.Add($"the order {order.OrderId} needed {order.ApprovalsNeeded} approvals, and there is evidence of {holders}");
        }

        foreach (var problem in problems) await Console.Error.WriteLineAsync(LogLines.Escape(problem));
        await output.WriteLineAsync(problems.Count == 0 ? "The evidence holds." : "The evidence does not hold.");
        return problems.Count == 0 ? 0 : 1;
    }

    private static async Task<int> VerifyLedgerAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var report = await services.GetRequiredService<IMediator>().Send(new VerifyLedger(), ct);
        foreach (var problem in report.Problems) await Console.Error.WriteLineAsync(LogLines.Escape(problem));
        await output.WriteLineAsync(
            $"{report.Accounts} accounts, {report.Entries} entries, {report.Legs} legs, {report.Holds} holds: {(report.Problems.Count == 0 ? "the books balance." : "the books do not balance.")}");
        return report.Problems.Count == 0 ? 0 : 1;
    }

    private static async Task<int> RotateKeysAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var rotation = await services.GetRequiredService<IMediator>().Send(new RotateSigningKeys(), ct);
        foreach (var key in rotation.Keys)
        {
            var until = key.PublishedUntil is { } end ? $", published until {end:u}" : "";
            await output.WriteLineAsync($"{key.Algorithm} {key.KeyId} signs from {key.SignsFrom:u}{until}{(key.IsNew ? ", new" : "")}");
        }

        return 0;
    }

    /// <summary>The key ring protects cookies and forms, and the signing keys where they are stored; the signing keys are another matter.</summary>
    private static async Task<int> RotateKeyRingAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var (key, isNew) = KeyRing.Rotate(services);
        await output.WriteLineAsync($"{key.KeyId} protects from {key.ActivationDate:u}{(isNew ? ", new" : "")}");
        return 0;
    }

    private static async Task<int> ChangeStatementsAsync(IServiceProvider services, IRequest<RevocationAnswer> change, TextWriter output, CancellationToken ct)
    {
        var (exit, said) = await services.GetRequiredService<IMediator>().Send(change, ct) switch
        {
            RevocationAnswer.Done done when change is RevokeStatements => (0, string.Create(CultureInfo.InvariantCulture, $"Revoked; {done.Suspended} clients are out of service by it.")),
            RevocationAnswer.Done => (0, "No longer revoked by command."),
            RevocationAnswer.WasNotRevoked => (1, "That was not revoked by command."),
            RevocationAnswer.UnknownDirectory unknown => (1, $"There is no such directory; there are: {string.Join(", ", unknown.Known)}."),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        await (exit == 0 ? output : Console.Error).WriteLineAsync(LogLines.Escape(said));
        return exit;
    }

    private static async Task<int> ExplainPolicyAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var explained = await services.GetRequiredService<IMediator>().Send(new ExplainPolicy(words), ct);
        if (explained.Problem is { } problem)
        {
            await Console.Error.WriteLineAsync(problem);
            return 1;
        }

        foreach (var line in explained.Lines) await output.WriteLineAsync(LogLines.Escape(line));
        return 0;
    }

    private static async Task<int> ShowThreatAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var threat = await services.GetRequiredService<IMediator>().Send(new DescribeThreat(), ct);
        await output.WriteLineAsync($"The threat level is {threat.Level}.");
        foreach (var change in threat.Changes)
            await output.WriteLineAsync(LogLines.Escape($"{change.At:u} {change.From} -> {change.To} by {change.By}: {change.Why}"));
        return 0;
    }

    private static async Task<int> ChangeThreatAsync(IServiceProvider services, bool raise, string[] words, TextWriter output, CancellationToken ct)
    {
        var why = words.Length == 0 ? "no reason given" : string.Join(' ', words);
        var threat = await services.GetRequiredService<IMediator>().Send(new ChangeThreat(raise, AtTheKeyboard, why), ct);
        await output.WriteLineAsync(threat.Changed ? $"The threat level is {threat.Level} now." : $"The threat level is {threat.Level} already.");
        return 0;
    }

    /// <summary>Tries a bank's adapter, a line a case; how it is reached beside its address the settings under Accounts__Core say.</summary>
    private static async Task<int> CertifyCoreAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        if (words.Length is < 2 or > 3 || !Uri.TryCreate(words[0], UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
        {
            await Console.Error.WriteLineAsync("Use: ./run.sh core certify ADDRESS CUSTOMER [OTHER-CUSTOMER], where ADDRESS is that of the bank's adapter.");
            return 1;
        }

        var (kept, failed) = (0, 0);
        var all = await services.GetRequiredService<IMediator>().Send(new CertifyCoreBank(address, words[1], words.ElementAtOrDefault(2), ReportAsync), ct);
        await output.WriteLineAsync(all ? $"The core keeps the contract: {kept} cases." : $"The core does not keep the contract: {failed} of {kept + failed} cases.");
        return all ? 0 : 1;

        Task ReportAsync(CoreCase done)
        {
            if (done.Problem is not null) failed++;
            else if (done.WasTried) kept++;
            var how = !done.WasTried ? "not tried" : done.Problem is null ? "kept" : "BROKEN";
            return output.WriteLineAsync(LogLines.Escape($"{done.Id} {how,-9} {done.Says}{(done.Problem is null ? "" : ": " + done.Problem)}"));
        }
    }

    /// <summary>Fills the sandbox's bank with customers, bookings and accesses by the thousand, so that speed can be measured among them.</summary>
    private static async Task<int> SeedBigAsync(IServiceProvider services, string[] words, TextWriter output, CancellationToken ct)
    {
        var sizes = new Dictionary<string, int>(StringComparer.Ordinal) { ["customers"] = 10_000, ["transactions"] = 1_000_000, ["consents"] = 100_000 };
        foreach (var word in words)
        {
            var (name, value) = word.Split('=') is [var left, var right] ? (left, right) : (word, "");
            if (!sizes.ContainsKey(name) || !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size is < 1 or > 9_000_000)
            {
                await Console.Error.WriteLineAsync("Use: ./run.sh seed big [customers=10000] [transactions=1000000] [consents=100000], each from 1 to 9000000.");
                return 1;
            }

            sizes[name] = size;
        }

        if (!services.GetRequiredService<HostSettings>().Sandbox)
        {
            await Console.Error.WriteLineAsync("Only a sandbox can be filled; this is none.");
            return 1;
        }

        var clock = services.GetRequiredService<TimeProvider>();
        var start = clock.GetTimestamp();
        await AccountsModule.SeedSandboxAsync(services, ct);
        var held = await AccountsModule.SeedBulkAsync(services, sizes["customers"], sizes["transactions"], count => Say("transactions", count), ct);
        await ConsentModule.SeedBulkAsync(services, sizes["consents"], held, count => Say("consents", count), ct);
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"Added {sizes["customers"]:N0} customers, {sizes["transactions"]:N0} transactions and {sizes["consents"]:N0} consents in {clock.GetElapsedTime(start).TotalSeconds:0} s."));
        return 0;

        void Say(string what, int count) => output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(start).TotalSeconds,5:0} s  {count,11:N0} of {sizes[what]:N0} {what}"));
    }

    private static string WithoutSecrets(string name, string value)
    {
        if (!name.StartsWith("ConnectionStrings", StringComparison.OrdinalIgnoreCase))
            return name.Contains("secret", StringComparison.OrdinalIgnoreCase) || name.Contains("password", StringComparison.OrdinalIgnoreCase) ? "(not shown)" : value;
        var connection = new NpgsqlConnectionStringBuilder(value);
        connection.Password = connection.Password is null ? null : "(not shown)";
        connection.SslPassword = connection.SslPassword is null ? null : "(not shown)";
        return connection.ConnectionString;
    }
}
