using System.Text.Json;
using OpenBanking.Identity.Metadata;

namespace OpenBanking.Identity.Tests.Metadata;

public sealed class DiscoveryTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly AuthorizationServerOptions Sandbox = new() { Issuer = "https://localhost:5001", MtlsIssuer = "https://localhost:5002" };

    /// <summary>Clients configure themselves by this document: a change is a decision, seen as a diff.</summary>
    [Fact]
    [Trait("Rule", "META-02")]
    [Trait("Rule", "STEP-06")]
    [Trait("Rule", "META-04")]
    [Trait("Rule", "META-05")]
    [Trait("Rule", "META-06")]
    [Trait("Rule", "META-07")]
    [Trait("Rule", "ISS-03")]
    [Trait("Rule", "META-08")]
    [Trait("Rule", "META-09")]
    [Trait("Rule", "META-10")]
    [Trait("Rule", "META-11")]
    [Trait("Rule", "META-12")]
    [Trait("Rule", "META-13")]
    [Trait("Rule", "META-14")]
    [Trait("Rule", "META-15")]
    [Trait("Rule", "META-16")]
    [Trait("Rule", "META-17")]
    [Trait("Rule", "CIBA-14")]
    [Trait("Rule", "CIBA-18")]
    [Trait("Rule", "META-18")]
    [Trait("Rule", "STEP-06")]
    [Trait("Rule", "MTLS-08")]
    public async Task The_document_is_as_it_was_agreed()
    {
        var agreed = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Metadata", "discovery.json"), TestContext.Current.CancellationToken);

        Assert.Equal(agreed.Trim(), DiscoveryEndpoint.Document(Sandbox, Kinds.OfTheProduct).ToJsonString(Indented));
    }

    [Theory]
    [Trait("Rule", "META-09")]
    [InlineData("token_endpoint")]
    [InlineData("pushed_authorization_request_endpoint")]
    [InlineData("introspection_endpoint")]
    [InlineData("revocation_endpoint")]
    [InlineData("userinfo_endpoint")]
    [InlineData("grant_management_endpoint")]
    [InlineData("backchannel_authentication_endpoint")]
    [InlineData("registration_endpoint")]
    public void Each_endpoint_of_an_mtls_client_has_its_alias(string endpoint)
    {
        var document = DiscoveryEndpoint.Document(Sandbox, Kinds.OfTheProduct);

        Assert.Equal(
            document[endpoint]!.GetValue<string>().Replace(":5001", ":5002", StringComparison.Ordinal),
            document["mtls_endpoint_aliases"]![endpoint]!.GetValue<string>());
    }

    [Theory]
    [Trait("Rule", "META-04")]
    [InlineData("authorization_endpoint")]
    [InlineData("token_endpoint")]
    [InlineData("jwks_uri")]
    [InlineData("response_types_supported")]
    [InlineData("grant_types_supported")]
    [InlineData("scopes_supported")]
    [InlineData("subject_types_supported")]
    [InlineData("token_endpoint_auth_methods_supported")]
    [InlineData("token_endpoint_auth_signing_alg_values_supported")]
    [InlineData("id_token_signing_alg_values_supported")]
    [InlineData("userinfo_endpoint")]
    [InlineData("revocation_endpoint")]
    [InlineData("introspection_endpoint")]
    public void What_every_client_looks_for_is_there(string member) => Assert.NotNull(DiscoveryEndpoint.Document(Sandbox, Kinds.OfTheProduct)[member]);

    [Fact]
    [Trait("Rule", "META-20")]
    public void There_is_one_issuer_and_every_address_is_its_own()
    {
        var document = DiscoveryEndpoint.Document(Sandbox, Kinds.OfTheProduct);
        var addresses = document.Where(member => member.Key.EndsWith("_endpoint", StringComparison.Ordinal) || member.Key == "jwks_uri").ToList();

        // Nobody registers without a certificate, so that address is where one can be shown (OB-DCR-1).
        Assert.All(addresses.Where(address => address.Key != "registration_endpoint"), address => Assert.StartsWith(Sandbox.Issuer + "/", address.Value!.GetValue<string>(), StringComparison.Ordinal));
    }

    [Fact]
    public void Without_an_mtls_address_there_are_no_aliases() =>
        Assert.False(DiscoveryEndpoint.Document(new AuthorizationServerOptions(), Kinds.OfTheProduct).ContainsKey("mtls_endpoint_aliases"));

    [Theory]
    [Trait("Rule", "TOK-12")]
    [InlineData("https://localhost:5001/open-banking", true)]
    [InlineData("https://localhost:5001/open-banking/v4.0/aisp", true)]
    [InlineData("https://localhost:5002/open-banking/v4.0/aisp", true)]
    [InlineData("https://localhost:5001/open-bankings", false)]
    [InlineData("https://localhost:5001/open-banking/v4.0/aisp#a", false)]
    [InlineData("https://localhost:5001/open-banking/v4.0/aisp?a=b", false)]
    [InlineData("https://localhost:5001.evil.test/open-banking", false)]
    [InlineData("http://localhost:5001/open-banking", false)]
    public void A_resource_is_an_api_of_ours_or_unknown(string resource, bool known) => Assert.Equal(known, ProtectedResources.IsKnown(resource, Sandbox));
}
