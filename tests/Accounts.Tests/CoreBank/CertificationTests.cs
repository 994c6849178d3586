using System.Text.Json.Nodes;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank.Certification;
using OpenBanking.Accounts.CoreBank.Connector;
using OpenBanking.Testing.UkApi;

namespace OpenBanking.Accounts.Tests.CoreBank;

/// <summary>The contract kit: the sample core keeps the contract, and each way to break it is found by its case.</summary>
public sealed class CertificationTests : IAsyncLifetime
{
    private readonly string token = Path.GetTempFileName();
    private CoreProxy core = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(token, "a-secret-of-the-core");
        core = await CoreProxy.StartAsync(token);
    }

    public async ValueTask DisposeAsync()
    {
        await core.DisposeAsync();
        File.Delete(token);
    }

    [Fact]
    public async Task The_sample_core_keeps_the_whole_contract()
    {
        var (kept, cases) = await CertifyAsync();

        Assert.True(kept, string.Join('\n', cases.Where(one => one.Problem is not null)));
        Assert.All(cases, one => Assert.True(one.WasTried, one.Id));
        Assert.Equal(cases.Count, cases.Select(one => one.Id).Distinct().Count());
    }

    [Theory]
    [InlineData("CORE-02")]
    [InlineData("CORE-04")]
    [InlineData("CORE-10")]
    [InlineData("CORE-20")]
    [InlineData("CORE-21")]
    [InlineData("CORE-22")]
    [InlineData("CORE-25")]
    [InlineData("CORE-27")]
    [InlineData("CORE-28")]
    [InlineData("CORE-30")]
    [InlineData("CORE-31")]
    [InlineData("CORE-38")]
    public async Task A_core_that_breaks_a_case_is_told_which(string id)
    {
        core.Spoil = (path, question, answer) => Break(id, path, question, answer.AsObject());
        var (kept, cases) = await CertifyAsync();

        Assert.False(kept);
        Assert.NotNull(Assert.Single(cases, one => one.Id == id).Problem);
    }

    [Fact]
    public async Task Whoever_knows_no_token_is_told_so_and_the_rest_is_not_tried_in_vain()
    {
        await File.WriteAllTextAsync(token + ".other", "another");
        var (kept, cases) = await CertifyAsync(token + ".other");
        File.Delete(token + ".other");

        Assert.False(kept);
        Assert.Contains("status 401", cases.First(one => one.Id == "CORE-02").Problem, StringComparison.Ordinal);
    }

    private async Task<(bool Kept, IReadOnlyList<CoreCase> Cases)> CertifyAsync(string? tokenFile = null)
    {
        var cases = new List<CoreCase>();
        var kit = new CertifyCoreBankHandler(new CoreBankOptions { TokenFile = tokenFile ?? token }, TimeProvider.System);
        var kept = await kit.Handle(
            new CertifyCoreBank(core.Address, "C-100001", "C-100002", one =>
            {
                cases.Add(one);
                return Task.CompletedTask;
            }),
            TestContext.Current.CancellationToken);
        return (kept, cases);
    }

    private static void Break(string id, string path, JsonNode question, JsonObject answer)
    {
        var accounts = answer["accounts"] as JsonArray;
        var balances = answer["balances"] as JsonArray;
        var rows = answer["transactions"] as JsonArray;
        switch (id)
        {
            case "CORE-02":
                if (accounts is { Count: > 0 }) accounts[0]!.AsObject().Remove("scheme");
                break;
            case "CORE-04":
                if (accounts is { Count: 1 }) accounts.Clear();
                break;
            case "CORE-10":
                if (balances is { Count: > 0 }) balances[0]!["booked"] = "1.00";
                break;
            case "CORE-20":
                if (path == "/transactions/query") answer["hasNewer"] = true;
                break;
            case "CORE-21":
                // Newer than any other, on every page but the first.
                if (rows is { Count: > 0 } && (bool)answer["hasNewer"]!) rows[0]!["id"] = "ffffffff-ffff-ffff-ffff-ffffffffffff";
                break;
            case "CORE-22":
                if (rows is { Count: > 1 } && question["start"]?["backwards"]?.GetValue<bool>() == true) rows.RemoveAt(0);
                break;
            case "CORE-25":
                if (rows is { Count: > 0 } && !question["credits"]!.GetValue<bool>()) rows.RemoveAt(0);
                break;
            case "CORE-27":
                if (rows is not null)
                {
                    foreach (var row in rows) row!["balanceAfter"] = "123.45";
                }

                break;
            case "CORE-28":
                if (rows is not null) answer["available"] = new JsonObject();
                break;
            case "CORE-30":
                if (path == "/party/query" && answer["party"] is JsonObject party) party["customerId"] = "C-100002";
                break;
            case "CORE-31":
                if (path == "/parties/query") answer["rows"]!.AsArray().RemoveAt(0);
                break;
            case "CORE-38":
                if (path == "/statements/query") answer["statements"]!.AsArray()[0]!["closing"] = "0.01";
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(id));
        }
    }
}
