using System.Text.Json;
using System.Text.Json.Nodes;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Payments.Contracts;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Platform.Tests.Portal;

/// <summary>Payments in the customer's browser: what is approved, of every type; the list of what was paid; the end of what has not gone.</summary>
public sealed class PaymentPagesTests : PortalTest
{
    private const string Root = "/open-banking/v4.0/pisp/";
    private static readonly string[] Unstructured = ["Invoice 2041"];

    [Fact]
    [Trait("Rule", "P-1")]
    [Trait("Rule", "P-3")]
    [Trait("Rule", "P-5")]
    [Trait("Rule", "P-6")]
    [Trait("Rule", "P-7")]
    [Trait("Rule", "P-9")]
    [Trait("Rule", "P-11")]
    [Trait("Rule", "P-12")]
    [Trait("Rule", "D-10")]
    [Trait("Rule", "X-6")]
    [Trait("Rule", "X-8")]
    [Trait("Rule", "X-12")]
    [Trait("Rule", "DC-17")]
    [Trait("Rule", "CO-19")]
    [Trait("Rule", "OB-PIS-21")]
    [Trait("Rule", "PO-01")]
    public async Task Every_payment_is_approved_found_again_and_stopped_where_it_can_be()
    {
        using var tpp = await TestTpp.RegisterAsync(Host, change: Pays, algorithm: "PS256");
        var customer = await ActivateAsync(0);
        await OpenAsync("/signin");
        await Browser.SignInAsync();
        await OpenAsync("/payments");
        await Assertions.Expect(Page.GetByText("No app has paid anything")).ToBeVisibleAsync();

        // One payment: what the passkey signs first, then the rest, and the accounts with what is on them.
        var domestic = Body(initiation =>
        {
            initiation["LocalInstrument"] = "UK.OBIE.CHAPS";
            initiation["UltimateCreditor"] = new JsonObject { ["Name"] = "Harbour Council" };
        });
        var consent = await ArriveAsync(tpp, "domestic-payment-consents", domestic);
        await Assertions.Expect(Page.GetByText("no money moves")).ToBeVisibleAsync();
        await Browser.SignInAsync();
        await HasHeadingAsync("Pay £1,024.50 to Willow Street Energy");
        await SaysAsync("an app of Budget App Holdings Ltd", "08-08-00 21325698", "Invoice 2041", "Paid on to", "Harbour Council", "Charge", "£20.00", "is told the name and number of this account");
        await Assertions.Expect(Page.Locator(".choice .row-detail").First).ToContainTextAsync("available");
        await SameWeightAsync("Approve", "Cancel");
        await LookAsync("approve-payment");
        Stay = true;
        await ApproveAsync(customer);
        await HasHeadingAsync("Payment approved");
        Stay = false;
        var paid = await OrderAsync(tpp, consent, "domestic-payments", domestic);

        // A standing order and a payment on a day: when, how often, until when.
        var standing = Standing();
        consent = await ArriveAsync(tpp, "domestic-standing-order-consents", standing);
        await Browser.SignInAsync();
        await HasHeadingAsync("Pay £40.00 to Willow Street Energy by standing order");
        await SaysAsync("First payment", "How often", "Every month", "Until cancelled");
        await LookAsync("approve-standing-order");
        await ApproveAsync(customer);
        var regular = await OrderAsync(tpp, consent, "domestic-standing-orders", standing);
        var scheduled = Body(initiation => initiation["RequestedExecutionDateTime"] = In(9));
        scheduled["Data"]!["Permission"] = "Create";
        consent = await ArriveAsync(tpp, "domestic-scheduled-payment-consents", scheduled);
        await Browser.SignInAsync();
        await SaysAsync("Goes out on");
        await ApproveAsync(customer);
        var planned = await OrderAsync(tpp, consent, "domestic-scheduled-payments", scheduled);

        // Abroad: both amounts, the rate and how long it holds, the country by its name. Who cancels is told that no money moves.
        await ArriveAsync(tpp, "international-payment-consents", Abroad());
        await Browser.SignInAsync();
        await HasHeadingAsync("Pay 250.00 EUR to Atelier Lumière");
        await SaysAsync("You pay", "The payee gets", "1 GBP = 1.1463 EUR, fixed until", "France", "Charge, shared with the payee", "Arrives by");
        await LookAsync("approve-abroad");
        Stay = true;
        await Browser.PressAsync("Cancel");
        await HasHeadingAsync("Cancelled");
        await Assertions.Expect(Page.GetByText("No money moves.")).ToBeVisibleAsync();
        await LookAsync("return-payment-cancelled");
        Stay = false;

        // A file: how many, how much, which.
        await ArriveWithFileAsync(tpp);
        await Browser.SignInAsync();
        await HasHeadingAsync("Pay £3.00 in 2 payments");
        await SaysAsync("Total", "Salaries November", "List of payments", "Fingerprint");
        await LookAsync("approve-file");

        // Without a browser of the app's: the same words, and a question more.
        await AskAsync(tpp, customer);
        await OpenAsync("/requests");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Look at this request" }).ClickAsync();
        await HasHeadingAsync("Pay £1,024.50 to Willow Street Energy");
        await SaysAsync("Did you start this?", "If you are not, decline: no money moves");
        await LookAsync("request-payment");
        await Browser.TickAsync(Payer(customer).Name);
        await Browser.PressAsync("Approve with a passkey");
        await HasHeadingAsync("Payment approved");
        await LookAsync("request-payment-approved");

        // The list, with the third party's name; what is found by payee, app and amount, and by how it stands.
        await OpenAsync("/");
        await Assertions.Expect(Page.GetByText("planned or under way")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "See payments" }).ClickAsync();
        await HasHeadingAsync("Payments");
        await Assertions.Expect(Page.Locator(".payments > li")).ToHaveCountAsync(3);
        await SaysAsync("Standing order · Budget App", "Payment on a date · Budget App", "£1,024.50");
        await CopyAsync(paid, 24);
        await OpenAsync("/payments");
        await Assertions.Expect(Page.GetByText("1 to 20 of 27 payments.")).ToBeVisibleAsync();
        await LookAsync("payments");
        await OpenAsync("/payments?q=willow&show=open&kind=domestic-standing-order");
        await Assertions.Expect(Page.GetByText("1 payment of 27.")).ToBeVisibleAsync();
        await OpenAsync("/payments?q=nobody%25");
        await Assertions.Expect(Page.GetByText("No payment fits your search.")).ToBeVisibleAsync();
        await OpenAsync("/payments?page=2");
        await Assertions.Expect(Page.GetByText("21 to 27 of 27 payments.")).ToBeVisibleAsync();

