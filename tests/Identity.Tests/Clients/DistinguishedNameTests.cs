using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.Identity.Clients;

namespace OpenBanking.Identity.Tests.Clients;

public sealed class DistinguishedNameTests
{
    private static readonly X500DistinguishedName Shown = Name(("2.5.4.6", "GB"), ("2.5.4.10", "Budget, App Ltd"), ("2.5.4.97", "PSDGB-FCA-123456"), ("2.5.4.3", "tpp one"));

    [Theory]
    [Trait("Rule", "MTLS-04")]
    [InlineData(@"CN=tpp one,2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    [InlineData(@"CN=tpp one,organizationIdentifier=PSDGB-FCA-123456,O=Budget\2c App Ltd,C=GB")]
    [InlineData(@"CN=tpp one,OID.2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    [InlineData(@"cn = TPP  One, organizationidentifier=psdgb-fca-123456, o=budget\, app ltd, c=gb")]
    [InlineData(@"2.5.4.3=#0c07747070206f6e65,2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    public void One_name_has_many_spellings(string registered) =>
        Assert.True(DistinguishedName.Parse(registered)!.Equals(DistinguishedName.Of(Shown)));

    [Theory]
    [Trait("Rule", "MT-05")]
    [InlineData(@"C=GB,O=Budget\, App Ltd,2.5.4.97=PSDGB-FCA-123456,CN=tpp one")]
    [InlineData(@"CN=tpp one,O=Budget\, App Ltd,C=GB")]
    [InlineData(@"CN=tpp one,CN=tpp one,2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    [InlineData(@"CN=tpp one+2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    [InlineData(@"CN=tpp one\00,2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    [InlineData(@"CN=tpp,2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    [InlineData(@"OU=tpp one,2.5.4.97=PSDGB-FCA-123456,O=Budget\, App Ltd,C=GB")]
    public void Another_name_is_another_name(string registered) =>
        Assert.False(DistinguishedName.Parse(registered)?.Equals(DistinguishedName.Of(Shown)) ?? false);

    [Theory]
    [Trait("Rule", "MTLS-04")]
    [InlineData("")]
    [InlineData("tpp")]
    [InlineData("CN=")]
    [InlineData("CN=a,")]
    [InlineData("nonsense=a")]
    [InlineData("CN=a\\")]
    [InlineData("CN=a\\zz")]
    [InlineData("CN=\"a\"")]
    [InlineData("CN=#0c")]
    [InlineData("CN=#zz")]
    public void What_is_no_name_is_not_read(string text) => Assert.Null(DistinguishedName.Parse(text));

    [Fact]
    [Trait("Rule", "MT-05")]
    public void A_name_inside_another_one_is_not_found()
    {
        var trick = Name(("2.5.4.6", "GB"), ("2.5.4.10", "x, CN=tpp one"), ("2.5.4.3", "evil"));
        Assert.False(DistinguishedName.Parse("CN=tpp one,O=x,C=GB")!.Equals(DistinguishedName.Of(trick)));
    }

    [Fact]
    [Trait("Rule", "MT-05")]
    public void A_zero_byte_in_a_certificate_makes_it_nobodys() =>
        Assert.Null(DistinguishedName.Of(Name(("2.5.4.3", "tpp one\0.evil"))));

    private static X500DistinguishedName Name(params (string Oid, string Value)[] parts)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var (oid, value) in parts)
            {
                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(oid);
                    writer.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                }
            }
        }

        return new X500DistinguishedName(writer.Encode());
    }
}
