import { createHash, randomBytes, randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import * as jose from 'jose';
import { signedRegistration } from './register.mjs';
import { returnedTo } from './returned.mjs';

const CLOCK = () => Math.floor(Date.now() / 1000);
const hash = (text) => createHash('sha256').update(text).digest();

/** A third party whose developer wrote the protocol by hand on the jose library, from the RFCs. */
export class Client {
  /** Registers in the UK form: metadata as a JWT. */
  static async register(third, fetch) {
    const server = await (await fetch(`${third.issuer}/.well-known/openid-configuration`)).json();
    const answer = await fetch(server.registration_endpoint, { method: 'POST', headers: { 'content-type': 'application/jose' }, body: await signedRegistration(third) });
    assert.equal(answer.status, 201, await answer.clone().text());
    return answer.json();
  }

  static async create(third, fetch) {
    const server = await (await fetch(`${third.issuer}/.well-known/openid-configuration`)).json();
    const keys = jose.createLocalJWKSet(await (await fetch(server.jwks_uri)).json());
    const pair = await jose.generateKeyPair('ES256', { extractable: true });
    const client = new Client();
    return Object.assign(client, {
      third, fetch, server, keys, key: await jose.importJWK(third.key, third.key.alg), proofKey: pair.privateKey, proofJwk: await jose.exportJWK(pair.publicKey), nonces: {},
    });
  }

  endpoint(name) {
    return (this.third.certificate && this.server.mtls_endpoint_aliases?.[name]) || this.server[name];
  }

  sign(claims, typ) {
    return new jose.SignJWT(claims).setProtectedHeader({ alg: this.third.key.alg, kid: this.third.key.kid, typ }).sign(this.key);
  }

  async authenticated(form) {
    const id = this.third.metadata.client_id;
    if (this.third.authentication !== 'private_key_jwt') return { client_id: id, ...form };
    const now = CLOCK();
    return {
      client_id: id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await this.sign({ iss: id, sub: id, aud: this.third.issuer, iat: now, nbf: now, exp: now + 60, jti: randomUUID() }, 'JWT'),
      ...form,
    };
  }

  async proof(method, address, token) {
    if (this.third.constraint !== 'dpop') return {};
    const nonce = this.nonces[new URL(address).origin];
    const claims = { jti: randomUUID(), htm: method, htu: address.split(/[?#]/)[0], iat: CLOCK(), ...(nonce && { nonce }), ...(token && { ath: jose.base64url.encode(hash(token)) }) };
    return { DPoP: await new jose.SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.proofJwk }).sign(this.proofKey) };
  }

  /** Sends, and sends once more where a nonce is wanted. */
  async send(method, address, token, make) {
    for (let attempt = 1; ; attempt++) {
      const { headers, body } = await make();
      const answer = await this.fetch(address, { method, body, headers: { ...headers, ...(await this.proof(method, address, token)) }, redirect: 'manual' });
      const nonce = answer.headers.get('dpop-nonce');
      const before = this.nonces[new URL(address).origin];
      if (nonce) this.nonces[new URL(address).origin] = nonce;
      if (attempt > 1 || answer.ok || !nonce || nonce === before) return answer;
      const wanted = (answer.headers.get('www-authenticate') ?? '') + (await answer.clone().text());
      if (!wanted.includes('use_dpop_nonce')) return answer;
    }
  }

  async post(endpoint, form) {
    const address = this.endpoint(endpoint);
    const answer = await this.send('POST', address, undefined, async () => ({
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: form.accept ?? 'application/json' },
      body: new URLSearchParams(await this.authenticated(Object.fromEntries(Object.entries(form).filter(([name]) => name !== 'accept')))).toString(),
    }));
    const text = await answer.text();
    assert.ok(answer.ok, `${endpoint}: ${answer.status} ${text}`);
    return { answer, text };
  }

  async token(form) {
    return JSON.parse((await this.post('token_endpoint', form)).text);
  }

  async clientToken(scope) {
    return (await this.token({ grant_type: 'client_credentials', scope })).access_token;
  }

  async authorizationAddress(request) {
    this.verifier = jose.base64url.encode(randomBytes(32));
    this.state = randomUUID();
    this.nonce = randomUUID();
    const id = this.third.metadata.client_id;
    const type = this.third.response === 'hybrid' ? 'code id_token' : 'code';
    let parameters = {
      ...request,
      response_type: type,
      state: this.state,
      nonce: this.nonce,
      code_challenge: jose.base64url.encode(hash(this.verifier)),
      code_challenge_method: 'S256',
      ...(this.third.response === 'jarm' && { response_mode: 'jwt' }),
      ...(this.third.responseMode && { response_mode: this.third.responseMode }),
    };
    if (this.third.request !== 'plain') {
      const now = CLOCK();
      const objects = ['claims', 'authorization_details'].filter((name) => parameters[name]);
      const inside = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, objects.includes(name) ? JSON.parse(value) : value]));
      const object = await this.sign({ ...inside, client_id: id, iss: id, aud: this.third.issuer, iat: now, nbf: now, exp: now + 300, jti: randomUUID() }, 'oauth-authz-req+jwt');
      if (this.third.request === 'by-value') return `${this.server.authorization_endpoint}?${new URLSearchParams({ client_id: id, response_type: type, scope: request.scope, request: object })}`;
      parameters = { request: object };
    }

    const pushed = JSON.parse((await this.post('pushed_authorization_request_endpoint', parameters)).text);
    return `${this.server.authorization_endpoint}?${new URLSearchParams({ client_id: id, request_uri: pushed.request_uri })}`;
  }

  async redeem(returned) {
    const to = returnedTo(returned);
    let answer = to instanceof URL ? new URLSearchParams(to.hash ? to.hash.slice(1) : to.search) : new URLSearchParams(await to.text());
    if (this.third.response === 'jarm') {
      const { payload } = await this.verified(answer.get('response'));
      answer = new URLSearchParams(Object.entries(payload).filter(([name]) => name !== 'aud'));
    }

    assert.equal(answer.get('state'), this.state);
    if (this.third.response !== 'hybrid') assert.equal(answer.get('iss'), this.third.issuer);
    if (this.third.response === 'hybrid') {
      const { payload } = await this.verified(answer.get('id_token'));
      assert.equal(payload.nonce, this.nonce);
      assert.equal(payload.c_hash, jose.base64url.encode(hash(answer.get('code')).subarray(0, 16)));
      assert.equal(payload.s_hash, jose.base64url.encode(hash(this.state).subarray(0, 16)));
    }

    const tokens = await this.token({ grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: this.third.redirectUri, code_verifier: this.verifier });
    this.claims = (await this.verified(tokens.id_token)).payload;
    assert.equal(this.claims.nonce, this.nonce);
    return tokens;
  }

  verified(token, typ) {
    return jose.jwtVerify(token, this.keys, { issuer: this.third.issuer, audience: this.third.metadata.client_id, algorithms: ['PS256', 'ES256'], typ });
  }

  idTokenClaims() {
    return this.claims;
  }

  refresh(token) {
    return this.token({ grant_type: 'refresh_token', refresh_token: token });
  }

  async userInfo(token, subject) {
    const answer = await this.callAt(this.endpoint('userinfo_endpoint'), token, 'GET');
    const user = await answer.json();
    assert.equal(user.sub, subject);
    return user;
  }

  async introspect(token) {
    const signed = this.third.introspection === 'signed';
    const { answer, text } = await this.post('introspection_endpoint', { token, ...(signed && { accept: 'application/token-introspection+jwt' }) });
    if (!signed) return JSON.parse(text);
    assert.match(answer.headers.get('content-type'), /^application\/token-introspection\+jwt/);
    return (await this.verified(text, 'token-introspection+jwt')).payload.token_introspection;
  }

  async revoke(token) {
    await this.post('revocation_endpoint', { token });
  }

  call(token, method, path, body) {
    return this.callAt(new URL(path, this.third.api).href, token, method, body);
  }

  callRaw(token, method, path) {
    return this.call(token, method, path);
  }

  callAt(address, token, method, body) {
    const scheme = this.third.constraint === 'dpop' ? 'DPoP' : 'Bearer';
    return this.send(method, address, token, async () => ({ headers: { authorization: `${scheme} ${token}`, ...(body && { 'content-type': 'application/json' }) }, body }));
  }
}
