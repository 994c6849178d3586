using System.Globalization;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Kernel.Tests.Http;

public sealed class IsoDateTimeTests
{
    [Theory]
    [Trait("Rule", "OB-DAT-1")]
    [InlineData("2016-01-02", "2016-01-02T00:00:00.0000000Z")]
    [InlineData("20160102", "2016-01-02T00:00:00.0000000Z")]
    [InlineData("2016-01-02T10", "2016-01-02T10:00:00.0000000Z")]
    [InlineData("2016-01-02T10:40", "2016-01-02T10:40:00.0000000Z")]
    [InlineData("2016-01-02T10:40:12", "2016-01-02T10:40:12.0000000Z")]
    [InlineData("2016-01-02T10:40:12.345", "2016-01-02T10:40:12.3450000Z")]
    [InlineData("2016-01-02T10:40:12,5Z", "2016-01-02T10:40:12.5000000Z")]
    [InlineData("2016-01-02T10:40:12.123456789Z", "2016-01-02T10:40:12.1234567Z")]
    [InlineData("2016-01-02T10:40:12+01:00", "2016-01-02T09:40:12.0000000Z")]
    [InlineData("2016-01-02T10:40:12-0130", "2016-01-02T12:10:12.0000000Z")]
    [InlineData("2016-01-02T10:40+01", "2016-01-02T09:40:00.0000000Z")]
    [InlineData("20160102T104012.345Z", "2016-01-02T10:40:12.3450000Z")]
    [InlineData("20160102T104012+0100", "2016-01-02T09:40:12.0000000Z")]
    [InlineData("2016-02-29T23:59:59Z", "2016-02-29T23:59:59.0000000Z")]
    public void Reads_every_form(string text, string expected) =>
        Assert.Equal(expected, IsoDateTime.Parse(text)?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));

    [Theory]
    [Trait("Rule", "OB-DAT-8")]
    [InlineData("")]
    [InlineData("now")]
    [InlineData("2016")]
    [InlineData("2016-13-01")]
    [InlineData("2015-02-29")]
    [InlineData("2016-01-00")]
    [InlineData("0000-01-01")]
    [InlineData("2016-01-02T24:00:00")]
    [InlineData("2016-01-02T10:60")]
    [InlineData("2016-01-02T10:40:60Z")]
    [InlineData("2016-01-02 10:40:12")]
    [InlineData("2016-01-02T10:40:12+15:00")]
    [InlineData("2016-01-02T10:40:12 ")]
    [InlineData("2016-01-02T10:40:12Z\n")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("２０１６-01-02")]
    [InlineData("2016-01-02T10:40:12.1234567890123456789012345678901234567890Z")]
    public void Refuses_what_names_no_moment(string text) => Assert.Null(IsoDateTime.Parse(text));

    [Theory]
    [Trait("Rule", "OB-DAT-3")]
    [Trait("Rule", "OB-DAT-10")]
    [InlineData("2016-01-02T10:40:12+05:00")]
    [InlineData("2016-01-02T10:40:12 05:00")]
    [InlineData("2016-01-02T10:40:12 0500")]
    [InlineData("2016-01-02T10:40:12-11")]
    [InlineData("2016-01-02T10:40:12")]
    public void In_a_filter_the_zone_does_not_count(string text) =>
        Assert.Equal(new DateTimeOffset(2016, 1, 2, 10, 40, 12, TimeSpan.Zero), IsoDateTime.ParseFilter(text));

    [Theory]
    [Trait("Rule", "OB-DAT-2")]
    [Trait("Rule", "OB-GEN-7")]
    [InlineData("2016-01-02T10:40:12+01:00", "2016-01-02T10:40:12+01:00")]
    [InlineData("2016-01-02T10:40:12.500Z", "2016-01-02T10:40:12.500Z")]
    [InlineData("2016-01-02T10:40:12", "2016-01-02T10:40:12Z")]
    [InlineData("2016-01-02", "2016-01-02T00:00:00Z")]
    [InlineData("20160102T104012+0100", "2016-01-02T09:40:12Z")]
    public void Writes_back_what_came_unless_a_response_must_not_look_so(string sent, string expected) =>
        Assert.Equal(expected, IsoDateTime.Echo(sent, IsoDateTime.Parse(sent)!.Value));
}
