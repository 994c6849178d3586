using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenBanking.ResourceServer;
using OpenBanking.Testing;
using OpenBanking.Testing.OpenApi;
using OpenBanking.Testing.Tpp;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

/// <summary>
/// Every operation of the official file with every status that it lists, each brought about over the whole server with real tokens, and
/// every permission. What the file has and no exchange here touches is listed and fails.
/// </summary>
public sealed class OperationTests(OperationTests.World world, Bank bank) : IClassFixture<OperationTests.World>
{
    /// <summary>The file lists it for operations that a bank may leave out. This one leaves none out.</summary>
    private const int NotOffered = 404;

    /// <summary>An account with few rows, which are soon held against two schemas.</summary>
    private const string Small = "EUR-1";

    /// <summary>What opens what (rules.md, PERM): the permission, and the ends of the paths that it opens.</summary>
    private static readonly Dictionary<string, string[]> Opens = new(StringComparer.Ordinal)
    {
        ["ReadAccountsBasic"] = ["/accounts", "/accounts/{AccountId}"],
        ["ReadAccountsDetail"] = ["/accounts", "/accounts/{AccountId}"],
        ["ReadBalances"] = ["/balances", "/accounts/{AccountId}/balances"],
        ["ReadBeneficiariesBasic"] = ["/beneficiaries", "/accounts/{AccountId}/beneficiaries"],
        ["ReadBeneficiariesDetail"] = ["/beneficiaries", "/accounts/{AccountId}/beneficiaries"],
        ["ReadDirectDebits"] = ["/direct-debits", "/accounts/{AccountId}/direct-debits"],
        ["ReadOffers"] = ["/offers", "/accounts/{AccountId}/offers"],
        ["ReadPAN"] = [],
        ["ReadParty"] = ["/accounts/{AccountId}/party", "/accounts/{AccountId}/parties"],
        ["ReadPartyPSU"] = ["/party"],
        ["ReadProducts"] = ["/products", "/accounts/{AccountId}/product"],
        ["ReadScheduledPaymentsBasic"] = ["/scheduled-payments", "/accounts/{AccountId}/scheduled-payments"],
        ["ReadScheduledPaymentsDetail"] = ["/scheduled-payments", "/accounts/{AccountId}/scheduled-payments"],
        ["ReadStandingOrdersBasic"] = ["/standing-orders", "/accounts/{AccountId}/standing-orders"],
        ["ReadStandingOrdersDetail"] = ["/standing-orders", "/accounts/{AccountId}/standing-orders"],
        ["ReadStatementsBasic"] = ["/statements", "/accounts/{AccountId}/statements", "/accounts/{AccountId}/statements/{StatementId}"],
        ["ReadStatementsDetail"] =
            ["/statements", "/accounts/{AccountId}/statements", "/accounts/{AccountId}/statements/{StatementId}", "/accounts/{AccountId}/statements/{StatementId}/file"],
        ["ReadTransactionsBasic"] = ["/transactions", "/accounts/{AccountId}/transactions", "/accounts/{AccountId}/statements/{StatementId}/transactions"],
        ["ReadTransactionsDetail"] = ["/transactions", "/accounts/{AccountId}/transactions", "/accounts/{AccountId}/statements/{StatementId}/transactions"],
        ["ReadTransactionsCredits"] = [],
        ["ReadTransactionsDebits"] = [],
    };

    [Fact]
    [Trait("Rule", "OB-AIS-6")]
    [Trait("Rule", "OB-HTTP-1")]
    [Trait("Rule", "OB-HTTP-6")]
    public async Task Every_operation_answers_with_every_status_that_the_file_lists()
    {
        var operations = (await OfficialSchemas.AccountInformationAsync("v4.0.1")).Operations;
        Assert.Equal((28, 29), (operations.Select(operation => operation.Path).Distinct(StringComparer.Ordinal).Count(), operations.Count));

        var untouched = new List<string>();
        foreach (var operation in operations)
        {
            foreach (var status in operation.Statuses.Where(status => status != NotOffered))
            {
                if (await world.BringAboutAsync(operation, status) is { } problem) untouched.Add($"{operation.Method} {operation.Path} {status}: {problem}");
            }
        }

        Assert.Empty(untouched);
    }

