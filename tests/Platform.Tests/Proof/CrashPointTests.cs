using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Consent.Contracts;
using OpenBanking.Payments.Execution;
using OpenBanking.Testing;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>
/// A host dies at one database command of a payment after the other: just before the command arrives, and once it was carried out and before
/// the host hears of it. The same request then comes again. The line to the database is cut, not the product changed: there is no hook in it.
/// </summary>
public sealed class CrashPointTests
{
    private const string Customer = "C-100001";
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);
    private static int keys;

    /// <summary>Path of the type, what is changed of the request, how an order of it ends, how many transfers it makes; those marked are tried in the large run only.</summary>
    private static readonly IReadOnlyList<Case> Cases =
    [
        new("/domestic-payment", _ => { }, "ACCC", 1),
        new("/domestic-payment", initiation => initiation["InstructedAmount"]!["Amount"] = "900000.00", null, 0),
        new("/domestic-scheduled-payment", initiation => initiation["RequestedExecutionDateTime"] = "2026-11-25T10:00:00Z", "ACCC", 1) { IsLarge = true },
        new("/domestic-standing-order", Standing, "INCO", 2) { IsLarge = true },
        new("/international-payment", Abroad, "ACCC", 1) { IsLarge = true },
        new(
            "/international-scheduled-payment",
            initiation =>
            {
                Abroad(initiation);
                initiation["RequestedExecutionDateTime"] = "2026-11-25T10:00:00Z";
            },
            "ACCC",
            1) { IsLarge = true },
        new("/file-payment", _ => { }, "INCO", 2) { IsLarge = true },
    ];

    [Fact]
    [Trait("Reliability", "R5")]
    [Trait("Rule", "PY-24")]
    [Trait("Rule", "PY-26")]
    [Trait("Rule", "OB-IDM-14")]
    public async Task Wherever_a_host_dies_there_is_one_payment_or_a_refusal_and_nothing_between()
    {
        DatabaseLine? line = null;
        await using var api = await BankApi.StartAsync(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Payments:SchemeDelay"] = "00:00:01" }, reach: direct => (line = new DatabaseLine(direct)).ConnectionString);
        await using var ending = line;

        // Only the payment's own commands pass, so that each has the same number in every try.
        foreach (var job in api.Services.GetServices<IHostedService>().Where(job => job.GetType().Namespace!.StartsWith("OpenBanking", StringComparison.Ordinal))) await job.StopAsync(CancellationToken.None);
        var bank = new Trial(api, line!);
        var (points, types) = (0, new List<string>());
        foreach (var one in Cases.Where(one => ProofRun.IsLarge || !one.IsLarge))
        {
            // Once without a fault, so that what is asked only the first time has been asked.
            Assert.True(await bank.RunAsync(one, int.MaxValue, after: false));
            foreach (var after in new[] { false, true })
            {
                var command = 1;
                while (!await bank.RunAsync(one, command, after)) command++;
                Assert.True(command > (one.Ends is null ? 4 : 15), $"only {command} commands of {one.Path}");
                types.Add($"{one.Path[1..]}{(one.Ends is null ? " without money" : "")} {command - 1}");
                points += command - 1;
            }
        }

        line!.Mend();
        Assert.Empty((await api.AskAsync(new VerifyLedger())).Problems);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", types));
        ProofRun.Passed("R5", $"{points} of {points} crash points end in exactly one payment or one clean refusal ({string.Join(", ", types)})");
    }

    private static void Standing(JsonObject initiation)
    {
        foreach (var name in new[] { "InstructionIdentification", "EndToEndIdentification", "InstructedAmount" }) initiation.Remove(name);
        initiation["FirstPaymentAmount"] = JsonNode.Parse("""{"Amount":"1.00","Currency":"GBP"}""");
        initiation["NumberOfPayments"] = "2";
        initiation["MandateRelatedInformation"] = JsonNode.Parse("""{"FirstPaymentDateTime":"2026-11-23T00:00:00Z","Frequency":{"Type":"WEEK"}}""");
    }

    private static void Abroad(JsonObject initiation)
    {
        initiation["CurrencyOfTransfer"] = "EUR";
        initiation["InstructedAmount"]!["Currency"] = "EUR";
        initiation["CreditorAccount"] = JsonNode.Parse("""{"SchemeName":"UK.OBIE.IBAN","Identification":"FR1420041010050500013M02606","Name":"ACME SA"}""");
    }

    private sealed record Case(string Path, Action<JsonObject> Change, string? Ends, int Transfers)
    {
        public bool IsLarge { get; init; }

        public bool IsFile => Path == "/file-payment";
    }

    private sealed class Trial(BankApi api, DatabaseLine line)
    {
        private static readonly string File = JsonSerializer.Serialize(new
        {
            Data = new
            {
                DomesticPayments = Enumerable.Range(1, 2).Select(number => new
                {
                    InstructionIdentification = $"I{number}",
                    EndToEndIdentification = $"E{number}",
                    InstructedAmount = new { Amount = "1.00", Currency = "GBP" },
                    CreditorAccount = new { SchemeName = "UK.OBIE.SortCodeAccountNumber", Identification = "08080021325698", Name = "A payee" },
                }),
            },
        });

        /// <summary>A payment with the line cut at one of its commands; true where it has fewer, and was not cut.</summary>
        public async Task<bool> RunAsync(Case one, int command, bool after)
        {
            api.Clock.StopAt(Start);
            line.CutAt(int.MaxValue, after);
            var (payer, order) = await ApprovedAsync(one);
            var key = Key();
            line.CutAt(command, after);
            var first = await api.PostAsync(one.Path + "s", order, payer, key);
            var wasCut = Mend();
            if (wasCut) Assert.Equal((503, "1"), (first.Status, first.Headers.RetryAfter?.ToString()));
            var answer = wasCut ? await api.PostAsync(one.Path + "s", order, payer, key) : first;
            if (wasCut) line.CutAt(int.MaxValue, after);
            if (one.Ends is null)
            {
                Assert.Equal((400, "AM04 Data.Initiation.InstructedAmount"), (answer.Status, answer.Faults[0]));
                await CompareAsync(payer, "AUTH", 0, 0, 0);
                return !wasCut;
            }

            Assert.True(answer.Status == 201, answer.Body);
            var id = answer.Data.EnumerateObject().First().Value.GetString()!;
            wasCut |= await UntilAsync(id, one.Ends);
            line.CutAt(int.MaxValue, after);
            await CompareAsync(payer, "COND", 1, one.Transfers, 1);
            Assert.Equal(id, (await api.PostAsync(one.Path + "s", order, payer, key)).Data.EnumerateObject().First().Value.GetString());
            return !wasCut;
        }

        /// <summary>What is due is done, by as many hosts in turn as die of it, until the order is where it ends.</summary>
        private async Task<bool> UntilAsync(string id, string status)
        {
            var worker = api.Services.GetRequiredService<ExecutionWorker>();
            var wasCut = false;
            for (var turn = 0; turn < 60; turn++)
            {
                try
                {
                    await worker.WorkAsync(CancellationToken.None);
                }
                catch (Exception) when (line.IsCut)
                {
                    // It died with that.
                }

                wasCut |= Mend();
                if (await api.Database.ScalarAsync<string>("""SELECT "Status" FROM payments.orders WHERE "Id" = $1""", id) == status) return wasCut;
                api.Clock.Advance(turn < 5 ? TimeSpan.FromSeconds(6) : TimeSpan.FromHours(12));
            }

            Assert.Fail($"{id} did not come to {status}");
            return wasCut;
        }

        /// <summary>A host that starts again has no connections yet.</summary>
        private bool Mend()
        {
            if (!line.IsCut) return false;
            line.Mend();
            api.Services.GetRequiredService<NpgsqlDataSource>().Clear();
            return true;
        }

        private async Task CompareAsync(TestCaller payer, string consent, long orders, long transfers, long audited)
        {
            var consentId = payer.ConsentId!;
            Assert.Equal(consent, await api.Database.ScalarAsync<string>("""SELECT "State" FROM consent.consents WHERE "Id" = $1""", consentId));
            foreach (var (expected, statement) in new[]
            {
                (orders, """SELECT count(*) FROM payments.orders WHERE "ConsentId" = $1"""),
                (orders, """SELECT count(*) FROM payments.idempotency i JOIN payments.orders o ON o."Id" = i."ResourceId" WHERE o."ConsentId" = $1"""),
                (transfers, """SELECT count(*) FROM accounts.transfers WHERE "Under" = $1 AND "State" = 'Posted'"""),
                (transfers, """SELECT count(*) FROM accounts.transfers WHERE "Under" = $1"""),
                (transfers, """SELECT count(*) FROM accounts.entries e JOIN accounts.transfers t ON e."Text" = 'Transfer ' || t."Id" WHERE t."Under" = $1"""),
                (audited, """SELECT count(*) FROM consent.audit_pending a JOIN payments.orders o ON o."Id" = a."Subject" WHERE a."What" = 'payment.accepted' AND o."ConsentId" = $1"""),
            })
                Assert.True(expected == await api.Database.ScalarAsync<long>(statement, consentId), $"not {expected}: {statement}");
            Assert.Equal(
                await api.Database.ScalarAsync<long>("""SELECT count(*) FROM payments.order_changes c JOIN payments.orders o ON o."Id" = c."OrderId" WHERE o."ConsentId" = $1""", consentId),
                await api.Database.ScalarAsync<long>("""SELECT count(*) FROM consent.audit_pending a JOIN payments.orders o ON o."Id" = a."Subject" WHERE o."ConsentId" = $1""", consentId));
        }

        private async Task<(TestCaller Payer, string Order)> ApprovedAsync(Case one)
        {
            var body = one.IsFile ? FilePayment() : Payment(one);
            var asked = await api.PostAsync(one.Path + "-consents", body.ToJsonString(), new TestCaller(BankApi.Tpp), Key());
            Assert.True(asked.Status == 201, asked.Body);
            var consentId = asked.Data.GetProperty("ConsentId").GetString()!;
            if (one.IsFile) Assert.Equal(200, (await api.PostAsync($"/file-payment-consents/{consentId}/file", File, new TestCaller(BankApi.Tpp), Key())).Status);
            Assert.IsType<AuthorisationAnswer.Authorised>(await api.ApproveAsync(consentId, [api.Account("GB-1")], Customer));
            return (new TestCaller(BankApi.Tpp, consentId, Customer), PaymentRequests.Order(body, consentId).ToJsonString());
        }

        private static JsonObject Payment(Case one)
        {
            var body = PaymentRequests.Domestic("1.00");
            if (one.Path is not ("/domestic-payment" or "/international-payment")) body["Data"]!["Permission"] = "Create";
            one.Change(body["Data"]!["Initiation"]!.AsObject());
            return body;
        }

        private static JsonObject FilePayment() => JsonNode.Parse(
            $$"""{"Data":{"Initiation":{"FileType":"UK.OBIE.PaymentInitiation.4.0","FileHash":"{{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(File)))}}"} } }""")!.AsObject();

        private static string Key() => $"crash-{Interlocked.Increment(ref keys)}";
    }
}
