using System.Globalization;
using System.Numerics;
using Npgsql;
using OpenBanking.Kernel;
using OpenBanking.Testing;

namespace OpenBanking.Platform.Tests.Proof;

/// <summary>Amounts beside whole numbers of any size: what is read, written, kept and added up loses no digit and is rounded nowhere.</summary>
public sealed class AmountTests
{
    /// <summary>Every currency of ISO 4217 that has other than two digits, and some that have two.</summary>
    private static readonly IReadOnlyList<(string Currency, int Digits)> Currencies =
    [
        .. new[] { "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF" }.Select(currency => (currency, 0)),
        .. new[] { "GBP", "EUR", "USD", "CHF", "MGA", "MRU", "HUF", "IDR" }.Select(currency => (currency, 2)),
        .. new[] { "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND" }.Select(currency => (currency, 3)),
        .. new[] { "CLF", "UYW" }.Select(currency => (currency, 4)),
    ];

    [Fact]
    [Trait("Reliability", "R14")]
    [Trait("Rule", "PY-11")]
    [Trait("Rule", "PY-12")]
    public async Task Amounts_are_read_written_and_added_up_to_the_last_digit()
    {
        var random = new Random(ProofRun.Seed);
        var (values, refused) = (ProofRun.Count(10_000, 1_000_000), 0);
        var drawn = Enumerable.Range(0, values).Select(_ => Draw(random)).ToList();
        foreach (var (text, currency, digits) in drawn)
        {
            // Exactly as many digits as the currency has are taken, zeros behind them aside; nothing is ever rounded to them.
            var money = Money.Parse(text, currency);
            var fits = Fraction(text).TrimEnd('0').Length <= digits;
            Assert.True(fits == money is not null, $"{text} {currency}");
            if (money is not { } read)
            {
                refused++;
                continue;
            }

            Assert.True(Units(text) == Units(read.Amount.ToString(CultureInfo.InvariantCulture)), text);
            var wire = read.ToWire();
            Assert.True(Units(text) == Units(wire) && Fraction(wire).Length == digits, $"{text} {currency} was written {wire}");
            Assert.Equal(read, Money.Parse(wire, currency));
        }

        Assert.InRange(refused, values / 10, values * 9 / 10);
        var sum = await SummedAsync([.. drawn.Select(value => decimal.Parse(value.Text, CultureInfo.InvariantCulture))], [.. drawn.Select(value => Units(value.Text))]);
        Assert.True(sum > long.MaxValue);
        ProofRun.Passed("R14", $"{values} amounts of up to 13 and 5 digits in {Currencies.Count} currencies, {refused} of them refused for digits that the currency lacks; sums up to {sum} units of 10^-5: 0 wrong, 0 rounded");
    }

    /// <summary>Adds them up as the ledger does: in the database, in its column types, and as they come back.</summary>
    private static async Task<BigInteger> SummedAsync(decimal[] amounts, BigInteger[] units)
    {
        await using var store = await TestDatabase.CreateAsync();
        await using var database = NpgsqlDataSource.Create(store.ConnectionString);
        await using (var prepare = database.CreateCommand("CREATE TABLE kept (number int PRIMARY KEY, amount numeric(18,5) NOT NULL)")) await prepare.ExecuteNonQueryAsync();
        await using (var connection = await database.OpenConnectionAsync())
        await using (var copy = await connection.BeginBinaryImportAsync("COPY kept (number, amount) FROM STDIN (FORMAT BINARY)"))
        {
            for (var number = 0; number < amounts.Length; number++) await copy.WriteRowAsync(CancellationToken.None, number, amounts[number]);
            await copy.CompleteAsync();
        }

        await using var read = database.CreateCommand("SELECT number, amount, (sum(amount) OVER (ORDER BY number))::numeric(28,5) FROM kept ORDER BY number");
        await using var rows = await read.ExecuteReaderAsync();
        var sum = BigInteger.Zero;
        while (await rows.ReadAsync())
        {
            var number = rows.GetInt32(0);
            sum += units[number];
            Assert.True(units[number] == Units(rows.GetDecimal(1).ToString(CultureInfo.InvariantCulture)), amounts[number].ToString(CultureInfo.InvariantCulture));
            Assert.True(sum == Units(rows.GetDecimal(2).ToString(CultureInfo.InvariantCulture)), $"the sum of the first {number + 1}");
        }

        return sum;
    }

    private static (string Text, string Currency, int Digits) Draw(Random random)
    {
        var (currency, digits) = Currencies[random.Next(Currencies.Count)];
        var whole = random.NextInt64((long)Math.Pow(10, random.Next(1, 14)));
        if (random.Next(20) == 0) whole = 9_999_999_999_999;
        var behind = random.Next(6);
        var fraction = string.Concat(Enumerable.Range(0, behind).Select(_ => random.Next(3) == 0 ? '0' : (char)('0' + random.Next(10))));
        return (whole.ToString(CultureInfo.InvariantCulture) + (behind > 0 ? "." + fraction : ""), currency, digits);
    }

    private static string Fraction(string text) => text.IndexOf('.', StringComparison.Ordinal) is var point and >= 0 ? text[(point + 1)..] : "";

    /// <summary>In units of 10^-5, as the ledger counts; by text alone.</summary>
    private static BigInteger Units(string text)
    {
        var fraction = Fraction(text);
        Assert.True(fraction.Length <= 5, text);
        return BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal) + new string('0', 5 - fraction.Length), CultureInfo.InvariantCulture);
    }
}