    [Fact]
    [Trait("Rule", "OB-PERM-2")]
    [Trait("Rule", "OB-AIS-18")]
    public async Task Every_permission_opens_its_operations_and_no_others()
    {
        var official = await OfficialSchemas.AccountInformationAsync("v4.0.1");
        Assert.Equal(official.ValuesAt("OBReadConsent1", "properties.Data.properties.Permissions.items.enum").Order(StringComparer.Ordinal), Opens.Keys.Order(StringComparer.Ordinal));
        var paths = official.Operations.Where(operation => !operation.Path.StartsWith("/account-access-consents", StringComparison.Ordinal)).Select(operation => operation.Path).ToList();
        Assert.Empty(paths.Except(Opens.Values.SelectMany(opened => opened), StringComparer.Ordinal));

        var api = bank.Api;
        var wrong = new List<string>();
        var statement = await StatementAsync(api, Small);
        foreach (var (permission, opened) in Opens)
        {
            string[] asked = permission switch
            {
                "ReadTransactionsBasic" or "ReadTransactionsDetail" => ["ReadAccountsBasic", permission, "ReadTransactionsCredits"],
                "ReadTransactionsCredits" or "ReadTransactionsDebits" => ["ReadAccountsBasic", permission, "ReadTransactionsBasic"],
                _ => ["ReadAccountsBasic", permission],
            };
            var caller = await api.AccessAsync([Small], asked);
            var all = asked.SelectMany(each => Opens[each]).ToHashSet(StringComparer.Ordinal);
            foreach (var path in paths)
            {
                var answer = await api.GetAsync(Filled(path, api.Account(Small), statement), caller);
                if (all.Contains(path) ? answer.Status != 200 : (answer.Status, answer.Rule) != (403, "OB-PERM-2")) wrong.Add($"{permission} {path} {answer.Status}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    [Trait("Rule", "OB-GEN-10")]
    [Trait("Rule", "OB-GEN-11")]
    [Trait("Rule", "OB-HDR-1")]
    [Trait("Rule", "OB-HDR-4")]
    public async Task Every_path_takes_a_trailing_slash_and_no_further_segment_and_needs_none_of_the_optional_headers()
    {
        var api = bank.Api;
        var caller = await api.AccessAsync([Small]);
        var statement = await StatementAsync(api, Small);
        foreach (var operation in (await OfficialSchemas.AccountInformationAsync("v4.0.1")).Operations.Where(operation => operation.Method == "GET"))
        {
            if (operation.Path.StartsWith("/account-access-consents", StringComparison.Ordinal)) continue;
            var path = Filled(operation.Path, api.Account(Small), statement);
            Assert.Equal(200, (await api.GetAsync(path + "/", caller)).Status);
            if (operation.Path is "/accounts" or "/accounts/{AccountId}/statements") continue; // An id may follow.
            var beyond = await api.GetAsync(path + "/foobar", caller);
            Assert.Equal((404, ""), (beyond.Status, beyond.Body));
        }
    }

    [Fact]
    [Trait("Rule", "OB-V401-4")]
    [Trait("Rule", "OB-V401-6")]
    [Trait("Rule", "OB-V401-11")]
    [Trait("Rule", "OB-V401-18")]
    public async Task What_is_answered_is_in_both_versions_of_the_file()
    {
        string[] newCodes = ["InstalmentPlan", "ReturnedPayment", "UK.OBIE.MoneyTransfer", "LWMH", "LXMH", "TWYR", "SLCT", "DCSV", "CRYP", "IntermediaryAgent"];
        var api = bank.Api;
        var caller = await api.AccessAsync(["GB-1"]);
        var statement = await StatementAsync(api, "GB-1");
        foreach (var operation in (await OfficialSchemas.AccountInformationAsync("v4.0.1")).Operations.Where(operation => operation.Method == "GET" && !operation.Path.EndsWith("/file", StringComparison.Ordinal)))
        {
            if (operation.Path.StartsWith("/account-access-consents", StringComparison.Ordinal)) continue;

            // The client that is used here holds every answer against either file.
            var answer = await api.GetAsync(Filled(operation.Path, api.Account("GB-1"), statement), caller);
            Assert.NotNull(answer.Link("Self"));
            Assert.True(answer.Json.TryGetProperty("Meta", out _));
            Assert.All(newCodes, code => Assert.DoesNotContain(code, answer.Body, StringComparison.Ordinal));
            if (operation.Path.EndsWith("/standing-orders", StringComparison.Ordinal))
                Assert.All(answer.Data.GetProperty("StandingOrder").EnumerateArray(), order => Assert.NotNull(order.GetProperty("MandateRelatedInformation").GetProperty("Frequency").GetProperty("Type").GetString()));
        }
    }

    [Fact]
    [Trait("Rule", "OB-V401-2")]
    public async Task An_answer_says_how_much_of_the_clients_share_is_left()
    {
        var (policy, first) = await world.ShareAsync();
        var (_, second) = await world.ShareAsync();
        Assert.Matches("^\"default\";q=[0-9]+;w=[0-9]+$", policy);
        Assert.Matches("^\"default\";r=[0-9]+;t=[0-9]+$", first);
        Assert.Equal(1, Left(first) - Left(second));
        Assert.Equal((null, null), await world.ShareAsync(anonymous: true));

        static int Left(string? share) => int.Parse(share!.Split("r=")[1].Split(';')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    internal static string Filled(string path, string accountId, string statementId) => path
        .Replace("{AccountId}", accountId, StringComparison.Ordinal)
        .Replace("{StatementId}", statementId, StringComparison.Ordinal);

    private static async Task<string> StatementAsync(BankApi api, string tag) =>
        (await api.GetAsync($"/accounts/{api.Account(tag)}/statements", await api.AccessAsync([tag]))).Data.GetProperty("Statement")[0].GetProperty("StatementId").GetString()!;

    /// <summary>A server with a third party whose customer has approved, one that is narrow and one that is broken.</summary>
    public sealed class World : IAsyncLifetime
    {
        private TestHost host = null!;
        private TestHost narrow = null!;
        private TestHost broken = null!;
        private TestTpp tpp = null!;
        private TestTpp other = null!;
        private string account = "";
        private string statement = "";
        private string full = "";
        private string bare = "";

        public async ValueTask InitializeAsync()
        {
            host = await TestHost.StartAsync();
            tpp = await TestTpp.RegisterAsync(host, change: metadata =>
            {
                metadata["scope"] = "openid accounts offline_access fundsconfirmations";
                metadata["software_roles"] = new JsonArray("AISP", "CBPII");
            });
            other = await TestTpp.RegisterAsync(host);
            var customer = await TestCustomer.CreateAsync(host, accounts: 1);
            account = customer.AccountIds[0];
            statement = await TestStatement.IssueAsync(host, account);
            full = await TokenAsync(customer, BankApi.Everything);

            // No consent without accounts can be made, and so none that opens nothing; but the answer to one has to be right.
            bare = await TokenAsync(customer, "ReadAccountsBasic", "ReadPAN");
            await host.Database.ExecuteAsync("""UPDATE consent.consents SET "Permissions" = ARRAY['ReadPAN'] WHERE 'ReadPAN' = ANY ("Permissions") AND cardinality("Permissions") = 2""");
            narrow = await TestHost.StartAsync(options => (options.Settings["RateLimits:Requests"], options.Settings["RateLimits:WindowSeconds"]) = ("1", "600"));
            using (var client = narrow.CreateClient()) (await client.GetAsync(new Uri("/jwks", UriKind.Relative))).Dispose();
            broken = await TestHost.StartAsync(options => options.Replace = services => services.AddScoped<ITokenSource>(_ => throw new InvalidOperationException("canary-of-the-inside")));
        }

        public async ValueTask DisposeAsync()
        {
            tpp.Dispose();
            other.Dispose();
            await broken.DisposeAsync();
            await narrow.DisposeAsync();
            await host.DisposeAsync();
        }

        /// <summary>Makes an operation answer with a status; says what was wrong, if anything.</summary>
        public async Task<string?> BringAboutAsync(OfficialOperation operation, int status)
        {
            var isConsent = operation.Path.StartsWith("/account-access-consents", StringComparison.Ordinal);
            var path = "/open-banking/v4.0/aisp" + Filled(operation.Path, account, statement);
            if (path.Contains("{ConsentId}", StringComparison.Ordinal)) path = path.Replace("{ConsentId}", await tpp.CreateConsentAsync(), StringComparison.Ordinal);
            var token = isConsent ? await tpp.ClientTokenAsync() : full;
            var answer = status switch
            {
                200 or 201 or 204 => await SendAsync(tpp, operation.Method, path, token),
                400 => await SendAsync(tpp, operation.Method, path, token, request => Header(request, "x-fapi-interaction-id", "no uuid")),
                401 => await SendAsync(tpp, operation.Method, path, null),
                403 when operation.Method == "POST" => await SendAsync(tpp, operation.Method, path, await tpp.ClientTokenAsync("fundsconfirmations")),
                403 when isConsent => await SendAsync(other, operation.Method, path, await other.ClientTokenAsync()),
                403 => await SendAsync(tpp, operation.Method, path, bare),
                405 => await SendAsync(tpp, "PATCH", path, token),
                406 => await SendAsync(tpp, operation.Method, path, token, request => Header(request, "Accept", "text/html")),
                415 => await SendAsync(tpp, operation.Method, path, token, request => request.Content!.Headers.ContentType = new("text/plain")),
                429 => await PlainAsync(narrow, operation.Method, path),
                500 => await PlainAsync(broken, operation.Method, path),
                _ => throw new InvalidOperationException($"No exchange makes {status}."),
            };
            if (answer.Status != status) return $"answered {answer.Status} {answer.Body}";
            if (answer.Header("x-fapi-interaction-id") is null) return "no x-fapi-interaction-id (OB-HDR-1)";
            if (answer.Header("Cache-Control")?.Contains("no-store", StringComparison.Ordinal) != true) return "may be cached (OB-HDR-13)";
            if (status == 429 && answer.Header("Retry-After") is null) return "no Retry-After (OB-HDR-11)";
            if (answer.Body.Contains("canary", StringComparison.Ordinal)) return "says what is inside";
            foreach (var version in new[] { "v4.0", "v4.0.1" })
            {
                var problems = (await OfficialSchemas.AccountInformationAsync(version)).Problems(operation.Method, path["/open-banking/v4.0/aisp".Length..], answer.Status, answer.ContentType, answer.Body);
                if (problems.Count > 0) return string.Join("; ", problems);
            }

            return null;
        }

        /// <summary>What an answer says of the client's share; an x-client-id beside it changes nothing.</summary>
        public async Task<(string? Policy, string? Share)> ShareAsync(bool anonymous = false)
        {
            var answer = await SendAsync(tpp, "GET", "/open-banking/v4.0/aisp/accounts", anonymous ? null : full, request => Header(request, "x-client-id", other.ClientId));
            return (answer.Header("RateLimit-Policy"), answer.Header("RateLimit"));
        }

        private static void Header(HttpRequestMessage request, string name, string value)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        private static async Task<Answer> SendAsync(TestTpp sender, string method, string path, string? token, Action<HttpRequestMessage>? adjust = null)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (method is "POST" or "PATCH") request.Content = TestHttp.Json("""{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}""");
            if (token is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", "DPoP " + token);
                request.Headers.TryAddWithoutValidation("DPoP", sender.Proof(method, sender.Address(path), token));
            }

            adjust?.Invoke(request);
            return await sender.SendAsync(request);
        }

        private static async Task<Answer> PlainAsync(TestHost of, string method, string path)
        {
            using var client = of.CreateClient();
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
            if (method == "POST") request.Content = TestHttp.Json(new JsonObject().ToJsonString());
            request.Headers.TryAddWithoutValidation("Authorization", "DPoP some-token");
            return await Answer.OfAsync(await client.SendAsync(request));
        }

        private async Task<string> TokenAsync(TestCustomer customer, params string[] permissions)
        {
            var code = await tpp.AuthoriseAsync(customer, await tpp.CreateConsentAsync(permissions));
            return (await tpp.RedeemAsync(code)).Text("access_token") ?? throw new InvalidOperationException("No token.");
        }
    }
}
