using System.Globalization;
using System.Text.Json;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.AccountInformation;

public sealed class TransactionEndpointsTests(Bank bank)
{
    private readonly BankApi api = bank.Api;

    [Fact]
    [Trait("Rule", "OB-PAG-2")]
    [Trait("Rule", "OB-PAG-3")]
    [Trait("Rule", "OB-PAG-4")]
    public async Task Pages_forwards_and_back_through_everything_once()
    {
        var caller = await api.AccessAsync(["BIG-1"], customerId: "C-100005");
        var path = $"/accounts/{api.Account("BIG-1")}/transactions";
        var forwards = await WalkAsync(path, caller, "Next");
        var count = await api.Database.ScalarAsync<long>("""SELECT count(*) FROM accounts.transactions WHERE "AccountId" = $1""", api.Account("BIG-1"));

        var ids = forwards.SelectMany(Ids).ToList();
        Assert.Equal(count, ids.Count);
        Assert.Equal(count, ids.Distinct(StringComparer.Ordinal).LongCount());
        Assert.All(forwards[..^1], page => Assert.Equal(100, Ids(page).Count));
        Assert.Null(forwards[0].Link("Prev"));
        Assert.Null(forwards[^1].Link("Next"));
        Assert.All(forwards[1..], page => Assert.NotNull(page.Link("Prev")));

        var back = await WalkAsync(forwards[^1].Link("Self")!, caller, "Prev");
        Assert.Equal(ids, back.AsEnumerable().Reverse().SelectMany(Ids));

        // Any link, again and in any order.
        Assert.Equal(Ids(forwards[2]), Ids(await api.GetAsync(forwards[2].Link("Self")!, caller)));
        Assert.Equal(Ids(forwards[1]), Ids(await api.GetAsync(forwards[2].Link("Prev")!, caller)));
        Assert.Equal(Ids(forwards[2]), Ids(await api.GetAsync(forwards[1].Link("Next")!, caller)));
    }

    [Fact]
    [Trait("Rule", "OB-AIS-8")]
    public async Task A_bulk_listing_is_the_listings_of_its_accounts_in_one_order()
    {
        var caller = await api.AccessAsync(["GB-1", "CARD-1", "JT-1"]);
        var bulk = (await WalkAsync("/transactions", caller, "Next")).SelectMany(Rows).ToList();
        var single = new List<string>();
        foreach (var tag in new[] { "GB-1", "CARD-1", "JT-1" })
            single.AddRange((await WalkAsync($"/accounts/{api.Account(tag)}/transactions", caller, "Next")).SelectMany(Ids));

        Assert.Equal(single.Order(StringComparer.Ordinal), bulk.Select(Id).Order(StringComparer.Ordinal));
        var times = bulk.ConvertAll(row => DateTimeOffset.Parse(row.GetProperty("BookingDateTime").GetString()!, CultureInfo.InvariantCulture));
        Assert.Equal(times.OrderDescending(), times);
    }

    [Fact]
    [Trait("Rule", "OB-PAG-5")]
    [Trait("Rule", "OB-AIS-14")]
    public async Task New_bookings_neither_skip_nor_repeat_what_is_on_the_pages()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await own.AccessAsync(["BIG-1"], customerId: "C-100005");
        var path = $"/accounts/{own.Account("BIG-1")}/transactions";
        var whole = new List<string>();
        for (var (link, page) = (path, 0); link is not null; page++)
        {
            var answer = await own.GetAsync(link, caller);
            whole.AddRange(Ids(answer));
            link = answer.Link("Next");
            if (page % 5 == 1) await BookAsync(own, "BIG-1", own.Clock.Now.AddMinutes(page));
        }

        Assert.Equal(whole.Count, whole.Distinct(StringComparer.Ordinal).Count());
        var before = await own.Database.ScalarAsync<long>("""SELECT count(*) FROM accounts.transactions WHERE "AccountId" = $1 AND "Reference" <> 'NEW'""", own.Account("BIG-1"));
        Assert.Equal(before, whole.Count);

