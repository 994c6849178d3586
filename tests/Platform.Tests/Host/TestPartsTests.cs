using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Host;

/// <summary>What other tests stand on.</summary>
public sealed class TestPartsTests
{
    [Fact]
    public async Task A_host_starts_with_tls_on_both_ports_and_its_own_database()
    {
        await using var host = await TestHost.StartAsync();
        using var main = host.CreateClient();
        using var mtls = host.CreateClient(certificate: host.IssueClientCertificate("CN=tpp, O=Budget App"));

        Assert.True((await main.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode);
        Assert.True((await mtls.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode);
        Assert.Equal(1L, await host.Database.ScalarAsync<long>("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'identity' AND table_name = 'grants'"));
    }

    [Fact]
    public async Task Databases_are_apart_and_quick_to_get()
    {
        await using var first = await TestDatabase.CreateAsync();
        await using var second = await TestDatabase.CreateAsync();
        await first.ExecuteAsync("CREATE TABLE only_here (id int)");

        Assert.Equal(0L, await second.ScalarAsync<long>("SELECT count(*) FROM information_schema.tables WHERE table_name = $1", "only_here"));
        Assert.Equal("off", await first.ScalarAsync<string>("SHOW fsync"));
    }
}
