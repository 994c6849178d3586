using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenBanking.Identity.Clients;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Identity.Tests.Clients;

[Collection(FrontTests.Name)]
public class ClientCertificateTests(FrontWorld world)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    [Fact]
    [Trait("Rule", "MTLS-01")]
    [Trait("Rule", "MTLS-10")]
    [Trait("Rule", "CA-13")]
    [Trait("Rule", "MT-01")]
    public async Task A_client_by_certificate_names_itself_and_shows_it()
    {
        Assert.Equal(200, (await world.Mtls.TokenAsync(FrontWorld.ClientCredentials)).Status);
        await world.RefusedAsync(world.Mtls.PostAsync("/token", FrontWorld.ClientCredentials), 400, "invalid_request", "MTLS-01");
        using var bare = world.Mtls.Showing(null);
        await world.RefusedAsync(bare.TokenAsync(FrontWorld.ClientCredentials), 401, "invalid_client", "MTLS-10");
        Assert.Equal(200, (await world.Mtls.TokenAsync(FrontWorld.ClientCredentials)).Status);
    }

    [Fact]
    [Trait("Rule", "MTLS-02")]
    [Trait("Rule", "MTLS-12")]
    [Trait("Rule", "MT-02")]
    public async Task Another_authoritys_certificate_with_the_same_subject_is_refused()
    {
        using var authority = TestCertificates.Authority();
        using var stranger = TestCertificates.Client(authority, $"CN={world.Mtls.ClientId}, O=Budget App Ltd, C=GB");
        using var selfSigned = TestCertificates.SelfSigned($"CN={world.Mtls.ClientId}, O=Budget App Ltd, C=GB");
        await RefusedAsync(stranger, "MTLS-02");
        await RefusedAsync(selfSigned, "MTLS-02");
    }

    [Fact]
    [Trait("Rule", "MTLS-04")]
    [Trait("Rule", "MT-05")]
    public async Task Another_subject_of_the_same_authority_is_refused()
    {
        using var other = world.Host.IssueClientCertificate("CN=another, O=Budget App Ltd, C=GB");
        using var reversed = world.Host.IssueClientCertificate($"C=GB, O=Budget App Ltd, CN={world.Mtls.ClientId}");
        using var two = world.Host.IssueClientCertificate($"CN=evil, CN={world.Mtls.ClientId}, O=Budget App Ltd, C=GB");
        foreach (var certificate in new[] { other, reversed, two }) await RefusedAsync(certificate, "MTLS-04");
    }

    [Fact]
    [Trait("Rule", "MT-03")]
    [Trait("Rule", "MTLS-02")]
    public async Task A_certificate_out_of_its_time_or_for_another_use_is_refused()
    {
        var now = world.Host.Clock.Now; // which other tests may have moved
        var subject = $"CN={world.Mtls.ClientId}, O=Budget App Ltd, C=GB";
        using var expired = TestCertificates.Client(world.Host.Authority, subject, notBefore: now.AddHours(-1), notAfter: now.AddSeconds(-1));
        using var early = TestCertificates.Client(world.Host.Authority, subject, notBefore: now.AddHours(1));
        using var server = TestCertificates.Client(world.Host.Authority, subject, uses: [ServerAuthentication]);
        await RefusedAsync(expired, "MT-03");
        await RefusedAsync(early, "MT-03");
        await RefusedAsync(server, "MTLS-02");
    }

    [Fact]
    [Trait("Rule", "MT-03")]
    public void A_weak_certificate_is_weak_and_a_strong_one_is_not()
    {
        using var small = RSA.Create(1024);
        using var large = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.True(IsWeak(new CertificateRequest("CN=a", small, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        using var sha1 = new CertificateRequest("CN=a", large, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .Create(new X500DistinguishedName("CN=a"), new Sha1Generator(large), DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [1]);
        Assert.True(CertificateStrength.IsWeak(sha1));
        Assert.False(IsWeak(new CertificateRequest("CN=a", large, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        foreach (var hash in new[] { HashAlgorithmName.SHA256, HashAlgorithmName.SHA384, HashAlgorithmName.SHA512 })
            Assert.False(IsWeak(new CertificateRequest("CN=a", large, hash, RSASignaturePadding.Pss)));

        // RSASSA-PSS says SHA-1 by saying nothing, by naming it as hash, or by naming it for the mask alone.
        foreach (var parameters in new[] { "3000", "300BA009300706052B0E03021A", "301EA00F300D06096086480165030402010500A10B300906052B0E03021A0500" })
        {
            using var pss = new CertificateRequest("CN=a", large, HashAlgorithmName.SHA256, RSASignaturePadding.Pss).Create(
                new X500DistinguishedName("CN=a"), new SaysPss(large, parameters), DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [1]);
            Assert.True(CertificateStrength.IsWeak(pss));
        }

        Assert.False(IsWeak(new CertificateRequest("CN=a", ec, HashAlgorithmName.SHA256)));

        static bool IsWeak(CertificateRequest request)
        {
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            return CertificateStrength.IsWeak(certificate);
        }
    }

    [Fact]
    [Trait("Rule", "MT-13")]
    public async Task A_huge_certificate_is_refused()
    {
        var names = Enumerable.Range(0, 400).Select(number => $"{number}.{new string('a', 40)}.example");
        using var huge = TestCertificates.Client(world.Host.Authority, $"CN={world.Mtls.ClientId}, O=Budget App Ltd, C=GB", dns: names);
        await RefusedAsync(huge, world.BehindNginx ? "MTLS-10" : "MT-13"); // What is over 8 KB is not handed on.
    }

    [Fact]
    [Trait("Rule", "MTLS-05")]
    [Trait("Rule", "MT-04")]
    public async Task A_self_signed_certificate_is_the_registered_one_or_refused()
    {
        Assert.Equal(200, (await world.SelfSigned.TokenAsync(FrontWorld.ClientCredentials)).Status);
        using var other = TestCertificates.SelfSigned($"CN={world.SelfSigned.ClientId}");
        using var showing = world.SelfSigned.Showing(other);
        await world.RefusedAsync(showing.TokenAsync(FrontWorld.ClientCredentials), 401, "invalid_client", "MTLS-05");
        using var issued = world.Host.IssueClientCertificate($"CN={world.SelfSigned.ClientId}");
        using var showingIssued = world.SelfSigned.Showing(issued);
        await world.RefusedAsync(showingIssued.TokenAsync(FrontWorld.ClientCredentials), 401, "invalid_client", "MTLS-05");
    }

    [Fact]
    [Trait("Rule", "MTLS-11")]
    [Trait("Rule", "CA-02")]
    [Trait("Rule", "CA-03")]
    [Trait("Rule", "OA-26")]
    public async Task Each_client_has_its_one_method()
    {
        using var certificate = world.Host.IssueClientCertificate($"CN={world.Tpp.ClientId}, O=Budget App Ltd, C=GB");
        using var showing = world.Tpp.Showing(certificate);
        await world.RefusedAsync(showing.PostAsync("/token", FrontWorld.ClientCredentials.With("client_id", world.Tpp.ClientId)), 401, "invalid_client", "MTLS-11");

        // What only binds tokens does not count as authentication.
        Assert.Equal(200, (await showing.TokenAsync(FrontWorld.ClientCredentials)).Status);

        var withAssertion = FrontWorld.ClientCredentials.With("client_id", world.Mtls.ClientId).With("client_assertion_type", TestTpp.JwtBearer).With("client_assertion", world.Mtls.Assertion());
        await world.RefusedAsync(world.Mtls.PostAsync("/token", withAssertion), 400, "invalid_request", "CA-03");
        using var bare = world.Mtls.Showing(null);
        await world.RefusedAsync(bare.PostAsync("/token", withAssertion.With("client_assertion", world.Mtls.Assertion())), 401, "invalid_client", "CA-02");
    }

    [Theory]
    [Trait("Rule", "MT-07")]
    [Trait("Rule", "FWD-05")]
    [InlineData("Client-Cert")]
    [InlineData("X-SSL-Cert")]
    [InlineData("X-Client-Cert")]
    [InlineData("X-Forwarded-Client-Cert")]
    [InlineData("X-ARR-ClientCert")]
    [InlineData("ssl-client-cert")]
    public async Task A_certificate_in_a_header_is_none(string header)
    {
        using var bare = world.Mtls.Showing(null);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/token") { Content = FrontWorld.ClientCredentials.With("client_id", world.Mtls.ClientId).Content() };
        request.Headers.TryAddWithoutValidation(header, ":" + Convert.ToBase64String(world.Mtls.Certificate!.RawData) + ":");
        await world.RefusedAsync(bare.SendAsync(request), 401, "invalid_client", "MTLS-10");
    }

    [Theory]
    [Trait("Rule", "MTLS-03")]
    [InlineData("san_dns", "tpp.example", true)]
    [InlineData("san_dns", "TPP.example", true)]
    [InlineData("san_dns", "example", false)]
    [InlineData("san_dns", "*.example", false)]
    [InlineData("san_uri", "https://tpp.example/a", true)]
    [InlineData("san_uri", "https://tpp.example/A", false)]
    [InlineData("san_ip", "192.0.2.1", true)]
    [InlineData("san_ip", "192.0.2.2", false)]
    [InlineData("san_email", "ops@tpp.example", true)]
    [InlineData("san_email", "tpp.example", false)]
    [InlineData("san_dns", "ops@tpp.example", false)]
    [InlineData("subject_dn", "CN=one", true)]
    [InlineData("subject_dn", "CN=on", false)]
    [InlineData("san_other", "tpp.example", false)]
    public void A_certificate_says_a_whole_name_of_the_registered_kind(string field, string value, bool says)
    {
        using var certificate = TestCertificates.Client(
            world.Host.Authority, "CN=one", ["tpp.example"], [new Uri("https://tpp.example/a")], [IPAddress.Parse("192.0.2.1")], ["ops@tpp.example"]);
        Assert.Equal(says, ClientCertificate.Says(certificate, field, value));
    }

    private async Task RefusedAsync(X509Certificate2 certificate, string rule)
    {
        using var showing = world.Mtls.Showing(certificate);
        await world.RefusedAsync(showing.TokenAsync(FrontWorld.ClientCredentials), 401, "invalid_client", rule);
    }

    /// <summary>Says RSASSA-PSS with these parameters; what it signs is never checked.</summary>
    private sealed class SaysPss(RSA key, string parameters) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            var inner = "06092A864886F70D01010A" + parameters;
            return Convert.FromHexString($"30{inner.Length / 2:X2}{inner}");
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => RandomNumberGenerator.GetBytes(256);

        protected override PublicKey BuildPublicKey() => new(key);
    }

    /// <summary>Says SHA-1 with RSA; what it signs is never checked.</summary>
    private sealed class Sha1Generator(RSA key) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => Convert.FromHexString("300D06092A864886F70D0101050500");

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => RandomNumberGenerator.GetBytes(256);

        protected override PublicKey BuildPublicKey() => new(key);
    }
}
