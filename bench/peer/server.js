// npm's oidc-provider as a FAPI 2.0 authorization server on PostgreSQL, for the load generator to measure beside ours: the same routes,
// client, certificate and requests. It prints one line when it is ready and ends when its standard input does.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { Provider } from 'oidc-provider';
import { PostgresAdapter, createTables } from './postgres.js';

const settings = JSON.parse(process.env.PEER_SETTINGS);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const scopes = ['openid', 'offline_access', 'accounts'];

const provider = new Provider(settings.issuer, {
  adapter: PostgresAdapter,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' }] },
  scopes,
  subjectTypes: ['pairwise'],
  pairwiseIdentifier: (ctx, accountId, client) =>
    createHash('sha256').update(client.sectorIdentifier).update(accountId).update('pairwise').digest('base64url'),
  claims: { openid: ['sub'], acr: null, auth_time: null, openbanking_intent_id: null },
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: {
    clientAuthSigningAlgValues: ['ES256', 'PS256'],
    dPoPSigningAlgValues: ['ES256', 'PS256'],
    idTokenSigningAlgValues: ['ES256'],
  },
  features: {
    ciba: {
      enabled: true,
      deliveryModes: ['poll'],
      processLoginHint: (ctx, hint) => hint,
      triggerAuthenticationDevice: () => {}, // The customer never decides: polling is what is measured.
      validateBindingMessage: () => {},
      validateRequestContext: () => {},
      verifyUserCode: () => {},
    },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    fapi: { enabled: true, profile: '2.0' },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    revocation: { enabled: true },
  },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
  rotateRefreshToken: false, // As FAPI 2.0 wants it.
  routes: { backchannel_authentication: '/bc-authorize', pushed_authorization_request: '/par', token: '/token', introspection: '/introspect', userinfo: '/userinfo' },
  ttl: { AccessToken: 1800, ClientCredentials: 1800, RefreshToken: 86400, Grant: 86400, IdToken: 300 },
});
provider.on('server_error', (ctx, error) => console.error(error));

await createTables();
const { id, jwks, redirect_uris } = settings.client;
await new PostgresAdapter('Client').upsert(id, {
  client_id: id,
  redirect_uris,
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:openid:params:grant-type:ciba'],
  backchannel_token_delivery_mode: 'poll',
  scope: scopes.join(' '),
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  id_token_signed_response_alg: 'ES256',
  subject_type: 'pairwise',
  dpop_bound_access_tokens: true,
  jwks,
});

// What a customer's approval leaves behind; the way there has pages of the bank's own and is not measured.
const client = await provider.Client.find(id);
const grant = new provider.Grant({ clientId: id, accountId: 'customer' });
grant.addOIDCScope(scopes.join(' '));
const grantId = await grant.save();
const refreshToken = await new provider.RefreshToken({
  client, grantId, accountId: 'customer', scope: scopes.join(' '), gty: 'authorization_code',
  authTime: Math.floor(Date.now() / 1000), acr: 'urn:openbanking:psd2:sca', amr: ['hwk', 'user'],
}).save();

https
  .createServer({ key: readFileSync(settings.key), cert: readFileSync(settings.certificate), minVersion: 'TLSv1.2' }, provider.callback())
  .listen(settings.port, '127.0.0.1', () => console.log(JSON.stringify({ refreshToken })));
process.stdin.resume().on('end', () => process.exit());
