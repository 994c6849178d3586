namespace OpenBanking.Interop.Tests;

/// <summary>Real clients that others wrote, against a running bank; those of one library one after the other, the libraries beside each other.</summary>
public abstract class JourneyTests(BankWorld bank) : IClassFixture<BankWorld>
{
    protected static TheoryData<string> Of(string library) => [.. Journey.All.Where(journey => journey.Value.Library == library).Select(journey => journey.Key)];

    protected async Task GoesTheWholeWayAsync(string name)
    {
        var journey = Journey.All[name];
        using var client = await NodeClient.StartAsync(await bank.MakeAsync(journey));
        if (journey.Registers)
        {
            var keys = await client.HearAsync("publish");
            bank.Publish(keys.GetProperty("address").GetString()!, keys.GetProperty("jwks").GetString()!);
            await client.SayAsync([]);
        }

        await client.SayAsync(await bank.BrowseAsync((await client.HearAsync("browse")).GetString()!));
        var saw = await client.HearAsync("done");

        Assert.Equal(bank.Customer.AccountIds.Count, saw.GetProperty("accounts").GetInt32());
        Assert.Equal(bank.Customer.AccountIds.Count, saw.GetProperty("accountsAfterRefresh").GetInt32());
        Assert.Equal("urn:openbanking:psd2:sca", saw.GetProperty("acr").GetString());
        Assert.Equal(saw.GetProperty("subject").GetString(), saw.GetProperty("userInfoSubject").GetString());
        Assert.True(saw.GetProperty("active").GetBoolean());
        Assert.True(saw.GetProperty("binding").TryGetProperty(journey.Constraint == "dpop" ? "jkt" : "x5t#S256", out _));
        Assert.False(saw.GetProperty("activeAfterRevocation").GetBoolean());
        Assert.Equal(401, saw.GetProperty("statusAfterRevocation").GetInt32());
    }
}

public sealed class OpenidClientTests(BankWorld bank) : JourneyTests(bank)
{
    public static TheoryData<string> Journeys => Of("openid-client");

    [Theory, MemberData(nameof(Journeys))]
    public Task A_third_party_on_it_goes_the_whole_way(string name) => GoesTheWholeWayAsync(name);
}

public sealed class Oauth4webapiTests(BankWorld bank) : JourneyTests(bank)
{
    public static TheoryData<string> Journeys => Of("oauth4webapi");

    [Theory, MemberData(nameof(Journeys))]
    public Task A_third_party_on_it_goes_the_whole_way(string name) => GoesTheWholeWayAsync(name);
}

public sealed class JoseTests(BankWorld bank) : JourneyTests(bank)
{
    public static TheoryData<string> Journeys => Of("jose");

    [Theory, MemberData(nameof(Journeys))]
    public Task A_third_party_on_it_goes_the_whole_way(string name) => GoesTheWholeWayAsync(name);
}
