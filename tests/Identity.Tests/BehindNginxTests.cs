using OpenBanking.Identity.Tests.Clients;
using OpenBanking.Identity.Tests.Dpop;
using OpenBanking.Identity.Tests.Par;
using OpenBanking.Identity.Tests.ResourceServer;
using OpenBanking.Identity.Tests.Token;

namespace OpenBanking.Identity.Tests;

// Every test of certificates and proofs once more, with nginx between client and bank: there TLS ends, the certificate comes in a header
// (FWD-01), and the address that a proof names is not the one on which the bank is called (DPOP-10).
[Collection(ProxiedFrontTests.Name)]
public sealed class ClientCertificatesBehindNginxTests(ProxiedFrontWorld world) : ClientCertificateTests(world);

[Collection(ProxiedFrontTests.Name)]
public sealed class DpopProofsBehindNginxTests(ProxiedFrontWorld world) : DpopProofsTests(world);

[Collection(ProxiedFrontTests.Name)]
public sealed class PushedAuthorizationBehindNginxTests(ProxiedFrontWorld world) : PushedAuthorizationTests(world);

[Collection(ProxiedTokenTests.Name)]
public sealed class ClientCredentialsGrantBehindNginxTests(ProxiedTokenWorld world) : ClientCredentialsGrantTests(world);

[Collection(ProxiedTokenTests.Name)]
public sealed class AccessTokensBehindNginxTests(ProxiedTokenWorld world) : AccessTokenHandlerTests(world);

[Collection(ProxiedTokenTests.Name)]
public sealed class AuthorizationCodeGrantBehindNginxTests(ProxiedTokenWorld world) : AuthorizationCodeGrantTests(world);

[Collection(ProxiedTokenTests.Name)]
public sealed class RefreshTokenGrantBehindNginxTests(ProxiedTokenWorld world) : RefreshTokenGrantTests(world);

[Collection(ProxiedTokenTests.Name)]
public sealed class IntrospectionBehindNginxTests(ProxiedTokenWorld world) : IntrospectionTests(world);
