using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.ResourceServer;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Registration;

/// <summary>What a PSD2 certificate lets its owner be, at registration and at every call.</summary>
[Trait("Rule", "MT-10")]
public sealed class CertificateRolesTests(RegistrationWorld world) : IClassFixture<RegistrationWorld>
{
    private const string Consents = "/open-banking/v4.0/aisp/account-access-consents/none";

    [Theory]
    [InlineData("PSP_AI", "AISP")]
    [InlineData("PSP_PI", "PISP")]
    [InlineData("PSP_IC", "CBPII")]
    [InlineData("PSP_AS", "ASPSP")]
    [InlineData("PSP_AI PSP_PI", "AISP PISP")]
    [InlineData("PSP_XX", "")]
    [InlineData("", "")]
    public void A_certificate_says_its_roles(string names, string roles)
    {
        using var certificate = TestCertificates.Client(world.Host.Authority, "CN=a", extension: Says(names));
        Assert.Equal(roles, string.Join(' ', CertificateRoles.Of(certificate)!));
    }

    [Fact]
    public void One_that_says_nothing_is_silent_and_one_that_cannot_be_read_has_none()
    {
        using var silent = TestCertificates.Client(world.Host.Authority, "CN=a");
        Assert.Null(CertificateRoles.Of(silent));

        // The statement that a certificate is qualified says nothing of roles.
        using var qualified = TestCertificates.Client(world.Host.Authority, "CN=a", extension: new X509Extension(CertificateRoles.Extension, Convert.FromHexString("300A3008060604008E460101"), false));
        Assert.Null(CertificateRoles.Of(qualified));

        var whole = Says("PSP_AI").RawData;
        for (var at = 0; at < whole.Length; at++)
        {
            using var cut = TestCertificates.Client(world.Host.Authority, "CN=a", extension: new X509Extension(CertificateRoles.Extension, whole[..at], false));
            Assert.Empty(CertificateRoles.Of(cut)!);
        }
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("PSP_AI", true)]
    [InlineData("PSP_PI PSP_AI", true)]
    [InlineData("PSP_PI", false)]
    [InlineData("PSP_AS PSP_IC", false)]
    public async Task Nobody_registers_for_a_scope_whose_role_the_certificate_does_not_carry(string? names, bool carried)
    {
        var software = world.Software();
        software.Certificate = TestCertificates.Client(
            world.Host.Authority,
            $"CN={software.OrganisationId}, OID.2.5.4.97=PSDGB-FCA-{software.RegistrationNumber}, O=Budget App Ltd, C=GB",
            extension: names is null ? null : Says(names));
        var request = world.RegisterAsync(software, world.Metadata(software));
        if (carried) Assert.Equal(201, (await request).Status);
        else await world.RefusedAsync(request, 400, "invalid_client_metadata", "MT-10", software);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("PSP_AI", true)]
    [InlineData("PSP_PI", false)]
    [InlineData("", false)]
    public async Task An_api_is_closed_to_a_certificate_without_its_role(string? names, bool carried)
    {
        using var tpp = await TestTpp.RegisterAsync(world.Host, TppKind.Mtls);
        using var certificate = TestCertificates.Client(world.Host.Authority, $"CN={tpp.ClientId}, O=Budget App Ltd, C=GB", extension: names is null ? null : Says(names));
        using var client = tpp.Showing(certificate);
        var answer = await client.GetAsync(Consents, await client.ClientTokenAsync());
        if (carried)
        {
            Assert.Equal(400, answer.Status); // No such consent.
            return;
        }

        Assert.Equal((403, "MT-10"), (answer.Status, world.Host.Log.RefusalOf(answer.Header("x-fapi-interaction-id")!)?.Rule));
        Assert.Contains("error=\"insufficient_scope\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    /// <summary>As a supervisor's certificate says it.</summary>
    private static X509Extension Says(string names)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("0.4.0.19495.2");
            using (writer.PushSequence())
            {
                using (writer.PushSequence())
                {
                    foreach (var name in names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    {
                        using var role = writer.PushSequence();
                        writer.WriteObjectIdentifier("0.4.0.19495.1." + name switch { "PSP_AS" => "1", "PSP_PI" => "2", "PSP_AI" => "3", "PSP_IC" => "4", _ => "5" });
                        writer.WriteCharacterString(UniversalTagNumber.UTF8String, name);
                    }
                }

                writer.WriteCharacterString(UniversalTagNumber.UTF8String, "Financial Conduct Authority");
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, "GB-FCA");
            }
        }

        return new X509Extension("1.3.6.1.5.5.7.1.3", writer.Encode(), critical: false);
    }
}
