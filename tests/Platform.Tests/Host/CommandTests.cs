using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>What an operator does by commands, beside a running host.</summary>
public sealed class CommandTests(SandboxTests.Running running) : IClassFixture<SandboxTests.Running>
{
    private HostProcess Host => running.Host;

    [Fact]
    public async Task The_threat_level_is_raised_and_lowered_and_holds_at_the_next_sign_in()
    {
        var (username, code) = await CustomerAsync(0);
        using var known = new PortalBrowser(Host.Reach);
        Assert.True((await known.ActivateAsync(username, code)).IsSuccess);

        Assert.Equal("The threat level is raised now.", await DoAsync("threat", "raise", "phishing", "wave"));
        using var other = new PortalBrowser(Host.Reach, known.Authenticator);
        var asked = await other.SignInAsync();
        Assert.True(asked.AsksAgain, asked.Text);
        Assert.Equal("The threat level is high now.", await DoAsync("threat", "raise"));
        Assert.Equal("The threat level is high already.", await DoAsync("threat", "raise"));
        Assert.Equal("The threat level is raised now.", await DoAsync("threat", "lower"));
        Assert.Equal("The threat level is normal now.", await DoAsync("threat", "lower", "over"));
        Assert.Equal("The threat level is normal already.", await DoAsync("threat", "lower"));
        Assert.True((await other.SignInAsync()).IsSuccess);

        var shown = (await DoAsync("threat", "show")).Split('\n', StringSplitOptions.TrimEntries);
        Assert.Equal("The threat level is normal.", shown[0]);
        Assert.Equal(5, shown.Length);
        Assert.EndsWith($"normal -> raised by {Environment.GetEnvironmentVariable("SUDO_USER") ?? Environment.UserName}: phishing wave", shown[^1], StringComparison.Ordinal);
        Assert.EndsWith(": no reason given", shown[^2], StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "OP-06")]
    public async Task An_access_is_stopped_and_the_audit_that_tells_of_it_is_verified()
    {
        await using var database = NpgsqlDataSource.Create((await Host.SandboxAsync()).GetProperty("database").GetString()!);
        var id = "aac-" + Guid.NewGuid().ToString("N");
        await ExecuteAsync(
            $"""
            INSERT INTO consent.consents ("Id", "ClientId", "State", "CreatedAt", "StateChangedAt", "Permissions", "StoppedAccountIds")
            VALUES ('{id}', 'tpp-1', 'AUTH', now(), now(), '{"{}"}', '{"{}"}')
            """);
        Assert.Equal("The access is stopped.", await DoAsync("consents", "suspend", id, "stolen", "phone"));
        foreach (var (consent, sentence) in new[] { (id, "The consent gives no access that could be stopped."), ("aac-1", "There is no such consent.") })
        {
            var (refused, said, _) = await HostProcess.RunAsync(null, Host.DataPath, "consents", "suspend", consent);
            Assert.Equal((1, sentence), (refused, said.Trim()));
        }

        await Eventually.HoldsAsync(
            async () => await ExecuteAsync($"""UPDATE consent.audit SET "Content" = replace("Content", 'stolen', 'st0len') WHERE "Subject" = '{id}'""") > 0, () => "It is not in the audit chain.");
        var (exit, output, _) = await HostProcess.RunAsync(null, Host.DataPath, "audit", "verify");
        Assert.Equal(1, exit);
        Assert.Matches($@"\AThe audit chain is broken: event \d+ of \d{{4}}-\d\d-\d\d \(consent.Suspend of {id}\) was changed", output.Trim());

        await ExecuteAsync($"""UPDATE consent.audit SET "Content" = replace("Content", 'st0len', 'stolen') WHERE "Subject" = '{id}'""");
        Assert.Matches(@"\AThe audit chain is whole: \d+ events on 1 day\.\z", await DoAsync("audit", "verify"));

        async Task<int> ExecuteAsync(string sql)
        {
            await using var command = database.CreateCommand(sql);
            return await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    [Trait("Rule", "OP-07")]
    public async Task A_customer_of_the_core_is_made_known_and_creates_a_passkey_once()
    {
        await using var database = NpgsqlDataSource.Create((await Host.SandboxAsync()).GetProperty("database").GetString()!);
        var number = $"C-{Random.Shared.Next(700_000, 800_000)}";
        await using (var holder = database.CreateCommand($"""INSERT INTO accounts.holders ("CustomerId", "AccountId") SELECT '{number}', min("Id") FROM accounts.accounts WHERE "State" = 'Open'"""))
            await holder.ExecuteNonQueryAsync();
        var username = "newcomer" + number[2..];
        var code = (await DoAsync("customers", "enrol", number, username, "New", "Customer")).Split(' ')[0];
        using var browser = new PortalBrowser(Host.Reach);
        var activated = await browser.ActivateAsync(username, code);
        Assert.True(activated.IsSuccess, activated.Text);
        using var other = new PortalBrowser(Host.Reach);
        Assert.False((await other.ActivateAsync(username, code)).IsSuccess);
        Assert.True((await other.ActivateAsync(username, (await DoAsync("customers", "code", username)).Split(' ')[0])).IsSuccess);

        var (known, _) = await CustomerAsync(0);
        await RefusedAsync($"The username {known} is another customer's.", number, known);
        await RefusedAsync($"This customer is known as {username}. Another code: ./run.sh customers code {username}", number, username + "x");
        await using var audited = database.CreateCommand($"""SELECT count(*) FROM consent.audit WHERE "Subject" = '{number}' AND "What" = 'customer.code'""");
        await Eventually.HoldsAsync(async () => (long)(await audited.ExecuteScalarAsync())! == 2, () => "The audit does not tell of both codes.");

        async Task RefusedAsync(string sentence, params string[] words)
        {
            var (exit, said, _) = await HostProcess.RunAsync(null, Host.DataPath, ["customers", "enrol", .. words]);
            Assert.Equal((1, sentence), (exit, said.Trim()));
        }
    }

    [Fact]
    public async Task Events_that_did_not_arrive_are_shown_and_sent_again()
    {
        Assert.Equal("Every event has arrived or is on its way.", await DoAsync("events", "dead"));
        var (none, said, _) = await HostProcess.RunAsync(null, Host.DataPath, "events", "resend", "all");
        Assert.Equal((1, "There is no such event among those that did not arrive."), (none, said.Trim()));

        await using var database = NpgsqlDataSource.Create((await Host.SandboxAsync()).GetProperty("database").GetString()!);
        await using (var given = database.CreateCommand(
            """
            INSERT INTO consent.events ("Id", "ClientId", "Type", "ResourceType", "ResourceId", "Path", "At", "Transaction", "Tries", "Problem", "GivenUpAt")
            VALUES ('0199c3f2a1b27c3d8e4f5a6b7c8d9e0f', 'tpp', 'urn:x', 'account-access-consent', 'aac-1', 'x', '2026-01-02T03:04:05Z', '0199c3f2a1b27c3d8e4f5a6b7c8d9e00', 10, 'answered with 503', '2026-01-02T08:00:00Z')
            """))
            await given.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            """
            0199c3f2a1b27c3d8e4f5a6b7c8d9e0f tpp urn:x aac-1 of 2026-01-02 03:04:05Z, given up 2026-01-02 08:00:00Z after 10 tries: answered with 503
            1 did not arrive.
            """,
            await DoAsync("events", "dead"));
        Assert.Equal("1 will be sent once more.", await DoAsync("events", "resend", "0199c3f2a1b27c3d8e4f5a6b7c8d9e0f"));
        Assert.Equal("Every event has arrived or is on its way.", await DoAsync("events", "dead"));
    }

    [Fact]
    public async Task The_policy_is_explained()
    {
        Assert.Contains("Outcome: refuse, by NewPlaceUnderAttack.", await DoAsync("policy", "explain", "device=new", "country-is=new", "threat=high"), StringComparison.Ordinal);
        Assert.Contains("Outcome: allow.", await DoAsync("policy", "explain"), StringComparison.Ordinal);

        var (exit, output, _) = await HostProcess.RunAsync(null, Host.DataPath, "policy", "explain", "device=old");
        Assert.Equal((1, "device must be new or known."), (exit, output.Trim()));
    }

    [Fact]
    public async Task A_customer_gets_a_new_code_and_the_old_one_is_over()
    {
        var (username, old) = await CustomerAsync(1);
        var code = (await DoAsync("customers", "code", username)).Split('\n')[^1].Trim();
        Assert.Matches(@"\A([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\z", code);
        Assert.Equal(code, (await CustomerAsync(1)).Code); // sandbox.json follows

        using var browser = new PortalBrowser(Host.Reach);
        if (code != old) Assert.False((await browser.ActivateAsync(username, old)).IsSuccess);
        Assert.True((await browser.ActivateAsync(username, code)).IsSuccess);

        var (exit, output, _) = await HostProcess.RunAsync(null, Host.DataPath, "customers", "code", "nobody");
        Assert.Equal((1, "There is no such customer."), (exit, output.Trim()));
    }

    [Fact]
    [Trait("Rule", "KEY-16")]
    public async Task Keys_are_rotated_and_the_next_ones_are_published_at_once()
    {
        var before = await KeyIdsAsync();
        var said = await DoAsync("keys", "rotate");
        var made = Regex.Matches(said, @"^(?<algorithm>ES256|PS256) (?<id>\S+) signs from .*, new", RegexOptions.Multiline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.Equal(["ES256", "PS256"], made.Select(match => match.Groups["algorithm"].Value).Order(StringComparer.Ordinal));
        Assert.All(made, match => Assert.DoesNotContain(match.Groups["id"].Value, before));

        // Who rotates again has rotated once.
        Assert.DoesNotContain(", new", await DoAsync("keys", "rotate"), StringComparison.Ordinal);
        await using var second = await HostProcess.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["ConnectionStrings__OpenBanking"] = (await Host.SandboxAsync()).GetProperty("database").GetString(),
            ["Identity__Issuer"] = Host.Main.OriginalString.TrimEnd('/'),
            ["Identity__MtlsIssuer"] = Host.Mtls.OriginalString.TrimEnd('/'),
        });
        using var client = second.CreateClient();
        var published = JsonElement.Parse(await client.GetStringAsync(new Uri("/jwks", UriKind.Relative))).GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString());
        Assert.All(made, match => Assert.Contains(match.Groups["id"].Value, published));
    }

    private async Task<string> DoAsync(params string[] words)
    {
        var (exit, output, _) = await HostProcess.RunAsync(null, Host.DataPath, words);
        Assert.True(exit == 0, $"{string.Join(' ', words)}: exit code {exit}, {output}");

        // The change is on the console's log too; the answer is what is not a line of the log.
        return string.Join('\n', output.Trim().Split('\n').Where(line => !line.Contains("OpenBanking.Decisions", StringComparison.Ordinal))).Trim();
    }

    private async Task<(string Username, string Code)> CustomerAsync(int index)
    {
        var customer = (await Host.SandboxAsync()).GetProperty("customers")[index];
        return (customer.GetProperty("username").GetString()!, customer.GetProperty("activationCode").GetString()!);
    }

    private async Task<List<string?>> KeyIdsAsync()
    {
        using var client = Host.CreateClient();
        return [.. JsonElement.Parse(await client.GetStringAsync(new Uri("/jwks", UriKind.Relative))).GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString())];
    }
}
