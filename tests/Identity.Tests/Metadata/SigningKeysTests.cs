using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;
using OpenBanking.Identity.Metadata;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;

namespace OpenBanking.Identity.Tests.Metadata;

public sealed class SigningKeysTests : IAsyncLifetime
{
    private TestHost host = null!;

    private SigningKeys Keys => host.Services.GetRequiredService<SigningKeys>();

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    [Trait("Rule", "KEY-12")]
    [Trait("Rule", "KEY-13")]
    [Trait("Rule", "META-19")]
    public async Task The_key_set_is_public_and_only_that()
    {
        var keys = await JwksAsync();

        Assert.Equal(["ES256", "PS256"], keys.Select(key => key.GetProperty("alg").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(keys.Count, keys.Select(key => key.GetProperty("kid").GetString()).Distinct(StringComparer.Ordinal).Count());
        Assert.All(keys, key =>
        {
            Assert.Equal("sig", key.GetProperty("use").GetString());
            Assert.DoesNotContain(["d", "p", "q", "dp", "dq", "qi", "k"], (string member) => key.TryGetProperty(member, out _));
        });
    }

    [Fact]
    [Trait("Rule", "KEY-16")]
    [Trait("Rule", "JO-28")]
    public async Task A_new_key_is_published_ahead_then_signs_and_the_old_one_stays_until_its_tokens_have_ended()
    {
        var clock = host.Clock;
        var old = await Keys.CurrentAsync("ES256", CancellationToken.None);
        var start = DateTimeOffset.FromUnixTimeSeconds(clock.Now.ToUnixTimeSeconds() + 1);
        clock.StopAt(start);

        var rotation = await RotateAsync();
        var next = rotation.Keys.Single(key => key is { Algorithm: "ES256", IsNew: true });

        Assert.Equal([old.KeyId, next.KeyId], await PublishedAsync());
        Assert.Equal(old.KeyId, await CurrentAsync());
        Assert.Equal(start + KeySchedule.PublishedAhead, next.SignsFrom);

        clock.StopAt(next.SignsFrom.AddMilliseconds(-1));
        Assert.Equal(old.KeyId, await CurrentAsync());
        clock.StopAt(next.SignsFrom);
        Assert.Equal(next.KeyId, await CurrentAsync());
        Assert.Equal([old.KeyId, next.KeyId], await PublishedAsync());

        clock.StopAt(next.SignsFrom + KeySchedule.PublishedAfter - TimeSpan.FromMilliseconds(1));
        Assert.Equal([old.KeyId, next.KeyId], await PublishedAsync());
        clock.StopAt(next.SignsFrom + KeySchedule.PublishedAfter);
        Assert.Equal([next.KeyId], await PublishedAsync());

        // Retired is destroyed, not hidden.
        await Keys.RotateIfDueAsync(CancellationToken.None);
        Assert.Equal(0L, await host.Database.ScalarAsync<long>("SELECT count(*) FROM identity.signing_keys WHERE \"KeyId\" = $1", old.KeyId));
    }

    [Fact]
    [Trait("Rule", "KEY-16")]
    public async Task Keys_are_succeeded_by_schedule()
    {
        var before = await CurrentAsync();
        host.Clock.Advance(TimeSpan.FromDays(89));
        Assert.DoesNotContain((await Keys.RotateIfDueAsync(CancellationToken.None)).Keys, key => key.IsNew);

        host.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(2, (await Keys.RotateIfDueAsync(CancellationToken.None)).Keys.Count(key => key.IsNew));
        host.Clock.Advance(KeySchedule.PublishedAhead);
        Assert.NotEqual(before, await CurrentAsync());
    }

    /// <summary>Operators on two hosts press the button together, ten times each.</summary>
    [Fact]
    [Trait("Rule", "KEY-16")]
    public async Task Rotations_at_one_moment_are_one_rotation_on_every_host()
    {
        await using var other = await TestHost.StartAsync(options =>
        {
            options.Database = host.Database;
            options.Clock = host.Clock;
            options.Issuer = host.Issuer;
            options.DataPath = host.DataPath;
        });
        var others = other.Services.GetRequiredService<SigningKeys>();
        Assert.Equal(await CurrentAsync(), (await others.CurrentAsync("ES256", CancellationToken.None)).KeyId);

        var rotations = await Task.WhenAll(Enumerable.Range(0, 20).Select(number =>
            (number % 2 == 0 ? Keys : others).RotateAsync(period: null, CancellationToken.None)));

        Assert.Equal(2, rotations.Sum(rotation => rotation.Keys.Count(key => key.IsNew)));
        host.Clock.Advance(KeySchedule.PublishedAhead);
        Assert.Equal(await CurrentAsync(), (await others.CurrentAsync("ES256", CancellationToken.None)).KeyId);
    }

    [Fact]
    [Trait("Rule", "KEY-12")]
    public async Task Private_keys_are_encrypted_where_they_are_stored()
    {
        var key = await Keys.CurrentAsync("ES256", CancellationToken.None);
        var stored = await host.Database.ScalarAsync<byte[]>("SELECT \"ProtectedKey\" FROM identity.signing_keys WHERE \"KeyId\" = $1", key.KeyId);

        Assert.Equal(-1, stored.AsSpan().IndexOf(key.ToPkcs8().AsSpan(0, 32)));
        Assert.ThrowsAny<Exception>(() => SigningKey.FromPkcs8("ES256", stored));
    }

    [Fact]
    public async Task A_secret_is_the_same_on_every_host_and_encrypted_where_it_is_stored()
    {
        var secrets = host.Services.GetRequiredService<ServerSecrets>();
        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => secrets.GetAsync("a-test", CancellationToken.None)));
        var stored = await host.Database.ScalarAsync<byte[]>("SELECT \"Protected\" FROM identity.server_secrets WHERE \"Name\" = 'a-test'");

        Assert.All(all, secret => Assert.Equal(all[0], secret));
        Assert.Equal(32, all[0].Length);
        Assert.Equal(-1, stored.AsSpan().IndexOf(all[0]));
        Assert.NotEqual(all[0], await secrets.GetAsync("another", CancellationToken.None));
    }

