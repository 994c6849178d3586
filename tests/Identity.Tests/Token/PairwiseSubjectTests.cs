using System.Security.Cryptography;
using OpenBanking.Identity.Token;

namespace OpenBanking.Identity.Tests.Token;

public sealed class PairwiseSubjectTests
{
    private static readonly byte[] Key = SHA256.HashData("a tenant's key"u8);
    private static readonly Guid Alice = Guid.Parse("018f3f5e-0000-7000-8000-000000000001");
    private static readonly Guid Bob = Guid.Parse("018f3f5e-0000-7000-8000-000000000002");

    [Fact]
    [Trait("Rule", "PW-01")]
    [Trait("Rule", "PW-05")]
    public void Differs_between_sectors_and_between_customers_and_is_stable_within_one()
    {
        var subject = PairwiseSubject.Of(Key, "tpp.example", Alice);

        Assert.Equal(subject, PairwiseSubject.Of(Key, "tpp.example", Alice));
        Assert.NotEqual(subject, PairwiseSubject.Of(Key, "other.example", Alice));
        Assert.NotEqual(subject, PairwiseSubject.Of(Key, "tpp.example", Bob));
        Assert.NotEqual(subject, PairwiseSubject.Of(SHA256.HashData("another key"u8), "tpp.example", Alice));
        Assert.Matches("^[A-Za-z0-9_-]{43}$", subject);
    }

    [Fact]
    [Trait("Rule", "PW-03")]
    public void Is_the_hmac_over_parts_that_carry_their_length()
    {
        byte[] input = [0, 0, 0, 11, .. "tpp.example"u8, 0, 0, 0, 16, .. Alice.ToByteArray(bigEndian: true)];

        Assert.Equal(
            System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(Key, input)), PairwiseSubject.Of(Key, "tpp.example", Alice));
    }
}
