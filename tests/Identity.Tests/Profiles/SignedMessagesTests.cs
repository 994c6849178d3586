using System.Security.Cryptography;
using System.Text;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Profiles;

/// <summary>What was signed on both sides can be shown later, and to nobody but an operator.</summary>
[Collection(ProfileTests.Name)]
public sealed class SignedMessagesTests(ProfileWorld world)
{
    [Fact]
    [Trait("Rule", "MS-10")]
    public async Task What_a_signing_client_and_the_bank_signed_is_kept_as_it_was_sent()
    {
        using var tpp = await world.RegisterAsync("fapi2-ms");
        var request = tpp.Signed(await ProfileWorld.JarmAsync(tpp));
        var back = await world.ApproveAsync(tpp.AuthorizePath(await tpp.PushAsync(request)));
        var response = ProfileWorld.After('?', back.Location)["response"];
        var introspection = new HttpRequestMessage(HttpMethod.Post, "/introspect") { Content = tpp.Authenticated().With("token", "unknown").Content() };
        introspection.Headers.TryAddWithoutValidation("Accept", "application/token-introspection+jwt");
        var described = (await tpp.SendAsync(introspection)).Body;

        // What was refused, and what was not signed, is nobody's evidence.
        await world.RefusedAsync(tpp.ParAsync(request), 400, "invalid_request_object", "JAR-12");
        Assert.Equal(200, (await tpp.CallAsync("/introspect", Form.Empty.With("token", "unknown"))).Status);

        var kept = await FindAsync(tpp);
        Assert.Equal(
            [("request_object", request["request"]), ("authorization_response", response), ("introspection_response", described)],
            kept.Select(message => (message.Kind, (string?)message.Jwt)));
        Assert.All(kept, message => Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(message.Jwt))), message.Hash));
        Assert.All(kept, message => Assert.InRange(message.At, world.Host.Clock.Now.AddMinutes(-2), world.Host.Clock.Now));
    }

    [Fact]
    [Trait("Rule", "MS-10")]
    public async Task Nothing_is_kept_of_others_and_nothing_in_the_open()
    {
        var tpp = world.Advanced;
        await world.ApproveAsync(tpp.AuthorizePath(await tpp.PushAsync(tpp.Signed(await ProfileWorld.JarmAsync(tpp)))));
        Assert.Empty(await FindAsync(tpp));

        using var signing = await world.RegisterAsync("fapi2-ms");
        await signing.PushAsync(signing.Signed(await ProfileWorld.JarmAsync(signing)));
        var now = world.Host.Clock.Now;
        Assert.Single(await FindAsync(signing));
        Assert.Empty(await FindAsync(signing, now.AddDays(-2), now.AddDays(-1)));
        Assert.Equal(1L, await world.Host.Database.ScalarAsync<long>(
            """SELECT count(*) FROM identity.signed_messages WHERE "ClientId" = $1 AND position('eyJ'::bytea IN "Protected") = 0""", signing.ClientId));
    }

    private Task<IReadOnlyList<KeptMessage>> FindAsync(TestTpp tpp, DateTimeOffset? from = null, DateTimeOffset? until = null) => world.Host.InScopeAsync(services =>
        services.GetRequiredService<IMediator>().Send(new FindSignedMessages(tpp.ClientId, from ?? world.Host.Clock.Now.AddHours(-1), until ?? world.Host.Clock.Now.AddMinutes(1))));
}
