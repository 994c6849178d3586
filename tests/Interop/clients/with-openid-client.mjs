import * as oidc from 'openid-client';
import { importJWK } from 'jose';
import { returnedTo } from './returned.mjs';

/** A third party on openid-client, which knows the whole of OpenID Connect. */
export class Client {
  /** Registers as RFC 7591 says; the library makes its configuration of the answer. */
  static async register(third, fetch) {
    const config = await oidc.dynamicClientRegistration(new URL(third.issuer), third.wanted, oidc.None(), { [oidc.customFetch]: fetch });
    return config.clientMetadata();
  }

  static async create(third, fetch) {
    const key = { key: await importJWK(third.key, third.key.alg), kid: third.key.kid };
    const authentication = third.authentication === 'private_key_jwt' ? oidc.PrivateKeyJwt(key) : oidc.TlsClientAuth();
    const metadata = { ...third.metadata, use_mtls_endpoint_aliases: Boolean(third.certificate) };
    const config = await oidc.discovery(new URL(third.issuer), third.metadata.client_id, metadata, authentication, { [oidc.customFetch]: fetch });
    config[oidc.customFetch] = fetch;
    oidc.enableNonRepudiationChecks(config);
    if (third.response === 'jarm') oidc.useJwtResponseMode(config);
    if (third.response === 'hybrid') {
      oidc.useCodeIdTokenResponseType(config);
      oidc.enableDetachedSignatureResponseChecks(config);
    }
    return new Client(third, config, key, third.constraint === 'dpop' ? oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256')) : undefined);
  }

  constructor(third, config, key, dpop) {
    Object.assign(this, { third, config, key, dpop });
  }

  get proof() {
    return this.dpop ? { DPoP: this.dpop } : undefined;
  }

  async clientToken(scope) {
    return (await oidc.clientCredentialsGrant(this.config, { scope }, this.proof)).access_token;
  }

  async authorizationAddress(request) {
    this.verifier = oidc.randomPKCECodeVerifier();
    this.state = oidc.randomState();
    this.nonce = oidc.randomNonce();
    let parameters = {
      ...request,
      state: this.state,
      nonce: this.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: 'S256',
    };
    if (this.third.responseMode) parameters.response_mode = this.third.responseMode;
    if (this.third.request === 'plain') return (await oidc.buildAuthorizationUrlWithPAR(this.config, parameters, this.proof)).href;
    const object = await oidc.buildAuthorizationUrlWithJAR(this.config, parameters, this.key, {
      [oidc.modifyAssertion]: (header, payload) => {
        payload.nbf = payload.iat;
        payload.exp = payload.iat + 300;
      },
    });
    if (this.third.request === 'by-value') return object.href;
    return (await oidc.buildAuthorizationUrlWithPAR(this.config, object.searchParams, this.proof)).href;
  }

  async redeem(returned) {
    this.tokens = await oidc.authorizationCodeGrant(
      this.config,
      returnedTo(returned),
      { pkceCodeVerifier: this.verifier, expectedState: this.state, expectedNonce: this.nonce, idTokenExpected: true },
      undefined,
      this.proof,
    );
    return this.tokens;
  }

  idTokenClaims() {
    return this.tokens.claims();
  }

  refresh(token) {
    return oidc.refreshTokenGrant(this.config, token, undefined, this.proof);
  }

  userInfo(token, subject) {
    return oidc.fetchUserInfo(this.config, token, subject, this.proof);
  }

  introspect(token) {
    return oidc.tokenIntrospection(this.config, token);
  }

  revoke(token) {
    return oidc.tokenRevocation(this.config, token);
  }

  call(token, method, path, body) {
    const headers = new Headers(body ? { 'content-type': 'application/json' } : {});
    return oidc.fetchProtectedResource(this.config, token, new URL(path, this.third.api), method, body, headers, this.proof);
  }

  /** The answer as it is, also where it refuses. */
  async callRaw(token, method, path) {
    try {
      return await this.call(token, method, path);
    } catch (refused) {
      if (refused.cause instanceof Response || refused.response) return refused.response ?? refused.cause;
      if (refused.status) return { status: refused.status };
      throw refused;
    }
  }
}
