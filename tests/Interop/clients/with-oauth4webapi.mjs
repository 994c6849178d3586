import * as oauth from 'oauth4webapi';
import { importJWK } from 'jose';
import { returnedTo } from './returned.mjs';

/** A third party on oauth4webapi, which leaves every step and every nonce to the caller. */
export class Client {
  /** Registers as RFC 7591 says. */
  static async register(third, fetch) {
    const web = { [oauth.customFetch]: fetch };
    const issuer = new URL(third.issuer);
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...web, algorithm: 'oauth2' }));
    return oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(server, third.wanted, web));
  }

  static async create(third, fetch) {
    const web = { [oauth.customFetch]: fetch };
    const issuer = new URL(third.issuer);
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...web, algorithm: 'oauth2' }));
    const key = { key: await importJWK(third.key, third.key.alg), kid: third.key.kid };
    const client = { ...third.metadata, use_mtls_endpoint_aliases: Boolean(third.certificate) };
    const authentication = third.authentication === 'private_key_jwt' ? oauth.PrivateKeyJwt(key) : oauth.TlsClientAuth();
    if (third.constraint === 'dpop') web.DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    return new Client(third, server, client, authentication, key, web);
  }

  constructor(third, server, client, authentication, key, web) {
    Object.assign(this, { third, server, client, authentication, key, web });
  }

  /** Once more where the server wanted its nonce in the proof. */
  async withNonce(attempt) {
    try {
      return await attempt();
    } catch (refused) {
      if (!oauth.isDPoPNonceError(refused)) throw refused;
      return attempt();
    }
  }

  async clientToken(scope) {
    const tokens = await this.withNonce(async () => oauth.processClientCredentialsResponse(
      this.server, this.client, await oauth.clientCredentialsGrantRequest(this.server, this.client, this.authentication, { scope }, this.web)));
    return tokens.access_token;
  }

  async authorizationAddress(request) {
    this.verifier = oauth.generateRandomCodeVerifier();
    this.state = oauth.generateRandomState();
    this.nonce = oauth.generateRandomNonce();
    let parameters = new URLSearchParams({
      ...request,
      client_id: this.client.client_id,
      response_type: this.third.response === 'hybrid' ? 'code id_token' : 'code',
      state: this.state,
      nonce: this.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(this.verifier),
      code_challenge_method: 'S256',
    });
    if (this.third.response === 'jarm') parameters.set('response_mode', 'jwt');
    if (this.third.responseMode) parameters.set('response_mode', this.third.responseMode);
    if (this.third.request !== 'plain') {
      const object = await oauth.issueRequestObject(this.server, this.client, parameters, this.key);
      parameters = new URLSearchParams({ client_id: this.client.client_id, request: object });
      if (this.third.request === 'by-value') {
        for (const name of ['response_type', 'scope']) parameters.set(name, name === 'scope' ? request.scope : this.third.response === 'hybrid' ? 'code id_token' : 'code');
        return `${this.server.authorization_endpoint}?${parameters}`;
      }
    }

    const pushed = await this.withNonce(async () => oauth.processPushedAuthorizationResponse(
      this.server, this.client, await oauth.pushedAuthorizationRequest(this.server, this.client, this.authentication, parameters, this.web)));
    return `${this.server.authorization_endpoint}?${new URLSearchParams({ client_id: this.client.client_id, request_uri: pushed.request_uri })}`;
  }

  async redeem(returned) {
    const to = returnedTo(returned);
    const answer = this.third.response === 'hybrid'
      ? await oauth.validateDetachedSignatureResponse(this.server, this.client, to, this.nonce, this.state, undefined, this.web)
      : this.third.response === 'jarm'
        ? await oauth.validateJwtAuthResponse(this.server, this.client, to, this.state, this.web)
        : oauth.validateAuthResponse(this.server, this.client, to instanceof URL ? to : new URLSearchParams(await oauth.formPostResponse(to)), this.state);
    this.tokens = await this.withNonce(async () => {
      const response = await oauth.authorizationCodeGrantRequest(
        this.server, this.client, this.authentication, answer, this.third.redirectUri, this.verifier, this.web);
      this.tokenResponse = response;
      return oauth.processAuthorizationCodeResponse(this.server, this.client, response, { expectedNonce: this.nonce, requireIdToken: true });
    });
    await oauth.validateApplicationLevelSignature(this.server, this.tokenResponse, this.web);
    return this.tokens;
  }

  idTokenClaims() {
    return oauth.getValidatedIdTokenClaims(this.tokens);
  }

  refresh(token) {
    return this.withNonce(async () => oauth.processRefreshTokenResponse(
      this.server, this.client, await oauth.refreshTokenGrantRequest(this.server, this.client, this.authentication, token, this.web)));
  }

  userInfo(token, subject) {
    return this.withNonce(async () => oauth.processUserInfoResponse(
      this.server, this.client, subject, await oauth.userInfoRequest(this.server, this.client, token, this.web)));
  }

  async introspect(token) {
    const options = { ...this.web, requestJwtResponse: this.third.introspection === 'signed' };
    const response = await oauth.introspectionRequest(this.server, this.client, this.authentication, token, options);
    const said = await oauth.processIntrospectionResponse(this.server, this.client, response);
    if (options.requestJwtResponse) await oauth.validateApplicationLevelSignature(this.server, response, this.web);
    return said;
  }

  async revoke(token) {
    await oauth.processRevocationResponse(await oauth.revocationRequest(this.server, this.client, this.authentication, token, this.web));
  }

  call(token, method, path, body) {
    const headers = new Headers(body ? { 'content-type': 'application/json' } : {});
    return this.withNonce(() => oauth.protectedResourceRequest(token, method, new URL(path, this.third.api), headers, body, this.web));
  }

  /** The answer as it is, also where it refuses. */
  async callRaw(token, method, path) {
    try {
      return await this.call(token, method, path);
    } catch (refused) {
      if (refused.status) return { status: refused.status };
      throw refused;
    }
  }
}