        // A standing order is ended: one confirmation that says what that means.
        await UntilAsync(regular, "PDNG");
        await OpenAsync($"/payments/{regular}");
        await HasHeadingAsync("£40.00 to Willow Street Energy");
        await SaysAsync("an app of Budget App Holdings Ltd", "Every month", "Next payment", "It is active", "Order received", "Set up");
        await LookAsync("payment");
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "End this standing order" }).ClickAsync();
        await SaysAsync("No more payments are made under it, from this moment on.", "Payments that were made stay made.");
        await LookAsync("cancel-payment");
        await Browser.PressAsync("End it");
        await SaysAsync("It was ended. No more payments are made under it.", "You");
        Assert.Equal(0, await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "End this standing order" }).CountAsync());

        // What went while the page was open cannot be cancelled, and the page says so.
        await UntilAsync(planned, "PDNG");
        await OpenAsync($"/payments/{planned}/cancel");
        Assert.True(await SendAsync(new CancelOrder(planned, customer.CustomerId)));
        var late = await Page.RunAndWaitForResponseAsync(() => Browser.PressAsync("Cancel it"), answer => answer.Request.Method == "POST");
        Assert.Equal((409, "OB-PIS-21"), (late.Status, Host.Log.LastRefusal?.Rule));
        await SaysAsync("could not be cancelled any more", "It was cancelled before it went.");

        // Nobody else's, and no form of another site's.
        await Host.Database.ExecuteAsync("""UPDATE payments.orders SET "CustomerId" = 'C-0' WHERE "Id" = $1""", planned);
        foreach (var path in new[] { planned, planned + "/cancel", "dps-none", "x%20y" })
            Assert.Equal((404, "CO-19"), ((await OpenAsync($"/payments/{path}"))!.Status, Host.Log.LastRefusal?.Rule));
        await OpenAsync($"/payments/{paid}");
        await Page.EvaluateAsync("path => { const f = document.createElement('form'); f.method = 'post'; f.action = path; document.body.append(f); }", $"/payments/{paid}/cancel");
        var forged = await Page.RunAndWaitForResponseAsync(() => Page.EvaluateAsync("document.body.lastElementChild.submit()"), answer => answer.Request.Method == "POST");
        Assert.Equal((400, "PO-01"), (forged.Status, Host.Log.LastRefusal?.Rule));
        NothingFound();
    }

    private static void Pays(JsonObject metadata)
    {
        TestTpp.OnTheBackchannel()(metadata);
        metadata["software_roles"] = new JsonArray("PISP");
        metadata["scope"] = "openid payments";
        metadata["org_name"] = "Budget App Holdings Ltd";
    }

    private static SandboxAccountName Payer(SandboxCustomer customer) => customer.Accounts.First(account => account.Currency == "GBP" && account.Tag.StartsWith("GB-", StringComparison.Ordinal));

    private string In(int days) => Host.Clock.Now.AddDays(days).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private static JsonObject Body(Action<JsonObject> change)
    {
        var initiation = new JsonObject
        {
            ["InstructionIdentification"] = "I-1",
            ["EndToEndIdentification"] = "E-1",
            ["InstructedAmount"] = Amount("1024.50"),
            ["CreditorAccount"] = new JsonObject { ["SchemeName"] = "UK.OBIE.SortCodeAccountNumber", ["Identification"] = "08080021325698", ["Name"] = "Willow Street Energy" },
            ["RemittanceInformation"] = new JsonObject { ["Unstructured"] = new JsonArray([.. Unstructured.Select(text => JsonValue.Create(text))]) },
        };
        change(initiation);
        return new JsonObject { ["Data"] = new JsonObject { ["ReadRefundAccount"] = "Yes", ["Initiation"] = initiation }, ["Risk"] = new JsonObject { ["PaymentContextCode"] = "TransferToThirdParty" } };
    }

    private static JsonObject Amount(string amount, string currency = "GBP") => new() { ["Amount"] = amount, ["Currency"] = currency };

    private JsonObject Standing()
    {
        var body = Body(initiation =>
        {
            foreach (var name in new[] { "InstructionIdentification", "EndToEndIdentification", "InstructedAmount" }) initiation.Remove(name);
            initiation["FirstPaymentAmount"] = Amount("40.00");
            initiation["MandateRelatedInformation"] = new JsonObject { ["FirstPaymentDateTime"] = In(5), ["Frequency"] = new JsonObject { ["Type"] = "MNTH" } };
        });
        body["Data"]!["Permission"] = "Create";
        return body;
    }

    private static JsonObject Abroad() => Body(initiation =>
    {
        initiation["InstructedAmount"] = Amount("250.00", "EUR");
        initiation["CurrencyOfTransfer"] = "EUR";
        initiation["CreditorAccount"] = new JsonObject { ["SchemeName"] = "UK.OBIE.IBAN", ["Identification"] = "FR1420041010050500013M02606", ["Name"] = "Atelier Lumière" };
    });

    private static async Task<string> ConsentAsync(TestTpp tpp, string path, JsonObject body)
    {
        var made = await tpp.PayAsync(Root + path, body.ToJsonString(), await tpp.ClientTokenAsync("payments"));
        Assert.True(made.Status == 201, made.Body);
        return made.Json.GetProperty("Data").GetProperty("ConsentId").GetString()!;
    }

    private async Task<string> ArriveAsync(TestTpp tpp, string path, JsonObject body)
    {
        var consent = await ConsentAsync(tpp, path, body);
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consent).With("scope", "openid payments"))));
        return consent;
    }

    private async Task ArriveWithFileAsync(TestTpp tpp)
    {
        var file = JsonSerializer.Serialize(new
        {
            Data = new
            {
                DomesticPayments = Enumerable.Range(1, 2).Select(number => new
                {
                    InstructionIdentification = $"I{number}",
                    EndToEndIdentification = $"E{number}",
                    InstructedAmount = new { Amount = $"{number}.00", Currency = "GBP" },
                    CreditorAccount = new { SchemeName = "UK.OBIE.SortCodeAccountNumber", Identification = "08080021325698", Name = "A payee" },
                }),
            },
        });
        var body = new JsonObject
        {
            ["Data"] = new JsonObject
            {
                ["Initiation"] = new JsonObject
                {
                    ["FileType"] = "UK.OBIE.PaymentInitiation.4.0",
                    ["FileHash"] = Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(file))),
                    ["FileReference"] = "Salaries November",
                },
            },
        };
        var consent = await ConsentAsync(tpp, "file-payment-consents", body);
        var upload = await tpp.PayAsync($"{Root}file-payment-consents/{consent}/file", file, await tpp.ClientTokenAsync("payments"));
        Assert.True(upload.Status == 200, upload.Body);
        await OpenAsync(tpp.AuthorizePath(await tpp.PushAsync(TestTpp.AuthorizationRequest(consent).With("scope", "openid payments"))));
    }

    private static async Task AskAsync(TestTpp tpp, SandboxCustomer customer)
    {
        var consent = await ConsentAsync(tpp, "domestic-payment-consents", Body(_ => { }));
        await tpp.AskAsync(Form.Empty
            .With("scope", "openid payments")
            .With("login_hint", customer.Username)
            .With("binding_message", "Till 7 – order 4711")
            .With("authorization_details", $$"""[{"type":"payment_initiation","consent_id":"{{consent}}"}]"""));
    }

    private async Task ApproveAsync(SandboxCustomer customer)
    {
        await Browser.TickAsync(Payer(customer).Name);
        await Browser.PressAsync("Approve");
        if (!Stay) await Page.WaitForURLAsync("https://tpp.example/**");
    }

    private async Task<string> OrderAsync(TestTpp tpp, string consent, string path, JsonObject body)
    {
        if (!Page.Url.StartsWith("https://tpp.example/", StringComparison.Ordinal))
        {
            await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Continue to Budget App" }).ClickAsync();
            await Page.WaitForURLAsync("https://tpp.example/**");
        }

        var tokens = await tpp.RedeemAsync(Answer.Query(new Uri(Page.Url))["code"]);
        var order = body.DeepClone().AsObject();
        var data = order["Data"]!.AsObject();
        data["ConsentId"] = consent;
        data.Remove("ReadRefundAccount");
        data.Remove("Permission");
        var made = await tpp.PayAsync(Root + path, order.ToJsonString(), tokens.Text("access_token")!);
        Assert.True(made.Status == 201, made.Body);
        return made.Json.GetProperty("Data").EnumerateObject().First().Value.GetString()!;
    }

    private async Task SaysAsync(params string[] words)
    {
        foreach (var text in words) await Assertions.Expect(Page.Locator("main")).ToContainTextAsync(text);
    }

    private Task<T> SendAsync<T>(IRequest<T> question) => Host.InScopeAsync(services => services.GetRequiredService<IMediator>().Send(question));

    private async Task UntilAsync(string order, string status)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (await Host.Database.ScalarAsync<string>("""SELECT "Status" FROM payments.orders WHERE "Id" = $1""", order) != status) await Task.Delay(50, patience.Token);
    }

    private Task<int> CopyAsync(string order, int times) => Host.Database.ExecuteAsync(
        """
        INSERT INTO payments.orders ("Id", "ConsentId", "IsOnlyOne", "ClientId", "CustomerId", "AccountId", "Status", "CreatedAt", "StatusChangedAt", "Request", "Quoted", "Amount", "Currency", "PayeeName", "PayerScheme", "PayerIdentification", "PayerName", "GivesRefundAccount")
        SELECT 'dp-' || md5(n::text), 'dpc-' || md5(n::text), TRUE, "ClientId", "CustomerId", "AccountId", CASE n % 5 WHEN 0 THEN 'RJCT' WHEN 1 THEN 'ACSP' ELSE 'ACCC' END, "CreatedAt" - n * interval '9 days', "StatusChangedAt", "Request", "Quoted", "Amount" + n, "Currency", "PayeeName", "PayerScheme", "PayerIdentification", "PayerName", TRUE
        FROM payments.orders, generate_series(1, $2) n WHERE "Id" = $1
        """,
        order, times);
}
