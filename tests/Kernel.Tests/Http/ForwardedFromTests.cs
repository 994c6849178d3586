using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Kernel.Tests.Http;

/// <summary>Whose word on the caller's address counts.</summary>
public sealed class ForwardedFromTests
{
    [Theory]
    [Trait("Rule", "OP-08")]
    [Trait("Rule", "FWD-02")]
    [InlineData("10.0.0.0/8", "10.1.2.3", "198.51.100.7", "198.51.100.7", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", "198.51.100.7", "11.1.2.3", false)]
    [InlineData("", "10.1.2.3", "198.51.100.7", "10.1.2.3", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", "198.51.100.7", "198.51.100.7", true)]
    [InlineData("10.1.2.3, 10.1.2.4", "10.1.2.3", "203.0.113.9, 198.51.100.7, 10.1.2.4", "198.51.100.7", true)]
    [InlineData("10.1.2.3", "10.1.2.3", "203.0.113.9, 198.51.100.7", "198.51.100.7", true)]
    [InlineData("10.1.2.3", "10.1.2.3", "203.0.113.9, nonsense", "10.1.2.3", true)]
    [InlineData("10.1.2.3", "10.1.2.3", "198.51.100.7:4711", "198.51.100.7", true)]
    [InlineData("10.1.2.3", "10.1.2.3", "[2001:db8::1]:4711", "2001:db8::1", true)]
    [InlineData("2001:db8::/32", "2001:db8::5", "198.51.100.7", "198.51.100.7", true)]
    [InlineData("10.1.2.3", "10.1.2.3", null, "10.1.2.3", true)]
    public void The_address_is_the_last_that_a_listed_proxy_vouches_for(string proxies, string peer, string? chain, string expected, bool believed)
    {
        var http = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(peer) } };
        http.Request.Headers["X-Forwarded-For"] = chain;
        ForwardedFrom.Of(Settings(proxies)).Apply(http);
        Assert.Equal(IPAddress.Parse(expected), http.Connection.RemoteIpAddress);
        Assert.Equal(believed ? IPAddress.Parse(peer) : null, ForwardedFrom.ProxyOf(http));
    }

    [Theory]
    [InlineData("10.0.0.0/8, 192.0.2.4,2001:db8::/32", true)]
    [InlineData("", true)]
    [InlineData(null, true)]
    [InlineData("proxy.example", false)]
    [InlineData("10.0.0.0/33", false)]
    [InlineData("10.0.0.1/8", true)]
    [InlineData("0.0.0.0/0", false)]
    [InlineData("10.0.0.0/8, ::/0", false)]
    public void A_list_that_is_none_is_a_sentence_with_the_setting(string? proxies, bool good) =>
        Assert.Equal(good ? null : "Forwarded__From", ForwardedFrom.Problem(Settings(proxies))?.Split(' ')[0]);

    private static IConfiguration Settings(string? proxies) =>
        new ConfigurationBuilder().AddInMemoryCollection([new(ForwardedFrom.Setting, proxies)]).Build();
}
