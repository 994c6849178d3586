using Microsoft.Extensions.DependencyInjection;
using OpenBanking.Consent.Contracts;
using OpenBanking.Kernel;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

public sealed class UnionLawTests
{
    [Fact]
    [Trait("Rule", "OB-SCA-3")]
    public async Task In_the_Union_data_is_told_for_180_days_after_strong_authentication_and_in_the_United_Kingdom_without_end()
    {
        await using var api = await BankApi.StartAsync();
        var start = api.Clock.Now;
        api.Clock.StopAt(start);
        var access = await api.AccessAsync(["GB-1"]);
        var choices = api.Services.GetRequiredService<CurrentChoices>();

        api.Clock.StopAt(start.AddDays(180).AddMilliseconds(-1));
        choices.Now = new BankChoices { Region = Region.EU };
        Assert.Equal(200, (await api.GetAsync("/accounts", access)).Status);
        api.Clock.StopAt(start.AddDays(180));
        var refused = await api.GetAsync("/accounts", access);
        Assert.Equal((403, "OB-SCA-3", "U028"), (refused.Status, refused.Rule, refused.Faults[0]));

        // The consent stands: its customer authenticates again, and data is told as before.
        Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(access.ConsentId!, [], isSigned: false));
        Assert.Equal(200, (await api.GetAsync("/accounts", access)).Status);
        api.Clock.StopAt(start.AddDays(361));
        Assert.Equal(403, (await api.GetAsync("/accounts", access)).Status);
        choices.Now = new BankChoices();
        Assert.Equal(200, (await api.GetAsync("/accounts", access)).Status);
    }
}
