using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OpenBanking.Kernel.Jose;
using OpenBanking.Testing;
using OpenBanking.Testing.Tpp;

namespace OpenBanking.Interop.Tests;

/// <summary>A bank with a customer, and how third parties come to it.</summary>
[SuppressMessage("Maintainability", "CA1515", Justification = "xunit makes it.")]
public sealed class BankWorld : IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    public TestCustomer Customer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Host = await TestHost.StartAsync();
        Customer = await TestCustomer.CreateAsync(Host);
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    /// <summary>All that a third party of this kind must know to be it. The bank knows it, unless it is to register itself.</summary>
    internal async Task<JsonObject> MakeAsync(Journey journey)
    {
        if (journey.Registers) return Described(journey, "https://tpp.example/callback");
        var kind = journey switch
        {
            { Authentication: "tls_client_auth" } => TppKind.Mtls,
            { Authentication: "self_signed_tls_client_auth" } => TppKind.SelfSigned,
            { Constraint: "mtls" } => TppKind.PrivateKeyJwtAndCertificate,
            _ => TppKind.Dpop,
        };
        using var tpp = TestTpp.New(Host.Reach, kind, metadata => Shape(metadata, journey), journey.Algorithm, Host.IssueClientCertificate);
        var metadata = tpp.Registration!;
        if (kind == TppKind.Mtls) metadata["jwks"] = new JsonObject { ["keys"] = new JsonArray() };
        if (kind is TppKind.Mtls or TppKind.SelfSigned) metadata["jwks"]!["keys"]!.AsArray().Add(tpp.Key.PublicKey.ToJson());
        await TestTpp.RegisterAsync(Host, metadata);

        var third = Described(journey, tpp.RedirectUri);
        third["metadata"] = metadata.DeepClone();
        third["key"] = PrivateJwk(tpp.Key);
        if (tpp.Certificate is { } certificate)
        {
            third["certificate"] = certificate.ExportCertificatePem();
            third["certificateKey"] = certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        }

        return third;
    }

    /// <summary>What the customer's browser brings back after approval.</summary>
    public async Task<JsonObject> BrowseAsync(string address)
    {
        using var browser = Customer.OpenBrowser();
        var interaction = await browser.ArriveAsync(new Uri(address).PathAndQuery);
        await browser.SignInAsync(interaction);
        var back = await browser.ApproveAsync(interaction);
        var fields = new JsonObject([.. back.FormFields.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)field.Value))]);
        return new JsonObject { ["location"] = back.Location, ["action"] = back.FormAction, ["fields"] = fields };
    }

    /// <summary>Puts a third party's keys where the bank will look for them.</summary>
    public void Publish(string address, string jwks) => Host.Outbound.Answer(address, jwks);

    private JsonObject Described(Journey journey, string redirectUri) => new()
    {
        ["library"] = journey.Library,
        ["registers"] = journey.Registers,
        ["profile"] = journey.Profile,
        ["algorithm"] = journey.Algorithm,
        ["issuer"] = Host.Issuer.OriginalString,
        ["directory"] = Host.Issuer.OriginalString + "/sandbox/directory",
        ["api"] = (journey.Constraint == "mtls" ? Host.Mtls : Host.Main).OriginalString,
        ["ca"] = Host.Authority.ExportCertificatePem(),
        ["authentication"] = journey.Authentication,
        ["constraint"] = journey.Constraint,
        ["request"] = journey.Request,
        ["response"] = journey.Response,
        ["responseMode"] = journey.Mode,
        ["introspection"] = journey.Introspection,
        ["naming"] = journey.Naming,
        ["redirectUri"] = redirectUri,
    };

    private static void Shape(JsonObject metadata, Journey journey)
    {
        metadata["security_profile"] = journey.Profile;
        metadata["id_token_signed_response_alg"] = "PS256";
        if (journey.Response == "hybrid") metadata["response_types"] = new JsonArray("code id_token");
        if (journey.Response == "jarm") metadata["authorization_signed_response_alg"] = journey.Algorithm;
        if (journey.Introspection == "signed") metadata["introspection_signed_response_alg"] = "PS256";
        if (journey.Request != "plain") metadata["request_object_signing_alg"] = journey.Algorithm;
        metadata.Remove("dpop_bound_access_tokens");
        metadata.Remove("tls_client_certificate_bound_access_tokens");
        metadata[journey.Constraint == "dpop" ? "dpop_bound_access_tokens" : "tls_client_certificate_bound_access_tokens"] = true;
    }

    private static JsonObject PrivateJwk(SigningKey key)
    {
        var jwk = key.PublicKey.ToJson();
        jwk["alg"] = key.Algorithm;
        if (key.Algorithm == "ES256")
        {
            using var ec = ECDsa.Create();
            ec.ImportPkcs8PrivateKey(key.ToPkcs8(), out _);
            Add("d", ec.ExportParameters(includePrivateParameters: true).D);
            return jwk;
        }

        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(key.ToPkcs8(), out _);
        var numbers = rsa.ExportParameters(includePrivateParameters: true);
        Add("d", numbers.D);
        Add("p", numbers.P);
        Add("q", numbers.Q);
        Add("dp", numbers.DP);
        Add("dq", numbers.DQ);
        Add("qi", numbers.InverseQ);
        return jwk;

        void Add(string name, byte[]? value) => jwk[name] = System.Buffers.Text.Base64Url.EncodeToString(value!);
    }
}
