using System.Security.Cryptography;
using System.Text;
using OpenBanking.Consent.Contracts;
using OpenBanking.Identity.Contracts;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Consent.Tests.AccountAccess;

public sealed class AuthorisationTests(Bank bank)
{
    private const string Amelia = "C-100001";
    private const string Thomas = "C-100002";
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "A-5")]
    [Trait("Rule", "A-6")]
    [Trait("Rule", "OB-CON-10")]
    [Trait("Rule", "A-3")]
    [Trait("Rule", "X-4")]
    public async Task Shows_who_asks_for_what_and_the_customers_own_accounts()
    {
        var end = DateTimeOffset.UtcNow.AddDays(90);
        var id = await api.ConsentAsync(expires: end);
        var shown = await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Amelia));
        Assert.Equal(("Tidy Budget", "Tidy Group", false), (shown!.ClientName, shown.OnBehalfOf, shown.Continues));
        Assert.Equal(["Everyday", "Rainy day", "Euro account", "Silver card", "Household"], shown.Accounts.Select(account => account.Name));
        Assert.Equal(
            [
                "Your account details", "Your regular payments", "Your account transactions", "Your statements", "Your account features and benefits", "Your card details",
                "Your contact and party details",
            ],
            shown.Groups.Select(group => group.Title));
        Assert.Equal(end.UtcDateTime, shown.Expires!.Value.UtcDateTime, TimeSpan.FromMilliseconds(1));
        Assert.Equal([false, false, false, false, true], shown.Accounts.Select(account => account.IsJoint));
        Assert.Null((await api.AskAsync(new DescribeForApproval(await api.ConsentAsync(), BankApi.Tpp, Amelia)))!.Expires);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", shown.Digest);
        Assert.Equal(shown.Digest, (await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Amelia)))!.Digest);
        Assert.NotEqual(shown.Digest, (await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Thomas)))!.Digest);
        Assert.Null(await api.AskAsync(new DescribeForApproval(id, BankApi.OtherTpp, Amelia)));
        Assert.Empty((await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, "C-100003")))!.Accounts);
    }

    [Fact]
    [Trait("Rule", "CO-10")]
    public async Task Keeps_what_was_shown_and_how_the_customer_authenticated()
    {
        var id = await api.ConsentAsync();
        var shown = await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Amelia));
        var answer = Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(id, [api.Account("GB-1"), api.Account("JT-1")]));
        Assert.Equal([api.Account("GB-1"), api.Account("JT-1")], answer.AccountIds);

        var document = await EvidenceAsync<string>(id, "Document");
        Assert.Equal(shown!.Digest, await EvidenceAsync<string>(id, "Digest"));
        Assert.Equal(shown.Digest, Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(document!))).TrimEnd('=').Replace('+', '-').Replace('/', '_'));
        Assert.Contains("Tidy Budget", document, StringComparison.Ordinal);
        Assert.Contains("99-01-24 20450011", document, StringComparison.Ordinal);
        Assert.Equal(("passkey-1", "192.0.2.7", "Browser/1"), (await EvidenceAsync<string>(id, "PasskeyId"), await EvidenceAsync<string>(id, "Address"), await EvidenceAsync<string>(id, "UserAgent")));
        Assert.Equal([api.Account("GB-1"), api.Account("JT-1")], (await EvidenceAsync<string[]>(id, "AccountIds"))!);
    }

    [Fact]
    [Trait("Rule", "CO-05")]
    [Trait("Rule", "CO-06")]
    public async Task Takes_only_accounts_that_were_offered_and_at_least_one()
    {
        var id = await api.ConsentAsync();
        Assert.IsType<AuthorisationAnswer.AccountNotOffered>(await api.ApproveAsync(id, [api.Account("GB-1"), api.Account("GB-3")]));
        Assert.IsType<AuthorisationAnswer.AccountNotOffered>(await api.ApproveAsync(id, ["x"]));
        Assert.IsType<AuthorisationAnswer.NoAccountChosen>(await api.ApproveAsync(id, []));
        Assert.IsType<AuthorisationAnswer.InWrongState>(await api.ApproveAsync(id, [api.Account("GB-1")], clientId: BankApi.OtherTpp));
        var answer = Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(id, [api.Account("GB-1"), api.Account("GB-1")]));
        Assert.Equal([api.Account("GB-1")], answer.AccountIds);
    }

    [Fact]
    [Trait("Rule", "CO-07")]
    [Trait("Rule", "CON-01")]
    [Trait("Rule", "RAR-06")]
    public async Task Refuses_an_approval_of_something_else_than_is_stored_now()
    {
        await using var own = await BankApi.StartAsync();
        var id = await own.ConsentAsync();
        var shown = await own.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Amelia));
        Assert.IsType<AuthorisationAnswer.Changed>(await own.ApproveAsync(id, [own.Account("GB-1")], digest: new string('A', 43)));

        await own.Database.ExecuteAsync("""UPDATE accounts.accounts SET "Name" = 'Renamed' WHERE "Id" = $1""", own.Account("GB-2"));
        Assert.IsType<AuthorisationAnswer.Changed>(await own.ApproveAsync(id, [own.Account("GB-1")], digest: shown!.Digest));
        Assert.IsType<AuthorisationAnswer.Authorised>(await own.ApproveAsync(id, [own.Account("GB-1")]));
    }

    [Fact]
    [Trait("Rule", "CO-08")]
    public async Task Of_many_decisions_at_one_moment_one_counts()
    {
        for (var round = 0; round < 5; round++)
        {
            var id = await api.ConsentAsync();
            var digest = (await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Amelia)))!.Digest;
            var other = (await api.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Thomas)))!.Digest;
            var approvals = Enumerable.Range(0, 10).Select(_ => api.ApproveAsync(id, [api.Account("GB-1")], digest: digest))
                .Concat(Enumerable.Range(0, 10).Select(_ => api.ApproveAsync(id, [api.Account("GB-3")], Thomas, digest: other)));
            var rejections = Enumerable.Range(0, 5).Select(_ => api.AskAsync(new RejectConsent(id, BankApi.Tpp, RejectionCause.Declined, Amelia, null)));
            var answers = Task.WhenAll(approvals);
            await Task.WhenAll(answers, Task.WhenAll(rejections));

            var first = await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.history WHERE "ConsentId" = $1 AND "From" = 'AWAU'""", id);
            Assert.Equal(1L, first);
            var status = (await api.GetAsync("/account-access-consents/" + id, new TestCaller(BankApi.Tpp))).Data.GetProperty("Status").GetString();
            Assert.Equal(status == "AUTH", (await answers).Any(answer => answer is AuthorisationAnswer.Authorised));
            Assert.Equal(status == "AUTH" ? 1L : 0L, await api.Database.ScalarAsync<long>("""SELECT count(DISTINCT "CustomerId") FROM consent.evidence WHERE "ConsentId" = $1""", id));
        }
    }

    [Fact]
    [Trait("Rule", "CO-09")]
    [Trait("Rule", "OB-SEC-13")]
    [Trait("Rule", "OB-CON-4")]
    public async Task What_was_rejected_or_has_ended_cannot_be_authorised()
    {
        await using var own = await BankApi.StartAsync();
        var rejected = await own.ConsentAsync();
        await own.AskAsync(new RejectConsent(rejected, BankApi.Tpp, RejectionCause.TimedOut, null, null));
        var expired = (await own.AccessAsync(["GB-1"], expires: own.Clock.Now.AddHours(1))).ConsentId!;
        var lapsed = await own.ConsentAsync(expires: own.Clock.Now.AddHours(1));
        own.Clock.Advance(TimeSpan.FromHours(1));
        foreach (var id in new[] { rejected, expired, lapsed })
        {
            Assert.IsType<AuthorisableConsent.InWrongState>(await own.AskAsync(new FindConsentForAuthorisation(id, BankApi.Tpp)));
            Assert.Null(await own.AskAsync(new DescribeForApproval(id, BankApi.Tpp, Amelia)));
            Assert.IsType<AuthorisationAnswer.InWrongState>(await own.ApproveAsync(id, [own.Account("GB-1")]));
        }
    }

    [Fact]
    [Trait("Rule", "CO-02")]
    public async Task Another_third_partys_consent_is_like_none()
    {
        var id = await api.ConsentAsync();
        Assert.IsType<AuthorisableConsent.Unknown>(await api.AskAsync(new FindConsentForAuthorisation(id, BankApi.OtherTpp)));
        Assert.IsType<AuthorisableConsent.Unknown>(await api.AskAsync(new FindConsentForAuthorisation("aac-" + new string('0', 32), BankApi.Tpp)));
        var found = Assert.IsType<AuthorisableConsent.Found>(await api.AskAsync(new FindConsentForAuthorisation(id, BankApi.Tpp)));
        Assert.Equal((ConsentKind.AccountAccess, false), (found.Kind, found.Continues));
    }

    [Theory]
    [Trait("Rule", "OB-CON-12")]
    [Trait("Rule", "CO-06")]
    [Trait("Rule", "R-1")]
    [Trait("Rule", "R-3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Authenticating_again_continues_the_access_with_the_same_accounts(bool cancelledBefore)
    {
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);
        if (cancelledBefore) await api.AskAsync(new CancelConnection(caller.ConsentId!, Amelia, new DecisionOrigin(null, null)));

        Assert.True(Assert.IsType<AuthorisableConsent.Found>(await api.AskAsync(new FindConsentForAuthorisation(caller.ConsentId!, BankApi.Tpp))).Continues);
        var shown = await api.AskAsync(new DescribeForApproval(caller.ConsentId!, BankApi.Tpp, Amelia));
        Assert.True(shown!.Continues);
        Assert.Equal(["Everyday", "Household"], shown.Accounts.Select(account => account.Name));

        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await api.ApproveAsync(caller.ConsentId!, [api.Account("GB-2")]));
        Assert.IsType<AuthorisationAnswer.AccountNotShown>(await api.ApproveAsync(caller.ConsentId!, [api.Account("GB-1")]));
        Assert.IsType<AuthorisationAnswer.AccountNotOffered>(await api.ApproveAsync(caller.ConsentId!, [api.Account("GB-1"), api.Account("GB-3")]));
        var answer = Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(caller.ConsentId!, []));
        Assert.Equal([api.Account("GB-1"), api.Account("JT-1")], answer.AccountIds);
        Assert.Equal(200, (await api.GetAsync("/accounts", caller)).Status);

        // The other holder of the joint account is another customer; this access is not theirs to continue.
        Assert.Null(await api.AskAsync(new DescribeForApproval(caller.ConsentId!, BankApi.Tpp, Thomas)));
        Assert.IsType<AuthorisationAnswer.InWrongState>(await api.ApproveAsync(caller.ConsentId!, [], Thomas));
    }

    [Fact]
    [Trait("Rule", "OB-CON-4")]
    public async Task Declining_to_continue_leaves_the_access_as_it_was()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        await api.AskAsync(new RejectConsent(caller.ConsentId!, BankApi.Tpp, RejectionCause.Declined, Amelia, null));
        Assert.Equal(200, (await api.GetAsync("/accounts", caller)).Status);
    }

    private Task<T?> EvidenceAsync<T>(string consentId, string column) =>
        api.Database.ScalarAsync<T>($"""SELECT "{column}" FROM consent.evidence WHERE "ConsentId" = $1""", consentId);
}