    [Fact]
    [Trait("Rule", "META-03")]
    public void Metadata_are_given_at_the_well_known_addresses_and_nowhere_else()
    {
        var routes = host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();
        Assert.Equal(
            ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"],
            routes.Select(route => route.RoutePattern.RawText!).Where(path => path.Contains("well-known", StringComparison.Ordinal) || path.Contains("configuration", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("Rule", "META-01")]
    [Trait("Rule", "META-02")]
    [Trait("Rule", "META-19")]
    public async Task Both_well_known_documents_are_one()
    {
        using var http = host.CreateClient();
        using var openId = await http.GetAsync(new Uri("/.well-known/openid-configuration", UriKind.Relative));
        using var oauth = await http.GetAsync(new Uri("/.well-known/oauth-authorization-server", UriKind.Relative));
        using var other = await http.GetAsync(new Uri("/.well-known/oauth-authorization-server/x", UriKind.Relative));

        var document = await openId.Content.ReadAsStringAsync();
        Assert.Equal(document, await oauth.Content.ReadAsStringAsync());
        Assert.Equal("application/json", openId.Content.Headers.ContentType?.MediaType);
        Assert.Equal("public, max-age=900", openId.Header("Cache-Control"));
        Assert.Equal(host.Issuer.OriginalString, JsonDocument.Parse(document).RootElement.GetProperty("issuer").GetString());
        Assert.Equal(404, (int)other.StatusCode);
    }

    private Task<KeyRotation> RotateAsync() =>
        host.InScopeAsync(services => services.GetRequiredService<MediatR.IMediator>().Send(new RotateSigningKeys()));

    private async Task<string> CurrentAsync() => (await Keys.CurrentAsync("ES256", CancellationToken.None)).KeyId;

    private async Task<IEnumerable<string?>> PublishedAsync()
    {
        var published = await JwksAsync();
        var order = (await KeyIdsByAgeAsync()).ToList();
        return published.Where(key => key.GetProperty("alg").GetString() == "ES256").Select(key => key.GetProperty("kid").GetString()).OrderBy(order.IndexOf!);
    }

    /// <summary>Key ids from the oldest on.</summary>
    private async Task<IEnumerable<string>> KeyIdsByAgeAsync()
    {
        var text = await host.Database.ScalarAsync<string>("SELECT string_agg(\"KeyId\", ' ' ORDER BY \"SignsFrom\") FROM identity.signing_keys");
        return text!.Split(' ');
    }

    private async Task<List<JsonElement>> JwksAsync()
    {
        using var http = host.CreateClient();
        using var answer = await http.GetAsync(new Uri("/jwks", UriKind.Relative));
        Assert.Equal("public, max-age=900", answer.Header("Cache-Control"));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.False(KeySet.Parse(Encoding.UTF8.GetBytes(body)).Failed(out _, out _));
        return [.. JsonDocument.Parse(body).RootElement.GetProperty("keys").EnumerateArray()];
    }
}
