using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpenBanking.Identity.Clients;
using OpenBanking.Testing;

namespace OpenBanking.Identity.Tests.Clients;

[Trait("Rule", "MT-11")]
public sealed class RevocationListTests : IDisposable
{
    private static readonly DateTimeOffset From = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);
    private readonly X509Certificate2 authority = TestCertificates.Authority();
    private readonly X509Certificate2 revoked;
    private readonly X509Certificate2 good;

    public RevocationListTests()
    {
        revoked = TestCertificates.Client(authority, "CN=revoked");
        good = TestCertificates.Client(authority, "CN=good");
    }

    private TestRevocationList Good => new() { Authority = authority, Revoked = [revoked], From = From, Until = From.AddDays(7) };

    public void Dispose()
    {
        authority.Dispose();
        revoked.Dispose();
        good.Dispose();
    }

    [Fact]
    public void A_list_says_who_is_revoked_from_when_and_until_when()
    {
        var der = Good.Build();
        foreach (var content in new[] { der, Encoding.ASCII.GetBytes(Good.BuildPem()) })
        {
            var list = Taken(content);
            Assert.Equal((From, From.AddDays(7)), (list.From, list.Until));
            Assert.True(list.Names(RevocationList.SerialOf(revoked)!));
            Assert.False(list.Names(RevocationList.SerialOf(good)!));
        }

        Assert.False(Taken((Good with { Revoked = [] }).Build()).Names(RevocationList.SerialOf(revoked)!));
        Taken((Good with { Extensions = [("2.5.29.20", false), ("2.5.29.35", false), ("1.2.3.4", false)], EntryExtensions = [("2.5.29.21", false), ("2.5.29.24", true)] }).Build());
    }

    [Fact]
    public void The_frameworks_own_lists_are_read()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=Another CA", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var rsa = request.CreateSelfSigned(From, From.AddYears(1));
        foreach (var (issuer, padding) in new[] { (rsa, RSASignaturePadding.Pkcs1), (authority, null) })
        {
            foreach (var hash in new[] { HashAlgorithmName.SHA256, HashAlgorithmName.SHA384, HashAlgorithmName.SHA512 })
            {
                var builder = new CertificateRevocationListBuilder();
                builder.AddEntry(revoked, From, X509RevocationReason.KeyCompromise);
                var built = builder.Build(issuer, BigInteger.One, From.AddDays(1), hash, padding, From);
                Assert.False(RevocationList.Read(built, issuer).Failed(out var fault, out var list), fault);
                Assert.True(list!.Names(RevocationList.SerialOf(revoked)!));
                Assert.False(list.Names(RevocationList.SerialOf(good)!));
            }
        }
    }

    [Fact]
    public void A_list_that_is_not_whole_or_not_the_authoritys_is_not_taken()
    {
        using var namesake = TestCertificates.Authority();
        using var stranger = TestCertificates.Authority("CN=Another CA");
        (string Fault, TestRevocationList List)[] bad =
        [
            ("is not signed by its authority", Good with { Signer = namesake }),
            ("is not signed by its authority", Good with { Algorithm = "1.2.840.10045.4.1", InnerAlgorithm = "1.2.840.10045.4.1" }),
            ("is of another authority", Good with { Authority = stranger }),
            ("names two signature algorithms", Good with { InnerAlgorithm = "1.2.840.10045.4.3.3" }),
            ("is not of version 2", Good with { Version = null }),
            ("is not of version 2", Good with { Version = 2 }),
            ("has no nextUpdate", Good with { Until = null }),
            ("ends before it begins", Good with { Until = From }),
            ("is not whole or has an unknown critical extension", Good with { Extensions = [("2.5.29.28", true)] }),
            ("is not whole or has an unknown critical extension", Good with { Extensions = [("2.5.29.28", false)] }),
            ("is not whole or has an unknown critical extension", Good with { Extensions = [("2.5.29.20", false), ("2.5.29.27", true)] }),
            ("is not whole or has an unknown critical extension", Good with { Extensions = [("1.2.3.4", true)] }),
            ("has an entry with an unknown critical extension", Good with { EntryExtensions = [("2.5.29.29", true)] }),
            ("has an entry with an unknown critical extension", Good with { EntryExtensions = [("1.2.3.4", true)] }),
        ];
        foreach (var (fault, list) in bad) Assert.Equal(fault, FaultOf(list.Build(), authority));
        Taken(Good.Build());
    }

    [Fact]
    public void Whatever_is_broken_is_a_refusal_and_never_an_exception()
    {
        var whole = Good.Build();
        for (var at = 0; at < whole.Length; at++)
        {
            Assert.NotNull(FaultOf(whole[..at], authority));
            foreach (var bit in new[] { 0x01, 0x80, 0xff })
            {
                var changed = whole.ToArray();
                changed[at] ^= (byte)bit;
                Assert.NotNull(FaultOf(changed, authority));
            }
        }

        Assert.NotNull(FaultOf([.. whole, 0], authority));
        var pem = Good.BuildPem();
        foreach (var text in new[] { "", "list", pem + pem, pem.Replace("X509 CRL", "CERTIFICATE", StringComparison.Ordinal), pem[..^9], "ä" + pem })
            Assert.NotNull(FaultOf(Encoding.UTF8.GetBytes(text), authority));
    }

    private RevocationList Taken(byte[] content)
    {
        Assert.False(RevocationList.Read(content, authority).Failed(out var fault, out var list), fault);
        return list!;
    }

    private static string? FaultOf(byte[] content, X509Certificate2 authority) =>
        RevocationList.Read(content, authority).Failed(out var fault, out _) ? fault : null;
}
