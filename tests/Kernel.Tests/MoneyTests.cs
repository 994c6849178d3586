using System.Globalization;

namespace OpenBanking.Kernel.Tests;

public sealed class MoneyTests
{
    [Theory]
    [InlineData("0", "GBP", "0.00")]
    [InlineData("0.01", "GBP", "0.01")]
    [InlineData("1.5", "EUR", "1.50")]
    [InlineData("00012.30", "GBP", "12.30")]
    [InlineData("9999999999999", "GBP", "9999999999999.00")] // 13 digits
    [InlineData("9999999999999.99", "GBP", "9999999999999.99")]
    [InlineData("1.10000", "GBP", "1.10")] // 5 decimals, of which the currency has two
    [InlineData("100", "JPY", "100")]
    [InlineData("100.00000", "JPY", "100")]
    [InlineData("1.234", "KWD", "1.234")]
    [InlineData("1.2345", "CLF", "1.2345")]
    public void An_amount_of_the_UK_schema_is_read_and_written(string amount, string currency, string wire) =>
        Assert.Equal(wire, Money.Parse(amount, currency)?.ToWire());

    [Theory]
    [InlineData("10000000000000", "GBP")] // 14 digits
    [InlineData("00000000000000", "GBP")]
    [InlineData("1.000000", "GBP")] // 6 decimals
    [InlineData("1.001", "GBP")] // more than the currency has
    [InlineData("0.00001", "GBP")]
    [InlineData("1.1", "JPY")]
    [InlineData("1.2345", "KWD")]
    [InlineData("1.23456", "CLF")]
    [InlineData("", "GBP")]
    [InlineData(".5", "GBP")]
    [InlineData("5.", "GBP")]
    [InlineData("-1", "GBP")]
    [InlineData("+1", "GBP")]
    [InlineData("1,00", "GBP")]
    [InlineData("1e3", "GBP")]
    [InlineData(" 1", "GBP")]
    [InlineData("1 ", "GBP")]
    [InlineData("1\n", "GBP")]
    [InlineData("١", "GBP")]
    [InlineData("1", "gbp")]
    [InlineData("1", "GB")]
    [InlineData("1", "GBPP")]
    [InlineData("1", "G1P")]
    [InlineData("1", "")]
    public void Anything_else_is_not_an_amount(string amount, string currency) => Assert.Null(Money.Parse(amount, currency));

    [Theory]
    [InlineData("GBP", 2)]
    [InlineData("EUR", 2)]
    [InlineData("JPY", 0)]
    [InlineData("KRW", 0)]
    [InlineData("BHD", 3)]
    [InlineData("TND", 3)]
    [InlineData("CLF", 4)]
    public void A_currency_has_its_own_digits(string currency, int digits) => Assert.Equal(digits, Money.ScaleOf(currency));

    [Fact]
    public void The_wire_has_no_sign_and_no_culture()
    {
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NegativeSign = "~" } };
        try
        {
            Assert.Equal("1234.50", new Money(-1234.5m, "GBP").ToWire());
            Assert.Equal("-1234.5 GBP", new Money(-1234.5m, "GBP").ToString());
            Assert.Equal(new Money(1.5m, "GBP"), Money.Parse("1.50", "GBP"));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
