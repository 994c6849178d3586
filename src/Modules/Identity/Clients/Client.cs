using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OpenBanking.Identity.Clients;

/// <summary>A registered third party, in the terms of RFC 7591 and the UK software statement.</summary>
internal sealed class Client
{
    public required string ClientId { get; init; }

    public required Profile Profile { get; init; }

    /// <summary>Trading name, shown to customers .</summary>
    public required string Name { get; init; }

    public string? OnBehalfOf { get; init; }

    public string? ClientUri { get; init; }

    public string? OrganisationId { get; init; }

    /// <summary>The legal name that a directory vouches for, shown beside the name that the third party has given itself (DC-17).</summary>
    public string? OrganisationName { get; init; }

    public string? SoftwareId { get; init; }

    /// <summary>AISP, PISP, CBPII (OB-SEC-6).</summary>
    public required string[] Roles { get; init; }

    /// <summary>Compared byte for byte, never parsed first (OA-17).</summary>
    public required string[] RedirectUris { get; init; }

    public required string[] GrantTypes { get; init; }

    /// <summary>What its authorization requests may ask for as <c>response_type</c> (DCR-07).</summary>
    public required string[] ResponseTypes { get; init; }

    /// <summary>What it may ask for.</summary>
    public required string[] Scopes { get; init; }

    public required string[] AuthorizationDetailsTypes { get; init; }

    /// <summary>Exactly one of <c>private_key_jwt</c>, <c>tls_client_auth</c>, <c>self_signed_tls_client_auth</c> (CA-02).</summary>
    public required string AuthenticationMethod { get; init; }

    /// <summary>The algorithm of its assertions, where it registered one (CA-11).</summary>
    public string? AssertionAlgorithm { get; init; }

    public required string IdTokenAlgorithm { get; init; }

    /// <summary>The algorithm of its request objects, where it registered one (JAR-06).</summary>
    public string? RequestObjectAlgorithm { get; init; }

    /// <summary>It signs every authorization request: by its profile, or because it has registered <c>require_signed_request_object</c>.</summary>
    public bool RequiresSignedRequests { get; init; }

    /// <summary>It pushes every authorization request, whatever else its profile allows (PAR-12).</summary>
    public bool RequiresPushedRequests { get; init; }

    /// <summary>The algorithm of the answers it gets as JWTs (JARM-05).</summary>
    public string AuthorizationResponseAlgorithm { get; init; } = "PS256";

    /// <summary>The algorithm of its userinfo answers; null where they are plain JSON (ID-20).</summary>
    public string? UserInfoAlgorithm { get; init; }

    /// <summary>The algorithm of signed introspection answers; null where it gets none (JIN-05).</summary>
    public string? IntrospectionAlgorithm { get; init; }

    /// <summary>Its access tokens are bound to a DPoP key; otherwise to its certificate (F2-GEN-03).</summary>
    public required bool UsesDpop { get; init; }

    /// <summary>Its public keys by value, as JSON; null where it has <see cref="JwksUri"/>.</summary>
    public string? Jwks { get; init; }

    public string? JwksUri { get; init; }

    /// <summary>What its certificate must say: one of <c>subject_dn</c>, <c>san_dns</c>, <c>san_uri</c>, <c>san_ip</c>, <c>san_email</c> (MTLS-03).</summary>
    public string? CertificateField { get; init; }

    public string? CertificateValue { get; init; }

    /// <summary>The host whose clients share a customer's <c>sub</c> (PW-02).</summary>
    public required string Sector { get; init; }

    /// <summary><c>pairwise</c> or <c>public</c>.</summary>
    public required string SubjectType { get; init; }

    public required bool RequiresAuthTime { get; init; }

    /// <summary>How it learns that a customer has decided on a request of the back channel: <c>poll</c> or <c>ping</c>; null without that grant.</summary>
    public string? BackchannelDelivery { get; init; }

    /// <summary>Where a ping goes (CIBA-26).</summary>
    public string? BackchannelNotificationEndpoint { get; init; }

    /// <summary>The algorithm of its signed requests on the back channel; who has registered one sends no other kind (CIBA-03).</summary>
    public string? BackchannelSigningAlgorithm { get; init; }

    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Who has taken the client out of service for the time being; null while it is in service (OB-DCR-15).</summary>
    public string? SuspendedBy { get; init; }
}

internal sealed class ClientTable : IEntityTypeConfiguration<Client>
{
    public void Configure(EntityTypeBuilder<Client> builder)
    {
        builder.ToTable("clients").HasKey(client => client.ClientId);
        builder.Property(client => client.Jwks).HasColumnType("jsonb");
    }
}
