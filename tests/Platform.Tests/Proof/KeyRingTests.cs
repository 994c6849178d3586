using System.Buffers.Text;
using OpenBanking.Testing;
using OpenBanking.Testing.WebAuthn;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// What one host has given a browser, the cookie of its session and the token of its forms, is good on the other: while both run, after
/// either was started again, and while the key that protects it is changed.
/// </summary>
[Collection(OnHostsOfTheirOwn.Name)]
[Trait("Reliability", "R19")]
[Trait("Rule", "OP-05")]
public sealed class KeyRingTests(TwoHosts hosts)
{
    private static readonly string NoConsent = "/connections/" + Guid.NewGuid().ToString("D") + "/cancel";
    private int taken;

    [Fact]
    public async Task A_cookie_and_a_form_of_one_host_are_good_on_the_other_across_restarts_and_rotation()
    {
        var each = ProofRun.Count(10, 170);
        var current = hosts.First;
        var reach = Reach.Choosing(() => current, hosts.First, hosts.Second);
        var old = await SignedInAsync(hosts.First);
        var oldToken = await old.TokenAsync("/connections");
        var before = KeyOf(oldToken);
        await UseAsync();

        if (ProofRun.IsLarge)
        {
            await hosts.AgainAsync(hosts.Second);
            await UseAsync();
            await hosts.AgainAsync(hosts.First); // and with it the database
            await UseAsync();
        }

        var said = await hosts.CommandAsync("keyring", "rotate");
        Assert.Contains("protects from", said, StringComparison.Ordinal);
        Assert.DoesNotContain(", new", await hosts.CommandAsync("keyring", "rotate"), StringComparison.Ordinal); // Who rotates again has rotated once.
        await UseAsync();

        // Hosts read the ring once a day, and when they start. The new key's day comes while one has read it and the other uses it.
        await hosts.AgainAsync(hosts.Second);
        Assert.Equal(before, KeyOf(await old.TokenAsync("/connections")));
        await hosts.ExecuteAsync(
            """
            UPDATE host.data_protection_keys SET xml = regexp_replace(xml, '<activationDate>[^<]*', '<activationDate>' || to_char(now() AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
            WHERE id = (SELECT max(id) FROM host.data_protection_keys)
            """);
        await hosts.AgainAsync(hosts.First);
        current = hosts.First;
        Assert.NotEqual(before, KeyOf(await old.TokenAsync("/connections")));
        await UseAsync();
        if (ProofRun.IsLarge)
        {
            await hosts.AgainAsync(hosts.Second);
            await UseAsync();
        }

        Assert.True(taken >= ProofRun.Count(60, 1_000), $"only {taken} tries");
        ProofRun.Passed("R19", $"{taken} uses of a cookie and a form of one host on the other, across restarts of both and a rotation of the key ring: 0 refused");

        async Task UseAsync()
        {
            var fresh = await SignedInAsync(hosts.Second);
            for (var use = 0; use < each; use++)
            {
                var (giver, taker) = use % 2 == 0 ? (hosts.First, hosts.Second) : (hosts.Second, hosts.First);
                foreach (var browser in new[] { old, fresh })
                {
                    current = giver;
                    var token = use % 3 == 0 && browser == old ? oldToken : await browser.TokenAsync("/connections");
                    current = taker;
                    using var answer = await browser.PostFormAsync(NoConsent, ("__RequestVerificationToken", token));

                    // Past session and form: there is no such consent. Without either it would be another answer.
                    Assert.True((int)answer.StatusCode == 404, $"{(int)answer.StatusCode} after {taken} uses");
                    taken++;
                }
            }
        }

        async Task<PortalBrowser> SignedInAsync(HostProcess host)
        {
            current = host;
            var browser = await hosts.BrowserAsync(reach: reach);
            Assert.True((await browser.SignInAsync()).IsSuccess);
            return browser;
        }
    }

    /// <summary>A protected text names its key behind the first four bytes.</summary>
    private static Guid KeyOf(string token) => new(Base64Url.DecodeFromChars(token).AsSpan(4, 16));
}