        // And while they come at any moment, before and after each other and in between what is paged.
        using var stop = new CancellationTokenSource();
        var bookings = Task.Run(
            async () =>
            {
                for (var number = 0; !stop.IsCancellationRequested; number++) await BookAsync(own, "BIG-1", own.Clock.Now.AddDays(number % 3 == 0 ? -400 : 0));
                return 0;
            },
            TestContext.Current.CancellationToken);
        var paged = new List<string>();
        for (string? link = path; link is not null;)
        {
            var answer = await own.GetAsync(link, caller);
            paged.AddRange(Ids(answer));
            link = answer.Link("Next");
        }

        await stop.CancelAsync();
        await bookings;
        Assert.Equal(paged.Count, paged.Distinct(StringComparer.Ordinal).Count());
        Assert.Empty(whole.Except(paged, StringComparer.Ordinal));

        // Going back from the second page shows what has arrived meanwhile, before what was first.
        var second = await own.GetAsync((await own.GetAsync(path, caller)).Link("Next")!, caller);
        await BookAsync(own, "BIG-1", own.Clock.Now.AddHours(40));
        var first = await own.GetAsync(second.Link("Prev")!, caller);
        var newest = await own.GetAsync(first.Link("Prev")!, caller);
        Assert.Equal("NEW", Assert.Single(Rows(newest)).GetProperty("TransactionReference").GetString());
        Assert.Null(newest.Link("Prev"));
    }

    [Fact]
    [Trait("Rule", "OB-PAG-6")]
    [Trait("Rule", "CO-18")]
    public async Task A_page_link_opens_nothing_but_its_own_listing()
    {
        var caller = await api.AccessAsync(["GB-1", "JT-1"]);
        var other = await api.AccessAsync(["GB-1", "JT-1"]);
        var next = (await api.GetAsync($"/accounts/{api.Account("GB-1")}/transactions?fromBookingDateTime=2020-01-01", caller)).Link("Next")!;
        Assert.Contains("fromBookingDateTime=2020-01-01", next, StringComparison.Ordinal);
        Assert.Equal(200, (await api.GetAsync(next, caller)).Status);

        var answer = await api.GetAsync(next, other);
        Assert.Equal((403, "OB-PAG-6"), (answer.Status, answer.Rule));

        foreach (var changed in new[]
        {
            next.Replace("2020-01-01", "2019-01-01", StringComparison.Ordinal),
            next.Replace("fromBookingDateTime=2020-01-01&", "", StringComparison.Ordinal),
            next.Replace(api.Account("GB-1"), api.Account("JT-1"), StringComparison.Ordinal),
            next[..^3] + (next.EndsWith("AAA", StringComparison.Ordinal) ? "BBB" : "AAA"),
            next[..^8],
            "/transactions?page=" + next[(next.IndexOf("page=", StringComparison.Ordinal) + 5)..],
            "/transactions?page=",
            "/transactions?page=%27%3BDROP%20TABLE",
            "/transactions?page=" + new string('A', 2000),
            "/transactions?page=AAAA&page=BBBB",
        })
        {
            answer = await api.GetAsync(changed, caller);
            Assert.Equal((400, "OB-PAG-6"), (answer.Status, answer.Rule));
            Assert.Equal(["U002 page"], answer.Faults);
        }
    }

    [Fact]
    [Trait("Rule", "OB-DAT-4")]
    public async Task Filters_by_booking_with_both_ends_inclusive_and_each_alone()
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var path = $"/accounts/{api.Account("GB-2")}/transactions";
        var all = (await WalkAsync(path, caller, "Next")).SelectMany(Rows).ToList();
        var (early, late) = (Booked(all[40]), Booked(all[10]));

        Assert.Equal(all[10..41].Select(Id), Ids(await api.GetAsync($"{path}?fromBookingDateTime={early}&toBookingDateTime={late}", caller)));
        Assert.Equal(all[..41].Select(Id), Ids(await api.GetAsync($"{path}?fromBookingDateTime={early}", caller)));
        Assert.Equal(all[10..].Select(Id), Ids(await api.GetAsync($"{path}?toBookingDateTime={late}", caller)));
        Assert.Equal(all[10..41].Select(Id), Ids(await api.GetAsync($"{path}/?toBookingDateTime={late}&fromBookingDateTime={early}&else=1", caller)));
        var self = await api.GetAsync($"{path}?fromBookingDateTime={early}", caller);
        Assert.Equal($"{BankApi.Issuer}{BankApi.Root}{path}?fromBookingDateTime={Uri.EscapeDataString(early)}", self.Link("Self"));
    }

    [Theory]
    [Trait("Rule", "OB-DAT-1")]
    [Trait("Rule", "OB-DAT-3")]
    [Trait("Rule", "OB-DAT-10")]
    [Trait("Rule", "OB-V401-14")]
    [InlineData("2001-01-01")]
    [InlineData("20010101")]
    [InlineData("2001-01-01T10:40")]
    [InlineData("2001-01-01T10:40:12")]
    [InlineData("2001-01-01T10:40:12.345")]
    [InlineData("2001-01-01T10:40:12Z")]
    [InlineData("2001-01-01T10:40:12%2B01:00")]
    [InlineData("2001-01-01T10:40:12+01:00")]
    [InlineData("2001-01-01T10:40:12+0100")]
    [InlineData("2001-01-01T10:40:12-01")]
    [InlineData("20010101T104012.345Z")]
    public async Task Takes_every_form_of_a_date_and_ignores_its_zone(string date)
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var path = $"/accounts/{api.Account("GB-2")}/transactions";
        Assert.NotEmpty(Ids(await api.GetAsync($"{path}?fromBookingDateTime={date}", caller)));
        var before = await api.GetAsync($"{path}?toBookingDateTime={date}", caller);
        Assert.Equal((200, 0), (before.Status, Ids(before).Count));
    }

    [Theory]
    [Trait("Rule", "OB-DAT-7")]
    [Trait("Rule", "OB-DAT-8")]
    [InlineData("fromBookingDateTime=2026-13-01", "OB-DAT-8", "U003 fromBookingDateTime")]
    [InlineData("fromBookingDateTime=yesterday", "OB-DAT-8", "U003 fromBookingDateTime")]
    [InlineData("fromBookingDateTime=", "OB-DAT-8", "U003 fromBookingDateTime")]
    [InlineData("toBookingDateTime=2026-02-30", "OB-DAT-8", "U003 toBookingDateTime")]
    [InlineData("fromBookingDateTime=2026-01-01&fromBookingDateTime=2026-01-02", "OB-DAT-8", "U003 fromBookingDateTime")]
    [InlineData("fromBookingDateTime=2026-01-02&toBookingDateTime=2026-01-01", "OB-DAT-7", "U003 toBookingDateTime")]
    public async Task Refuses_what_is_no_range(string query, string rule, string fault)
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var answer = await api.GetAsync("/transactions?" + query, caller);
        Assert.Equal((400, rule), (answer.Status, answer.Rule));
        Assert.Equal([fault], answer.Faults);
    }

    [Fact]
    [Trait("Rule", "OB-GEN-6")]
    [Trait("Rule", "OB-DAT-6")]
    [Trait("Rule", "OB-HTTP-4")]
    public async Task A_range_without_data_is_an_empty_list()
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var answer = await api.GetAsync("/transactions?fromBookingDateTime=1999-01-02&toBookingDateTime=1999-01-03", caller);
        Assert.Equal((200, 0), (answer.Status, Ids(answer).Count));
        Assert.Equal(1, answer.Json.GetProperty("Meta").GetProperty("TotalPages").GetInt32());
    }

    [Fact]
    [Trait("Rule", "OB-PAG-7")]
    public async Task Says_what_range_there_is_within_the_consent_and_whatever_was_asked_for()
    {
        var caller = await api.AccessAsync(["GB-2"]);
        var all = (await WalkAsync("/transactions", caller, "Next")).SelectMany(Rows).ToList();
        foreach (var query in new[] { "", "?fromBookingDateTime=" + Booked(all[10]) }) AssertRange(Booked(all[^1]), Booked(all[0]), await api.GetAsync("/transactions" + query, caller));
        AssertRange(Booked(all[30]), Booked(all[5]), await api.GetAsync("/transactions", await api.AccessAsync(["GB-2"], from: Booked(all[30]), to: Booked(all[5]))));
        var credits = await api.AccessAsync(["GB-2"], ["ReadAccountsBasic", "ReadTransactionsBasic", "ReadTransactionsCredits"]);
        var own = (await WalkAsync("/transactions", credits, "Next")).SelectMany(Rows).ToList();
        AssertRange(Booked(own[^1]), Booked(own[0]), await api.GetAsync("/transactions", credits));
        Assert.False((await api.GetAsync("/transactions", await api.AccessAsync(["GB-2"], to: "1999-01-01"))).Json.GetProperty("Meta").TryGetProperty("FirstAvailableDateTime", out _));

        static void AssertRange(string first, string last, ApiAnswer answer)
        {
            var meta = answer.Json.GetProperty("Meta");
            Assert.Equal((first, last), (meta.GetProperty("FirstAvailableDateTime").GetString(), meta.GetProperty("LastAvailableDateTime").GetString()));
        }
    }

    [Fact]
    [Trait("Rule", "OB-AIS-13")]
    [Trait("Rule", "CO-15")]
    public async Task Never_leaves_the_window_of_the_consent()
    {
        var open = await api.AccessAsync(["GB-2"]);
        var path = $"/accounts/{api.Account("GB-2")}/transactions";
        var all = (await WalkAsync(path, open, "Next")).SelectMany(Rows).ToList();
        var (early, late) = (Booked(all[40]), Booked(all[10]));
        var caller = await api.AccessAsync(["GB-2"], from: early, to: late);

        var inside = all[10..41].Select(Id).ToList();
        Assert.Equal(inside, (await WalkAsync(path, caller, "Next")).SelectMany(Ids));
        Assert.Equal(inside, Ids(await api.GetAsync("/transactions", caller)));
        Assert.Equal(inside, Ids(await api.GetAsync("/transactions?fromBookingDateTime=1990-01-01&toBookingDateTime=2990-01-01", caller)));
        Assert.Empty(Ids(await api.GetAsync("/transactions?toBookingDateTime=2001-01-01", caller)));

        // An hour moved by a zone is an hour: in the consent the zone counts.
        var edge = DateTimeOffset.Parse(late, CultureInfo.InvariantCulture).ToOffset(TimeSpan.FromHours(5)).AddSeconds(-1).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
        var shifted = await api.AccessAsync(["GB-2"], to: edge);
        Assert.Equal(all[11..].Select(Id), (await WalkAsync(path, shifted, "Next")).SelectMany(Ids));
    }

    [Theory]
    [Trait("Rule", "OB-AIS-12")]
    [Trait("Rule", "CO-14")]
    [InlineData("ReadTransactionsCredits", "Credit")]
    [InlineData("ReadTransactionsDebits", "Debit")]
    public async Task One_direction_shows_that_direction_alone(string permission, string indicator)
    {
        var caller = await api.AccessAsync(["GB-1"], ["ReadAccountsBasic", "ReadTransactionsBasic", permission]);
        var rows = (await WalkAsync("/transactions", caller, "Next")).SelectMany(Rows).ToList();
        var sign = indicator == "Credit" ? ">=" : "<";
        var count = await api.Database.ScalarAsync<long>($"""SELECT count(*) FROM accounts.transactions WHERE "AccountId" = $1 AND "Amount" {sign} 0""", api.Account("GB-1"));
        Assert.Equal(count, rows.Count);
        Assert.All(rows, row => Assert.Equal(indicator, row.GetProperty("CreditDebitIndicator").GetString()));
        Assert.All(rows, row => Assert.False(row.TryGetProperty("TransactionInformation", out _)));
    }

    [Fact]
    [Trait("Rule", "OB-AIS-15")]
    [Trait("Rule", "OB-AIS-16")]
    [Trait("Rule", "OB-AIS-17")]
    public async Task Says_what_is_pending_and_what_is_final()
    {
        var caller = await api.AccessAsync(["CARD-1"]);
        var rows = (await WalkAsync("/transactions", caller, "Next")).SelectMany(Rows).ToList();
        var pending = rows.Where(row => row.GetProperty("Status").GetString() == "PDNG").ToList();
        Assert.Equal(2, pending.Count);
        Assert.All(pending, row => Assert.Equal("Mutable", row.GetProperty("TransactionMutability").GetString()));
        Assert.All(pending, row => Assert.False(row.TryGetProperty("Balance", out _)));
        Assert.All(rows.Except(pending), row => Assert.Equal(("BOOK", "Immutable"), (row.GetProperty("Status").GetString(), row.GetProperty("TransactionMutability").GetString())));
        Assert.All(rows, row => Assert.True(row.TryGetProperty("BankTransactionCode", out _)));
    }

    [Theory]
    [Trait("Rule", "OB-AIS-22")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Shows_a_card_number_in_full_only_where_the_consent_says_so(bool granted)
    {
        string[] permissions = ["ReadAccountsDetail", "ReadTransactionsDetail", "ReadTransactionsCredits", "ReadTransactionsDebits"];
        var caller = await api.AccessAsync(["CARD-1", "GB-1"], granted ? [.. permissions, "ReadPAN"] : permissions);
        var number = await api.Database.ScalarAsync<string>("""SELECT "Identification" FROM accounts.accounts WHERE "Id" = $1""", api.Account("CARD-1"));
        var everything = (await api.GetAsync("/accounts", caller)).Body
            + string.Concat((await WalkAsync("/transactions", caller, "Next")).Select(page => page.Body));

        Assert.Equal(granted, everything.Contains(number!, StringComparison.Ordinal));
        Assert.Equal(!granted, everything.Contains(new string('*', 12) + number![^4..], StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Rule", "OB-PAG-1")]
    public async Task Links_name_the_published_address_whatever_the_request_calls_the_host()
    {
        var caller = await api.AccessAsync(["GB-1"]);
        var answer = await api.SendAsync(HttpMethod.Get, "/transactions", caller, adjust: request => request.Headers.Host = "evil.example");
        Assert.StartsWith("https://bank.example/", answer.Link("Self"), StringComparison.Ordinal);
        Assert.StartsWith("https://bank.example/", answer.Link("Next"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "D-4")]
    public async Task Notes_the_last_use_at_most_once_a_minute()
    {
        await using var own = await BankApi.StartAsync();
        var caller = await own.AccessAsync(["GB-1"]);
        var start = own.Clock.Now;
        own.Clock.StopAt(start);
        await own.GetAsync("/accounts", caller);
        var first = await LastUsedAsync();
        own.Clock.StopAt(start.AddSeconds(59));
        await own.GetAsync("/accounts", caller);
        Assert.Equal(first, await LastUsedAsync());
        own.Clock.StopAt(start.AddSeconds(60));
        await own.GetAsync("/transactions", caller);
        Assert.Equal(first!.Value.AddSeconds(60), await LastUsedAsync());

        Task<DateTime?> LastUsedAsync() => own.Database.ScalarAsync<DateTime?>("""SELECT "LastUsedAt" FROM consent.consents WHERE "Id" = $1""", caller.ConsentId);
    }

    private async Task<List<ApiAnswer>> WalkAsync(string path, TestCaller caller, string direction)
    {
        var pages = new List<ApiAnswer>();
        for (string? link = path; link is not null; link = pages[^1].Link(direction))
        {
            pages.Add(await api.GetAsync(link, caller));
            Assert.Equal(200, pages[^1].Status);
        }

        return pages;
    }

    private static async Task BookAsync(BankApi own, string tag, DateTimeOffset at) => await own.Database.ExecuteAsync(
        """
        INSERT INTO accounts.transactions ("Id", "AccountId", "BookedAt", "ValueAt", "Amount", "Currency", "IsPending", "Reference", "Information", "Code", "SubCode", "OwnCode")
        VALUES (gen_random_uuid(), $1, $2, $2, 1.00, 'GBP', true, 'NEW', 'New', 'RCDT', 'DMCT', 'FPI')
        """,
        own.Account(tag),
        at.UtcDateTime);

    private static List<JsonElement> Rows(ApiAnswer page) => [.. page.Data.GetProperty("Transaction").EnumerateArray()];

    private static List<string> Ids(ApiAnswer page) => Rows(page).ConvertAll(Id);

    private static string Id(JsonElement row) => row.GetProperty("TransactionId").GetString()!;

    private static string Booked(JsonElement row) => row.GetProperty("BookingDateTime").GetString()!;
}
